import { LabError } from "../exec.ts";
import { ensureGo } from "./go.ts";
import { ensurePackages } from "./packages.ts";
import { ensurePython } from "./python.ts";
import { ensureTool, ensureTools, labTools } from "./tools.ts";

/** Says in one sentence what the machine lacks. @throws LabError without Linux or without root */
export function requireMachine(): void {
  if (process.platform !== "linux") throw new LabError("the lab needs Linux: it is made of network namespaces");
  if (process.getuid?.() !== 0)
    throw new LabError("the lab needs root: it makes network namespaces, mounts and containers of its own");
}

/** Installs and builds what is missing: Debian packages, Go, Python packages, the tools. Shows progress; a second call does nothing. */
export async function ensureSetup(): Promise<void> {
  requireMachine();
  ensurePackages();
  ensureGo();
  ensurePython();
  await ensureTools(labTools);
}

/** Installs and builds what the measurements need beside the peers of Debian. */
export async function ensureBenchTools(): Promise<void> {
  requireMachine();
  ensurePackages();
  ensureGo();
  for (const name of ["gobgpd4", "gobgp4"]) await ensureTool(name);
}
