import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type ControlPacket, decodePacket, encodePacket, states } from "./packet.ts";

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const packet: ControlPacket = {
  diagnostic: 0,
  state: "Up",
  poll: true,
  final: false,
  detectMultiplier: 3,
  myDiscriminator: 0x11223344,
  yourDiscriminator: 0x55667788,
  desiredMinTx: 300_000,
  requiredMinRx: 300_000,
  requiredMinEchoRx: 0,
};
// version 1, no diagnostic | Up, P | 3 | 24 | my | your | 300 ms | 300 ms | no echo
const wire = "20 e0 03 18 11223344 55667788 000493e0 000493e0 00000000";

describe("BFD control packets (RFC 5880 §4.1)", () => {
  it("are 24 octets", () => {
    assert.deepEqual(encodePacket(packet), bytes(wire));
    assert.deepEqual(decodePacket(bytes(wire)), { packet });
  });
  it("are taken with the C bit, which is FRR's and BIRD's business", () =>
    assert.deepEqual(decodePacket(bytes(wire.replace("e0 03", "e8 03"))), { packet }));
  const drops: readonly (readonly [drop: string, hex: string])[] = [
    ["tooShort", wire.slice(0, -3)],
    ["wrongVersion", wire.replace("20 e0", "40 e0")],
    ["badLength", wire.replace("03 18", "03 17")],
    ["badLength", wire.replace("03 18", "03 19")],
    ["noMultiplier", wire.replace("e0 03", "e0 00")],
    ["multipoint", wire.replace("20 e0", "20 e1")],
    ["noDiscriminator", wire.replace("11223344", "00000000")],
    ["authenticated", wire.replace("20 e0", "20 e4")],
    ["unknownSession", wire.replace("55667788", "00000000")],
  ];
  for (const [drop, hex] of drops) it(`are dropped: ${drop}`, () => assert.deepEqual(decodePacket(bytes(hex)), { drop }));
  it("are taken without our discriminator while the neighbour is down", () =>
    assert.ok("packet" in decodePacket(bytes(wire.replace("20 e0", "20 40").replace("55667788", "00000000")))));
  it("come back as they went", () => {
    const number = fc.integer({ min: 1, max: 0xffffffff });
    const any = fc.record({
      diagnostic: fc.integer({ min: 0, max: 31 }),
      state: fc.constantFrom(...states),
      poll: fc.boolean(),
      final: fc.boolean(),
      detectMultiplier: fc.integer({ min: 1, max: 255 }),
      myDiscriminator: number,
      yourDiscriminator: number,
      desiredMinTx: number,
      requiredMinRx: number,
      requiredMinEchoRx: number,
    });
    fc.assert(fc.property(any, (one) => assert.deepEqual(decodePacket(encodePacket(one)), { packet: { ...one } })));
  });
  it("never throw, whatever comes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => void decodePacket(octets)));
  });
});
