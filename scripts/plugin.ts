/**
 * Makes what is published of the executable plugin: one bundle, its launchers and its schema, the same for every platform, packed under the
 * names that Pulumi's engine asks a release for. Usage: npm run plugin; the result is in dist/plugin.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { root } from "./stages.ts";

const directory = join(root, "dist/plugin");
const contents = join(directory, "contents");
const { version } = JSON.parse(readFileSync(join(root, "provider/schema.json"), "utf8")) as { readonly version: string };
const platforms = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64"] as const;

/**
 * Leaves out what looks for source maps: the bundle has none, and Pulumi's SDK takes a stack for every promise, each of which would be
 * written by it, a quarter of the plugin's time.
 */
const withoutSourceMaps: Plugin = {
  name: "without-source-maps",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^source-map-support$/ }, ({ path }) => ({ path, namespace: "no-source-maps" }));
    onLoad({ filter: /.*/, namespace: "no-source-maps" }, () => ({ contents: "exports.install = () => undefined;" }));
  },
};

/**
 * Leaves out what Pulumi's SDK needs to turn functions into text, to analyse TypeScript and to run its command line: a package with a static
 * schema and no functions in its arguments never does any of it, and it is two thirds of the bundle and most of the time that the plugin takes
 * to start.
 */
const withoutTools: Plugin = {
  name: "without-tools",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@npmcli\/arborist$|typescript-shim(\.js)?$|^\.\/automation$/ }, ({ path }) => ({
      path,
      namespace: "left-out",
    }));
    onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {};" }));
  },
};

rmSync(directory, { recursive: true, force: true });
mkdirSync(contents, { recursive: true });
await build({
  entryPoints: [join(root, "provider/src/main.ts")],
  outfile: join(contents, "provider.mjs"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  minify: true,
  keepNames: true,
  legalComments: "none",
  banner: {
    js: 'import { createRequire as berthRequire } from "node:module"; import { fileURLToPath as berthPath } from "node:url"; const require = berthRequire(import.meta.url); const __filename = berthPath(import.meta.url); const __dirname = berthPath(new URL(".", import.meta.url));',
  },
  logLevel: "error",
  plugins: [withoutTools, withoutSourceMaps],
});
copyFileSync(join(root, "provider/bin/pulumi-resource-berth"), join(contents, "pulumi-resource-berth"));
chmodSync(join(contents, "pulumi-resource-berth"), 0o755);
writeFileSync(join(contents, "pulumi-resource-berth.cmd"), '@node "%~dp0provider.mjs" %*\r\n');
copyFileSync(join(root, "provider/schema.json"), join(contents, "schema.json"));
copyFileSync(join(root, "LICENSE"), join(contents, "LICENSE"));

const archives = platforms.map((platform) => join(directory, `pulumi-resource-berth-v${version}-${platform}.tar.gz`));
const [first = "", ...others] = archives;
const reproducible = ["--sort=name", "--owner=0", "--group=0", "--mtime=@0"];
execFileSync("tar", [...reproducible, "--use-compress-program=gzip -9n", "-C", contents, "-cf", first, "."]);
for (const archive of others) copyFileSync(first, archive);
process.stdout.write(
  `${archives.length} archives in dist/plugin, ${(statSync(first).size / 1e6).toFixed(2)} MB each; try one: pulumi plugin install resource berth ${version} --file ${first}\n`,
);
