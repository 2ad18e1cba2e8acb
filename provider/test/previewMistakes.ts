/**
 * Previews every program of mistakes.ts with the real engine, through one door, and prints a line of JSON for each.
 * In a process of its own: a mistake in the library is an unhandled rejection, as in a user's program. The plugins are started once
 * and serve all previews, which takes less time, and shows that one program knows nothing of another.
 * Usage: node previewMistakes.ts library|plugin
 */
import { Provider } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import * as berth from "../src/index.ts";
import { type Case, mistakes, rightPrograms } from "./mistakes.ts";
import { startPlugins } from "./startPlugins.ts";

const doors: Readonly<
  Record<string, (component: string, name: string, args: object, options: pulumi.ComponentResourceOptions) => pulumi.Resource>
> = {
  library: (component, name, args, options) =>
    new (berth as unknown as Record<string, new (...args: unknown[]) => pulumi.Resource>)[component]!(name, args, options),
  plugin: (component, name, args, options) => new Remote(component, name, args, options),
};

/** A component as the SDK of any language registers it. */
class Remote extends pulumi.ComponentResource {
  constructor(component: string, name: string, inputs: pulumi.Inputs, options: pulumi.ComponentResourceOptions) {
    super(`berth:index:${component}`, name, inputs, options, true);
  }
}

function runProgram({ program }: Case, door: string, isOrdered: boolean): void {
  const clusters = new Map<string, Provider>();
  let before: pulumi.Resource[] = [];
  for (const [component, name, args, cluster] of program()) {
    if (cluster !== undefined && !clusters.has(cluster)) clusters.set(cluster, new Provider(cluster, {}));
    const provider = cluster === undefined ? undefined : clusters.get(cluster);
    const options = { ...(isOrdered ? { dependsOn: before } : {}), ...(provider === undefined ? {} : { providers: [provider] }) };
    before = [doors[door]!(component, name, args, options)];
  }
}

const [, , door = ""] = process.argv;
process.on("unhandledRejection", () => undefined);
await startPlugins();
for (const one of [...mistakes, ...rightPrograms]) {
  // Through the plugin, components come at once; who is blamed for a mistake of two is then the later one of them, whichever that is.
  const isOrdered = door === "plugin" && one.told.length > 0;
  const program = async (): Promise<void> => runProgram(one, door, isOrdered);
  const stack = await LocalWorkspace.createOrSelectStack({ stackName: door, projectName: "mistakes", program });
  let output = "";
  const hear = (text: string): void => {
    output += text;
  };
  const started = Date.now();
  const isFailed = await stack.preview({ onOutput: hear, onError: hear, color: "never" }).then(
    () => false,
    () => true,
  );
  process.stdout.write(`${JSON.stringify({ name: one.name, isFailed, output, milliseconds: Date.now() - started })}\n`);
}
process.exit(0);
