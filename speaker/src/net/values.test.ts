import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asn } from "./asn.ts";
import { milliseconds, seconds } from "./duration.ts";
import { macFromBytes, macToBytes, parseMac } from "./mac.ts";

describe("value types", () => {
  it("take AS numbers of four octets and nothing else", () => {
    assert.deepEqual(
      [asn(0), asn(4294967295), asn(4294967296), asn(-1), asn(1.5)],
      [0, 4294967295, undefined, undefined, undefined],
    );
  });
  it("hold durations in milliseconds, never negative", () => assert.deepEqual([seconds(1.5), milliseconds(-3)], [1500, 0]));
  it("read Ethernet addresses in any case", () => assert.equal(parseMac("02:BE:00:00:00:0a"), "02:be:00:00:00:0a"));
  it("refuse what is no Ethernet address", () =>
    assert.deepEqual([parseMac("02:be:0:0:0:a"), parseMac("")], [undefined, undefined]));
  it("read back the octets of an Ethernet address", () => {
    const octets = Uint8Array.of(2, 0xbe, 0, 1, 2, 255);
    assert.deepEqual(macToBytes(macFromBytes(octets)), octets);
    assert.throws(() => macFromBytes(octets.subarray(1)), RangeError);
  });
});
