import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lan, type Speaker } from "./lan.ts";
import type { Line } from "./speakerProcess.ts";

const address = "10.9.0.200";
const nodes = [{ name: "n1", address: "10.9.0.11" }];
const line = (addresses: readonly string[], spec: Line["spec"] = {}): Line => ({ nodes, addresses, spec });

let lan: Lan;
let speaker: Speaker;

/** Waits until the client sees the address at an Ethernet address. */
async function answeredBy(mac: string, of = address, from = "client"): Promise<void> {
  const end = Date.now() + 5000;
  let seen: string[] = [];
  while (Date.now() < end) {
    seen = lan.answers(from, of);
    if (seen[0] === mac) return;
  }
  assert.fail(`${of} is at ${seen}, not at ${mac}`);
}

before(async () => {
  lan = new Lan();
  lan.addHost("n1", "10.9.0.11/24");
  lan.addHost("client", "10.9.0.100/24");
  speaker = lan.speaker("n1");
  speaker.say(line([address]));
  await speaker.until("it owns the address", ({ announcements }) => announcements[0]?.isAnnouncing === true, 20_000);
});
after(() => lan.close());

describe("interfaces that change while a speaker runs", () => {
  it("a new Ethernet address is told to the segment at once, and answered with", async () => {
    lan.answers("client", address);
    lan.run("client", "ping", "-c", "1", "-W", "1", address);
    lan.ip("n1", "link", "set", "eth0", "address", "02:be:00:00:09:99");
    await answeredBy("02:be:00:00:09:99");
  });

  it("a new name is followed when spec.interface is a glob, or empty", async () => {
    lan.ip("n1", "link", "set", "eth0", "down");
    lan.ip("n1", "link", "set", "eth0", "name", "lan0");
    lan.ip("n1", "link", "set", "lan0", "up");
    await answeredBy(lan.macOf("n1", "lan0"));
    const status = await speaker.until("it says lan0", ({ announcements }) => announcements[0]?.via[0] === "lan0");
    assert.equal(status.announcements[0]?.isAnnouncing, true);
    lan.ip("n1", "link", "set", "lan0", "down");
    lan.ip("n1", "link", "set", "lan0", "name", "eth0");
    lan.ip("n1", "link", "set", "eth0", "up");
    await answeredBy(lan.macOf("n1"));
  });

  it("a cable that is out is said, and the address is answered for again when it is back", async () => {
    lan.onBridge("link", "set", "n1", "down");
    const status = await speaker.until(
      "it says that the carrier is gone",
      ({ announcements }) => announcements[0]?.isAnnouncing === false,
    );
    assert.match(status.announcements[0]?.because ?? "", /eth0 is down, or has no carrier/);
    lan.onBridge("link", "set", "n1", "up");
    await answeredBy(lan.macOf("n1"));
  });

  it("an interface that vanishes is no matter, and one that comes back is used again", async () => {
    lan.onBridge("link", "delete", "n1");
    const status = await speaker.until("it has no interface", ({ announcements }) => announcements[0]?.refusal !== undefined);
    assert.equal(status.announcements[0]?.refusal?.reason, "NoInterface");
    lan.plugNew("n1", "eth0", "n1", "10.9.0.11/24");
    await answeredBy(lan.macOf("n1"));
  });

  it("can_reach follows the kernel's route when it changes", async () => {
    lan.plugNew("n1", "eth1", "n1b");
    lan.ip("n1", "address", "add", "10.77.0.11/24", "dev", "eth1");
    lan.ip("n1", "route", "add", "192.0.2.1/32", "dev", "eth1");
    speaker.say(line([address], { interface: "can_reach:192.0.2.1" }));
    await speaker.until("it answers on eth1", ({ announcements }) => announcements[0]?.via.join() === "eth1");
    lan.ip("n1", "route", "replace", "192.0.2.1/32", "dev", "eth0");
    await speaker.until("it answers on eth0", ({ announcements }) => announcements[0]?.via.join() === "eth0");
    lan.ip("n1", "route", "delete", "192.0.2.1/32");
    const status = await speaker.until("it has no way there", ({ announcements }) => announcements[0]?.refusal !== undefined);
    assert.match(status.announcements[0]?.refusal?.message ?? "", /can_reach:192\.0\.2\.1/);
    lan.onBridge("link", "delete", "n1b");
  });

  it("two interfaces on one segment give one answer, and the second takes over from the first", async () => {
    lan.plugNew("n1", "eth1", "n1b", "10.9.0.21/24");
    speaker.say(line([address], { interface: "eth0,eth1" }));
    const both = await speaker.until(
      "one of them answers",
      ({ facts: { addresses } }) =>
        addresses.length === 2 &&
        addresses.filter(({ role }) => role === "owner").length === 1 &&
        addresses.some(({ role }) => role === "standby"),
    );
    const owner = both.facts.addresses.find(({ role }) => role === "owner")?.link ?? "";
    const other = owner === "eth0" ? "eth1" : "eth0";
    const seen = new Set(lan.answers("client", address, 2));
    assert.deepEqual([...seen], [lan.macOf("n1", owner)]);
    lan.onBridge("link", "set", owner === "eth0" ? "n1" : "n1b", "down");
    await answeredBy(lan.macOf("n1", other));
    lan.onBridge("link", "set", owner === "eth0" ? "n1" : "n1b", "up");
    lan.onBridge("link", "delete", "n1b");
    speaker.say(line([address]));
    await answeredBy(lan.macOf("n1"));
  });

  it("a bridge of the node's own, with the device in it, is used instead of the device", async () => {
    lan.plugNew("n1", "s1", "n1s1");
    lan.ip("n1", "link", "add", "br7", "type", "bridge", "forward_delay", "0");
    lan.ip("n1", "link", "set", "s1", "master", "br7");
    lan.ip("n1", "address", "add", "10.8.0.11/24", "dev", "br7");
    lan.ip("n1", "link", "set", "br7", "up");
    lan.ip("client", "address", "add", "10.8.0.100/24", "dev", "eth0");
    speaker.say(line(["10.8.0.200"], { interface: "s1,br7" }));
    await speaker.until("it answers on the bridge", ({ announcements }) => announcements[0]?.via.join() === "br7", 8000);
    assert.deepEqual(lan.answers("client", "10.8.0.200", 2), Array(2).fill(lan.macOf("n1", "br7")));
  });

  it("frames about other addresses are dropped in the kernel: they cost the speaker nothing", async () => {
    speaker.say(line([address]));
    await answeredBy(lan.macOf("n1"));
    await sleep(300);
    const before = (await speaker.status()).facts.counters;
    lan.run("client", "arping", "-c", "3", "-w", "4", "-I", "eth0", "10.9.0.250");
    const after = (await speaker.status()).facts.counters;
    assert.deepEqual([after.questions, after.dropped], [before.questions, before.dropped]);
  });
});
