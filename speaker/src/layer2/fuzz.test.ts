import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Address } from "../net/address.ts";
import { type Mac, parseMac } from "../net/mac.ts";
import { randomOf } from "../sim/random.ts";
import { decodeHeartbeat, encodeHeartbeat } from "./datagram.ts";
import { decodeFrame, dropReasons, encodeAnnouncements, encodeAnswer, encodeQuestion } from "./frame.ts";
import type { Note } from "./note.ts";
import { QuickAnswers } from "./quick.ts";

const mac = parseMac("02:be:00:00:01:0b") as Mac;
const asker = parseMac("02:be:00:00:01:64") as Mac;
const note: Note = { kind: "probe", rank: 1, tenure: 2, nonce: 3, cluster: 4 };
const addresses: Address[] = [
  { family: 4, value: 0xc0000205n },
  { family: 6, value: 0xfd0000300000000000000000000000c8n },
];
const whole = addresses.flatMap((address) => [
  encodeQuestion(address, mac, address, undefined, note),
  encodeQuestion(address, mac, undefined, asker, note),
  encodeAnswer(address, mac, { mac: asker, address }, note),
  encodeAnswer(address, mac, { mac: asker, address: undefined }, undefined),
  ...encodeAnnouncements(address, mac, note),
]);
const heartbeats = addresses.map((address) => encodeHeartbeat({ note, mac, address }));
const inputs = Number(process.env["BERTH_RUNS"] === undefined ? 1_000_000 : Number(process.env["BERTH_RUNS"]) * 50);

/** What may come out of the codecs; anything else, and every exception, fails the test. */
function check(octets: Uint8Array, quick: QuickAnswers, out: Uint8Array): void {
  const read = decodeFrame(octets);
  if ("drop" in read) assert.ok(read.drop in dropReasons);
  else assert.ok(read.kind === "question" || read.kind === "statement");
  if (quick.answer(octets, octets.length, out)) assert.ok("kind" in read && read.kind === "question");
  const heartbeat = decodeHeartbeat(octets);
  assert.ok(heartbeat === undefined || heartbeat.mac.length === 17);
}

describe("the codecs of Layer2", () => {
  const quick = new QuickAnswers(mac);
  for (const address of addresses) quick.set(address, true);
  const out = new Uint8Array(QuickAnswers.length);

  it("read every truncation of every frame as a frame or a named drop", () => {
    for (const frame of [...whole, ...heartbeats])
      for (let length = 0; length <= frame.length; length++) check(frame.subarray(0, length), quick, out);
  });

  it(`read ${inputs} inputs, random ones and changed ones, as a frame or a named drop`, () => {
    const random = randomOf(4);
    const upTo = (limit: number): number => Math.floor(random() * limit);
    const noise = new Uint8Array(160);
    let runs = 0;
    for (; runs < inputs; runs++) {
      if (runs % 4 === 0) {
        const length = upTo(noise.length);
        for (let at = 0; at < length; at++) noise[at] = upTo(256);
        // Half of them look like ARP or IPv6 at first.
        if (runs % 8 === 0) noise.set(runs % 16 === 0 ? [0x08, 0x06] : [0x86, 0xdd], 12);
        check(noise.subarray(0, length), quick, out);
        continue;
      }
      const source = (runs % 16 === 1 ? heartbeats : whole)[upTo(runs % 16 === 1 ? heartbeats.length : whole.length)];
      const frame = source?.slice(0, random() < 0.1 ? upTo(source.length) : source.length) ?? noise;
      for (let changes = upTo(4); changes > 0; changes--) frame[upTo(frame.length)] = upTo(256);
      check(frame, quick, out);
    }
    assert.equal(runs, inputs);
  });
});
