import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Address, formatAddress, maxOf, parseAddress } from "../net/address.ts";
import { type Mac, parseMac } from "../net/mac.ts";
import { decodeFrame, encodeAnnouncements, encodeAnswer, encodeQuestion, solicitedNode } from "./frame.ts";
import { type Note, noteKinds } from "./note.ts";

const mac = (text: string): Mac => parseMac(text) as Mac;
const address = (text: string): Address => parseAddress(text) as Address;
const own = mac("02:be:00:00:01:0b");
const client = mac("02:be:00:00:01:64");
const plain: Note = { kind: "probe", rank: 0, tenure: 0, nonce: 1, cluster: 0 };
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));

describe("ARP (RFC 826)", () => {
  it("reads a request of a host", () => {
    const request = bytes("ffffffffffff 02be00000164 0806 0001 0800 06 04 0001 02be00000164 ac1e0064 000000000000 ac1e00c8");
    assert.deepEqual(decodeFrame(request), {
      kind: "question",
      target: address("172.30.0.200"),
      sender: client,
      senderAddress: address("172.30.0.100"),
      source: client,
      note: undefined,
    });
  });

  it("takes a gratuitous request for a statement", () => {
    const gratuitous = decodeFrame(
      bytes("ffffffffffff 02be00000164 0806 0001 0800 06 04 0001 02be00000164 ac1e00c8 000000000000 ac1e00c8"),
    );
    assert.ok("kind" in gratuitous && gratuitous.kind === "statement" && formatAddress(gratuitous.target) === "172.30.0.200");
  });

  it("answers with the interface's own address in frame and payload, padded to 60 octets", () => {
    const answer = encodeAnswer(address("172.30.0.200"), own, { mac: client, address: address("172.30.0.100") }, undefined);
    assert.equal(
      Buffer.from(answer).toString("hex"),
      `02be0000016402be0000010b08060001080006040002${"02be0000010b"}ac1e00c8${"02be00000164"}ac1e0064${"00".repeat(18)}`,
    );
  });

  it("drops what is cut off, and other hardware and protocols, by name", () => {
    assert.deepEqual(decodeFrame(bytes("ffffffffffff 02be00000164 0806 0001 0800 06 04 0001 02be")), { drop: "Malformed" });
    assert.deepEqual(
      decodeFrame(bytes("ffffffffffff 02be00000164 0806 0006 0800 06 04 0001 02be00000164 ac1e0064 000000000000 ac1e00c8")),
      { drop: "Malformed" },
    );
    assert.deepEqual(decodeFrame(bytes("ffffffffffff 02be00000164 0800 45")), { drop: "NotNeighborDiscovery" });
  });
});

describe("Neighbor Discovery (RFC 4861)", () => {
  const target = address("fd00:30::c8");

  it("finds the group of an address (RFC 4291 §2.7.1)", () =>
    assert.equal(formatAddress(solicitedNode(target)), "ff02::1:ff00:c8"));

  it("reads back a solicitation, an answer and an announcement", () => {
    const note: Note = { kind: "probe", rank: 2, tenure: 3, nonce: 0xdeadbeef, cluster: 0x01020304 };
    assert.deepEqual(decodeFrame(encodeQuestion(target, client, address("fd00:30::100"), undefined, note)), {
      kind: "question",
      target,
      sender: client,
      senderAddress: address("fd00:30::100"),
      source: client,
      note,
    });
    const answer = decodeFrame(encodeAnswer(target, own, { mac: client, address: address("fd00:30::100") }, undefined));
    assert.ok("kind" in answer && answer.kind === "statement" && answer.sender === own);
    const [announcement] = encodeAnnouncements(target, own, { ...note, kind: "claim" });
    const read = decodeFrame(announcement ?? new Uint8Array(0));
    assert.ok("note" in read && read.note?.kind === "claim" && read.kind === "statement");
  });

  it("drops a wrong checksum and a hop limit that a router has lowered", () => {
    const question = encodeQuestion(target, client, address("fd00:30::100"), undefined, plain);
    const wrong = question.slice();
    wrong[60] = (wrong[60] ?? 0) ^ 1;
    assert.deepEqual(decodeFrame(wrong), { drop: "BadChecksum" });
    const routed = question.slice();
    routed[21] = 254;
    assert.deepEqual(decodeFrame(routed), { drop: "BadHopLimit" });
  });
});

describe("frames of any kind", () => {
  const anyAddress = fc.oneof(
    fc.bigInt({ min: 1n, max: maxOf(4) }).map((value): Address => ({ family: 4, value })),
    fc.bigInt({ min: 1n, max: maxOf(6) >> 8n }).map((value): Address => ({ family: 6, value })),
  );
  const note = fc.record({
    kind: fc.constantFrom(...noteKinds),
    rank: fc.integer({ min: 0, max: 65535 }),
    tenure: fc.integer({ min: 0, max: 3 }),
    nonce: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    cluster: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }) as fc.Arbitrary<Note>;

  it("read back target and note", () => {
    fc.assert(
      fc.property(anyAddress, note, (target, expected) => {
        for (const frame of [
          encodeQuestion(target, own, undefined, undefined, expected),
          ...encodeAnnouncements(target, own, expected),
        ]) {
          const read = decodeFrame(frame);
          assert.ok("kind" in read);
          assert.deepEqual([read.target, { ...read.note }, read.source], [target, { ...expected }, own]);
        }
      }),
    );
  });

  it("never make anything but a statement, a question or a drop of any octets and any truncation", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (octets) =>
        assert.ok("drop" in decodeFrame(octets) || "kind" in decodeFrame(octets)),
      ),
      { numRuns: 20_000 },
    );
    const whole = encodeQuestion(address("fd00:30::c8"), own, address("fd00:30::1"), undefined, plain);
    for (let length = 0; length < whole.length; length++) assert.ok(decodeFrame(whole.subarray(0, length)) !== undefined);
  });
});
