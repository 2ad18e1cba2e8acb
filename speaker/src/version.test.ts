import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { version } from "./version.ts";

it("the version that the program says is that of its package", () => {
  const file = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  assert.equal(version, (JSON.parse(file) as { readonly version: string }).version);
});
