/** Previews one program of the bench and prints the milliseconds. Usage: node previewProgram.ts <plain|library|plugin> <count> <state directory> */
import { apiVersion } from "@berth/api/crds";
import { Eip } from "@berth/pulumi";
import { apiextensions } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";

class Remote extends pulumi.ComponentResource {
  constructor(name: string, inputs: pulumi.Inputs) {
    super("berth:index:Eip", name, inputs, {}, true);
  }
}

const spec = (index: number) => ({ address: `10.${Math.floor(index / 256)}.${index % 256}.0/24`, protocol: "layer2" }) as const;
const makers: Readonly<Record<string, (name: string, index: number) => pulumi.Resource>> = {
  plain: (name, index) =>
    new apiextensions.CustomResource(name, { apiVersion, kind: "Eip", metadata: { name }, spec: spec(index) }),
  library: (name, index) => new Eip(name, spec(index)),
  plugin: (name, index) => new Remote(name, spec(index)),
};

const [, , kind = "", count = "", directory = ""] = process.argv;
const make = makers[kind];
if (make === undefined) throw new Error(`"${kind}" is not one of ${Object.keys(makers).join(", ")}`);
const program = async (): Promise<void> => {
  for (let index = 0; index < Number(count); index++) make(`eip-${index}`, index);
};
const stack = await LocalWorkspace.createOrSelectStack(
  { stackName: "bench", projectName: "bench", program },
  { envVars: { PULUMI_BACKEND_URL: `file://${directory}` } },
);
const started = performance.now();
await stack.preview();
process.stdout.write(`${performance.now() - started}\n`);
process.exit(0);
