import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Address } from "../net/address.ts";
import { type Mac, macToBytes, parseMac } from "../net/mac.ts";
import { decodeFrame, encodeAnnouncements, encodeAnswer, encodeQuestion } from "./frame.ts";
import { QuickAnswers } from "./quick.ts";

const own = parseMac("02:be:00:00:01:0b") as Mac;
const client = parseMac("02:be:00:00:01:64") as Mac;
const held: Address = { family: 4, value: 0xc0000205n };
const asker: Address = { family: 4, value: 0xc0000264n };
const note = { kind: "probe", rank: 0, tenure: 0, nonce: 1, cluster: 0 } as const;
const quick = new QuickAnswers(own);
quick.set(held, true);

/** A request as a host sends it: no note. */
function request(target: Address, from: Address | undefined): Uint8Array {
  const frame = encodeQuestion(target, client, from, undefined, note).slice();
  return frame.fill(0, 42);
}
function answerOf(frame: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(QuickAnswers.length).fill(0xaa);
  return quick.answer(frame, frame.length, out) ? out : undefined;
}

describe("quick answers to ARP requests", () => {
  it("are octet for octet what the codec would answer", () => {
    for (const from of [asker, undefined])
      assert.deepEqual(answerOf(request(held, from)), encodeAnswer(held, own, { mac: client, address: from }, undefined));
  });
  it("are not given for addresses that this node does not own, to speakers, to announcements, and to what is cut off", () => {
    assert.equal(answerOf(request({ family: 4, value: 0xc0000206n }, asker)), undefined);
    assert.equal(answerOf(encodeQuestion(held, client, asker, own, note)), undefined);
    for (const frame of encodeAnnouncements(held, client, note)) assert.equal(answerOf(frame), undefined);
    for (let length = 0; length < 42; length++) assert.equal(answerOf(request(held, asker).subarray(0, length)), undefined);
  });
  it("are not given to this node itself, to groups and to the zero address", () => {
    for (const sender of [macToBytes(own), Uint8Array.of(1, 0, 0, 0, 0, 0), new Uint8Array(6)]) {
      const frame = request(held, asker);
      frame.set(sender, 22);
      assert.equal(answerOf(frame), undefined);
    }
  });
  it("are given only to what the codec reads as a question about a held address, whatever the octets", () => {
    const octets = fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(octets, { maxLength: 4 }), (changes) => {
        const frame = request(held, asker);
        for (const [at, value] of changes) frame[at] = value;
        const answer = answerOf(frame);
        if (answer === undefined) return;
        const read = decodeFrame(frame);
        assert.ok("kind" in read && read.kind === "question" && read.note === undefined);
        assert.deepEqual(answer, encodeAnswer(read.target, own, { mac: read.sender, address: read.senderAddress }, undefined));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("counts of quick answers", () => {
  it("are by address, and taken once", () => {
    const counting = new QuickAnswers(own);
    counting.set(held, true);
    const out = new Uint8Array(QuickAnswers.length);
    for (let index = 0; index < 3; index++) assert.ok(counting.answer(request(held, asker), 60, out));
    counting.answer(request(asker, held), 60, out);
    assert.deepEqual(counting.takeAnswered(), [[held, 3]]);
    assert.deepEqual(counting.takeAnswered(), []);
  });
});
