import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, must, progress } from "../exec.ts";
import { cacheDirectory, root } from "../paths.ts";
import { install } from "./packages.ts";

const environment = join(cacheDirectory, "python");
const requirements = join(root, "lab/src/setup/python-requirements.txt");
const sdk = join(root, "sdk/python");

/** Where the Python of programs in the lab is: a virtual environment with Pulumi's SDK and Berth's. */
export const pythonBin = join(environment, "bin");

/** Makes that environment, or brings it up to date. Berth's SDK is installed from `sdk/python`, as a user would from a package. */
export function ensurePython(): void {
  const wanted = [digest([requirements]), digest(sources())] as const;
  const stamp = join(environment, ".berth-installed");
  const [packages, own] = existsSync(stamp) ? readFileSync(stamp, "utf8").split("\n") : [];
  if (packages === wanted[0] && own === wanted[1]) return;
  if (packages !== wanted[0]) {
    progress("installing Pulumi's Python SDK from PyPI (about half a minute)");
    rmSync(environment, { recursive: true, force: true });
    if (attempt(["python3", "-m", "venv", environment]).code !== 0) {
      install(["python3", "python3-venv"]);
      rmSync(environment, { recursive: true, force: true });
      must(["python3", "-m", "venv", environment]);
    }
    must([...pip, "--require-hashes", "--no-deps", "-r", requirements]);
  }
  installSdk();
  writeFileSync(stamp, wanted.join("\n"));
}

const pip = [join(pythonBin, "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];

/** Installs a copy, because a build leaves files beside its sources. */
function installSdk(): void {
  const copy = mkdtempSync(join(tmpdir(), "berth-python-sdk-"));
  try {
    cpSync(sdk, copy, { recursive: true });
    must([...pip, "--no-deps", "--no-build-isolation", "--no-index", "--force-reinstall", copy]);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function sources(): string[] {
  return globSync("**/*.{py,toml,json}", { cwd: sdk, exclude: ["build/**"] })
    .sort()
    .map((file) => join(sdk, file))
    .filter((file) => statSync(file).isFile());
}

function digest(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}
