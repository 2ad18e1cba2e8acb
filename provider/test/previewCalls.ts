/**
 * Previews programs that call methods and functions, with the real engine and without a cluster, and prints a line of JSON for each:
 * what the program exports, or what the engine says when it fails. Usage: node previewCalls.ts library|plugin
 */
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import * as berth from "../src/index.ts";
import { type CalledEip, type CalledPeer, type Calls, calls, type Door } from "./calls.ts";
import { startPlugins } from "./startPlugins.ts";

/** A component as the SDK of any language registers it, and its methods as that calls them. */
class Remote extends pulumi.ComponentResource implements CalledEip, CalledPeer {
  declare readonly name: pulumi.Output<string>;
  declare readonly ranges: pulumi.Output<string[]>;
  readonly #component: string;

  constructor(component: string, name: string, inputs: pulumi.Inputs) {
    super(`berth:index:${component}`, name, { ...inputs, ranges: undefined }, {}, true);
    this.#component = component;
  }
  #call<T>(method: string, inputs: pulumi.Inputs): pulumi.Output<T> {
    const token = `berth:index:${this.#component}/${method}`;
    const answer = pulumi.runtime.call<{ readonly result: T }>(token, { __self__: this, ...inputs }, this);
    return answer.apply(({ result }) => result) as pulumi.Output<T>;
  }
  contains(inputs: pulumi.Inputs): pulumi.Output<boolean> {
    return this.#call("contains", inputs);
  }
  addressAt(inputs: pulumi.Inputs): pulumi.Output<string> {
    return this.#call("addressAt", inputs);
  }
  routerConfig(vendor: pulumi.Input<string>, inputs: pulumi.Inputs): pulumi.Output<string> {
    return this.#call("routerConfig", { vendor, ...inputs });
  }
}

const doors: Readonly<Record<string, Door>> = {
  library: {
    eip: (name, args) => new berth.Eip(name, args as never) as unknown as CalledEip,
    peer: (name, args) => new berth.BgpPeer(name, args as never) as unknown as CalledPeer,
    getAddress: (args) => berth.getAddressOutput(args as never).apply(({ address }) => address) as pulumi.Output<string>,
  },
  plugin: {
    eip: (name, args) => new Remote("Eip", name, args),
    peer: (name, args) => new Remote("BgpPeer", name, args),
    getAddress: (args) =>
      pulumi.runtime
        .invokeOutput<{ readonly address: string }>("berth:index:getAddress", args)
        .apply(({ address }) => address) as pulumi.Output<string>,
  },
};

const door = doors[process.argv[2] ?? ""];
if (door === undefined) throw new Error("usage: node previewCalls.ts library|plugin");
process.on("unhandledRejection", () => undefined);
await startPlugins();

async function preview({ name, program }: Calls, through: Door): Promise<object> {
  let exported: unknown;
  let output = "";
  const hear = (text: string): void => {
    output += text;
  };
  const stack = await LocalWorkspace.createOrSelectStack({
    stackName: "calls",
    projectName: "calls",
    program: async () => {
      const outputs = program(through);
      pulumi.output(outputs).apply((known) => {
        exported = known;
      });
      return outputs;
    },
  });
  const isFailed = await stack.preview({ onOutput: hear, onError: hear, color: "never" }).then(
    () => false,
    () => true,
  );
  return { name, isFailed, exported, output };
}

for (const one of calls) process.stdout.write(`${JSON.stringify(await preview(one, door))}\n`);
process.exit(0);
