import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { hostAddress, routerAddress, type Testbed } from "../testbed.ts";
import { type Daemon, parsed, type Router, type RouterConfig, type SeenRoute } from "./daemon.ts";

interface Neighbor {
  readonly state: string;
  readonly stats: {
    readonly message: { readonly received: { readonly open: number } };
    readonly update: { readonly received: { readonly updates: number } };
  };
}
interface Path {
  readonly prefix: string;
  readonly aspath: string;
  readonly exit_nexthop: string;
  readonly neighbor: { readonly remote_addr: string };
  readonly path_id?: number;
  readonly metric: number;
  readonly localpref: number;
  readonly stale?: boolean;
  readonly communities?: readonly string[];
  readonly large_communities?: readonly string[];
}

function configuration(
  { as, peerAs, over, dials, password, keepsRoutesFor, announces = [], ...more }: RouterConfig,
  socket: string,
): string {
  return [
    `AS ${as}`,
    "router-id 10.99.0.1",
    "fib-update no",
    "holdtime 9",
    "holdtime min 3",
    `socket "${socket}"`,
    `listen on ${routerAddress[over]}`,
    ...announces.map((prefix) => `network ${prefix}`),
    `neighbor ${hostAddress[over]} {`,
    `  remote-as ${peerAs}`,
    "  announce IPv4 unicast",
    "  announce IPv6 unicast",
    `  announce restart ${keepsRoutesFor === undefined ? "no" : "yes"}`,
    ...(more.hasAddPath === true ? ["  announce add-path recv yes"] : []),
    ...(dials ? [] : ["  passive"]),
    ...(password === undefined ? [] : [`  tcp md5sig password ${password}`]),
    "}",
    "allow from any",
    "allow to any",
    "",
  ].join("\n");
}

export const openbgpd: Daemon = {
  name: "OpenBGPD",
  version: "7.7",
  installed: () => spawnSync("bgpctl", ["-V"], { encoding: "utf8" }).stderr.replace("OpenBGPD ", "").trim(),
  async start(testbed: Testbed, config: RouterConfig): Promise<Router> {
    // The home of its user is where it locks itself up; the service of the package makes it.
    const home = spawnSync("getent", ["passwd", "_openbgpd"], { encoding: "utf8" }).stdout.split(":")[5] ?? "";
    mkdirSync(home, { recursive: true, mode: 0o755 });
    const control = testbed.file("bgpd.sock");
    writeFileSync(testbed.file("openbgpd.conf"), config.text ?? configuration(config, control));
    // It reads only what nobody else may write.
    chmodSync(testbed.file("openbgpd.conf"), 0o600);
    const program = testbed.start(testbed.router, ["/usr/sbin/bgpd", "-d", "-f", testbed.file("openbgpd.conf")]);
    const ask = (words: string): string => testbed.ask(testbed.router, ["bgpctl", "-s", control, ...words.split(" ")]);
    const peer = hostAddress[config.over];
    const neighbor = (): Neighbor | undefined =>
      parsed<{ readonly neighbors?: readonly Neighbor[] }>(ask(`-j show neighbor ${peer}`))?.neighbors?.[0];
    return {
      view: () => {
        const one = neighbor();
        const table = parsed<{ readonly rib?: readonly Path[] }>(ask("-j show rib detail"))?.rib ?? [];
        return {
          isUp: one?.state === "Established",
          session: String(one?.stats.message.received.open),
          routes: table.filter((path) => path.neighbor.remote_addr === peer).map(routeOf),
        };
      },
      refresh: () => void ask(`neighbor ${peer} refresh`),
      updatesReceived: () => neighbor()?.stats.update.received.updates ?? 0,
      said: program.said,
    };
  },
};

function routeOf(path: Path): SeenRoute {
  return {
    prefix: path.prefix,
    nextHops: [path.exit_nexthop],
    asPath: path.aspath,
    med: path.metric,
    localPref: path.localpref,
    communities: path.communities ?? [],
    largeCommunities: path.large_communities ?? [],
    pathId: path.path_id,
    isStale: path.stale === true,
  };
}
