/**
 * Previews one of the programs below through the plugin, as an SDK of any language would: components are registered by type and inputs.
 * Prints what the engine says; exit code 1 when the preview fails. Usage: node previewRemote.ts <program> <state directory>
 */
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";

class Remote extends pulumi.ComponentResource {
  constructor(type: string, name: string, inputs: pulumi.Inputs) {
    super(`berth:index:${type}`, name, inputs, {}, true);
  }
}

const programs: Readonly<Record<string, () => Promise<void>>> = {
  async every() {
    new Remote("LoadBalancer", "berth", { image: "example/berth:1" });
    new Remote("Eip", "pool", { address: "192.0.2.0/24" });
    new Remote("BgpConf", "conf", { as: 4200000001 });
    new Remote("BgpPeer", "router", {
      conf: { neighborAddress: "172.30.0.1", peerAs: 65001 },
      password: pulumi.secret("opensesame"),
    });
    new Remote("ExposedService", "page", { selector: { app: "page" }, ports: [{ port: 80 }] });
  },
};

const [, , name = "", directory = ""] = process.argv;
const program = programs[name];
if (program === undefined) throw new Error(`there is no program "${name}"`);
process.on("unhandledRejection", () => undefined);
const say = (text: string): boolean => process.stdout.write(text);
const stack = await LocalWorkspace.createOrSelectStack(
  { stackName: name, projectName: "test", program },
  { envVars: { PULUMI_BACKEND_URL: `file://${directory}` } },
);
try {
  await stack.preview({ onOutput: say, onError: say });
  process.exit(0);
} catch {
  process.exit(1);
}
