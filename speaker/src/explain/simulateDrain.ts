import { wellNodes } from "../kubernetes/announced.ts";
import { keyOf } from "../kubernetes/objects.ts";
import { nodeView } from "../kubernetes/view.ts";
import type { ClusterFacts } from "./clusterFacts.ts";
import { servingNodes } from "./question.ts";

/** What becomes of one Service when a node is drained. */
export interface DrainRow {
  readonly service: string;
  readonly address: string;
  readonly protocol: string;
  /** "moves", "goes on", or "goes dark". */
  readonly outcome: "moves" | "goes on" | "goes dark";
  readonly message: string;
}

/**
 * What becomes of everything that a node announces when it is drained: its speaker stops, and its endpoints go elsewhere or nowhere.
 * @returns undefined when there is no such node; an empty list when it announces nothing
 */
export function simulateDrain(facts: ClusterFacts, name: string): DrainRow[] | undefined {
  if (!facts.nodes.some(({ metadata }) => metadata.name === name)) return undefined;
  const well = wellNodes(facts.speakers);
  const able = facts.nodes
    .map(nodeView)
    .filter((node) => node.name !== name && node.refusal === undefined && well.has(node.name))
    .map((node) => node.name);
  return facts.announcements
    .filter(({ status }) => status.announcing && status.node === name)
    .map(({ metadata, status }): DrainRow => {
      const key = `${metadata.namespace}/${status.service}`;
      const service = facts.services.find((candidate) => keyOf(candidate) === key);
      const isLocal = service?.spec.externalTrafficPolicy === "Local";
      const serving = service === undefined ? new Set<string>() : servingNodes(facts, service);
      const elsewhere = [...serving].filter((node) => node !== name);
      const others = isLocal ? able.filter((node) => serving.has(node)) : able;
      const row = (outcome: DrainRow["outcome"], message: string): DrainRow => ({
        service: key,
        address: status.address,
        protocol: status.protocol,
        outcome,
        message,
      });
      if (elsewhere.length === 0)
        return row("goes dark", `all its endpoints are on ${name}; it is back when its pods run elsewhere`);
      if (others.length === 0)
        return row(
          "goes dark",
          isLocal ? "no other node has an endpoint, and externalTrafficPolicy is Local" : "no other node may announce",
        );
      if (status.protocol === "layer2") return row("moves", `to one of ${others.join(", ")}, before this node falls silent`);
      const still = facts.announcements
        .filter((other) => other.status.announcing && other.status.address === status.address && other.status.node !== name)
        .map((other) => other.status.node);
      return still.length === 0
        ? row("moves", `to ${others.join(", ")}`)
        : row("goes on", `by ${[...new Set(still)].sort().join(", ")}; this node says GRACEFUL_SHUTDOWN first, then withdraws`);
    })
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}
