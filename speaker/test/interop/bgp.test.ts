import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Line } from "./speakerProcess.ts";

/** Our BGP with Debian's FRR 8.4 and BIRD 2.0, each in a network namespace of this test. */
const router = "berth-bgp-router";
const host = "berth-bgp-host";
const directory = mkdtempSync(join(tmpdir(), "berth-bgp-"));
chmodSync(directory, 0o755);
const running: ChildProcess[] = [];
let speaker: ChildProcess;

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  assert.equal(status, 0, `ip ${args.join(" ")}: ${stderr}`);
}
function inside(namespace: string, command: readonly string[]): ChildProcess {
  const child = spawn("ip", ["netns", "exec", namespace, ...command], { stdio: ["pipe", "pipe", "ignore"] });
  running.push(child);
  return child;
}
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}
async function eventually(
  claim: string,
  seconds: number,
  attempt: () => string,
  holds: (seen: string) => boolean,
): Promise<void> {
  const until = Date.now() + seconds * 1000;
  for (let seen = attempt(); !holds(seen); seen = attempt()) {
    assert.ok(Date.now() < until, `${claim}; last seen:\n${seen}`);
    await sleep(200);
  }
}
const tell = (line: Line): boolean => speaker.stdin?.write(`${JSON.stringify(line)}\n`) ?? false;

