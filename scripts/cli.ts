/**
 * Builds the command line alone, one file for any machine with Node 22 or later: dist/cli/berth, with kubectl-berth and
 * kubectl_complete-berth beside it, which make it a plugin of kubectl. Usage: npm run cli [-- <directory>]
 */
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";

const root = dirname(import.meta.dirname);

/** The names by which the command line is started; the first is the file. */
const names = ["berth", "kubectl-berth", "kubectl_complete-berth"] as const;

/** Bundles the command line into a directory. */
export async function buildCli(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const [file, ...links] = names.map((name) => join(directory, name));
  for (const path of [file, ...links]) rmSync(path ?? "", { force: true });
  await build({
    entryPoints: [join(root, "speaker/src/cli/shell/berth.ts")],
    outfile: `${file}`,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: "eof",
    banner: {
      js: `#!/usr/bin/env node
import { createRequire as berthRequire } from "node:module"; const require = berthRequire(import.meta.url);
if (Number.parseInt(process.versions.node) < 22) { console.error("berth: Node.js 22 or later is needed; this is " + process.version); process.exit(2); }`,
    },
    logLevel: "warning",
  });
  chmodSync(`${file}`, 0o755);
  for (const link of links) symlinkSync(names[0], link);
}

if (import.meta.main) {
  const directory = resolve(process.env["INIT_CWD"] ?? root, process.argv[2] ?? join(root, "dist/cli"));
  await buildCli(directory);
  process.stdout.write(`${names.join(", ")} are in ${directory}: put it on PATH, and kubectl berth works too\n`);
}
