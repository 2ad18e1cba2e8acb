import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { root } from "./stages.ts";

/** Core files: all of the speaker but its shells, its composition root and its tests. */
const core = globSync("speaker/src/**/*.ts", { cwd: root }).filter(
  (file) => !/\/shell\/|\/(main|config)\.ts$|\.test\.ts$/.test(file),
);
const worldly = /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|globalThis\.|process\.(env|exit|hrtime))\b/;

describe("the functional core", () => {
  it("is there", () => assert.ok(core.length > 10, `only ${core.length} core files were found`));
  for (const file of core) {
    it(`${file} reads no clock, no randomness and no environment`, () => {
      const lines = readFileSync(join(root, file), "utf8").split("\n");
      const found = lines.findIndex((line) => worldly.test(line) && !/^\s*(\*|\/\/|\/\*\*)/.test(line));
      assert.equal(found, -1, `${file}:${found + 1}: ${lines[found]}`);
    });
  }
});

describe("citations", () => {
  it("name only RFCs that RFCs.md lists", () => {
    const listed = readFileSync(join(root, "RFCs.md"), "utf8");
    const missing = new Set<string>();
    for (const file of globSync("{api,speaker,provider}/src/**/*.ts", { cwd: root })) {
      for (const [, number] of readFileSync(join(root, file), "utf8").matchAll(/@see RFC (\d+)/g)) {
        if (number !== undefined && !new RegExp(`\\b${number}\\b`).test(listed)) missing.add(`RFC ${number} (${file})`);
      }
    }
    assert.deepEqual([...missing], []);
  });
});
