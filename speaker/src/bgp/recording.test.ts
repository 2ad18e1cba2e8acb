import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type RecordedLine, replay } from "./recording.ts";

/** Recordings of real sessions, and what the state machine made of them. UPDATE_EXPECTED=1 writes the second anew: read the difference as code. */
const directory = join(import.meta.dirname, "../../test/replay");
const linesOf = (file: string): unknown[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);

describe("recorded sessions, played again", () => {
  const cases = readdirSync(directory);
  it("are there", () => assert.ok(cases.length >= 2));
  for (const name of cases) {
    it(`${name}: every step goes where it went, does what it did, and says why`, () => {
      const seen = replay(linesOf(join(directory, name, "events.jsonl")) as RecordedLine[]);
      assert.ok(seen.length > 5);
      const file = join(directory, name, "expected.jsonl");
      if (process.env["UPDATE_EXPECTED"] === "1") writeFileSync(file, seen.map((line) => `${JSON.stringify(line)}\n`).join(""));
      assert.deepEqual(seen, linesOf(file));
    });
  }
});

describe("a recording that is none", () => {
  const octets = (text: string): RecordedLine => ({ connection: 3, at: 0, octets: text });
  it("is refused with the line's own reason", () => {
    assert.throws(() => replay([octets("ff")]), /connection 3 has no beginning/);
    const begins = (linesOf(join(directory, "frr-restarts", "events.jsonl")) as RecordedLine[])[0]!;
    assert.throws(() => replay([{ ...begins, connection: 3 }, octets("ffff")]), /cut off/);
  });
});
