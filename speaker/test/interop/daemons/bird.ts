import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { hostAddress, routerAddress, type Testbed } from "../testbed.ts";
import { type Daemon, ofFamily, type Router, type RouterConfig, type SeenRoute } from "./daemon.ts";

function configuration({ as, peerAs, over, dials, password, keepsRoutesFor, announces = [], ...more }: RouterConfig): string {
  const channel = (family: "ipv4" | "ipv6"): string =>
    `  ${family} { import all; export where source = RTS_STATIC;${more.hasAddPath === true ? " add paths rx;" : ""}${over === 6 && family === "ipv4" ? ` next hop address ${routerAddress[4]};` : ""} };`;
  const originated = (family: "ipv4" | "ipv6", prefixes: readonly string[]): string =>
    `protocol static { ${family}; ${prefixes.map((prefix) => `route ${prefix} blackhole;`).join(" ")} }`;
  return [
    "router id 10.99.0.1;",
    "log stderr all;",
    "debug protocols { states };",
    "protocol device { }",
    originated("ipv4", ofFamily(announces, 4)),
    originated("ipv6", ofFamily(announces, 6)),
    ...(more.hasBfd === true ? ['protocol bfd { interface "eth0" { interval 300 ms; multiplier 3; }; }'] : []),
    "protocol bgp host {",
    `  local ${routerAddress[over]} as ${as};`,
    `  neighbor ${hostAddress[over]} as ${peerAs};`,
    "  hold time 9; connect retry time 1; connect delay time 1; error wait time 1, 2;",
    ...(dials ? [] : ["  passive yes;"]),
    ...(password === undefined ? [] : [`  password "${password}";`]),
    ...(keepsRoutesFor === undefined ? ["  graceful restart off;"] : ["  graceful restart aware;"]),
    ...(more.hasBfd === true ? ["  bfd yes;"] : []),
    channel("ipv4"),
    channel("ipv6"),
    "}",
    "",
  ].join("\n");
}

export const bird: Daemon = {
  name: "BIRD",
  version: "2.0",
  installed: () =>
    spawnSync("bird", ["--version"], { encoding: "utf8" })
      .stderr.replace(/^BIRD version /, "")
      .trim(),
  async start(testbed: Testbed, config: RouterConfig): Promise<Router> {
    writeFileSync(testbed.file("bird.conf"), config.text ?? configuration(config));
    const control = testbed.file("bird.ctl");
    const program = testbed.start(testbed.router, ["bird", "-f", "-c", testbed.file("bird.conf"), "-s", control]);
    const show = (words: string): string => testbed.ask(testbed.router, ["birdc", "-s", control, ...words.split(" ")]);
    const name = config.protocol ?? "host";
    return {
      view: () => {
        const protocol = show(`show protocols all ${name}`);
        return {
          isUp: /BGP state: +Established/.test(protocol),
          session: String(program.said().match(new RegExp(`${name}: State changed to up`, "g"))?.length),
          routes: routesOf(name, show(`show route all protocol ${name}`), /graceful restart active/.test(protocol)),
        };
      },
      refresh: () => void show(`reload in ${name}`),
      updatesReceived: () => Number(/Import updates: +(\d+)/.exec(show(`show protocols all ${name}`))?.[1] ?? 0),
      said: program.said,
    };
  },
};

/** BIRD's table, which is made for people: a route begins with its prefix, or with blanks for one more route to the same. */
function routesOf(name: string, text: string, isRestarting: boolean): SeenRoute[] {
  let prefix = "";
  return text.split(/\n(?=\S+\/\d|\s+unicast|\s+unreachable)/).flatMap((block) => {
    const [first = ""] = block.split("\n");
    prefix = /^(\S+\/\d+)\s/.exec(first)?.[1] ?? prefix;
    if (!first.includes(`[${name} `)) return [];
    const value = (name: string): string | undefined => new RegExp(`^\\s+BGP\\.${name}: ?(.*)$`, "m").exec(block)?.[1];
    const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
    const list = (name: string): string[] =>
      [...(value(name) ?? "").matchAll(/\(([^)]*)\)/g)].map(([, one = ""]) => one.replaceAll(", ", ":").replaceAll(",", ":"));
    return [
      {
        prefix,
        nextHops: (value("next_hop") ?? "").split(" "),
        asPath: value("as_path") ?? "",
        med: number(value("med")),
        localPref: number(value("local_pref")),
        communities: list("community"),
        largeCommunities: list("large_community"),
        // 2.0 takes path identifiers, and shows them nowhere.
        pathId: undefined,
        // Nor does it tell stale routes from others; but it says that it waits for new ones.
        isStale: isRestarting,
      },
    ];
  });
}
