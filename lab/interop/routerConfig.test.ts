import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { BgpPeerSpec } from "@berth/api/bgpPeer";
import { type RouterVendor, routerConfig } from "../../provider/src/routerConfig/routerConfig.ts";
import { bird } from "../../speaker/test/interop/daemons/bird.ts";
import type { Daemon } from "../../speaker/test/interop/daemons/daemon.ts";
import { frr } from "../../speaker/test/interop/daemons/frr.ts";
import { gobgp } from "../../speaker/test/interop/daemons/gobgp.ts";
import { openbgpd } from "../../speaker/test/interop/daemons/openbgpd.ts";
import { eventually, hostAddress, routerAddress, Testbed } from "../../speaker/test/interop/testbed.ts";

/**
 * What `BgpPeer.routerConfig` writes, given to the real daemon as it is: the session with our speaker comes up, and the router takes
 * exactly the addresses of the pools.
 */
const password = "opensesame";

/** What a daemon needs besides, whoever its neighbours are. */
const surroundings: Readonly<Record<string, (testbed: Testbed, text: string) => string>> = {
  // Without its other half, which knows the interfaces, it has no identifier of its own.
  frr: (_, text) => text.replace(/^router bgp .*$/m, (line) => `${line}\n bgp router-id ${routerAddress[4]}`),
  // GoBGP applies policies after its table of what came.
  gobgp: (_, text) => text.replaceAll("ROUTER-ID", routerAddress[4]),
  bird: (_, text) => `router id ${routerAddress[4]};\nprotocol device { }\n${text}`,
  openbgpd: (testbed, text) =>
    `socket "${testbed.file("bgpd.sock")}"\nfib-update no\nlisten on ${routerAddress[4]}\nlisten on ${routerAddress[6]}\n${text}`,
};

const both = (["AFI_IP", "AFI_IP6"] as const).map((afi) => ({ config: { family: { afi, safi: "SAFI_UNICAST" as const } } }));
const pools = ["192.0.2.0/28", "198.51.100.10-198.51.100.12", "2001:db8::/64"];
const inPools = ["192.0.2.5", "198.51.100.11", "2001:db8::5"];
const outside = ["192.0.2.99", "198.51.100.13", "2001:db8:1::5"];

/** One way to set up a peer and its router. */
interface Setup {
  readonly name: string;
  readonly over: 4 | 6;
  readonly nodes: readonly string[];
  readonly password?: string;
  readonly peer: Partial<BgpPeerSpec>;
}

const setups: readonly Setup[] = [
  {
    name: "a neighbour by its address, with a password and both families",
    over: 4,
    nodes: [hostAddress[4]],
    password,
    peer: { afiSafis: both, timers: { config: { holdTime: "9", keepaliveInterval: "3", connectRetry: "1" } } },
  },
  {
    name: "neighbours anywhere in a network, over IPv6",
    over: 6,
    nodes: ["fd00:99::/64"],
    peer: { timers: { config: { holdTime: "9", connectRetry: "1" } }, gracefulRestart: { enabled: true } },
  },
  {
    name: "an internal neighbour that the router has to connect to, with several paths",
    over: 4,
    nodes: [hostAddress[4]],
    peer: {
      conf: { neighborAddress: routerAddress[4], peerAs: 65000 },
      transport: { passiveMode: true },
      timers: { config: { holdTime: "9", connectRetry: "1" } },
      afiSafis: both.map((family) => ({ ...family, addPaths: { config: { receive: true, sendMax: 4 } } })),
    },
  },
];

const daemons: Readonly<Record<string, Daemon>> = { frr, bird, gobgp, openbgpd };
for (const [vendor, daemon] of Object.entries(daemons)) {
  describe(`the configuration for ${daemon.name} ${daemon.version}`, () => {
    let testbed: Testbed;
    beforeEach(() => {
      testbed = new Testbed(`text-${vendor}`);
    });
    afterEach(() => testbed.close());

    for (const setup of setups)
      it(`brings the session up and takes the pools, and nothing else: ${setup.name}`, async () => {
        const { over, nodes } = setup;
        const peer: BgpPeerSpec = { conf: { neighborAddress: routerAddress[over], peerAs: 65001 }, ...setup.peer };
        const written = routerConfig(vendor as RouterVendor, "router", peer, setup.password !== undefined, {
          as: 65000,
          nodes,
          pools,
        });
        const text = surroundings[vendor]?.(testbed, written.replaceAll("PASSWORD-OF-router", password)) ?? "";
        const speaker = testbed.speaker();
        const tell = (addresses: readonly string[]): void =>
          speaker.tell({
            as: 65000,
            listenPort: 179,
            peers: [peer],
            addresses,
            ...(setup.password === undefined ? {} : { password: setup.password }),
          });
        tell([...inPools, ...outside]);
        await eventually(
          "the speaker listens",
          60,
          () => testbed.ask(testbed.host, ["ss", "-Hltn", "sport = :179"]),
          (listening) => listening.trim() !== "",
        );
        const isDynamic = nodes.some((node) => node.includes("/"));
        const protocol = `berth_router_1${isDynamic ? "_1" : ""}`;
        const router = await daemon.start(testbed, { as: 65001, peerAs: 65000, over, dials: false, text, protocol });
        await eventually(
          "the session is up on both sides",
          60,
          async () => ({ peers: await speaker.peers(), view: router.view(), said: router.said().slice(-2000), text }),
          ({ peers, view }) => peers[0]?.state === "Established" && view.isUp,
        );
        const families = setup.peer.afiSafis === undefined ? [over] : [4, 6];
        const wanted = inPools
          .filter((address) => families.includes(address.includes(":") ? 6 : 4))
          .map((address) => `${address}/${address.includes(":") ? 128 : 32}`);
        const taken = (): string[] =>
          (vendor === "gobgp" ? gobgpTable(testbed) : router.view().routes.map(({ prefix }) => prefix)).sort();
        await eventually(
          "the pools and nothing else",
          60,
          () => ({ taken: taken(), text, said: router.said().slice(-2000) }),
          (seen) => String(seen.taken) === String(wanted.sort()),
        );
      });
  });
}

/** The prefixes that GoBGP uses: its tables after the policies. */
function gobgpTable(testbed: Testbed): string[] {
  return ["ipv4", "ipv6"].flatMap((family) => {
    const text = testbed.ask(testbed.router, ["gobgp", "-j", "global", "rib", "-a", family]);
    return text.startsWith("{") ? Object.keys(JSON.parse(text) as object) : [];
  });
}

it("names a maker that is not known", () =>
  assert.throws(
    () =>
      routerConfig("nokia", "router", { conf: { neighborAddress: "10.0.0.1", peerAs: 1 } }, false, {
        as: 2,
        nodes: ["10.0.0.2"],
        pools,
      }),
    /"nokia" is not a router that is known; there are frr, bird, gobgp, openbgpd, cisco, arista, junos, mikrotik/,
  ));
