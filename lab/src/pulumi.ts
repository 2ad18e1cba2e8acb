import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { binDirectory, cacheDirectory, kubeconfigPath, root, runDirectory } from "./paths.ts";
import { go, goEnvironment } from "./setup/go.ts";
import { pythonBin } from "./setup/python.ts";

const home = join(cacheDirectory, "pulumi");
/** The state is of the running cluster, and goes with it. */
const state = join(runDirectory, "pulumi");

/** Whether `BERTH_KUBERNETES_PLUGIN` gives Pulumi's own Kubernetes plugin. */
export const hasPulumisPlugin = (process.env["BERTH_KUBERNETES_PLUGIN"] ?? "") !== "";

/**
 * The environment in which Pulumi's engine works with the lab: state under .lab/run/pulumi, no download of plugins, the lab's
 * kubeconfig, a PATH that holds the engine, the language hosts, Go and Python, and Berth's plugin and a Kubernetes plugin in Pulumi's home.
 * `BERTH_KUBERNETES_PLUGIN` names a real Kubernetes plugin to use in place of the lab's own.
 */
export function pulumiEnvironment(): NodeJS.ProcessEnv {
  mkdirSync(state, { recursive: true });
  const kubernetesPlugin = process.env["BERTH_KUBERNETES_PLUGIN"] || "lab/kubernetes-plugin/pulumi-resource-kubernetes";
  installPlugin("kubernetes", packageVersion("node_modules/@pulumi/kubernetes/package.json"), kubernetesPlugin);
  installPlugin("berth", packageVersion("provider/package.json"), "provider/bin/pulumi-resource-berth");
  const ownGo = isAbsolute(go()) ? [dirname(go())] : [];
  const path = [binDirectory, join(root, "node_modules", ".bin"), pythonBin, ...ownGo, process.env["PATH"] ?? ""];
  return {
    ...process.env,
    ...goEnvironment(),
    PATH: path.join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: process.env["PULUMI_CONFIG_PASSPHRASE"] ?? "berth-lab",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    KUBECONFIG: process.env["KUBECONFIG"] ?? kubeconfigPath,
  };
}

/** Puts a plugin where the engine looks for that version of it: a launcher of the given program. */
function installPlugin(name: string, version: string, program: string): void {
  const directory = join(home, "plugins", `resource-${name}-v${version}`);
  mkdirSync(directory, { recursive: true });
  const quoted = resolve(root, program).replaceAll("'", "'\\''");
  writeFileSync(join(directory, `pulumi-resource-${name}`), `#!/bin/sh\nexec '${quoted}' "$@"\n`, { mode: 0o755 });
}

function packageVersion(file: string): string {
  return (JSON.parse(readFileSync(join(root, file), "utf8")) as { readonly version: string }).version;
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
export function pulumiOutput(
  args: readonly string[],
  directory: string = root,
): { readonly code: number; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync("pulumi", args, {
    cwd: directory,
    env: pulumiEnvironment(),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return { code: status ?? 1, stdout, stderr };
}

/** Selects the lab's stack, made on first use. @throws Error with the engine's words when it cannot */
export function selectLabStack(): void {
  const { code, stderr } = pulumiOutput(["stack", "select", "--create", "lab", "--non-interactive"]);
  if (code !== 0) throw new Error(`pulumi could not select the stack "lab":\n${stderr}`);
}
