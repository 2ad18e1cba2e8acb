import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { maxOf, parseAddress } from "../net/address.ts";
import { formatRange, overlapOf, parsePool, parseRange, rangesContain, sizeOf } from "./ranges.ts";

/** Rows of the table of OpenELB's address forms: the text, and its first address, last address and size, or undefined where it is refused. */
const rows: readonly (readonly [row: string, text: string, expected: readonly [string, bigint] | undefined])[] = [
  ["P1", "192.0.2.0", ["192.0.2.0", 1n]],
  ["P2", "192.0.2.0-192.0.2.10", ["192.0.2.0-192.0.2.10", 11n]],
  ["P3", "192.0.2.10-192.0.2.0", undefined],
  ["P4", "192.0.2.0-192.0.2.0", ["192.0.2.0", 1n]],
  ["P5", "192.0.2.10/24", ["192.0.2.0-192.0.2.255", 256n]],
  ["P6", "192.0.2.0/31", ["192.0.2.0-192.0.2.1", 2n]],
  ["P6", "192.0.2.0/32", ["192.0.2.0", 1n]],
  ["P6", "192.0.2.0/30", ["192.0.2.0-192.0.2.3", 4n]],
  ["P8", "192.0.2.0/", undefined],
  ["P8", "192.0.2.0/99", undefined],
  ["P8", "192.0.2.0/mask", undefined],
  ["P8", "192.0.2.", undefined],
  ["mask form", "192.0.2.10/255.255.255.0", ["192.0.2.0-192.0.2.255", 256n]],
  ["P10", "192.0.2.0/255.255.0.254", undefined],
  ["P11", "2001:db8::0/126", ["2001:db8::-2001:db8::3", 4n]],
  ["P11", "2001:db8::/127", ["2001:db8::-2001:db8::1", 2n]],
  ["P11", "2001:db8::/128", ["2001:db8::", 1n]],
  ["P12", "2001:db8::/64", ["2001:db8::-2001:db8::ffff:ffff:ffff:ffff", 18446744073709551616n]],
  ["P13", "2001:db8::10-2001:db8::", undefined],
  ["P13", "2001:db8", undefined],
  ["P13", "2001:db8::/999", undefined],
  ["P13", "2001:db8::/", undefined],
  ["P15", "2001:db8::/255.255.255.0", undefined],
  ["GetSize", "0.0.0.0/0", ["0.0.0.0-255.255.255.255", 4294967296n]],
  ["GetSize", "fd00::/65", ["fd00::-fd00::7fff:ffff:ffff:ffff", 9223372036854775808n]],
  ["GetSize", "fd00::1-192.168.0.1", undefined],
  ["GetSize", "192.168.0.1-fd00::1", undefined],
  ["GetSize", "fd00::1-::1", undefined],
  ["GetSize", "192.0.2.1-192.0.2.2-192.0.2.3", undefined],
  ["GetSize", "192.0.2.1 - 192.0.2.2", undefined],
  ["GetSize", "192.0.2.1,192.0.2.2", undefined],
  ["GetSize", "192.0.2.1/33", undefined],
  ["GetSize", "010.0.0.1", undefined],
  ["GetSize", "::ffff:10.0.0.1", undefined],
];

describe("the texts of a pool (OpenELB's address table)", () => {
  it("is a table of some length", () => assert.ok(rows.length > 30));
  for (const [row, text, expected] of rows) {
    it(`${row}: ${text} is ${expected === undefined ? "refused, with the forms there are" : `${expected[0]}, ${expected[1]} addresses`}`, () => {
      const parsed = parseRange(text);
      if (expected === undefined) assert.ok("problem" in parsed && parsed.problem.length > 10);
      else assert.deepEqual("range" in parsed && [formatRange(parsed.range), sizeOf([parsed.range])], expected);
    });
  }

  for (const [a, b, expected] of [
    ["192.0.2.100-192.0.2.200", "192.0.2.1-192.0.2.99", false],
    ["192.0.2.100-192.0.2.200", "192.0.2.201-192.0.2.250", false],
    ["192.0.2.100-192.0.2.200", "192.0.2.1-192.0.2.100", true],
    ["192.0.2.100-192.0.2.200", "192.0.2.200-192.0.2.250", true],
    ["192.168.0.1", "::c0a8:1", false],
    ["2001:db8::/64", "2001:db8::5", true],
  ] as const) {
    it(`P16: ${a} and ${b} ${expected ? "overlap" : "do not overlap"}`, () => {
      const read = (text: string) => {
        const parsed = parsePool([text], []);
        return "ranges" in parsed ? parsed.ranges : [];
      };
      assert.equal(overlapOf(read(a), read(b)) !== undefined, expected);
    });
  }
});

describe("a pool of several texts", () => {
  const ranges = (entries: readonly string[], excluded: readonly string[]): string[] => {
    const parsed = parsePool(entries, excluded);
    return "ranges" in parsed ? parsed.ranges.map(formatRange) : ["refused"];
  };

  it("joins what touches and overlaps", () =>
    assert.deepEqual(ranges(["192.0.2.0/25", "192.0.2.128/25", "192.0.2.7"], []), ["192.0.2.0-192.0.2.255"]));
  it("keeps families apart", () =>
    assert.deepEqual(ranges(["2001:db8::/127", "192.0.2.0/31"], []), ["192.0.2.0-192.0.2.1", "2001:db8::-2001:db8::1"]));
  it("leaves out what is excluded", () =>
    assert.deepEqual(ranges(["192.0.2.0/29"], ["192.0.2.0", "192.0.2.3-192.0.2.4", "192.0.2.7"]), [
      "192.0.2.1-192.0.2.2",
      "192.0.2.5-192.0.2.6",
    ]));
  it("may exclude everything", () => assert.deepEqual(ranges(["192.0.2.0/30"], ["192.0.0.0/16"]), []));
  it("names every text that is wrong", () => {
    const parsed = parsePool(["192.0.2.300", "192.0.2.9-192.0.2.1"], ["nonsense"]);
    assert.ok(
      "problems" in parsed && parsed.problems.length === 3 && parsed.problems[0]?.startsWith('"192.0.2.300" is not an address'),
    );
  });

  it("holds an address exactly when one of its ranges does", () => {
    const range = fc.tuple(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 20n }));
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), fc.bigInt({ min: 0n, max: 330n }), (list, value) => {
        const text = (number: bigint) => `10.0.${number / 256n}.${number % 256n}`;
        const parsed = parsePool(
          list.map(([first, more]) => `${text(first)}-${text(first + more)}`),
          [],
        );
        assert.ok("ranges" in parsed);
        assert.equal(
          rangesContain(parsed.ranges, parseAddress(text(value))!),
          list.some(([first, more]) => first <= value && value <= first + more),
        );
      }),
    );
  });

  it("never has more addresses than the family", () => {
    const parsed = parsePool(["::/0"], []);
    assert.ok("ranges" in parsed && sizeOf(parsed.ranges) === maxOf(6) + 1n);
  });
});
