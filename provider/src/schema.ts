import { bgpConfStatus } from "@berth/api/bgpConf";
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
    outputs: {
      namespace: { ...text, doc: "The namespace that Berth is installed in.", required: true },
      apiVersion: { ...text, doc: "The version of the API that the CustomResourceDefinitions serve.", required: true },
    },
  },
  Eip: {
    doc: "A pool of addresses that Services of type LoadBalancer get theirs from.",
    args: eipArgs,
    outputs: {
      name: { ...text, doc: "The name of the Eip in the cluster: what ExposedService.eip wants.", required: true },
      ranges: {
        type: "array",
        doc: "The addresses of the pool as ranges, in order, without the excluded ones, such as 192.0.2.10-192.0.2.40.",
        items: text,
        required: true,
      },
      usage: { type: "integer", doc: "How many addresses were in use when Pulumi last looked." },
      occupied: { type: "boolean", doc: "Whether every address was in use when Pulumi last looked." },
      poolSize: { ...text, doc: "How many addresses the pool has, as text, because a pool may have more than a number holds." },
      firstIP: { ...text, doc: "The lowest address of the pool." },
      lastIP: { ...text, doc: "The highest address of the pool." },
    },
  },
  BgpConf: {
    doc: 'What the speakers are to BGP: their AS number, their port. Only the object named "default" counts.',
    args: bgpConfArgs,
    outputs: {
      name: { ...text, doc: "The name of the BgpConf in the cluster.", required: true },
      as: { type: "integer", doc: "The AS number of the speakers; 0 when BGP is off.", required: true },
      nodes: {
        type: "map",
        doc: "What each node used when Pulumi last looked, by node.",
        values: { type: "object", doc: "What one node uses.", fields: bgpConfStatus.nodesConfStatus.values.fields },
        required: true,
      },
    },
  },
  BgpPeer: {
    doc: "A router that the speakers peer with.",
    args: bgpPeerArgs,
    outputs: {
      name: { ...text, doc: "The name of the BgpPeer in the cluster.", required: true },
      sessions: {
        type: "map",
        doc: "The state of each node's session when Pulumi last looked, by node: ESTABLISHED, ACTIVE and so on.",
        values: text,
        required: true,
      },
      established: { type: "boolean", doc: "Whether every node had its session when Pulumi last looked.", required: true },
      hasPassword: { type: "boolean", doc: "Whether the session has a password.", required: true },
    },
  },
  ExposedService: {
    doc: "Pods, reachable from the network under an address of an Eip.",
    args: exposedServiceArgs,
    outputs: {
      name: { ...text, doc: "The name of the Service in the cluster.", required: true },
      address: { ...text, doc: "The address; the first of them when there are two families." },
      addresses: { type: "array", doc: "All addresses.", items: text, required: true },
      hostname: { ...text, doc: "The DNS name: the one that was asked for, or one that the status of the Service has." },
      url: { ...text, doc: "The URL of the first port." },
      announcedBy: { ...text, doc: "Who announced the addresses when Pulumi last looked, as a sentence." },
      announcers: {
        type: "array",
        doc: 'The nodes that announced an address when Pulumi last looked. More than five of one address are counted, in one entry such as "7 nodes".',
        items: text,
        required: true,
      },
    },
  },
} as const satisfies Readonly<Record<string, { readonly doc: string; readonly args: Fields; readonly outputs: Fields }>>;

/** Arguments that are resources of the Kubernetes package: whatever has its fields is taken, so that its version does not matter. */
const backends: Json = {
  service: {
    $ref: "pulumi.json#/Any",
    description: "A Service (a resource) whose pods are exposed, too. It stays as it is. Instead of it: selector or deployment.",
  },
  deployment: {
    $ref: "pulumi.json#/Any",
    description: "A Deployment (a resource) whose pods are exposed. Instead of it: selector or service.",
  },
};

/** Outputs in the shape of Kubernetes' own objects. */
const objectOutputs: Readonly<Partial<Record<ComponentName, Json>>> = {
  BgpPeer: {
    session: { $ref: "pulumi.json#/Any", description: "What the BgpPeer says of the session: its spec, without a password." },
  },
};

/** The methods of components: what they are called with, and what they give back. */
const methods: Readonly<
  Record<string, { readonly of: ComponentName; readonly doc: string; readonly args: Fields; readonly result: Field }>
> = {
  contains: {
    of: "Eip",
    doc: "Whether an address belongs to the pool: excluded ones do not.",
    args: { address: { ...text, doc: "The address.", required: true } },
    result: { type: "boolean", doc: "Whether it does.", required: true },
  },
  addressAt: {
    of: "Eip",
    doc: "The address at a place in the pool, in order, excluded ones not counted.",
    args: { index: { type: "integer", doc: "The place: 0 is the first, -1 the last.", required: true } },
    result: { ...text, doc: "The address.", required: true },
  },
  routerConfig: {
    of: "BgpPeer",
    doc: "The configuration of the router at the other end: the speakers as neighbours, and a filter that accepts exactly the pools. Where the password goes it has a placeholder.",
    args: {
      vendor: {
        type: "string",
        doc: "Whose configuration: frr, bird (BIRD 2), gobgp, openbgpd, cisco (IOS-XE), arista (EOS), junos or mikrotik (RouterOS 7).",
        required: true,
      },
      as: { type: "integer", doc: "The AS number of the speakers: as of the BgpConf.", required: true },
      nodes: {
        type: "array",
        doc: "Addresses of the nodes, or networks that they are in, such as 172.30.0.0/24.",
        items: text,
        required: true,
      },
      pools: {
        type: "array",
        doc: "Addresses that the router accepts: ranges of the Eips, or ranges, CIDRs and single addresses.",
        items: text,
        required: true,
      },
      maximumPaths: { type: "integer", doc: "Among how many nodes the router spreads traffic. Default 16." },
      aggregationLength: { type: "integer", doc: "The prefix length of IPv4 aggregates, if the pools are announced as such." },
      aggregationLengthV6: { type: "integer", doc: "The prefix length of IPv6 aggregates." },
    },
    result: { ...text, doc: "The configuration, as text.", required: true },
  },
};

