import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { eventually, hostAddress, routerAddress, type Testbed } from "../testbed.ts";
import { type Daemon, ofFamily, parsed, type Router, type RouterConfig, type SeenRoute } from "./daemon.ts";

/** Attributes by their type code. @see RFC 4271 §5, RFC 1997, RFC 8092 §3 */
interface Attribute {
  readonly type: number;
  readonly nexthop?: string;
  readonly as_paths?: readonly { readonly asns: readonly number[] }[];
  readonly metric?: number;
  readonly value?: unknown;
  readonly communities?: readonly number[];
}
interface Path {
  readonly attrs: readonly Attribute[];
  readonly stale: boolean;
}
interface Neighbor {
  readonly state: { readonly session_state?: number; readonly messages?: { readonly received?: { readonly update?: number } } };
  readonly timers?: { readonly state?: { readonly uptime?: { readonly seconds?: number } } };
}
const established = 6;

function configuration({ as, peerAs, over, dials, password, keepsRoutesFor, ...more }: RouterConfig): string {
  return JSON.stringify({
    global: { config: { as, "router-id": "10.99.0.1", port: 179, "local-address-list": [routerAddress[over]] } },
    neighbors: [
      {
        config: {
          "neighbor-address": hostAddress[over],
          "peer-as": peerAs,
          ...(password === undefined ? {} : { "auth-password": password }),
        },
        transport: { config: { "passive-mode": !dials, "local-address": routerAddress[over] } },
        timers: { config: { "hold-time": 9, "connect-retry": 1, "idle-hold-time-after-reset": 1 } },
        ...(keepsRoutesFor === undefined
          ? {}
          : { "graceful-restart": { config: { enabled: true, "restart-time": keepsRoutesFor, "helper-only": true } } }),
        "afi-safis": ["ipv4-unicast", "ipv6-unicast"].map((name) => ({
          config: { "afi-safi-name": name },
          ...(keepsRoutesFor === undefined ? {} : { "mp-graceful-restart": { config: { enabled: true } } }),
          ...(more.hasAddPath === true ? { "add-paths": { config: { receive: true } } } : {}),
        })),
      },
    ],
  });
}

export const gobgp: Daemon = {
  name: "GoBGP",
  version: "3.",
  installed: () => spawnSync("gobgpd", ["--version"], { encoding: "utf8" }).stdout.replace("gobgpd version ", "").trim(),
  async start(testbed: Testbed, config: RouterConfig): Promise<Router> {
    writeFileSync(testbed.file("gobgpd.conf"), config.text ?? configuration(config));
    const type = config.text === undefined ? "json" : "toml";
    const program = testbed.start(testbed.router, ["gobgpd", "-t", type, "-f", testbed.file("gobgpd.conf"), "--pprof-disable"]);
    const peer = hostAddress[config.over];
    const ask = (words: string): string => testbed.ask(testbed.router, ["gobgp", ...words.split(" ")]);
    const neighbor = (): Neighbor | undefined => parsed<Neighbor[]>(ask("-j neighbor"))?.[0];
    // A daemon whose neighbours come as they are has none at first, which is an empty list.
    await eventually(
      "GoBGP's command line answers",
      60,
      () => parsed<Neighbor[]>(ask("-j neighbor")),
      (seen) => seen !== undefined,
    );
    for (const [family, own] of [
      ["ipv4", 4],
      ["ipv6", 6],
    ] as const)
      for (const prefix of ofFamily(config.announces ?? [], own))
        ask(`global rib add -a ${family} ${prefix} nexthop ${routerAddress[own]}`);
    const routes = (): SeenRoute[] =>
      ["ipv4", "ipv6"].flatMap((family) => {
        const table = parsed<Readonly<Record<string, Path[] | string>>>(ask(`-j neighbor ${peer} adj-in -a ${family}`)) ?? {};
        // Path identifiers are only in the table for people.
        const lines = ask(`neighbor ${peer} adj-in -a ${family}`);
        return Object.entries(table).flatMap(([prefix, paths]) =>
          // Before the session is up the table is an error in JSON.
          !Array.isArray(paths)
            ? []
            : paths.map((path) => routeOf(prefix, path, new RegExp(`^\\W*(\\d+)\\s+${prefix}\\s`, "m").exec(lines)?.[1])),
        );
      });
    return {
      view: () => {
        const one = neighbor();
        return {
          isUp: one?.state.session_state === established,
          session: String(one?.timers?.state?.uptime?.seconds),
          routes: routes(),
        };
      },
      // It keeps what came, and never asks for it again.
      refresh: () => undefined,
      updatesReceived: () => neighbor()?.state.messages?.received?.update ?? 0,
      said: program.said,
    };
  },
};

function routeOf(prefix: string, { attrs, stale }: Path, pathId: string | undefined): SeenRoute {
  const find = (type: number): Attribute | undefined => attrs.find((attribute) => attribute.type === type);
  const nextHop = (find(3) ?? find(14))?.nexthop;
  return {
    prefix,
    nextHops: nextHop === undefined ? [] : [nextHop],
    asPath:
      find(2)
        ?.as_paths?.flatMap(({ asns }) => asns)
        .join(" ") ?? "",
    med: find(4)?.metric,
    localPref: find(5)?.value as number | undefined,
    communities: (find(8)?.communities ?? []).map((one) => `${one >>> 16}:${one & 0xffff}`),
    largeCommunities: (
      (find(32)?.value ?? []) as readonly { readonly ASN: number; readonly LocalData1: number; readonly LocalData2: number }[]
    ).map((one) => `${one.ASN}:${one.LocalData1}:${one.LocalData2}`),
    pathId: pathId === undefined ? undefined : Number(pathId),
    isStale: stale,
  };
}
