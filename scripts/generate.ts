/**
 * Writes every file that comes from `api/` and `provider/`; with --check only compares, and fails when one is out of date.
 * Usage: npm run generate [-- --check]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { crds } from "@berth/api/crds";
import { stringify } from "yaml";
import { schema } from "../provider/src/schema.ts";
import { root } from "./stages.ts";

const header = "# Generated from api/ by `npm run generate`. Do not edit.\n";

/** Path in the repository → what must be there. */
const files: Readonly<Record<string, string>> = {
  "api/crds.yaml":
    header +
    crds()
      .map((crd) => `---\n${stringify(crd, { lineWidth: 140 })}`)
      .join(""),
  "provider/schema.json": `${JSON.stringify(schema(), null, 2)}\n`,
};

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const stale = Object.entries(files).filter(
  ([file, content]) => !existsSync(join(root, file)) || readFileSync(join(root, file), "utf8") !== content,
);
if (values.check) {
  for (const [file] of stale) process.stderr.write(`${file} is out of date: run npm run generate and commit it\n`);
  process.exit(stale.length === 0 ? 0 : 1);
}
for (const [file, content] of stale) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), content);
  process.stdout.write(`wrote ${file}\n`);
}
if (stale.length === 0) process.stdout.write("everything is current\n");
