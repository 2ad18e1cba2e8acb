import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WriteBudget } from "./writeBudget.ts";

describe("a budget of writes", () => {
  it("allows a burst at once, then so many a second", () => {
    const budget = new WriteBudget(5, 10);
    assert.deepEqual(
      [budget.take(3, 0), budget.take(9, 0), budget.take(1, 50), budget.take(9, 100), budget.take(9, 400)],
      [3, 2, 0, 1, 3],
    );
  });

  it("saves no more than a burst, and earns nothing when a clock goes back", () => {
    const budget = new WriteBudget(5, 10);
    assert.deepEqual([budget.take(5, 0), budget.take(9, 60_000), budget.take(9, 1000)], [5, 5, 0]);
  });
});