/** The function of the package. */
const getAddress = {
  doc: "Gives the address at a place in a pool, by arithmetic alone: nothing is asked of a cluster.",
  args: {
    addresses: { type: "array", doc: "Entries of a pool: addresses, CIDRs and ranges.", items: text, required: true },
    exclude: { type: "array", doc: "Entries that are left out.", items: text },
    index: { type: "integer", doc: "The place in the pool, in order: 0 is the first, -1 the last. Default 0." },
  },
  outputs: { address: { ...text, doc: "The address.", required: true } },
} as const;

/** The names of the components. */
export type ComponentName = keyof typeof components;

/** The names of a component's outputs: what `construct` must give back. */
export function outputNames(component: ComponentName): string[] {
  return Object.keys({ ...components[component].outputs, ...objectOutputs[component] });
}

/** Programs that show a component, by component and language. */
export type Samples = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The samples of a component in the form from which each SDK takes that of its own language. */
function sampleText(programs: Readonly<Record<string, string>> = {}): string {
  const blocks = Object.entries(programs).map(([language, program]) => `\`\`\`${language}\n${program.trimEnd()}\n\`\`\``);
  if (blocks.length === 0) return "";
  return `\n\n{{% examples %}}\n## Example Usage\n{{% example %}}\n\n${blocks.join("\n")}\n{{% /example %}}\n{{% /examples %}}`;
}

/** The package's schema. @see https://www.pulumi.com/docs/iac/extending-pulumi/schema/ */
export function schema(samples: Samples = {}): Json {
  const types: Record<string, Json> = {};
  const resources = Object.fromEntries(
    Object.entries(components).map(([name, { doc, args, outputs }]) => {
      const inputs = properties(args, name, types);
      return [
        typeToken(name),
        {
          description: `${doc}${sampleText(samples[name])}`,
          isComponent: true,
          ...methodsOf(name),
          inputProperties: { ...inputs.properties, ...(name === "ExposedService" ? backends : {}) },
          requiredInputs: inputs.required,
          properties: { ...properties(outputs, name, types).properties, ...objectOutputs[name as ComponentName] },
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
    publisher: "Berth",
    language: {
      nodejs: {
        packageName: "@berth/sdk",
        liftSingleValueMethodReturns: true,
        respectSchemaVersion: true,
        dependencies: { "@pulumi/pulumi": "^3.200.0" },
        typescriptVersion: "^5.9.0",
      },
      python: {
        packageName: "pulumi_berth",
        liftSingleValueMethodReturns: true,
        pyproject: { enabled: true },
        respectSchemaVersion: true,
        requires: { pulumi: ">=3.200.0,<4.0.0" },
      },
      go: {
        liftSingleValueMethodReturns: true,
        importBasePath: "berth.dev/sdk/go/berth",
        respectSchemaVersion: true,
        generateResourceContainerTypes: true,
      },
    },
    types,
    resources,
    functions: functions(types),
  };
}

function methodsOf(component: string): Json {
  const own = Object.entries(methods).filter(([, { of }]) => of === component);
  return own.length === 0 ? {} : { methods: Object.fromEntries(own.map(([name]) => [name, typeToken(`${component}/${name}`)])) };
}

function functions(types: Record<string, Json>): Json {
  const entries = Object.entries(methods).map(([name, { of, doc, args, result }]) => {
    const inputs = properties(args, `${of}${capital(name)}`, types);
    const self = { __self__: { $ref: `#/resources/${typeToken(of)}` } };
    const outputs = properties({ result }, `${of}${capital(name)}`, types);
    return [
      typeToken(`${of}/${name}`),
      {
        description: doc,
        inputs: { type: "object", properties: { ...self, ...inputs.properties }, required: ["__self__", ...inputs.required] },
        outputs: { type: "object", properties: outputs.properties, required: outputs.required },
      },
    ] as const;
  });
  const inputs = properties(getAddress.args, "GetAddress", types);
  const outputs = properties(getAddress.outputs, "GetAddress", types);
  return {
    ...Object.fromEntries(entries),
    [typeToken("getAddress")]: {
      description: getAddress.doc,
      inputs: { type: "object", properties: inputs.properties, required: inputs.required },
      outputs: { type: "object", properties: outputs.properties, required: outputs.required },
    },
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
      ...(field.type === "boolean" && field.plain === true ? { plain: true } : {}),
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
