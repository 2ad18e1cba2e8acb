import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Allowance, connectionsAtOnce, connectionsPerSecond, fullAllowance, spend } from "./admission.ts";

/** Connects at each of these moments. @returns how many connections were taken */
function taken(moments: readonly number[], start: Allowance = fullAllowance): number {
  let allowance = start;
  let count = 0;
  for (const now of moments) {
    const next = spend(allowance, now);
    if (next === undefined) continue;
    allowance = next;
    count++;
  }
  return count;
}

describe("connections of one peer", () => {
  it("are taken, so many at once, and then none", () => {
    assert.equal(taken(Array.from({ length: 1000 }, () => 5)), connectionsAtOnce);
  });
  it("are taken again after a while, as many as the time allows", () => {
    const flood = Array.from({ length: 100_000 }, (_, index) => index / 10);
    const count = taken(flood);
    assert.ok(Math.abs(count - connectionsAtOnce - 10 * connectionsPerSecond) <= 2, String(count));
  });
  it("are all taken from a router that tries ten times a second for an hour", () => {
    assert.equal(taken(Array.from({ length: 36_000 }, (_, index) => index * 100)), 36_000);
  });
  it("are never more than the time allows, whenever they come", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 2000 }), (gaps) => {
        let now = 0;
        const moments = gaps.map((gap) => {
          now += gap % 40;
          return now;
        });
        assert.ok(taken(moments) <= connectionsAtOnce + (now / 1000) * connectionsPerSecond + 1e-6);
      }),
    );
  });
  it("are not refused for a clock that stands still or goes back", () => {
    assert.notEqual(spend({ left: 1, at: 100 }, 50), undefined);
  });
});
