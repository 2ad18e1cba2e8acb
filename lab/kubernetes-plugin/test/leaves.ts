import { bgpPeerSpec } from "@berth/api/bgpPeer";
import { eipSpec } from "@berth/api/eip";
import type { Field, Fields } from "@berth/api/schema";

/** A value for each field of Eip and BgpPeer, made from their schemas. */

/** Values of fields whose text has to have a form. */
const samples: Readonly<Record<string, unknown>> = {
  "bgpPeer.conf.neighborInterface": "eth0",
  "bgpPeer.conf.vrf": "blue",
  "bgpPeer.transport.localAddress": "172.30.0.11",
  "bgpPeer.transport.remoteAddress": undefined,
  "bgpPeer.conf.dynamicAs": undefined,
  "bgpPeer.conf.neighborAddress": undefined,
  "bgpPeer.conf.authPassword": undefined,
  "bgpPeer.conf.peerAs": 65009,
  "bgpPeer.ttlSecurity.ttlMin": undefined,
  "bgpPeer.timers.config.holdTime": "30",
  "bgpPeer.transport.tcpMss": 1400,
  "eip.address": undefined,
  "eip.interface": "eth1",
  "eip.bgp.aggregationLength": 26,
  "eip.bgp.aggregationLengthV6": 64,
};

/** A value for a field, or undefined where none can be given by itself. */
function sample(field: Field, path: string): unknown {
  if (path in samples) return samples[path];
  switch (field.type) {
    case "string":
      return field.enum === undefined ? (field.rules === undefined ? "x" : undefined) : field.enum.find((one) => one !== "");
    case "integer":
      return Math.max(field.minimum ?? 1, 1);
    case "boolean":
      return true;
    case "array": {
      const item = sample(field.items, `${path}[]`);
      return item === undefined ? undefined : [item];
    }
    case "map":
      return { a: sample(field.values, `${path}{}`) };
    case "object": {
      const required = Object.entries(field.fields).filter(([, one]) => one.required === true);
      return Object.fromEntries(required.map(([name, one]) => [name, sample(one, `${path}.${name}`)]));
    }
    default:
      return field satisfies never;
  }
}

/** A field and a value that it can have. */
export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Every field that can be given by itself, objects by their parts. */
function leaves(fields: Fields, root: string, path: readonly string[] = []): Leaf[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const here = [...path, name];
    if (
      field.type === "object" &&
      name !== "nodeSelector" &&
      Object.values(field.fields).every((one) => one.required !== true || name === "conf")
    )
      return leaves(field.fields, root, here);
    const value = sample(field, [root, ...here].join("."));
    return value === undefined ? [] : [{ path: here, value }];
  });
}

/** An object with one more field, deep inside. */
export function withLeaf(object: object, { path, value }: Leaf): object {
  const [first = "", ...rest] = path;
  const inner = (object as Readonly<Record<string, object>>)[first] ?? {};
  return { ...object, [first]: rest.length === 0 ? value : withLeaf(inner, { path: rest, value }) };
}

/** Every field of an Eip that can be given by itself. */
export const eipLeaves = leaves(eipSpec, "eip");
/** Every field of a BgpPeer that can be given by itself. */
export const peerLeaves = leaves(bgpPeerSpec, "bgpPeer");
