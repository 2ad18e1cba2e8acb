import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { bin } from "../../../lab/src/paths.ts";
import { imageEnvironment, imageOptions } from "../../../speaker/test/imageOptions.ts";
import { bundleBerth } from "./bundle.ts";
import { as, type Contestant, port, type Running, routerAddress, type Setup } from "./contestant.ts";
import type { Place } from "./place.ts";
import { now } from "./receiver.ts";
import { hostText } from "./wire.ts";

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = now() + 20_000;
  while (!holds()) {
    if (now() > end) throw new Error(`${what}: not within 20 s`);
    await sleep(20);
  }
}
/** Whether somebody listens in the place; asked without a connection, which would be somebody's first. */
const listens = (place: Place): boolean => place.ask(["ss", "-Hltn", `sport = :${port}`]).trim() !== "";
const pidOf = ({ pid }: { readonly pid?: number | undefined }): number => {
  if (pid === undefined) throw new Error("the program did not start");
  return pid;
};

let bundle: Promise<string> | undefined;

const berth: Contestant = {
  name: "Berth",
  trigger: "one new view of the cluster",
  version: () => spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", cwd: import.meta.dirname }).stdout.trim(),
  async start(place, setup) {
    bundle ??= bundleBerth();
    const child = place.start([process.execPath, ...imageOptions, await bundle], imageEnvironment);
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error("no pipes");
    const lines = createInterface({ input: stdout });
    const line = (): Promise<string> => new Promise((resolve) => lines.once("line", resolve));
    await line();
    stdin.write(`setup ${JSON.stringify(setup)}\n`);
    await until("Berth listens", () => listens(place));
    return {
      pid: pidOf(child),
      async announce(count) {
        stdin.write(`prepare ${count}\n`);
        const moment = line();
        stdin.write("apply\n");
        return Number(await moment);
      },
      async churn(perSecond, seconds) {
        const answer = line();
        stdin.write(`churn ${perSecond} ${seconds}\n`);
        return JSON.parse(await answer) as { readonly sentAt: readonly number[] };
      },
    };
  },
};

function birdConfiguration({ peers, isPassive }: Setup, routesFile: string): string {
  const peer = ({ address, as: remote }: Setup["peers"][number], index: number): string =>
    `protocol bgp p${index} from peers { neighbor ${address} as ${remote}; }`;
  return [
    `router id ${routerAddress};`,
    "protocol device { }",
    `protocol static reach { ipv4; route 10.0.0.0/8 via "lo"; }`,
    `include "${routesFile}";`,
    `filter ours { if net = 10.0.0.0/8 then reject; accept; }`,
    `template bgp peers { local ${routerAddress} as ${as.router}; multihop;${isPassive ? " passive;" : " connect delay time 1;"} error wait time 1, 2; ipv4 { import all; export filter ours; next hop self; }; }`,
    ...peers.map(peer),
    "",
  ].join("\n");
}

/** @param isFed whether its routes come over a session; else they are its own, read from a file */
const bird = (isFed: boolean): Contestant => ({
  name: isFed ? "BIRD, fed" : "BIRD",
  trigger: isFed ? "a session that feeds it" : "`configure` with static routes",
  version: () => spawnSync("bird", ["--version"], { encoding: "utf8" }).stderr.replace("BIRD version ", "").trim(),
  async start(place, setup): Promise<Running> {
    const routes = place.write("routes.conf", "");
    const configuration = place.write("bird.conf", birdConfiguration(setup, routes));
    const control = place.file("bird.ctl");
    const child = place.start(["bird", "-f", "-c", configuration, "-s", control]);
    await until("BIRD listens", () => listens(place) && existsSync(control));
    const announce = async (count: number): Promise<number> => {
      const list = Array.from({ length: count }, (_, index) => `route ${hostText(index)}/32 via "lo";`);
      place.write("routes.conf", count === 0 ? "" : `protocol static vips { ipv4; ${list.join("\n")} }\n`);
      const moment = now();
      place.ask(["birdc", "-s", control, "configure"]);
      return moment;
    };
    return { pid: pidOf(child), ...(isFed ? {} : { announce }) };
  },
});

const frr: Contestant = {
  name: "FRR",
  trigger: "a session that feeds it",
  version: () => /version (\S+)/.exec(spawnSync("/usr/lib/frr/bgpd", ["--version"], { encoding: "utf8" }).stdout)?.[1] ?? "",
  async start(place, { peers, isPassive }) {
    const groups = [...new Set(peers.map((peer) => peer.as))];
    const text = [
      `router bgp ${as.router}`,
      ` bgp router-id ${routerAddress}`,
      " no bgp ebgp-requires-policy",
      ...groups.flatMap((remote) => [
        ` neighbor g${remote} peer-group`,
        ` neighbor g${remote} remote-as ${remote}`,
        ` neighbor g${remote} ebgp-multihop 10`,
        ...(isPassive ? [` neighbor g${remote} passive`] : []),
      ]),
      ...peers.map((peer) => ` neighbor ${peer.address} peer-group g${peer.as}`),
      "",
    ].join("\n");
    const vty = place.file("vty");
    mkdirSync(vty, { recursive: true });
    const configuration = place.write("frr.conf", text);
    spawnSync("chown", ["-R", "frr:frr", place.directory]);
    const files = ["-f", configuration, "-i", place.file("bgpd.pid"), "--vty_socket", vty];
    const child = place.start(["/usr/lib/frr/bgpd", ...files, "-n", "-Z", "-l", routerAddress]);
    await until("FRR listens", () => listens(place));
    return { pid: pidOf(child) };
  },
};

