import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";

const root = dirname(dirname(import.meta.dirname));
const home = join(root, ".lab", "pulumi");

/**
 * The environment in which Pulumi's engine works with the lab: state under .lab/pulumi, no download of plugins, the lab's
 * kubeconfig, and a PATH that holds the engine, the language host, Berth's plugin and a Kubernetes plugin.
 * `BERTH_KUBERNETES_PLUGIN` names a real Kubernetes plugin to use in place of the lab's own.
 */
export function pulumiEnvironment(): NodeJS.ProcessEnv {
  mkdirSync(join(home, "state"), { recursive: true });
  const path = [kubernetesPluginDirectory(), join(root, "provider", "bin"), join(root, ".lab", "bin"), join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""];
  return {
    ...process.env,
    PATH: path.join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${join(home, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: process.env["PULUMI_CONFIG_PASSPHRASE"] ?? "berth-lab",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    KUBECONFIG: process.env["KUBECONFIG"] ?? join(root, ".lab", "kubeconfig"),
  };
}

/** The directory that PATH needs for `pulumi-resource-kubernetes`: the lab's own, or one that starts the given real plugin. */
function kubernetesPluginDirectory(): string {
  const given = process.env["BERTH_KUBERNETES_PLUGIN"];
  if (given === undefined || given === "") return join(root, "lab", "kubernetes-plugin");
  const directory = join(home, "given-plugin");
  const launcher = join(directory, "pulumi-resource-kubernetes");
  mkdirSync(directory, { recursive: true });
  writeFileSync(launcher, `#!/bin/sh\nexec '${resolve(root, given).replaceAll("'", "'\\''")}' "$@"\n`);
  chmodSync(launcher, 0o755);
  return directory;
}

/** Runs the engine in a directory (the root of the repository unless said otherwise), its output shown; resolves to its exit code. */
export function pulumi(args: readonly string[], directory: string = root): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn("pulumi", args, { cwd: directory, env: pulumiEnvironment(), stdio: "inherit" });
    child.on("error", fail);
    child.on("exit", (code) => done(code ?? 1));
  });
}

/** Runs the engine and gives back what it wrote, standard output and standard error apart. */
export function pulumiOutput(args: readonly string[], directory: string = root): { readonly code: number; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync("pulumi", args, { cwd: directory, env: pulumiEnvironment(), encoding: "utf8", maxBuffer: 1 << 28 });
  return { code: status ?? 1, stdout, stderr };
}

/** Selects the lab's stack, made on first use. @throws Error with the engine's words when it cannot */
export function selectLabStack(): void {
  const { code, stderr } = pulumiOutput(["stack", "select", "--create", "lab", "--non-interactive"]);
  if (code !== 0) throw new Error(`pulumi could not select the stack "lab":\n${stderr}`);
}
