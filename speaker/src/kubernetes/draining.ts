import type { Refusal } from "../announce/view.ts";
import type { EndpointSlice, Node } from "./objects.ts";

/** Taints that say of a node that it is about to go. */
const leavingTaints = [
  "node.kubernetes.io/out-of-service",
  "ToBeDeletedByClusterAutoscaler",
  "karpenter.sh/disrupted",
  "karpenter.sh/disruption",
];

/** What is remembered between two looks at the cluster. */
export interface Drains {
  /** Nodes that are being emptied, and why that is believed. */
  readonly nodes: ReadonlyMap<string, Refusal>;
  /** The endpoints that each node had, as text. */
  readonly endpoints: ReadonlyMap<string, ReadonlySet<string>>;
}

export const noDrains: Drains = { nodes: new Map(), endpoints: new Map() };

/**
 * Which nodes are being emptied: those that are cordoned and, since then, lost an endpoint or have one that ends, which is what
 * `kubectl drain` does; until they are uncordoned. A cordon alone is none: what runs there still serves. A taint that announces the
 * node's end counts at once. Pure: the memory comes in and goes out.
 */
export function followDrains(before: Drains, nodes: readonly Node[], slices: readonly EndpointSlice[]): Drains {
  const endpoints = new Map<string, Set<string>>();
  const ending = new Set<string>();
  for (const { metadata, endpoints: list } of slices) {
    for (const { nodeName, conditions, addresses } of list ?? []) {
      if (nodeName === undefined) continue;
      if (conditions?.terminating === true) ending.add(nodeName);
      const held = endpoints.get(nodeName) ?? new Set();
      for (const address of addresses ?? []) held.add(`${metadata.namespace}/${address}`);
      endpoints.set(nodeName, held);
    }
  }
  const draining = new Map<string, Refusal>();
  for (const { metadata, spec } of nodes) {
    const { name } = metadata;
    const taint = spec?.taints?.find(({ key }) => leavingTaints.includes(key));
    const lost = [...(before.endpoints.get(name) ?? [])].some((endpoint) => endpoints.get(name)?.has(endpoint) !== true);
    const isCordoned = spec?.unschedulable === true;
    if (taint !== undefined) draining.set(name, refusal(name, `carries the taint ${taint.key}`));
    else if (isCordoned && (before.nodes.has(name) || ending.has(name) || lost))
      draining.set(name, refusal(name, "is cordoned, and its pods leave"));
  }
  return { nodes: draining, endpoints };
}

function refusal(name: string, why: string): Refusal {
  return { reason: "NodeDraining", message: `node ${name} ${why}` };
}
