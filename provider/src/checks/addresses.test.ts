import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { addressTable } from "../../../api/test/addressTable.ts";
import { firstShared, formatAddress, formatRange, parseAddress, parseRange, prefixesOf, without } from "./addresses.ts";

describe("the texts of an Eip at pulumi preview (OpenELB's address table and more)", () => {
  for (const { row, text, answer } of addressTable)
    it(`${row}: ${"refusal" in answer ? "refuses" : "takes"} "${text}"`, () => {
      const parsed = parseRange(text);
      if ("refusal" in answer) assert.match("problem" in parsed ? `"${text}" ${parsed.problem}` : "taken", answer.refusal);
      else assert.ok("range" in parsed);
    });
});

const range = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.bigInt(0n, 500n), fc.bigInt(0n, 200n))
  .map(([family, offset, size]) => {
    const first = (family === 4 ? 0xc0000200n : 0x20010db8n << 96n) + offset;
    return { family, first, last: first + size };
  });

describe("arithmetic on addresses", () => {
  it("writes every address so that it reads back", () =>
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 128n) - 1n), (value) => {
        if (value >> 32n === 0xffffn) return;
        assert.deepEqual(parseAddress(formatAddress(6, value)), { family: 6, first: value, last: value });
      }),
    ));

  it("writes IPv6 as RFC 5952 wants it", () => {
    for (const [text, written] of [
      ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
      ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      ["0:0:0:0:0:0:0:0", "::"],
      ["fd00::192.0.2.1", "fd00::c000:201"],
      ["1:0:0:0:0:0:0:0", "1::"],
    ] as const)
      assert.equal(formatAddress(6, parseAddress(text)?.first ?? 0n), written);
  });

  it("takes ranges out of ranges: nothing is left of what was taken, and nothing else is missing", () =>
    fc.assert(
      fc.property(range, fc.array(range, { maxLength: 5 }), (whole, holes) => {
        const left = without([whole], holes);
        assert.equal(firstShared(left, holes), undefined);
        for (let value = whole.first; value <= whole.last; value++) {
          const one = { family: whole.family, first: value, last: value };
          assert.notEqual(firstShared(left, [one]) === undefined, firstShared(holes, [one]) === undefined);
        }
      }),
    ));

  it("covers a range with prefixes, exactly", () =>
    fc.assert(
      fc.property(range, (whole) => {
        const parts = prefixesOf(whole).map((text) => {
          const parsed = parseRange(text);
          assert.ok("range" in parsed, text);
          return parsed.range;
        });
        assert.equal(parts[0]?.first, whole.first);
        assert.equal(parts.at(-1)?.last, whole.last);
        for (const [index, part] of parts.entries()) if (index > 0) assert.equal(part.first, (parts[index - 1]?.last ?? 0n) + 1n);
      }),
    ));

  it("names a range", () =>
    assert.deepEqual(
      [
        { family: 4 as const, first: 1n, last: 1n },
        { family: 4 as const, first: 1n, last: 258n },
      ].map(formatRange),
      ["0.0.0.1", "0.0.0.1-0.0.1.2"],
    ));
});
