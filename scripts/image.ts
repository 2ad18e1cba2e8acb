/**
 * Builds the image of Berth: bundles the program, gathers Node and the C libraries it needs into a root file system, and
 * hands both to buildah. Usage: npm run image -- [--tag localhost/berth:dev] [--context-only]
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { buildPage } from "./page.ts";

const root = dirname(import.meta.dirname);
const context = join(root, "dist", "image");
const arch = process.arch === "arm64" ? "arm64" : "x64";

/** The bundle, its workers and the native part, under berth/ of the build context. */
async function bundle(): Promise<void> {
  await build({
    entryPoints: {
      main: join(root, "speaker/src/main.ts"),
      bgpWorker: join(root, "speaker/src/bgp/shell/bgpWorker.ts"),
      bfdWorker: join(root, "speaker/src/bfd/shell/bfdWorker.ts"),
      layer2Worker: join(root, "speaker/src/layer2/shell/layer2Worker.ts"),
    },
    outdir: join(context, "berth"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node26",
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: "eof",
    external: ["koffi"],
    banner: { js: 'import { createRequire as berthRequire } from "node:module"; const require = berthRequire(import.meta.url);' },
    logLevel: "warning",
  });
  await buildPage(join(context, "berth", "page"));
  const modules = join(context, "berth", "node_modules");
  const koffi = join(root, "node_modules", "koffi");
  for (const file of ["package.json", "index.js", "index.cjs", "LICENSE.txt"])
    copyInto(join(koffi, file), join(modules, "koffi", file));
  for (const directory of ["src", "lib"]) {
    const isScript = (path: string): boolean => statSync(path).isDirectory() || /\.(c?js|json)$/.test(path);
    cpSync(join(koffi, directory), join(modules, "koffi", directory), { recursive: true, filter: isScript });
  }
  const native = join("@koromix", `koffi-linux-${arch}`);
  for (const file of ["package.json", "index.js", `linux_${arch}`]) {
    cpSync(join(root, "node_modules", native, file), join(modules, native, file), { recursive: true });
  }
  writeFileSync(join(context, "berth", "package.json"), '{"type":"module"}\n');
  mkdirSync(join(context, "bin"), { recursive: true });
  writeFileSync(join(context, "bin", "berth"), '#!/usr/local/bin/node\nimport("/berth/main.js");\n');
  chmodSync(join(context, "bin", "berth"), 0o755);
}

/** Node without its symbols and the shared libraries it asks for, under rootfs/ of the build context. */
function rootfs(): void {
  const target = join(context, "rootfs");
  const node = realpathSync(join(root, "node_modules", `node-linux-${arch}`, "bin", "node"));
  copyInto(node, join(target, "usr/local/bin/node"));
  execFileSync("strip", ["--strip-all", join(target, "usr/local/bin/node")]);
  const listing = execFileSync("ldd", [node], { encoding: "utf8" });
  for (const [, library] of listing.matchAll(/(?:=>\s*)?(\/\S+)\s+\(0x/g))
    if (library !== undefined) copyInto(library, join(target, library));
  for (const directory of ["etc", "tmp"]) mkdirSync(join(target, directory), { recursive: true });
  chmodSync(join(target, "tmp"), 0o1777);
  writeFileSync(join(target, "etc/passwd"), "root:x:0:0:root:/:/sbin/nologin\nberth:x:65532:65532:berth:/:/sbin/nologin\n");
  writeFileSync(join(target, "etc/group"), "root:x:0:\nberth:x:65532:\n");
  writeFileSync(join(target, "etc/nsswitch.conf"), "hosts: files dns\n");
  for (const library of ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"]) {
    const directory = arch === "x64" ? "/lib/x86_64-linux-gnu" : "/lib/aarch64-linux-gnu";
    if (existsSync(join(directory, library))) copyInto(join(directory, library), join(target, directory, library));
  }
}

function copyInto(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
  chmodSync(to, statSync(from).mode & 0o777);
}

function* filesUnder(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

/** A digest of everything that goes into the image, so that an unchanged image is not built again. */
function digest(): string {
  const hash = createHash("sha256").update(readFileSync(join(root, "speaker/Containerfile")));
  for (const file of filesUnder(context)) hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}

const { values } = parseArgs({
  options: { tag: { type: "string", default: "localhost/berth:dev" }, "context-only": { type: "boolean", default: false } },
});
const started = Date.now();
rmSync(context, { recursive: true, force: true });
mkdirSync(join(context, "empty"), { recursive: true });
process.stderr.write("image: bundling\n");
await bundle();
rootfs();
const bytes = [...filesUnder(context)].reduce((sum, file) => sum + statSync(file).size, 0);
const report = (what: string): void => {
  process.stderr.write(
    `image: ${what} (${(bytes / 1e6).toFixed(0)} MB unpacked, ${((Date.now() - started) / 1000).toFixed(1)} s)\n`,
  );
};
if (values["context-only"]) report(`build context ready in ${context}`);
else {
  const archive = join(root, ".lab", "images", `${basename(values.tag).replace(/[^\w.-]/g, "-")}.tar`);
  const stamp = `${archive}.sha256`;
  const content = `${values.tag} ${digest()}`;
  if (existsSync(archive) && existsSync(stamp) && readFileSync(stamp, "utf8") === content)
    report(`${values.tag} is up to date in ${archive}`);
  else {
    const storage = [
      "--root",
      join(root, ".lab/buildah/root"),
      "--runroot",
      join(root, ".lab/buildah/run"),
      "--storage-driver",
      "vfs",
    ];
    mkdirSync(dirname(archive), { recursive: true });
    rmSync(archive, { force: true });
    execFileSync(
      "buildah",
      [
        ...storage,
        "build",
        "--isolation",
        "chroot",
        "--timestamp",
        "0",
        "--tag",
        values.tag,
        "--file",
        join(root, "speaker/Containerfile"),
        context,
      ],
      { stdio: ["ignore", 2, 2] },
    );
    execFileSync("buildah", [...storage, "push", "--quiet", values.tag, `oci-archive:${archive}:${values.tag}`], {
      stdio: ["ignore", 2, 2],
    });
    writeFileSync(stamp, content);
    report(`built ${values.tag} into ${archive}`);
  }
}
