import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { kubectl } from "./controlPlane.ts";
import { LabError } from "./exec.ts";
import { root } from "./paths.ts";
import { pulumiOutput } from "./pulumi.ts";

/** What the lab has to know of an example besides its program: most of them use the Berth that `install-berth` installs. */
const installsBerth = new Set(["install-berth", "expose-service", "expose-service-python", "expose-service-go"]);

/** The names of all examples. */
export function exampleNames(): string[] {
  return readdirSync(join(root, "examples"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** The directory of an example. @throws LabError that names the examples there are */
export function exampleDirectory(name: string): string {
  const directory = join(root, "examples", name);
  if (name === "" || !existsSync(join(directory, "Pulumi.yaml")))
    throw new LabError(`"${name}" is not an example; there are ${exampleNames().join(", ")}`);
  return directory;
}

/** The stacks of an example: one for each Pulumi.<stack>.yaml. */
export function exampleStacks(name: string): string[] {
  return readdirSync(exampleDirectory(name)).flatMap((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1] ?? []);
}

/** Whether an example wants Berth to be there already. */
export function needsBerth(name: string): boolean {
  return !installsBerth.has(name);
}

/** Whether the lab's cluster has Berth. */
export function isBerthInstalled(): boolean {
  return kubectl(["get", "deployment", "-n", "berth-system", "berth-controller"]).code === 0;
}

/** Selects an example's stack, made on first use. @throws LabError with the engine's words when it cannot */
export function selectStack(name: string, stack: string): void {
  const { code, stderr } = pulumiOutput(["stack", "select", "--create", stack, "--non-interactive"], exampleDirectory(name));
  if (code !== 0) throw new LabError(`pulumi could not select the stack "${stack}" of ${name}:\n${stderr}`);
}

/** What a stack of an example exports. */
export function outputsOf(name: string, stack: string): Readonly<Record<string, unknown>> {
  const { stdout } = pulumiOutput(["stack", "output", "--json", "--show-secrets", "--stack", stack], exampleDirectory(name));
  return JSON.parse(stdout) as Record<string, unknown>;
}
