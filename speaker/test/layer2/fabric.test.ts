import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lan, type Speaker } from "./lan.ts";
import type { Line } from "./speakerProcess.ts";

/** A switch that answers ARP for hosts (ARP suppression, proxy ARP): no ARP frame of the stander-by leaves its port, nor comes to it; the switch answers. */
const address = "10.9.0.200";
const hosts = ["n1", "n2"];
let lan: Lan;
const speakers = new Map<string, Speaker>();

before(async () => {
  lan = new Lan();
  for (const [index, host] of hosts.entries()) lan.addHost(host, `10.9.0.1${index + 1}/24`);
  lan.addHost("client", "10.9.0.100/24");
  for (const host of hosts) speakers.set(host, lan.speaker(host));
  const told = await Promise.all(
    hosts.map(async (host, index) => {
      const speaker = speakers.get(host)!;
      speaker.say({ nodes: [{ name: host, address: `10.9.0.1${index + 1}` }], addresses: [] });
      return (await speaker.until("it tells its interfaces", ({ published }) => published !== undefined, 20_000)).published;
    }),
  );
  const line: Line = {
    nodes: hosts.map((name, index) => ({ name, address: `10.9.0.1${index + 1}`, published: told[index] })),
    addresses: [address],
  };
  for (const speaker of speakers.values()) speaker.say(line);
  for (const speaker of speakers.values())
    await speaker.until("it knows the owner", ({ facts }) =>
      facts.addresses.some(({ role }) => role === "owner" || role === "standby"),
    );
});
after(() => lan.close());

describe("behind something that answers ARP for hosts", () => {
  it("the owner's node is named, the stander-by asks over UDP, nothing moves while it lives, and failover still takes about a second", async () => {
    const statuses = new Map(
      await Promise.all([...speakers].map(async ([host, speaker]) => [host, await speaker.status()] as const)),
    );
    const owner = hosts.find((host) => statuses.get(host)?.announcements[0]?.isAnnouncing === true) ?? "";
    const other = hosts.find((host) => host !== owner) ?? "";
    assert.equal(statuses.get(other)?.facts.addresses[0]?.owner, owner);
    const script = new URL("./arpFabric.ts", import.meta.url).pathname;
    const fabric = lan.start("lan", process.execPath, script, other, address, lan.macOf(owner));
    await new Promise((resolve) => fabric.stdout?.once("data", resolve));
    // The switch knows the hosts themselves, too.
    for (const [from, to] of [
      [other, owner],
      [owner, other],
    ] as const)
      lan.ip(from, "neigh", "replace", `10.9.0.1${to.slice(1)}`, "lladdr", lan.macOf(to), "dev", "eth0");
    lan.cutArp(other);
    await sleep(3000);
    const standby = await speakers.get(other)!.status();
    assert.equal(standby.facts.addresses[0]?.role, "standby", JSON.stringify(standby.facts.addresses));
    speakers.get(owner)!.signal("STOP");
    const died = performance.now();
    await speakers.get(other)!.until("it takes over", ({ announcements }) => announcements[0]?.isAnnouncing === true, 3000);
    const took = performance.now() - died;
    assert.ok(took < 1500, `${took} ms`);
    fabric.kill();
  });
});
