import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostAddress, type Testbed } from "../testbed.ts";
import { type Daemon, ofFamily, parsed, type Router, type RouterConfig, type SeenRoute } from "./daemon.ts";

interface Path {
  readonly nexthops?: readonly { readonly ip: string; readonly afi: string }[];
  readonly aspath?: { readonly string: string };
  readonly metric?: number;
  readonly locPrf?: number;
  readonly community?: { readonly list: readonly string[] };
  readonly largeCommunity?: { readonly list: readonly string[] };
  readonly addpathRxId?: number;
  readonly stale?: boolean;
  readonly peer: { readonly peerId: string };
}
interface Neighbor {
  readonly bgpState: string;
  readonly connectionsEstablished?: number;
  readonly messageStats: { readonly updatesRecv: number };
}

function configuration({ as, peerAs, over, dials, password, keepsRoutesFor, announces = [], ...more }: RouterConfig): string {
  const peer = more.isUnnumbered === true ? "eth0" : hostAddress[over];
  const family = (name: string, prefixes: readonly string[]): string[] => [
    ` address-family ${name} unicast`,
    `  neighbor ${peer} activate`,
    ...prefixes.map((prefix) => `  network ${prefix}`),
    " exit-address-family",
  ];
  return [
    `router bgp ${as}`,
    " bgp router-id 10.99.0.1",
    " no bgp ebgp-requires-policy",
    " no bgp network import-check",
    " bgp default ipv4-unicast",
    ...(keepsRoutesFor === undefined ? [] : [" bgp graceful-restart", ` bgp graceful-restart stalepath-time ${keepsRoutesFor}`]),
    more.isUnnumbered === true ? ` neighbor ${peer} interface remote-as ${peerAs}` : ` neighbor ${peer} remote-as ${peerAs}`,
    ` neighbor ${peer} timers 1 9`,
    ` neighbor ${peer} timers connect 1`,
    ...(dials ? [] : [` neighbor ${peer} passive`]),
    ...(password === undefined ? [] : [` neighbor ${peer} password ${password}`]),
    ...(more.hasBfd === true ? [` neighbor ${peer} bfd`] : []),
    ...family("ipv4", ofFamily(announces, 4)),
    ...family("ipv6", ofFamily(announces, 6)),
    "",
  ].join("\n");
}

/** FRR's BGP daemon alone: without zebra nothing reaches the kernel. */
export const frr: Daemon = {
  name: "FRR",
  version: "8.4",
  installed: () =>
    spawnSync("/usr/lib/frr/bgpd", ["--version"], { encoding: "utf8" }).stdout.replace(/^bgpd version |\n.*/gs, ""),
  async start(testbed: Testbed, config: RouterConfig): Promise<Router> {
    const vty = testbed.file("vty");
    mkdirSync(vty, { recursive: true });
    writeFileSync(testbed.file("bgpd.conf"), config.text ?? configuration(config));
    spawnSync("chown", ["-R", "frr:frr", testbed.directory]);
    const files = ["-f", testbed.file("bgpd.conf"), "-i", testbed.file("bgpd.pid"), "--vty_socket", vty];
    const program = testbed.start(testbed.router, ["/usr/lib/frr/bgpd", ...files, "-n", "-Z", "--log", "stdout"]);
    const show = (words: string): string => testbed.ask(testbed.router, ["vtysh", "--vty_socket", vty, "-c", words]);
    const read = <T>(words: string): T | undefined => parsed<T>(show(words));
    const neighbor = (): Neighbor | undefined =>
      Object.values(read<Readonly<Record<string, Neighbor>>>("show bgp neighbors json") ?? {}).find(
        (one) => typeof one === "object",
      );
    // 8.4 knows no table with all details: each prefix is asked for.
    const routes = (): SeenRoute[] =>
      ["ipv4", "ipv6"].flatMap((family) => {
        const table = read<{ readonly routes?: object }>(`show bgp ${family} unicast json`);
        return Object.keys(table?.routes ?? {}).flatMap((prefix) =>
          (read<{ readonly paths?: readonly Path[] }>(`show bgp ${family} unicast ${prefix} json`)?.paths ?? [])
            .filter(({ peer }) => peer.peerId !== "0.0.0.0" && peer.peerId !== "::")
            .map((path) => routeOf(prefix, path)),
        );
      });
    return {
      view: () => {
        const one = neighbor();
        return {
          isUp: one?.bgpState === "Established",
          session: String(one?.connectionsEstablished),
          routes: routes(),
        };
      },
      refresh: () => void show("clear bgp ipv4 unicast * soft in"),
      updatesReceived: () => neighbor()?.messageStats.updatesRecv ?? 0,
      said: program.said,
    };
  },
};

function routeOf(prefix: string, path: Path): SeenRoute {
  return {
    prefix,
    nextHops: path.nexthops?.map(({ ip }) => ip) ?? [],
    asPath: path.aspath?.string ?? "",
    med: path.metric,
    localPref: path.locPrf,
    communities: path.community?.list ?? [],
    largeCommunities: path.largeCommunity?.list ?? [],
    pathId: path.addpathRxId,
    isStale: path.stale === true,
  };
}
