import assert from "node:assert/strict";
import { bgpPeerSpec } from "@berth/api/bgpPeer";
import { eipSpec } from "@berth/api/eip";
import type { Field, Fields } from "@berth/api/schema";
import type { Make } from "./doors.ts";
import type { Step } from "./engine.ts";

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
interface Leaf {
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
function withLeaf(object: object, { path, value }: Leaf): object {
  const [first = "", ...rest] = path;
  const inner = (object as Readonly<Record<string, object>>)[first] ?? {};
  return { ...object, [first]: rest.length === 0 ? value : withLeaf(inner, { path: rest, value }) };
}

/** Every field of an Eip that can be given by itself. */
export const eipLeaves = leaves(eipSpec, "eip");
/** Every field of a BgpPeer that can be given by itself. */
export const peerLeaves = leaves(bgpPeerSpec, "bgpPeer");

const quiet = { waitForReady: false };
const nameOf = (kind: "pool" | "peer", { path }: Leaf): string => `${kind}-${path.join("-").toLowerCase()}`;

/** Declares a pool or peer for each field. @param isEdited whether each has one more field, another each */
export function makeLeaves(make: Make, isEdited: boolean): void {
  for (const [index, leaf] of eipLeaves.entries()) {
    const base = { address: `10.${100 + index}.0.0/24`, ...quiet };
    make("Eip", nameOf("pool", leaf), isEdited ? withLeaf(base, leaf) : base);
  }
  for (const [index, leaf] of peerLeaves.entries()) {
    const base = { conf: { neighborAddress: `172.30.3.${index}`, peerAs: 65001 }, ...quiet };
    make("BgpPeer", nameOf("peer", leaf), isEdited ? withLeaf(base, leaf) : base);
  }
}

/** @throws AssertionError where a preview of the edit does anything to a field's object but to change that field in place */
export function assertEditedAlone(steps: readonly Step[]): void {
  const fields = [...eipLeaves.map((leaf) => ["pool", leaf] as const), ...peerLeaves.map((leaf) => ["peer", leaf] as const)];
  for (const [kind, leaf] of fields) {
    const name = nameOf(kind, leaf);
    const step = steps.find((one) => one.name === name && /^kubernetes:.*:(Eip|BgpPeer)$/.test(one.type));
    assert.equal(step?.op, "update", `${name}: ${step?.op}`);
    assert.equal(step.paths.length, 1, `${name}: ${step.paths.join(", ")}`);
    const [changed = "none"] = step.paths;
    assert.ok(`spec.${leaf.path.join(".")}`.startsWith(changed.replace(/\[.*|\["?.*/, "")), `${name}: ${changed}`);
  }
}
