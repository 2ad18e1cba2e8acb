import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { requireLab, up } from "./cluster.ts";
import { LabError } from "./exec.ts";
import { archiveFor } from "./images.ts";
import { loadImages } from "./node.ts";
import { root } from "./paths.ts";
import { nodeNames } from "./plan.ts";
import { ensureSetup } from "./setup/setup.ts";

/** Runs a script of this repository with its output shown. @returns its exit code */
export function script(file: string, ...args: string[]): number {
  return (
    spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, file), ...args], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    }).status ?? 1
  );
}

/** Set-up, Berth's image, the lab, and the image on every node. What is there already is left alone. */
export async function prepareLab(): Promise<void> {
  await ensureSetup();
  if (script("scripts/image.ts") !== 0) throw new LabError("the image could not be built; the lines above say why");
  await up();
  const archive = archiveFor("localhost/berth:dev");
  for (const name of nodeNames(requireLab())) await loadImages(name, [archive]);
}
