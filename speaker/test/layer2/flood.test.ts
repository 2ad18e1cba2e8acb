import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { announced, Lan, type Speaker } from "./lan.ts";
import type { Line } from "./speakerProcess.ts";

const address = "10.9.0.200";
const others = Array.from({ length: 999 }, (_, index) => `10.9.${1 + (index >> 8)}.${index & 255}`);
const line: Line = {
  nodes: [1, 2].map((number) => ({ name: `n${number}`, address: `10.9.0.1${number}` })),
  addresses: [address, ...others],
};
const load = new URL("./arpLoad.ts", import.meta.url).pathname;

interface Load {
  readonly frames: number;
  readonly sent: number;
  readonly answered: number;
  readonly longestGap: number;
  readonly macs: Readonly<Record<string, number>>;
}

let lan: Lan;
let speakers: Speaker[] = [];

/** Sends requests from the client. */
function send(rate: number, seconds: number, noise = ""): Load {
  return JSON.parse(
    lan.run("client", process.execPath, load, "10.9.0.100", address, String(rate), String(seconds), noise).output,
  ) as Load;
}

before(async () => {
  lan = new Lan();
  for (const number of [1, 2]) lan.addHost(`n${number}`, `10.9.0.1${number}/16`);
  lan.addHost("client", "10.9.0.100/16");
  speakers = ["n1", "n2"].map((host) => lan.speaker(host));
  // Both run before there is an address: one that comes much later finds all of them owned.
  for (const speaker of speakers) speaker.say({ ...line, addresses: [] });
  for (const speaker of speakers) await speaker.until("it runs", ({ published }) => published !== undefined, 20_000);
  for (const speaker of speakers) speaker.say(line);
  for (const speaker of speakers)
    await speaker.until(
      "all addresses have an owner",
      ({ facts }) =>
        facts.addresses.length === 1000 && facts.addresses.every(({ role }) => role === "owner" || role === "standby"),
      20_000,
    );
});
after(() => lan.close());

describe("two speakers with a thousand addresses", () => {
  it("share them: neither has more than 1.25 times the mean", async () => {
    const counts = await Promise.all(speakers.map(async (speaker) => announced(await speaker.status())));
    assert.equal(counts[0]! + counts[1]!, 1000);
    assert.ok(Math.max(...counts) <= 625, `${counts}`);
  });

  it("answer while the main thread is busy for two seconds: nothing is lost and nothing moves", async () => {
    const before = await Promise.all(speakers.map(async (speaker) => announced(await speaker.status())));
    for (const speaker of speakers) speaker.say("stall 2000");
    const { sent, answered, longestGap, macs } = send(200, 2);
    // A periodic announcement is a reply too.
    assert.ok(answered >= sent && answered <= sent + 5, `${answered} of ${sent}`);
    assert.equal(Object.keys(macs).length, 1);
    assert.ok(longestGap < 500, `${longestGap} ms without an answer`);
    assert.deepEqual(await Promise.all(speakers.map(async (speaker) => announced(await speaker.status()))), before);
  });

  it("use little of a processor when nothing happens: under 2 % of one, as the best of three looks", async () => {
    let least = 100;
    for (let look = 0; look < 3 && least >= 2; look++) {
      const first = await speakers[0]!.status();
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 5000));
      const second = await speakers[0]!.status();
      const used = (second.cpu.user + second.cpu.system - first.cpu.user - first.cpu.system) / 1000;
      least = Math.min(least, (used / (performance.now() - began)) * 100);
    }
    assert.ok(least < 2, `${least.toFixed(2)} %`);
  });

  it("keep their addresses and answer the client under 50,000 requests a second, half of them malformed, for five seconds, and do not grow", async () => {
    send(50_000, 1, "noise");
    const before = await Promise.all(speakers.map((speaker) => speaker.status()));
    // The machine is shared with the sender and others: the best of three.
    let best = send(50_000, 5, "noise");
    for (let more = 0; more < 2 && best.answered < best.sent * 0.9; more++) {
      const again = send(50_000, 5, "noise");
      if (again.answered / again.sent > best.answered / best.sent) best = again;
    }
    const { frames, sent, answered, macs } = best;
    assert.ok(frames > 100_000, `only ${frames} frames were sent`);
    assert.ok(answered > sent * 0.8, `${answered} of ${sent} answered`);
    assert.equal(Object.keys(macs).length, 1);
    const after = await Promise.all(speakers.map((speaker) => speaker.status()));
    assert.deepEqual(after.map(announced), before.map(announced));
    for (const [index, status] of after.entries()) {
      assert.ok(
        status.memory - (before[index]?.memory ?? 0) < 32 << 20,
        `grew by ${status.memory - (before[index]?.memory ?? 0)}`,
      );
      for (const fact of status.facts.addresses) assert.equal(fact.conflict, undefined);
    }
    assert.equal(send(100, 1).answered > 90, true);
  });
});
