import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { addressTable } from "../../../api/test/addressTable.ts";
import { formatAddress, maxOf, parseAddress } from "../net/address.ts";
import { poolSize } from "./pool.ts";
import { formatRange, overlapOf, parsePool, parseRange, rangesContain, sizeOf } from "./ranges.ts";

describe("the texts of a pool, in the controller (OpenELB's address table and more)", () => {
  it("is a table of some length", () => assert.ok(addressTable.length > 70));
  for (const { row, text, answer } of addressTable) {
    it(`${row}: "${text}" ${"refusal" in answer ? "is refused" : `is ${answer.first} to ${answer.last}, ${answer.size} addresses`}`, () => {
      const parsed = parseRange(text);
      if ("refusal" in answer) assert.match("problem" in parsed ? parsed.problem : "taken", answer.refusal);
      else {
        assert.ok("range" in parsed);
        const { family, first, last } = parsed.range;
        const ends = [first, last].map((value) => formatAddress({ family, value }));
        assert.deepEqual([...ends, sizeOf([parsed.range])], [answer.first, answer.last, answer.size]);
      }
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

describe("which addresses are a pool's", () => {
  for (const [row, text, address, expected] of [
    ["P17", "192.0.2.1-192.0.2.100", "192.0.2.2", true],
    ["P17", "192.0.2.1-192.0.2.100", "192.0.2.0", false],
    ["P17", "192.0.2.1-192.0.2.100", "192.0.2.101", false],
    ["across families", "0.0.0.0/0", "::1", false],
  ] as const)
    it(`${row}: ${address} is ${expected ? "" : "not "}in ${text}`, () => {
      const parsed = parsePool([text], []);
      assert.equal("ranges" in parsed && rangesContain(parsed.ranges, parseAddress(address)!), expected);
    });

  for (const [texts, avoidBuggyIps, expected] of [
    [["1.2.3.0/24"], false, "256"],
    [["1.2.3.0/24", "4.5.6.0/25"], false, "384"],
    [["1.2.3.0/24", "4.5.6.0/25"], true, "381"],
    [["1.2.3.0/24", "4.5.6.0/25", "1000::/64"], true, "18446744073709551997"],
    [["1.2.3.0/31", "1000::/127"], true, "3"],
    [["1.2.3.1-1.2.3.254"], true, "254"],
    [["1.2.3.255-1.2.5.0"], true, "254"],
    [["0.0.0.0/0"], true, "4261412864"],
  ] as const)
    it(`TestPoolCount: ${texts.join(" and ")}${avoidBuggyIps ? " without .0 and .255" : ""} are ${expected}`, () => {
      const parsed = parsePool(texts, []);
      assert.ok("ranges" in parsed);
      assert.equal(String(poolSize({ ranges: parsed.ranges, avoidBuggyIps })), expected);
    });
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
