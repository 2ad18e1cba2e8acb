import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import { hostAddress, routerAddress, type Testbed } from "../testbed.ts";
import { type Daemon, parsed, type Router, type RouterConfig, type RouterView, type SeenRoute } from "./daemon.ts";

/** A line of ExaBGP to its program. */
interface Happening {
  readonly type: string;
  readonly time: number;
  readonly neighbor: {
    readonly state?: string;
    readonly message?: {
      readonly update?: {
        readonly attribute?: {
          readonly "as-path"?: readonly number[];
          readonly med?: number;
          readonly "local-preference"?: number;
          readonly community?: readonly (readonly number[])[];
          readonly "large-community"?: readonly (readonly number[])[];
        };
        readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly Nlri[]>>>>;
        readonly withdraw?: Readonly<Record<string, readonly Nlri[]>>;
      };
    };
  };
}
interface Nlri {
  readonly nlri: string;
  readonly "path-information"?: string;
}

function configuration(config: RouterConfig, script: string): string {
  const { as, peerAs, over, dials, password, announces = [] } = config;
  return [
    "process view {",
    `  run ${script};`,
    "  encoder json;",
    "}",
    `neighbor ${hostAddress[over]} {`,
    "  router-id 10.99.0.1;",
    `  local-address ${routerAddress[over]};`,
    `  local-as ${as};`,
    `  peer-as ${peerAs};`,
    "  hold-time 9;",
    `  passive ${String(!dials)};`,
    ...(password === undefined ? [] : [`  md5-password "${password}";`]),
    "  capability {",
    "    route-refresh enable;",
    ...(config.keepsRoutesFor === undefined ? [] : [`    graceful-restart ${config.keepsRoutesFor};`]),
    ...(config.hasAddPath === true ? ["    add-path receive;"] : []),
    "  }",
    "  family { ipv4 unicast; ipv6 unicast; }",
    ...(config.hasAddPath === true ? ["  add-path { ipv4 unicast; ipv6 unicast; }"] : []),
    "  api { processes [ view ]; neighbor-changes; receive { parsed; update; } }",
    `  static { ${announces.map((prefix) => `route ${prefix} next-hop ${routerAddress[prefix.includes(":") ? 6 : 4]};`).join(" ")} }`,
    "}",
    "",
  ].join("\n");
}

export const exabgp: Daemon = {
  name: "ExaBGP",
  version: "4.2",
  installed: () => /ExaBGP : (\S+)/.exec(spawnSync("exabgp", ["--version"], { encoding: "utf8" }).stdout)?.[1] ?? "",
  async start(testbed: Testbed, config: RouterConfig): Promise<Router> {
    const [script, events, commands] = [testbed.file("view.sh"), testbed.file("events"), testbed.file("commands")];
    writeFileSync(events, "");
    writeFileSync(commands, "");
    // ExaBGP tells a program what happens, and does what the program writes.
    writeFileSync(script, `#!/bin/sh\ntail -f ${commands} &\nexec cat > ${events}\n`);
    chmodSync(script, 0o755);
    writeFileSync(testbed.file("exabgp.conf"), configuration(config, script));
    const listens = config.dials ? {} : { exabgp_tcp_bind: routerAddress[config.over], exabgp_tcp_port: "179" };
    const program = testbed.start(testbed.router, ["exabgp", testbed.file("exabgp.conf")], {
      exabgp_daemon_user: "root",
      exabgp_api_cli: "false",
      ...listens,
    });
    const happenings = (): Happening[] =>
      readFileSync(events, "utf8")
        .split("\n")
        .flatMap((line) => parsed<Happening>(line) ?? []);
    return {
      view: () => viewOf(happenings()),
      refresh: () => appendFileSync(commands, `neighbor ${hostAddress[config.over]} announce route-refresh ipv4 unicast\n`),
      updatesReceived: () => happenings().filter((one) => one.neighbor.message?.update !== undefined).length,
      said: program.said,
    };
  },
};

const keyOf = (one: Nlri): string => `${one.nlri} ${one["path-information"] ?? ""}`;

/** The table that a list of happenings leads to: ExaBGP keeps none. */
function viewOf(happenings: readonly Happening[]): RouterView {
  const routes = new Map<string, SeenRoute>();
  let session = "";
  for (const { type, time, neighbor } of happenings) {
    if (type === "state") {
      if (neighbor.state === "up") session = String(time);
      if (neighbor.state === "down") {
        session = "";
        routes.clear();
      }
    }
    const { attribute = {}, announce = {}, withdraw = {} } = neighbor.message?.update ?? {};
    for (const gone of Object.values(withdraw).flat()) routes.delete(keyOf(gone));
    for (const [nextHop, list] of Object.values(announce).flatMap((family) => Object.entries(family)))
      for (const one of list)
        routes.set(keyOf(one), {
          prefix: one.nlri,
          nextHops: [nextHop],
          asPath: attribute["as-path"]?.join(" ") ?? "",
          med: attribute.med,
          localPref: attribute["local-preference"],
          communities: attribute.community?.map((one) => one.join(":")) ?? [],
          largeCommunities: attribute["large-community"]?.map((one) => one.join(":")) ?? [],
          // Printed as four octets.
          pathId: one["path-information"]?.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0),
          isStale: false,
        });
  }
  return { isUp: session !== "", session, routes: [...routes.values()] };
}
