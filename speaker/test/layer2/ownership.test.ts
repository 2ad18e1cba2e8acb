import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lan, type Speaker } from "./lan.ts";
import type { Line } from "./speakerProcess.ts";

const four = "10.9.0.200";
const six = "fd09::200";
const hosts = [1, 2, 3].map((number) => `n${number}`);
const nodes = hosts.map((name, index) => ({ name, address: `10.9.0.1${index + 1}` }));
const line: Line = { nodes, addresses: [four, six] };

let lan: Lan;
const speakers = new Map<string, Speaker>();

/** The host whose speaker owns an address, when there is exactly one. */
async function ownerOf(address: string): Promise<string> {
  const owners: string[] = [];
  for (const [host, speaker] of speakers) {
    const status = await speaker.status();
    if (status.announcements.some((fact) => fact.address === address && fact.isAnnouncing)) owners.push(host);
  }
  assert.equal(owners.length, 1, `owners of ${address}: ${owners}`);
  return owners[0] ?? "";
}

async function start(host: string): Promise<Speaker> {
  const speaker = lan.speaker(host);
  speakers.set(host, speaker);
  speaker.say(line);
  await speaker.until(
    "it knows the owner of both addresses",
    ({ facts: { addresses } }) => addresses.length === 2 && addresses.every(({ role }) => role === "owner" || role === "standby"),
    20_000,
  );
  return speaker;
}

before(async () => {
  lan = new Lan();
  for (const [index, host] of hosts.entries()) lan.addHost(host, `10.9.0.1${index + 1}/24`, `fd09::1${index + 1}/64`);
  lan.addHost("client", "10.9.0.100/24", "fd09::100/64");
  await Promise.all(hosts.map(start));
});
after(() => lan.close());

describe("speakers on one segment", () => {
  it("have one owner, which alone answers ARP, with the Ethernet address of its interface", async () =>
    assert.deepEqual(lan.answers("client", four, 3), Array(3).fill(lan.macOf(await ownerOf(four)))));

  it("have one owner, which alone answers NDP", async () =>
    assert.deepEqual(lan.answers("client", six), [lan.macOf(await ownerOf(six))]));

  it("answer a probe of Duplicate Address Detection: a host that takes an address of ours finds that it is in use", async () => {
    lan.addHost("guest", "10.9.0.101/24");
    lan.ip("guest", "address", "add", `${six}/64`, "dev", "eth0");
    await sleep(2500);
    assert.match(lan.ip("guest", "address", "show", "dev", "eth0"), /dadfailed/);
    assert.equal(lan.run("guest", "arping", "-D", "-c", "2", "-w", "2", "-I", "eth0", four).code, 1);
  });

  it("join the solicited-node group of an address, and leave it when they have no part in it any more", async () => {
    const groups = (): string => lan.run("n1", "ip", "-6", "maddr", "show", "dev", "eth0").output;
    assert.match(groups(), /ff02::1:ff00:200/);
    speakers.get("n1")?.say({ ...line, addresses: [four] });
    await speakers.get("n1")?.until("it has one address", ({ facts }) => facts.addresses.length === 1);
    assert.doesNotMatch(groups(), /ff02::1:ff00:200/);
    speakers.get("n1")?.say(line);
    await speakers.get("n1")?.until("it has both", ({ facts }) => facts.addresses.length === 2);
  });

  it("take over from a frozen owner, and keep the address when it thaws", async () => {
    const owner = await ownerOf(four);
    speakers.get(owner)?.signal("STOP");
    await sleep(2000);
    const [heir] = lan.answers("client", four);
    assert.notEqual(heir, lan.macOf(owner));
    speakers.get(owner)?.signal("CONT");
    await sleep(1500);
    assert.deepEqual(lan.answers("client", four, 2), [heir, heir]);
    assert.equal(lan.macOf(await ownerOf(four)), heir);
  });

  it("hand over before a planned stop", async () => {
    const owner = await ownerOf(four);
    const stopped = speakers.get(owner)?.stop();
    for (let asked = 0; asked < 10; asked++) {
      assert.ok(lan.answers("client", four).length > 0, "nobody answered");
    }
    await stopped;
    speakers.delete(owner);
    assert.notEqual(await ownerOf(four), owner);
    await start(owner);
  });

  it("are one again after the segment was cut in two, within a second", async () => {
    const owner = await ownerOf(four);
    lan.onBridge("link", "add", "br1", "type", "bridge");
    lan.onBridge("link", "set", "br1", "up");
    lan.onBridge("link", "set", owner, "master", "br1");
    await sleep(3000);
    const others = hosts.filter((host) => host !== owner);
    const statuses = await Promise.all(others.map(async (host) => speakers.get(host)?.status()));
    assert.equal(
      statuses.filter((status) => status?.announcements[0]?.isAnnouncing === true).length,
      1,
      "the other side is served",
    );
    lan.onBridge("link", "set", owner, "master", "br0");
    await sleep(1000);
    await ownerOf(four);
    await ownerOf(six);
    lan.onBridge("link", "delete", "br1");
  });

  it("report a foreign host within a second, and defend the address", async () => {
    const owner = await ownerOf(four);
    lan.addHost("foreign", "10.9.0.66/24", `${four}/32`);
    const status = await speakers
      .get(owner)
      ?.until("the conflict is a fact", (one) => one.announcements.some((fact) => fact.conflict !== undefined), 1000);
    const fact = status?.announcements.find(({ address }) => address === four);
    assert.deepEqual([fact?.isAnnouncing, fact?.conflict?.mac], [true, lan.macOf("foreign")]);
    lan.ip("foreign", "address", "delete", `${four}/32`, "dev", "eth0");
  });

  it("report a foreign host of IPv6 within a second", async () => {
    const owner = await ownerOf(six);
    lan.ip("foreign", "address", "add", `${six}/128`, "dev", "eth0", "nodad");
    await speakers
      .get(owner)
      ?.until(
        "the conflict is a fact",
        (one) => one.announcements.some((fact) => fact.address === six && fact.conflict !== undefined),
        1000,
      );
    lan.ip("foreign", "address", "delete", `${six}/128`, "dev", "eth0");
  });

  it("leave an address to a foreign host when the policy is to yield, and take it back when it is gone", async () => {
    for (const speaker of speakers.values()) speaker.say({ ...line, spec: { conflictPolicy: "yield" } });
    lan.ip("foreign", "address", "add", `${four}/32`, "dev", "eth0");
    await sleep(3000);
    assert.deepEqual(lan.answers("client", four), [lan.macOf("foreign")]);
    lan.ip("foreign", "address", "delete", `${four}/32`, "dev", "eth0");
    await sleep(14_000);
    assert.equal(lan.macOf(await ownerOf(four)), lan.answers("client", four)[0]);
    for (const speaker of speakers.values()) speaker.say(line);
  });
});
