import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { engineEnvironment } from "./engine.ts";
import { type Case, mistakes, rightPrograms } from "./mistakes.ts";

/** Every mistake that a preview tells, word by word, with the real engine, through both doors, without a cluster. */
const home = mkdtempSync(join(tmpdir(), "berth-mistakes-"));
after(() => rmSync(home, { recursive: true, force: true }));

interface Preview {
  readonly name: string;
  readonly isFailed: boolean;
  readonly output: string;
}

function previews(door: "library" | "plugin"): ReadonlyMap<string, Preview> {
  const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "previewMistakes.ts"), door], {
    encoding: "utf8",
    env: engineEnvironment(home),
    maxBuffer: 1 << 28,
  });
  const lines = stdout
    .trim()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  assert.ok(lines.length > 0, stderr);
  return new Map(lines.map((line) => JSON.parse(line) as Preview).map((preview) => [preview.name, preview]));
}

/** What the engine prints of a mistake that the library found: the resource, the property path and the sentence. */
function saidByLibrary({ component, name, path, reason }: Case["told"][number]): string {
  return `error: berth:index:${component} "${name}" has a mistake:\n      ${path}: ${reason}\n`;
}

/** What the engine prints of a mistake that the plugin found: it adds the value at the property path itself, unless it is secret. */
function saidByPlugin({ component, name, path, value, reason, hides }: Case["told"][number]): string {
  if (hides !== undefined) return `: berth:index:${component} "${name}" has a mistake:\n      ${path}: ${reason}\n`;
  const shown = value === undefined ? "" : `property ${path} with value '{${value}}' has a problem: `;
  const head = `error: berth:index:${component} resource '${name}' has a problem: there is a mistake in its arguments\n`;
  return value === undefined ? `${reason}\n` : `${head}    \t\t- ${shown}${reason}\n`;
}

for (const [door, said] of [
  ["library", saidByLibrary],
  ["plugin", saidByPlugin],
] as const) {
  describe(`a preview through the ${door}`, () => {
    const all = previews(door);
    for (const one of mistakes)
      it(`fails for ${one.name}`, () => {
        const preview = all.get(one.name);
        assert.ok(preview?.isFailed, preview?.output ?? "no preview");
        for (const told of one.told)
          assert.ok(preview.output.includes(said(told)), `not said: ${said(told)}\n--- but:\n${preview.output}`);
        for (const { hides = "a secret that is not there" } of one.told) assert.ok(!preview.output.includes(hides), "is shown");
        const count = [...preview.output.matchAll(/has a mistake|there is a mistake/g)].length;
        assert.ok(count >= 1);
        const blamed = [...preview.output.matchAll(/berth:index:\w+ (?:resource ')?"?([\w-]+)["'] has/g)].map(([, name]) => name);
        assert.deepEqual(
          [...new Set(blamed)],
          one.told.map(({ name }) => name),
          "nobody else is blamed",
        );
      });
    for (const one of rightPrograms)
      it(`is right for ${one.name}`, () =>
        assert.equal(all.get(one.name)?.isFailed, false, all.get(one.name)?.output ?? "no preview"));
  });
}
