/** The executable plugin: serves the static schema, makes components and calls their methods for programs in any language. */
import * as pulumi from "@pulumi/pulumi";
import description from "../schema.json" with { type: "json" };
import { packageName } from "./component.ts";
import { BgpConf, BgpPeer, Eip, ExposedService, getAddress, LoadBalancer } from "./index.ts";
import { judgeBefore } from "./judge.ts";
import { leanSdk } from "./leanSdk.ts";
import { type ComponentName, outputNames } from "./schema.ts";

type Factory = (name: string, args: never, options: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;

const factories: Readonly<Record<ComponentName, Factory>> = {
  LoadBalancer: (name, args, options) => new LoadBalancer(name, args, options),
  Eip: (name, args, options) => new Eip(name, args, options),
  BgpConf: (name, args, options) => new BgpConf(name, args, options),
  BgpPeer: (name, args, options) => new BgpPeer(name, args, options),
  ExposedService: (name, args, options) => new ExposedService(name, args, options),
};

/** The methods of components, by token; `__self__` is the component. */
const methods: Readonly<Record<string, (inputs: pulumi.Inputs) => pulumi.Inputs>> = {
  "Eip/contains": ({ __self__: eip, address }) => ({ result: (eip as Eip).contains(address) }),
  "Eip/addressAt": ({ __self__: eip, index }) => ({ result: (eip as Eip).addressAt(index) }),
  "BgpPeer/routerConfig": ({ __self__: peer, ...facts }) => ({
    result: (peer as BgpPeer).routerConfig(facts as Parameters<BgpPeer["routerConfig"]>[0]),
  }),
};

/** Makes or reads again the component of a type. @throws Error for a type that there is not */
function make(name: string, type: string, inputs: unknown, options: pulumi.ComponentResourceOptions): pulumi.ComponentResource {
  const factory = factories[type.replace(`${packageName}:index:`, "") as ComponentName];
  if (factory === undefined)
    throw new Error(`${packageName} has no component ${type}; it has ${Object.keys(factories).join(", ")}`);
  return factory(name, inputs as never, options);
}

// Components that are arguments, and those whose methods are called, come as references.
pulumi.runtime.registerResourceModule(packageName, "index", {
  version: description.version,
  construct: (name, type, urn) => make(name, type, {}, { urn }),
});

const provider: pulumi.provider.Provider = {
  version: description.version,
  schema: JSON.stringify(description),
  async construct(name, type, inputs, options) {
    const component = type.replace(`${packageName}:index:`, "") as ComponentName;
    if (component in factories) await judgeBefore(component, name, inputs, options);
    const made = make(name, type, inputs, options);
    const outputs = made as unknown as Readonly<Record<string, unknown>>;
    return { urn: made.urn, state: Object.fromEntries(outputNames(component).map((output) => [output, outputs[output]])) };
  },
  async call(token, inputs) {
    const method = methods[token.replace(`${packageName}:index:`, "")];
    if (method === undefined) throw new Error(`${packageName} has no method ${token}; it has ${Object.keys(methods).join(", ")}`);
    return { outputs: method(inputs) };
  },
  async invoke(token, inputs) {
    if (token !== `${packageName}:index:getAddress`)
      throw new Error(`${packageName} has no function ${token}; it has getAddress`);
    return { outputs: getAddress(inputs) };
  },
};

leanSdk();
await pulumi.provider.main(provider, process.argv.slice(2));
