import { bgpConfSpec, bgpConfStatus } from "./bgpConf.ts";
import { bgpPeerRules, bgpPeerSpec, bgpPeerStatus } from "./bgpPeer.ts";
import { eipRules, eipSpec, eipStatus } from "./eip.ts";
import type { Field, Fields, Rule } from "./schema.ts";
import { berthGroup, berthVersion, serviceAnnouncementStatus } from "./serviceAnnouncement.ts";

/** The API group and version that OpenELB serves, and so do we. */
export const group = "network.kubesphere.io";
export const version = "v1alpha2";
export const apiVersion = `${group}/${version}`;

/** A JSON schema of a CRD, with Kubernetes' extensions. */
type JsonSchema = { readonly [key: string]: unknown };

interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "date";
  readonly jsonPath: string;
  readonly priority?: number;
}

interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  /** Absent on a kind that is a report and nothing else: namespaced, in Berth's own group, written whole. */
  readonly spec?: Fields;
  /** Rules over several fields of the spec. */
  readonly rules?: readonly Rule[];
  readonly status: Fields;
  readonly columns: readonly Column[];
}

const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
const condition = (type: string, what: "status" | "message" | "reason"): string =>
  `.status.conditions[?(@.type=="${type}")].${what}`;

/** The kinds of our API: one row has all that a CRD needs. */
export const definitions = {
  Eip: {
    kind: "Eip",
    plural: "eips",
    shortNames: [],
    spec: eipSpec,
    rules: eipRules,
    status: eipStatus,
    columns: [
      { name: "cidr", type: "string", jsonPath: ".spec.address" },
      { name: "protocol", type: "string", jsonPath: ".spec.protocol" },
      { name: "usage", type: "integer", jsonPath: ".status.usage" },
      { name: "total", type: "string", jsonPath: ".status.poolSizeText" },
      { name: "ready", type: "string", jsonPath: condition("Ready", "status") },
      { name: "reason", type: "string", jsonPath: condition("Ready", "reason"), priority: 1 },
      age,
    ],
  },
  BgpConf: {
    kind: "BgpConf",
    plural: "bgpconfs",
    shortNames: [],
    spec: bgpConfSpec,
    status: bgpConfStatus,
    columns: [
      { name: "as", type: "integer", jsonPath: ".spec.as" },
      { name: "port", type: "integer", jsonPath: ".spec.listenPort" },
      { name: "ready", type: "string", jsonPath: condition("Ready", "status") },
      { name: "reason", type: "string", jsonPath: condition("Ready", "reason"), priority: 1 },
      age,
    ],
  },
  BgpPeer: {
    kind: "BgpPeer",
    plural: "bgppeers",
    shortNames: [],
    spec: bgpPeerSpec,
    rules: bgpPeerRules,
    status: bgpPeerStatus,
    columns: [
      { name: "neighbor", type: "string", jsonPath: ".spec.conf.neighborAddress" },
      { name: "peer-as", type: "integer", jsonPath: ".spec.conf.peerAs" },
      { name: "established", type: "string", jsonPath: condition("Established", "reason") },
      { name: "ready", type: "string", jsonPath: condition("Ready", "status") },
      { name: "sessions", type: "string", jsonPath: condition("Established", "message"), priority: 1 },
      age,
    ],
  },
  ServiceAnnouncement: {
    kind: "ServiceAnnouncement",
    plural: "serviceannouncements",
    shortNames: ["svcann"],
    status: serviceAnnouncementStatus,
    columns: [
      { name: "service", type: "string", jsonPath: ".status.service" },
      { name: "address", type: "string", jsonPath: ".status.address" },
      { name: "node", type: "string", jsonPath: ".status.node" },
      { name: "announcing", type: "boolean", jsonPath: ".status.announcing" },
      { name: "via", type: "string", jsonPath: ".status.via" },
      { name: "since", type: "date", jsonPath: ".status.since" },
      { name: "why", type: "string", jsonPath: ".status.message" },
      { name: "protocol", type: "string", jsonPath: ".status.protocol", priority: 1 },
      { name: "conflict", type: "string", jsonPath: ".status.conflict.mac", priority: 1 },
    ],
  },
} as const satisfies Readonly<Record<string, Definition>>;

/** A CustomResourceDefinition as plain JSON. */
export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string };
  readonly spec: { readonly [key: string]: unknown };
}

/** The CustomResourceDefinitions of our API, in a stable order. */
export function crds(): CustomResourceDefinition[] {
  return Object.values(definitions).map((definition: Definition) => {
    const { spec } = definition;
    const [itsGroup, itsVersion] = spec === undefined ? [berthGroup, berthVersion] : [group, version];
    return {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${definition.plural}.${itsGroup}` },
      spec: {
        group: itsGroup,
        scope: spec === undefined ? "Namespaced" : "Cluster",
        names: {
          kind: definition.kind,
          listKind: `${definition.kind}List`,
          plural: definition.plural,
          singular: definition.kind.toLowerCase(),
          categories: ["networking"],
          ...(definition.shortNames.length > 0 ? { shortNames: definition.shortNames } : {}),
        },
        versions: [
          {
            name: itsVersion,
            served: true,
            storage: true,
            ...(spec === undefined ? {} : { subresources: { status: {} } }),
            additionalPrinterColumns: definition.columns,
            schema: { openAPIV3Schema: objectOf(spec, definition.rules, definition.status) },
          },
        ],
      },
    };
  });
}

function objectOf(spec: Fields | undefined, rules: readonly Rule[] | undefined, status: Fields): JsonSchema {
  const checks = rules === undefined ? {} : { "x-kubernetes-validations": rules };
  return {
    type: "object",
    required: [spec === undefined ? "status" : "spec"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      ...(spec === undefined ? {} : { spec: { ...objectSchema("What is wanted.", spec), ...checks } }),
      status: objectSchema("What is; written by Berth.", status),
    },
  };
}

function objectSchema(description: string, fields: Fields): JsonSchema {
  const required = Object.entries(fields).flatMap(([name, field]) => (field.required === true ? [name] : []));
  return {
    type: "object",
    description,
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)])),
  };
}

function fieldSchema(field: Field): JsonSchema {
  const rules = field.rules === undefined ? {} : { "x-kubernetes-validations": field.rules };
  const common = { description: field.doc, ...rules };
  switch (field.type) {
    case "string":
      return { type: "string", ...common, ...pick(field, ["enum", "default", "minLength", "maxLength", "pattern", "format"]) };
    case "integer":
      return { type: "integer", format: "int64", ...common, ...pick(field, ["minimum", "maximum", "default"]) };
    case "boolean":
      return { type: "boolean", ...common, ...pick(field, ["default"]) };
    case "array": {
      const list =
        field.listMapKeys === undefined
          ? {}
          : { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": field.listMapKeys };
      return { type: "array", ...common, ...list, ...pick(field, ["maxItems"]), items: fieldSchema(field.items) };
    }
    case "map":
      return { type: "object", ...common, ...pick(field, ["maxProperties"]), additionalProperties: fieldSchema(field.values) };
    case "object":
      return { ...objectSchema(field.doc, field.fields), ...rules };
    default:
      return field satisfies never;
  }
}

function pick<T extends object>(field: T, keys: readonly string[]): JsonSchema {
  return Object.fromEntries(Object.entries(field).filter(([key]) => keys.includes(key)));
}
