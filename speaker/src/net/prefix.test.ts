import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Address, maxOf, parseAddress } from "./address.ts";
import { formatPrefix, hostPrefix, parsePrefix, prefixContains, prefixOf } from "./prefix.ts";

describe("prefixes", () => {
  const texts = [
    ["192.0.2.77/24", "192.0.2.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["192.0.2.1/32", "192.0.2.1/32"],
    ["2001:db8::1/64", "2001:db8::/64"],
    ["192.0.2.0/33", undefined],
    ["192.0.2.0/", undefined],
    ["192.0.2.0/024", undefined],
    ["192.0.2.0", undefined],
    ["2001:db8::/129", undefined],
  ] as const;
  for (const [text, canonical] of texts) {
    it(`reads ${text} as ${canonical ?? "no prefix"}`, () => {
      const prefix = parsePrefix(text);
      assert.equal(prefix && formatPrefix(prefix), canonical);
    });
  }

  it("always contain the address they were made of, and never one of the other family", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: maxOf(4) }), fc.integer({ min: 0, max: 32 }), (value, length) => {
        assert.ok(prefixContains(prefixOf({ family: 4, value }, length), { family: 4, value }));
        assert.ok(!prefixContains(prefixOf({ family: 4, value }, length), { family: 6, value }));
      }),
    );
  });

  it("of one host contain that host alone", () => {
    const address = parseAddress("192.0.2.1") as Address;
    assert.equal(formatPrefix(hostPrefix(address)), "192.0.2.1/32");
    assert.ok(!prefixContains(hostPrefix(address), parseAddress("192.0.2.2") as Address));
  });

  it("refuse a length that the family does not have", () =>
    assert.throws(() => prefixOf({ family: 4, value: 0n }, 33), RangeError));
});
