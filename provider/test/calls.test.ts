import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { calls } from "./calls.ts";
import { engineEnvironment } from "./engine.ts";

/** Methods and functions with the real engine, in a preview without a cluster, through both doors. */
const home = mkdtempSync(join(tmpdir(), "berth-calls-"));
after(() => rmSync(home, { recursive: true, force: true }));

interface Preview {
  readonly name: string;
  readonly isFailed: boolean;
  readonly exported?: unknown;
  readonly output: string;
}

for (const door of ["library", "plugin"])
  describe(`methods and functions through the ${door}`, () => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "previewCalls.ts"), door], {
      encoding: "utf8",
      env: engineEnvironment(home),
      maxBuffer: 1 << 28,
    });
    const previews = stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Preview);
    for (const { name, exported, said } of calls)
      it(said === undefined ? `answer: ${name}` : `say what is wrong with ${name}`, () => {
        const preview = previews.find((one) => one.name === name);
        assert.ok(preview !== undefined, stderr);
        assert.equal(preview.isFailed, said !== undefined, preview.output);
        if (said === undefined) assert.deepEqual(preview.exported, exported);
        else assert.ok(preview.output.includes(`berth: ${said}`), preview.output);
      });
  });
