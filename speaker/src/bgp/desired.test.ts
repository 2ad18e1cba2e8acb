import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BgpPeer } from "@berth/api/bgpPeer";
import { selects } from "../announce/selector.ts";
import type { ClusterView } from "../announce/view.ts";
import { formatAddress } from "../net/address.ts";
import { offeredRoutes, pathIdOf } from "./decide.ts";
import { desiredBgp } from "./desired.ts";
import { address, assigned, cluster, conf, node, peer } from "./fixtures.ts";
import { routesFor } from "./outbound.ts";
import { needsNewSession } from "./peerConfig.ts";
import { packRoutes } from "./routeTable.ts";

function view(
  more: Partial<ClusterView> & {
    readonly labels?: Record<string, string>;
    readonly localOnly?: boolean;
    readonly endpoints?: Map<string, number>;
  } = {},
): ClusterView {
  const { labels = {}, localOnly = false, endpoints = new Map([["node2", 1]]), ...fields } = more;
  const addresses = ["203.0.113.1", "2001:db8::1"].map((text) =>
    assigned(text, undefined, { localOnly, endpointsByNode: endpoints }),
  );
  return cluster({ nodes: [node(1, { labels })], addresses, ...fields });
}
const told = (desired: ReturnType<typeof desiredBgp>) => [
  ...routesFor(desired.peers[0]!, {
    table: packRoutes(offeredRoutes(desired.decisions)),
    policy: desired.policy,
    communities: [],
  }),
];
const firstPeer = (...args: Parameters<typeof view>) => desiredBgp(view(...args)).peers[0];

