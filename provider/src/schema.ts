import type { Field, Fields } from "@berth/api/schema";
import { packageName, typeToken } from "./component.ts";
import { bgpConfArgs, bgpPeerArgs, eipArgs, exposedServiceArgs, loadBalancerArgs } from "./fields.ts";

/** The Pulumi schema of the package, made from the fields. `npm run generate` writes it to provider/schema.json. */

type Json = { readonly [key: string]: unknown };

const version = "0.1.0";

const text = { type: "string", doc: "" } as const;

/** One row for each component: what it is, its arguments, its outputs. */
const components = {
  LoadBalancer: {
    doc: "Berth itself: CustomResourceDefinitions, rights, the controller and one speaker on each node. Give it as `dependsOn` to everything else of this package.",
    args: loadBalancerArgs,
    outputs: { namespace: { ...text, doc: "The namespace that Berth is installed in.", required: true } },
  },
  Eip: {
    doc: "A pool of addresses that Services of type LoadBalancer get theirs from.",
    args: eipArgs,
    outputs: {
      name: { ...text, doc: "The name of the Eip in the cluster: what ExposedService.eip wants.", required: true },
      poolSize: { ...text, doc: "How many addresses the pool has, as text, because a pool may have more than a number holds." },
      firstIP: { ...text, doc: "The lowest address of the pool." },
      lastIP: { ...text, doc: "The highest address of the pool." },
    },
  },
  BgpConf: {
    doc: 'What the speakers are to BGP: their AS number, their port. Only the object named "default" counts.',
    args: bgpConfArgs,
    outputs: { name: { ...text, doc: "The name of the BgpConf in the cluster.", required: true } },
  },
  BgpPeer: {
    doc: "A router that the speakers peer with.",
    args: bgpPeerArgs,
    outputs: { name: { ...text, doc: "The name of the BgpPeer in the cluster.", required: true } },
  },
  ExposedService: {
    doc: "Pods, reachable from the network under an address of an Eip.",
    args: exposedServiceArgs,
    outputs: {
      name: { ...text, doc: "The name of the Service in the cluster.", required: true },
      address: { ...text, doc: "The address; the first of them when there are two families." },
      addresses: { type: "array", doc: "All addresses.", items: text, required: true },
      url: { ...text, doc: "The URL of the first port." },
    },
  },
} as const satisfies Readonly<Record<string, { readonly doc: string; readonly args: Fields; readonly outputs: Fields }>>;

/** The names of the components. */
export type ComponentName = keyof typeof components;

/** The names of a component's outputs: what `construct` must give back. */
export function outputNames(component: ComponentName): string[] {
  return Object.keys(components[component].outputs);
}

/** The package's schema. @see https://www.pulumi.com/docs/iac/extending-pulumi/schema/ */
export function schema(): Json {
  const types: Record<string, Json> = {};
  const resources = Object.fromEntries(
    Object.entries(components).map(([name, { doc, args, outputs }]) => {
      const inputs = properties(args, name, types);
      return [
        typeToken(name),
        {
          description: doc,
          isComponent: true,
          inputProperties: inputs.properties,
          requiredInputs: inputs.required,
          properties: properties(outputs, name, types).properties,
          required: properties(outputs, name, types).required,
        },
      ];
    }),
  );
  return {
    name: packageName,
    version,
    displayName: "Berth",
    description: "LoadBalancer Services for bare-metal Kubernetes: addresses from your own pools, announced by ARP, NDP and BGP.",
    keywords: [
      "pulumi",
      "kubernetes",
      "category/network",
      "kind/component",
      "load-balancer",
      "bare-metal",
      "bgp",
      "arp",
      "ndp",
      "openelb",
    ],
    license: "Apache-2.0",
    language: {
      nodejs: {
        packageName: "@berth/sdk",
        respectSchemaVersion: true,
        dependencies: { "@pulumi/pulumi": "^3.200.0" },
        typescriptVersion: "^5.9.0",
      },
      python: {
        packageName: "pulumi_berth",
        pyproject: { enabled: true },
        respectSchemaVersion: true,
        requires: { pulumi: ">=3.200.0,<4.0.0" },
      },
      go: {
        importBasePath: "berth.dev/sdk/go/berth",
        respectSchemaVersion: true,
        generateResourceContainerTypes: true,
      },
    },
    types,
    resources,
  };
}

function properties(
  fields: Fields,
  path: string,
  types: Record<string, Json>,
): { readonly properties: Json; readonly required: string[] } {
  const all = Object.entries(fields).map(([name, field]) => [
    name,
    {
      ...typeOf(field, `${path}${capital(name)}`, types),
      description: field.doc,
      ...(field.type === "string" && field.secret === true ? { secret: true } : {}),
    },
  ]);
  const required = Object.entries(fields).flatMap(([name, field]) => (field.required === true ? [name] : []));
  return { properties: Object.fromEntries(all) as Json, required };
}

function typeOf(field: Field, name: string, types: Record<string, Json>): Json {
  switch (field.type) {
    case "string":
    case "integer":
    case "boolean":
      return { type: field.type };
    case "array":
      return { type: "array", items: typeOf(field.items, name, types) };
    case "map":
      return { type: "object", additionalProperties: typeOf(field.values, name, types) };
    case "object": {
      const { properties: own, required } = properties(field.fields, name, types);
      types[typeToken(name)] = {
        type: "object",
        description: field.doc,
        properties: own,
        ...(required.length > 0 ? { required } : {}),
      };
      return { $ref: `#/types/${typeToken(name)}` };
    }
    default:
      return field satisfies never;
  }
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
