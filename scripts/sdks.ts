import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureGo } from "../lab/src/setup/go.ts";
import { ensureTool } from "../lab/src/setup/tools.ts";
import { root } from "./stages.ts";

/** Files under sdk/ that people keep: what the Go module needs to be one. */
const kept = new Set(["sdk/go/go.mod", "sdk/go/go.sum"]);
/** What compilers leave in an SDK. */
const outputs = /^sdk\/\w+\/(node_modules|bin|build)\/|\.egg-info\/|__pycache__|\.pyc$|package-lock\.json$/;

/** The digest of a schema: tells without Go whether the SDKs came from it. */
export function schemaDigest(schema: string): string {
  return `${createHash("sha256").update(schema).digest("hex")}  provider/schema.json\n`;
}

/** The SDKs of a schema, path in the repository → content. Builds the generator on first use. */
export async function sdkFiles(schemaFile: string): Promise<Record<string, string>> {
  ensureGo();
  const generator = await ensureTool("generate-sdks");
  const directory = mkdtempSync(join(tmpdir(), "berth-sdks-"));
  try {
    const { status, stderr } = spawnSync(generator, [schemaFile, directory], { encoding: "utf8" });
    if (status !== 0) throw new Error(`the SDKs could not be generated: ${stderr}`);
    const files = filesUnder(directory).map((file) => [`sdk/${file}`, readFileSync(join(directory, file), "utf8")] as const);
    return Object.fromEntries(files);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Files that are in the SDKs and should not be: the schema no longer has what they are about. */
export function strays(expected: Readonly<Record<string, string>>): string[] {
  return existsSync(join(root, "sdk"))
    ? filesUnder(join(root, "sdk"))
        .map((file) => `sdk/${file}`)
        .filter((file) => !(file in expected) && !kept.has(file) && !outputs.test(file))
    : [];
}

function filesUnder(directory: string): string[] {
  return globSync(["**/*", "**/.*"], { cwd: directory })
    .filter((file) => statSync(join(directory, file)).isFile())
    .sort();
}
