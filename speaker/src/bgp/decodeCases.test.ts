import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { decodeCaseLine } from "./decodeCases.ts";

interface Case {
  readonly name: string;
  readonly expect: Readonly<Record<string, unknown>>;
}

/** Fields of `expect` that explain and are not part of the outcome. */
const explanations = ["rfc", "alternatives", "acceptable_alternative"];
const linesOf = (name: string): string[] =>
  readFileSync(new URL(`../../test/bgp-cases/${name}.jsonl`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "");
/** Messages seen in the tests of other implementations, and messages put together from the RFCs, one rule each. */
const files = { messages: linesOf("messages"), rules: linesOf("rules") };

/** Asserts that everything that is expected is there; of several subcodes that are expected, ours is one. */
function assertHas(actual: unknown, expected: unknown, path: string): void {
  if (path.endsWith(".notification.data") && expected === "") assert.equal(actual, undefined, path);
  else if (path.endsWith(".subcode") && Array.isArray(expected)) {
    assert.ok(Array.isArray(actual) && actual.length === 1 && expected.includes(actual[0]), `${path}: ${JSON.stringify(actual)}`);
  } else if (typeof expected === "object" && expected !== null && !Array.isArray(expected)) {
    for (const [key, value] of Object.entries(expected))
      if (!explanations.includes(key)) assertHas((actual as Record<string, unknown> | undefined)?.[key], value, `${path}.${key}`);
  } else assert.deepEqual(actual, expected, path);
}

describe("real messages and what must become of them", () => {
  it("are all there", () => assert.deepEqual([files.messages.length, files.rules.length > 170], [54, true]));
  for (const line of Object.values(files).flat()) {
    const { name, expect } = JSON.parse(line) as Case;
    it(name, () => {
      const outcome = decodeCaseLine(line);
      assertHas(outcome, expect, name);
      for (const side of ["announce", "withdraw"]) if (!(side in expect)) assert.equal(outcome[side], undefined, side);
    });
  }
});
