import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, root } from "../../src/paths.ts";

/**
 * A TypeScript program again, but with the generated SDK, compiled, in place of the library: the plugin makes the components.
 * @param name  of the directory that it gets, new each time
 * @param files what belongs to the program: a directory, or its `index.ts` alone
 * @returns the directory
 */
export function throughPlugin(name: string, files: string): string {
  const directory = join(cacheDirectory, "run", name);
  const index = join(directory, "index.ts");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  cpSync(files, files.endsWith(".ts") ? index : directory, { recursive: true });
  if (files.endsWith(".ts")) writeFileSync(join(directory, "package.json"), '{ "type": "module" }\n');
  const program = readFileSync(index, "utf8").replaceAll('from "@berth/pulumi"', 'from "@berth/sdk"');
  assert.match(program, /from "@berth\/sdk"/);
  assert.doesNotMatch(program, /@berth\/pulumi/);
  writeFileSync(index, program);
  cpSync(compiledSdk(), join(directory, "node_modules/@berth/sdk"), { recursive: true });
  return directory;
}

let compiled: string | undefined;

/** `sdk/nodejs` as it would be published; compiled once. */
function compiledSdk(): string {
  if (compiled !== undefined) return compiled;
  const directory = join(cacheDirectory, "run/nodejs-sdk");
  rmSync(directory, { recursive: true, force: true });
  const { status, stdout } = spawnSync(
    join(root, "node_modules/.bin/tsc"),
    ["-p", join(root, "sdk/nodejs"), "--outDir", directory, "--typeRoots", join(root, "node_modules/@types")],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stdout);
  cpSync(join(root, "sdk/nodejs/package.json"), join(directory, "package.json"));
  compiled = directory;
  return directory;
}
