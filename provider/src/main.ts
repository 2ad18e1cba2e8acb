/** The executable plugin: serves the static schema, and makes components for programs in any language. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { packageName } from "./component.ts";
import { BgpConf, BgpPeer, Eip, ExposedService, LoadBalancer } from "./index.ts";
import { type ComponentName, outputNames } from "./schema.ts";

type Factory = (name: string, args: never, options: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;

const factories: Readonly<Record<ComponentName, Factory>> = {
  LoadBalancer: (name, args, options) => new LoadBalancer(name, args, options),
  Eip: (name, args, options) => new Eip(name, args, options),
  BgpConf: (name, args, options) => new BgpConf(name, args, options),
  BgpPeer: (name, args, options) => new BgpPeer(name, args, options),
  ExposedService: (name, args, options) => new ExposedService(name, args, options),
};

const schema = readFileSync(join(dirname(import.meta.dirname), "schema.json"), "utf8");
const { version } = JSON.parse(schema) as { readonly version: string };

const provider: pulumi.provider.Provider = {
  version,
  schema,
  async construct(name, type, inputs, options) {
    const component = type.replace(`${packageName}:index:`, "") as ComponentName;
    const factory = factories[component];
    if (factory === undefined)
      throw new Error(`${packageName} has no component ${type}; it has ${Object.keys(factories).join(", ")}`);
    const made = factory(name, inputs as never, options);
    const outputs = made as unknown as Readonly<Record<string, unknown>>;
    return { urn: made.urn, state: Object.fromEntries(outputNames(component).map((output) => [output, outputs[output]])) };
  },
};

await pulumi.provider.main(provider, process.argv.slice(2));
