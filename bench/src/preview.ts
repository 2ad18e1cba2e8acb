import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const root = dirname(dirname(import.meta.dirname));
const count = 200;
const rounds = 5;

/** How long one preview of so many resources takes, in milliseconds, in a process and with a state of its own. */
function measure(kind: string): number {
  const home = mkdtempSync(join(tmpdir(), "berth-bench-preview-"));
  const path = ["dist/plugin/contents", "lab/kubernetes-plugin", ".lab/bin", "node_modules/.bin"].map((directory) =>
    join(root, directory),
  );
  const env = {
    ...process.env,
    PATH: [...path, process.env["PATH"]].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${home}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    KUBECONFIG: join(home, "none"),
  };
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "previewProgram.ts"), kind, String(count), home],
      { encoding: "utf8", env, maxBuffer: 1 << 26 },
    );
    if (status !== 0) throw new Error(`the preview of ${kind} failed:\n${(stdout + stderr).slice(-2000)}`);
    return Number(stdout.trim());
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The plugin as a release has it: one bundle. */
function pack(): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "scripts/plugin.ts")], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the plugin could not be packed:\n${stdout}${stderr}`);
}

/** Previews of as many components as plain custom resources, in turn, without a cluster; the best of each counts. */
export async function preview(): Promise<void> {
  const kinds = ["plain", "library", "plugin"] as const;
  pack();
  const best = new Map<string, number>();
  for (let round = 0; round < rounds; round++)
    for (const kind of kinds) best.set(kind, Math.min(best.get(kind) ?? Number.POSITIVE_INFINITY, measure(kind)));
  const plain = best.get("plain") ?? Number.NaN;
  const names = { plain: "plain custom resources", library: "Eips from the library", plugin: "Eips through the plugin" };
  for (const kind of kinds) {
    const took = best.get(kind) ?? Number.NaN;
    process.stdout.write(
      `${count} ${names[kind].padEnd(24)} ${(took / 1000).toFixed(2).padStart(6)} s   ${(took / plain).toFixed(2)} × plain (best of ${rounds})\n`,
    );
  }
}
