import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../../../lab/src/paths.ts";

/** Bundles Berth's BGP as the image has it: what is measured is what runs. @returns the file to start */
export async function bundleBerth(): Promise<string> {
  const outdir = join(root, "dist", "bench");
  await build({
    entryPoints: {
      berthProcess: join(import.meta.dirname, "berthProcess.ts"),
      bgpWorker: join(root, "speaker/src/bgp/shell/bgpWorker.ts"),
    },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node26",
    external: ["koffi"],
    banner: { js: 'import { createRequire as berthRequire } from "node:module"; const require = berthRequire(import.meta.url);' },
    logLevel: "warning",
  });
  return join(outdir, "berthProcess.mjs");
}