describe("what a node's BGP should be", () => {
  it("B-01, B-02: speaks the family of the neighbour's address, unless it is told others", () => {
    assert.deepEqual(firstPeer()?.session.families, ["ipv4/unicast"]);
    assert.deepEqual(firstPeer({ bgpPeers: [peer({ conf: { neighborAddress: "2001:db8::1", peerAs: 1 } })] })?.session.families, [
      "ipv6/unicast",
    ]);
    assert.deepEqual(
      firstPeer({
        bgpPeers: [
          peer({
            afiSafis: [
              { config: { family: { afi: "AFI_IP", safi: "SAFI_UNICAST" } } },
              { config: { family: { afi: "AFI_IP6", safi: "SAFI_UNICAST" } } },
            ],
          }),
        ],
      })?.session.families,
      ["ipv4/unicast", "ipv6/unicast"],
    );
  });
  it("B-03: afiSafis without config take the family of the address", () =>
    assert.deepEqual(
      firstPeer({ bgpPeers: [peer({ afiSafis: [{ addPaths: { config: { sendMax: 8 } } }] })] })?.session.families,
      ["ipv4/unicast"],
    ));
  it("B-06: takes timers from strings of digits", () => {
    const timed = firstPeer({ bgpPeers: [peer({ timers: { config: { holdTime: "30", connectRetry: "10" } } })] });
    assert.deepEqual([timed?.session.holdTime, timed?.session.connectRetry], [30, 10_000]);
  });
  it("B-08: is known by the node's IPv4 InternalIP, unless a routerId is given", () => {
    assert.equal(formatAddress(firstPeer()!.session.bgpIdentifier), "172.30.0.11");
    assert.equal(
      formatAddress(firstPeer({ bgpConf: conf({ as: 65000, routerId: "1.2.3.4" }) })!.session.bgpIdentifier),
      "1.2.3.4",
    );
  });
  it("B-09, B-10: takes the AS of its rack, and then its own identifier; another rack's does not count", () => {
    const racks = conf({ as: 65000, asPerRack: { r1: 65100 }, routerId: "1.2.3.4" });
    const inRack = (rack: string) => firstPeer({ bgpConf: racks, labels: { "openelb.kubesphere.io/rack": rack } })!.session;
    assert.deepEqual(
      [inRack("r1").localAs, formatAddress(inRack("r1").bgpIdentifier), inRack("r2").localAs],
      [65100, "172.30.0.11", 65000],
    );
  });
  it("B-13: peers only where the nodeSelector says so", () =>
    assert.equal(firstPeer({ bgpPeers: [peer({ nodeSelector: { matchLabels: { rack: "a" } } })] }), undefined));
  it("B-17: takes AS numbers of four octets", () =>
    assert.equal(firstPeer({ bgpConf: conf({ as: 4200000000 }) })?.session.localAs, 4200000000));
  it("B-18: waits for a passive peer, and dials another port", () => {
    const told = firstPeer({ bgpPeers: [peer({ transport: { passiveMode: true, remotePort: 17900 } })] });
    assert.deepEqual([told?.isPassive, told?.port], [true, 17900]);
  });
  it("B-21: announces IPv6 with the node's IPv6 address as next hop", () => {
    const desired = desiredBgp(view());
    assert.deepEqual(
      told(desired).map((route) => formatAddress(route.attributes.nextHop)),
      ["172.30.0.11", "fd00:30::11"],
    );
  });
  it("puts its AS in the path for an external peer, and a local preference for an internal one", () => {
    const outside = desiredBgp(view());
    assert.deepEqual(told(outside)[0]?.attributes.asPath, [65000]);
    const inside = desiredBgp(view({ bgpPeers: [peer({ conf: { neighborAddress: "192.0.2.1", peerAs: 65000 } })] }));
    const attributes = told(inside)[0]?.attributes;
    assert.deepEqual([attributes?.asPath, attributes?.localPref], [[], 100]);
  });

  it("names paths as OpenELB does", () => assert.equal(pathIdOf(address("10.0.0.1")), 3737042573));

  const refusal = (...args: Parameters<typeof view>) => {
    const [first] = desiredBgp(view(...args)).decisions;
    return first !== undefined && "refusal" in first ? first.refusal.reason : undefined;
  };
  it("announces from every node, and with externalTrafficPolicy Local from those with an endpoint", () =>
    assert.deepEqual(
      [refusal(), refusal({ localOnly: true }), refusal({ localOnly: true, endpoints: new Map([["node1", 1]]) })],
      [undefined, "NoLocalEndpoint", undefined],
    ));
  it("announces nothing that has no endpoint", () => assert.equal(refusal({ endpoints: new Map() }), "NoEndpoint"));
  it("says why there is no BGP", () => {
    assert.equal(desiredBgp(view({ bgpConf: undefined })).refusal?.reason, "NoBgpConf");
    assert.equal(desiredBgp(view({ bgpConf: conf({}) })).refusal?.reason, "NoAs");
  });
  it("refuses a peer whose password Secret is missing, and no other", () => {
    const needy = {
      ...peer({ conf: { neighborAddress: "192.0.2.2", peerAs: 1, passwordSecretRef: { name: "s" } } }),
      metadata: { name: "needy" },
    };
    const desired = desiredBgp(view({ bgpPeers: [needy, peer()] }));
    assert.deepEqual(
      [desired.refusedPeers.map((one) => one.refusal.reason), desired.peers.map((one) => one.name)],
      [["NoPassword"], ["router"]],
    );
  });
});

describe("a changed BgpPeer", () => {
  const configured = (spec: Partial<BgpPeer["spec"]>) => firstPeer({ bgpPeers: [peer(spec)] })!;
  it("keeps its session when only its description changed", () =>
    assert.ok(
      !needsNewSession(configured({}), configured({ conf: { neighborAddress: "192.0.2.1", peerAs: 65001, description: "new" } })),
    ));
  it("gets a new one when what OPEN or TCP is made of changed", () => {
    for (const spec of [
      { timers: { config: { holdTime: "9" } } },
      { transport: { remotePort: 1179 } },
      { conf: { neighborAddress: "192.0.2.1", peerAs: 65002 } },
    ])
      assert.ok(needsNewSession(configured({}), configured(spec)), JSON.stringify(spec));
  });
});

describe("a LabelSelector", () => {
  const expression = (operator: "In" | "NotIn" | "Exists" | "DoesNotExist", values: string[] = []) =>
    selects({ matchExpressions: [{ key: "a", operator, values }] }, { a: "1" });
  it("has four operators", () =>
    assert.deepEqual(
      [
        expression("In", ["1"]),
        expression("In", ["2"]),
        expression("NotIn", ["1"]),
        expression("Exists"),
        expression("DoesNotExist"),
      ],
      [true, false, false, true, false],
    ));
  it("that is absent selects everything", () => assert.ok(selects(undefined, {})));
});
