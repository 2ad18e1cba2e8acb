/**
 * Runs a script of this repository under the Node that the repository pins, after installing what it needs.
 * Plain JavaScript, because it must run under Node 20 on a machine that has nothing else.
 * Usage: node scripts/run.mjs <script.ts> [arguments]  |  node scripts/run.mjs --bin <name> [arguments]
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "node_modules", ".berth-installed");
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  process.stderr.write("berth: installing npm dependencies (about a minute, once)\n");
  const install = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (install.status !== 0) {
    process.stderr.write("berth: npm ci failed; the message above says why\n");
    process.exit(install.status ?? 1);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

const bin = join(root, "node_modules", ".bin");
const pinned = join(bin, "node");
const node = existsSync(pinned) ? pinned : process.execPath;
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`, BERTH_ROOT: root };
const [first, ...rest] = process.argv.slice(2);
const [command, args] =
  first === "--bin"
    ? [join(bin, rest[0] ?? ""), rest.slice(1)]
    : [node, ["--disable-warning=ExperimentalWarning", join(root, first ?? ""), ...rest]];
const child = spawn(command, args, {
  stdio: "inherit",
  env,
  cwd: process.env.INIT_CWD && first !== "--bin" ? process.env.INIT_CWD : root,
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 128 + (constants.signals[signal] ?? 1) : (code ?? 1)));
