/** Builds the page that the controller serves. Usage: npm run page (into speaker/dist/page, where a controller run from the tree finds it) */
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = dirname(import.meta.dirname);
const source = join(root, "speaker", "page");

/** Bundles the page into a directory: index.html, app.js, app.css. Nothing in it is fetched from elsewhere. */
export async function buildPage(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await build({
    entryPoints: { app: join(source, "main.tsx") },
    outdir: directory,
    bundle: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    legalComments: "eof",
    tsconfig: join(source, "tsconfig.json"),
    logLevel: "warning",
  });
  for (const file of ["index.html", "app.css"]) copyFileSync(join(source, file), join(directory, file));
}

if (import.meta.main) await buildPage(join(root, "speaker", "dist", "page"));
