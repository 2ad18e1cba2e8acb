import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quote } from "./controlPlane.ts";
import { attempt, type Finished, LabError, waitFor } from "./exec.ts";
import { hostDirectory } from "./paths.ts";
import { berthAs, type LabOptions, type RouterKind, routerAs } from "./plan.ts";
import { insideHost, isRunning, startHost } from "./processes.ts";

/** Starts the router's daemons unless they run, and waits until their command line answers. */
export async function startRouter(options: LabOptions): Promise<void> {
  const directory = hostDirectory("router");
  if (!isRunning("router")) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "router.kind"), options.router);
    writeFileSync(
      join(directory, options.router === "frr" ? "frr.conf" : "bird.conf"),
      options.router === "frr" ? frrConfig(options) : birdConfig(options),
    );
    startHost("router", options.router === "frr" ? frrScript(directory) : birdScript(directory));
  }
  await waitFor(
    "the router's command line",
    20_000,
    () => show(options.router, options.router === "frr" ? ["show", "ip", "bgp", "summary"] : ["show", "status"]).code === 0,
  );
}

/** Runs a command at the router's own command line. */
export function show(router: RouterKind, words: readonly string[]): Finished {
  if (words.length === 0)
    throw new LabError(`say what to show, such as: npm run lab -- router ${router === "frr" ? "show ip bgp" : "show route"}`);
  const command =
    router === "frr" ? ["vtysh", "--vty_socket", "/run/frr", "-c", words.join(" ")] : ["birdc", "-s", "/run/bird.ctl", ...words];
  return attempt(insideHost("router", command));
}

/** The configuration of FRR: it waits for peers of Berth's AS on the LAN, watches by BFD those that want it, and spreads traffic over equal paths. */
export function frrConfig(options: LabOptions): string {
  const ranges =
    options.segments === 2
      ? ["172.30.0.0/24", "172.30.1.0/24", "fd00:30::/64", "fd00:30:1::/64"]
      : ["172.30.0.0/24", "fd00:30::/64"];
  return `frr defaults traditional
hostname router
ip nht resolve-via-default
!
router bgp ${routerAs}
 bgp router-id 172.30.0.1
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 bgp bestpath as-path multipath-relax
 neighbor berth peer-group
 neighbor berth remote-as ${berthAs}
 neighbor berth bfd 3 100 100
${ranges.map((range) => ` bgp listen range ${range} peer-group berth`).join("\n")}
 address-family ipv4 unicast
  neighbor berth activate
  maximum-paths 16
 exit-address-family
 address-family ipv6 unicast
  neighbor berth activate
  maximum-paths 16
 exit-address-family
exit
`;
}

/** The configuration of BIRD: the same job as FRR's. */
export function birdConfig(options: LabOptions): string {
  const ranges =
    options.segments === 2
      ? ["172.30.0.0/24", "172.30.1.0/24", "fd00:30::/64", "fd00:30:1::/64"]
      : ["172.30.0.0/24", "fd00:30::/64"];
  const peers = ranges.map(
    (range, index) => `protocol bgp berth${index} {
  local as ${routerAs};
  neighbor range ${range} as ${berthAs};
  dynamic name "berth${index}_";
  direct;
  ipv4 { import all; export none; };
  ipv6 { import all; export none; };
}
`,
  );
  return `router id 172.30.0.1;
protocol device {}
protocol kernel { ipv4 { import none; export all; }; merge paths on; }
protocol kernel { ipv6 { import none; export all; }; merge paths on; }
${peers.join("")}`;
}

function frrScript(directory: string): string {
  const common = ["-f", "/run/frr/frr.conf", "--vty_socket", "/run/frr", "-z", "/run/frr/zserv.api"];
  const programs = [
    ["/usr/lib/frr/zebra", ...common, "-i", "/run/frr/zebra.pid"],
    ["/usr/lib/frr/bfdd", ...common, "-i", "/run/frr/bfdd.pid", "--bfdctl", "/run/frr/bfdd.sock"],
    ["/usr/lib/frr/bgpd", ...common, "-i", "/run/frr/bgpd.pid"],
  ];
  const preparation = [
    "mkdir -p /run/frr",
    `cp ${quote([join(directory, "frr.conf")])} /run/frr/frr.conf`,
    "chown -R frr:frr /run/frr",
  ];
  return hostScript(preparation, programs);
}

function birdScript(directory: string): string {
  return hostScript([], [["bird", "-f", "-c", join(directory, "bird.conf"), "-s", "/run/bird.ctl"]]);
}

function hostScript(preparation: readonly string[], programs: readonly (readonly string[])[]): string {
  const starts = programs.map((command) => `while :; do ${quote(command)}; sleep 1; done &`);
  return `#!/bin/bash\nmount -t tmpfs tmpfs /run\n${preparation.join("\n")}\n${starts.join("\n")}\nwhile :; do wait -n || sleep 1; done\n`;
}
