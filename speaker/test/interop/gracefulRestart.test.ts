import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Line } from "./speakerProcess.ts";
import { eventually, hostAddress, routerAddress, type Speaker, Testbed } from "./testbed.ts";

/**
 * What the client of a service sees while the speaker restarts. The host has the address and serves it, as kube-proxy would;
 * the router is FRR 8.4 with its kernel routes; the client is a program on the router that connects every 10 ms.
 */
const address = "192.0.2.1";
const load = join(import.meta.dirname, "../../../lab/src/connect.ts");
let testbed: Testbed;
let speaker: Speaker;

/** What the client saw. */
interface Seen {
  readonly connected: number;
  readonly failures: readonly object[];
}

const line = (keepsRoutes: boolean): Line => ({
  as: 65000,
  listenPort: 179,
  peers: [
    {
      conf: { neighborAddress: routerAddress[4], peerAs: 65001 },
      timers: { config: { connectRetry: "1", holdTime: "9" } },
      gracefulRestart: { enabled: keepsRoutes, restartTime: 120 },
    },
  ],
  addresses: [address],
});

const vtysh = (...words: string[]): string =>
  testbed.ask(testbed.router, ["vtysh", "--vty_socket", testbed.file("vty"), "-c", words.join(" ")]);
const route = (): string => vtysh("show", "bgp", "ipv4", "unicast", `${address}/32`);
const inKernel = (): string => testbed.ask(testbed.router, ["ip", "route", "show", address]);

/** Connects to the address for some seconds, while something happens. */
async function clientDuring(seconds: number, meanwhile: () => Promise<void>): Promise<Seen> {
  const client = testbed.start(testbed.router, [process.execPath, "--disable-warning=ExperimentalWarning", load, address, "80"]);
  const done = new Promise((resolve) => client.process.once("close", resolve));
  const over = sleep(seconds * 1000);
  await sleep(1000);
  await meanwhile();
  await over;
  client.process.stdin?.end();
  await done;
  return JSON.parse(client.said()) as Seen;
}

/** A speaker that is told everything, and waited for until the router has a fresh route. */
async function speak(keepsRoutes: boolean): Promise<void> {
  speaker = testbed.speaker();
  speaker.tell(line(keepsRoutes));
  await eventually("a route that is not stale", 60, route, (seen) => /best/.test(seen) && !/stale/i.test(seen));
  await eventually("the route is in the router's kernel", 60, inKernel, (seen) => seen.includes(hostAddress[4]));
}

before(async () => {
  testbed = new Testbed("restart");
  const vty = testbed.file("vty");
  mkdirSync(vty);
  writeFileSync(
    testbed.file("frr.conf"),
    [
      "router bgp 65001",
      " bgp router-id 10.99.0.1",
      " no bgp ebgp-requires-policy",
      ` neighbor ${hostAddress[4]} remote-as 65000`,
      ` neighbor ${hostAddress[4]} timers 3 9`,
      ` neighbor ${hostAddress[4]} timers connect 1`,
      "",
    ].join("\n"),
  );
  spawnSync("chown", ["-R", "frr:frr", testbed.directory]);
  const common = ["-f", testbed.file("frr.conf"), "--vty_socket", vty, "-z", testbed.file("zserv")];
  for (const name of ["zebra", "bgpd"])
    testbed.start(testbed.router, [`/usr/lib/frr/${name}`, ...common, "-i", testbed.file(`${name}.pid`)]);
  spawnSync("ip", ["-n", testbed.host, "address", "add", `${address}/32`, "dev", "lo"]);
  const server = `require("node:net").createServer((s) => s.end()).listen(80, "${address}")`;
  testbed.start(testbed.host, [process.execPath, "-e", server]);
  await eventually(
    "FRR's command line answers",
    60,
    () => vtysh("show", "bgp", "summary"),
    (seen) => seen !== "",
  );
});

after(() => testbed.close());

describe("FRR 8.4, and a client that connects every 10 ms", () => {
  it("loses nothing while the speaker is killed with -9 and started again, with graceful restart (RFC 4724)", async () => {
    await speak(true);
    const seen = await clientDuring(8, async () => {
      await speaker.kill();
      await eventually("the router keeps the route, and shows it as stale", 60, route, (text) => /stale/i.test(text));
      await sleep(1000);
      await speak(true);
    });
    assert.ok(seen.connected > 100, JSON.stringify(seen));
    assert.equal(seen.failures.length, 0, JSON.stringify(seen));
  });

  it("loses nothing when the speaker is stopped as for a new image", async () => {
    const seen = await clientDuring(8, async () => {
      await speaker.stop();
      await eventually("the router keeps the route, and shows it as stale", 60, route, (text) => /stale/i.test(text));
      await sleep(1000);
      await speak(true);
    });
    assert.ok(seen.connected > 100, JSON.stringify(seen));
    assert.equal(seen.failures.length, 0, JSON.stringify(seen));
  });

  it("forgets what the restarted speaker does not announce again, when End-of-RIB comes", async () => {
    speaker.tell({ ...line(true), addresses: [address, "192.0.2.2"] });
    const other = (): string => vtysh("show", "bgp", "ipv4", "unicast", "192.0.2.2/32");
    await eventually("the second route", 60, other, (seen) => /best/.test(seen));
    await speaker.kill();
    await speak(true);
    await eventually("the second route is gone", 60, other, (seen) => seen.includes("not in table"));
  });

  it("shows the loss to a client without graceful restart, so that the tests above mean something", async () => {
    await speaker.stop();
    await speak(false);
    const seen = await clientDuring(6, async () => {
      await speaker.kill();
      await eventually("the route is gone", 60, inKernel, (text) => text === "");
      await sleep(1000);
      await speak(false);
    });
    assert.ok(seen.failures.length > 0, JSON.stringify(seen));
  });
});