before(() => {
  for (const name of [router, host]) {
    spawnSync("ip", ["netns", "delete", name]);
    ip("netns", "add", name);
  }
  ip("-n", router, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", host);
  for (const [name, last] of [
    [router, "1"],
    [host, "11"],
  ] as const) {
    ip("-n", name, "address", "add", `10.99.0.${last}/24`, "dev", "eth0");
    ip("-n", name, "address", "add", `fd00:99::${last}/64`, "dev", "eth0", "nodad");
    ip("-n", name, "link", "set", "eth0", "up");
    ip("-n", name, "link", "set", "lo", "up");
  }
  speaker = inside(host, [
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    join(import.meta.dirname, "speakerProcess.ts"),
  ]);
});

after(async () => {
  for (const child of running) await end(child);
  for (const name of [router, host]) spawnSync("ip", ["netns", "delete", name]);
  rmSync(directory, { recursive: true, force: true });
});

const both = [
  { config: { family: { afi: "AFI_IP", safi: "SAFI_UNICAST" } } },
  { config: { family: { afi: "AFI_IP6", safi: "SAFI_UNICAST" } } },
] as const;

describe("FRR 8.4", () => {
  const vty = join(directory, "vty");
  const show = (...words: string[]): string =>
    spawnSync("vtysh", ["--vty_socket", vty, "-c", words.join(" ")], { encoding: "utf8" }).stdout;
  const configure = (...lines: string[]): string =>
    spawnSync(
      "vtysh",
      ["--vty_socket", vty, ...["configure terminal", "router bgp 65001", ...lines].flatMap((line) => ["-c", line])],
      { encoding: "utf8" },
    ).stdout;

  before(async () => {
    spawnSync("mkdir", ["-p", vty]);
    writeFileSync(
      join(directory, "bgpd.conf"),
      "router bgp 65001\n bgp router-id 10.99.0.1\n no bgp ebgp-requires-policy\n neighbor 10.99.0.11 remote-as 65000\n neighbor 10.99.0.11 passive\n neighbor 10.99.0.11 timers 3 9\n address-family ipv6 unicast\n  neighbor 10.99.0.11 activate\n exit-address-family\n",
    );
    spawnSync("chown", ["-R", "frr:frr", directory]);
    inside(router, [
      "/usr/lib/frr/bgpd",
      "-f",
      join(directory, "bgpd.conf"),
      "-n",
      "--vty_socket",
      vty,
      "-i",
      join(directory, "bgpd.pid"),
      "-Z",
    ]);
    await eventually(
      "FRR's command line answers",
      10,
      () => show("show", "bgp", "summary"),
      (seen) => seen !== "",
    );
  });

  const peer = (more: object = {}): Line["peers"][number] => ({
    conf: { neighborAddress: "10.99.0.1", peerAs: 65001 },
    timers: { config: { connectRetry: "1", holdTime: "9" } },
    afiSafis: both,
    ...more,
  });
  const announce = (addresses: readonly string[], password?: string): boolean =>
    tell({ as: 65000, listenPort: 179, peers: [peer()], addresses, ...(password === undefined ? {} : { password }) });

  it("takes the session that we dial, and learns an IPv4 and an IPv6 host with our node as next hop", async () => {
    announce(["192.0.2.1", "2001:db8::1"]);
    await eventually(
      "the IPv4 route",
      15,
      () => show("show", "ip", "bgp", "192.0.2.1/32"),
      (seen) => /10\.99\.0\.11 from 10\.99\.0\.11/.test(seen),
    );
    await eventually(
      "the IPv6 route",
      5,
      () => show("show", "bgp", "ipv6", "2001:db8::1/128"),
      (seen) => seen.includes("fd00:99::11"),
    );
    assert.match(show("show", "ip", "bgp", "192.0.2.1/32"), /65000\n[\s\S]*Origin IGP/);
  });

  it("keeps the session for three hold times of nine seconds", async () => {
    await sleep(27_000);
    assert.match(
      show("show", "bgp", "neighbors", "10.99.0.11"),
      /BGP state = Established, up for 00:00:(2[7-9]|[3-9]\d)|up for 00:01/,
    );
    assert.match(show("show", "bgp", "neighbors", "10.99.0.11"), /Hold time is 9/);
  });

  it("loses a route within two seconds of its withdrawal, and no session", async () => {
    announce(["2001:db8::1"]);
    await eventually(
      "the withdrawal",
      2,
      () => show("show", "ip", "bgp", "192.0.2.1/32"),
      (seen) => seen.includes("not in table"),
    );
    assert.match(show("show", "bgp", "neighbors", "10.99.0.11"), /Connections established 1; dropped 0/);
  });

  it("gets the table again when it asks for a route refresh", async () => {
    show("clear", "bgp", "*", "soft", "in");
    await sleep(500);
    assert.match(show("show", "bgp", "neighbors", "10.99.0.11"), /Connections established 1; dropped 0/);
  });

  it("wants the right TCP-MD5 password", async () => {
    configure("neighbor 10.99.0.11 password opensesame");
    announce(["192.0.2.7"], "opensesame");
    await eventually(
      "the route over the signed session",
      20,
      () => show("show", "ip", "bgp", "192.0.2.7/32"),
      (seen) => seen.includes("10.99.0.11 from"),
    );
    configure("no neighbor 10.99.0.11 password");
  });
});

describe("BIRD 2.0", () => {
  const control = join(directory, "bird.ctl");
  const show = (...words: string[]): string => spawnSync("birdc", ["-s", control, ...words], { encoding: "utf8" }).stdout;

  before(async () => {
    for (const child of running.slice(1)) await end(child);
    const pid = spawnSync("ip", ["netns", "pids", router], { encoding: "utf8" }).stdout.trim().split("\n");
    for (const one of pid) if (one !== "") process.kill(Number(one), "SIGKILL");
    const channel = "{ import all; export none; }";
    writeFileSync(
      join(directory, "bird.conf"),
      `router id 10.99.0.1;\nprotocol device {}\nprotocol bgp host { local as 65002; neighbor 10.99.0.11 as 65000; connect retry time 1; hold time 9; error wait time 1, 2; ipv4 ${channel}; ipv6 ${channel}; }\n`,
    );
    tell({
      as: 65000,
      listenPort: 179,
      peers: [
        {
          conf: { neighborAddress: "10.99.0.1", peerAs: 65002 },
          transport: { passiveMode: true },
          timers: { config: { holdTime: "9" } },
          afiSafis: both,
        },
      ],
      addresses: ["192.0.2.1", "2001:db8::1"],
    });
    inside(router, ["bird", "-f", "-c", join(directory, "bird.conf"), "-s", control]);
    await eventually(
      "BIRD's command line answers",
      10,
      () => show("show", "status"),
      (seen) => seen.includes("BIRD"),
    );
  });

  it("dials us, and learns both hosts", async () => {
    await eventually(
      "both routes",
      30,
      () => show("show", "route", "all"),
      (seen) =>
        /192\.0\.2\.1\/32[\s\S]*BGP\.next_hop: 10\.99\.0\.11/.test(seen) &&
        /2001:db8::1\/128[\s\S]*BGP\.next_hop: fd00:99::11/.test(seen),
    );
    assert.match(show("show", "route", "all"), /BGP\.as_path: 65000/);
  });

  it("is told why when the speaker stops", async () => {
    speaker.stdin?.end();
    await eventually(
      "the reason",
      10,
      () => show("show", "protocols", "all", "host"),
      (seen) => /Administrative shutdown/i.test(seen),
    );
  });
});