/** @param cli the command line of the same version: older ones do not understand newer daemons */
const gobgp = (name: string, file: () => string, cli: () => string): Contestant => ({
  name,
  trigger: "a session that feeds it",
  version: () => spawnSync(file(), ["--version"], { encoding: "utf8" }).stdout.replace("gobgpd version ", "").trim(),
  async start(place, { peers, isPassive }) {
    const configuration = place.write(
      "gobgpd.json",
      JSON.stringify({
        global: { config: { as: as.router, "router-id": routerAddress, port, "local-address-list": [routerAddress] } },
        neighbors: peers.map((peer) => ({
          config: { "neighbor-address": peer.address, "peer-as": peer.as },
          transport: { config: { "passive-mode": isPassive, "local-address": routerAddress } },
          "ebgp-multihop": { config: { enabled: true, "multihop-ttl": 10 } },
          timers: { config: { "connect-retry": 1, "idle-hold-time-after-reset": 1 } },
          "afi-safis": [{ config: { "afi-safi-name": "ipv4-unicast" } }],
        })),
      }),
    );
    const child = place.start([file(), "-t", "json", "-f", configuration, "--pprof-disable", "-l", "error"]);
    await until(`${name} listens`, () => listens(place));
    // The port is open before the last peer is known.
    const known = (): number => (JSON.parse(place.ask([cli(), "-j", "neighbor"]) || "[]") as unknown[]).length;
    await until(`${name} knows its peers`, () => known() === peers.length);
    return {
      pid: pidOf(child),
      received: () => {
        const list = JSON.parse(place.ask([cli(), "-j", "neighbor"]) || "[]") as readonly {
          readonly afi_safis?: readonly { readonly state?: { readonly received?: number } }[];
        }[];
        return Math.max(0, ...list.map((one) => one.afi_safis?.[0]?.state?.received ?? 0));
      },
    };
  },
});

const exabgp: Contestant = {
  name: "ExaBGP",
  trigger: "lines of its API",
  version: () => /ExaBGP : (\S+)/.exec(spawnSync("exabgp", ["--version"], { encoding: "utf8" }).stdout)?.[1] ?? "",
  async start(place, { peers, isPassive }) {
    const commands = place.write("commands", "");
    const script = place.write("feed.sh", `#!/bin/sh\nexec tail -n +1 -f ${commands}\n`);
    chmodSync(script, 0o755);
    const neighbor = ({ address, as: remote }: Setup["peers"][number]): string =>
      `neighbor ${address} { router-id ${routerAddress}; local-address ${routerAddress}; local-as ${as.router}; peer-as ${remote}; passive ${String(isPassive)}; group-updates true; family { ipv4 unicast; } api { processes [ feed ]; } }`;
    const configuration = place.write(
      "exabgp.conf",
      [`process feed { run ${script}; encoder text; }`, ...peers.map(neighbor), ""].join("\n"),
    );
    const child = place.start(["exabgp", configuration], {
      exabgp_daemon_user: "root",
      exabgp_api_cli: "false",
      exabgp_api_ack: "false",
      ...(isPassive ? { exabgp_tcp_bind: routerAddress, exabgp_tcp_port: String(port) } : {}),
    });
    if (isPassive) await until("ExaBGP listens", () => listens(place));
    let before = 0;
    return {
      pid: pidOf(child),
      async announce(count) {
        const lines: string[] = [];
        for (let index = before; index < count; index++) lines.push(`announce route ${hostText(index)}/32 next-hop self\n`);
        for (let index = count; index < before; index++) lines.push(`withdraw route ${hostText(index)}/32 next-hop self\n`);
        before = count;
        const moment = now();
        appendFileSync(commands, lines.join(""));
        return moment;
      },
    };
  },
};

/** Everybody who is measured, Berth first: ratios are to it. */
export const contestants: Readonly<Record<string, Contestant>> = {
  berth,
  bird: bird(false),
  birdFed: bird(true),
  frr,
  gobgp3: gobgp(
    "GoBGP 3",
    () => "gobgpd",
    () => "gobgp",
  ),
  gobgp4: gobgp(
    "GoBGP 4",
    () => bin("gobgpd4"),
    () => bin("gobgp4"),
  ),
  exabgp,
};
