import { sha256 } from "./sha256.ts";

/** A node that can serve an address. */
export interface Candidate {
  readonly name: string;
  /** Higher ones come first, whatever their share. */
  readonly score: number;
}

/** No node is put first for more than so many times its mean share of addresses. */
const bound = 1.25;

/**
 * The order in which nodes are asked to answer for an address: by sha256 of "node#address", OpenELB's rule, so that every speaker
 * computes the same from the same inputs and no message is exchanged.
 * @param nodes names of nodes that can serve; order does not matter; may be empty
 * @param address the external address as text; IPv4 and IPv6 are ordered separately
 */
export function nodeOrder(nodes: readonly string[], address: string): string[] {
  return nodes
    .map((node) => ({ node, hash: sha256(`${node}#${address}`) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0))
    .map(({ node }) => node);
}

/**
 * The orders of all addresses that the same nodes can serve. Each begins as `nodeOrder` says, but no node is first for more than
 * 1.25 times its share, nor is it second for more than 1.25 times its share of what another node would leave behind. A node that is
 * full is passed over for the next with room; which addresses that are depends on addresses and names alone.
 * @param addresses as texts, in an order that all speakers share
 */
export function boundedOrders(candidates: readonly Candidate[], addresses: readonly string[]): Map<string, string[]> {
  const tiers = [...Map.groupBy(candidates, ({ score }) => score)]
    .sort(([a], [b]) => b - a)
    .map(([, members]) => members.map(({ name }) => name));
  const orders = new Map(addresses.map((address) => [address, tiers.flatMap((tier) => nodeOrder(tier, address))]));
  const size = tiers[0]?.length ?? 0;
  bringForward(addresses, orders, 0, size);
  const [tiersOfSecond, seconds] = size > 1 ? [0, size] : [1, 1 + (tiers[1]?.length ?? 0)];
  for (const group of Map.groupBy(addresses, (address) => orders.get(address)?.[0] ?? "").values())
    if (tiersOfSecond < tiers.length) bringForward(group, orders, 1, seconds);
  return orders;
}

/** Fills one place of the orders from the places up to `end`, so that no node has it more often than the bound allows. */
function bringForward(addresses: readonly string[], orders: Map<string, string[]>, place: number, end: number): void {
  const choices = end - place;
  if (choices < 2) return;
  const mean = addresses.length / choices;
  const capacity = Math.max(Math.ceil(mean), Math.floor(mean * bound));
  const load = new Map<string, number>();
  for (const address of addresses) {
    const order = orders.get(address) ?? [];
    const at = order.findIndex((node, index) => index >= place && index < end && (load.get(node) ?? 0) < capacity);
    const [node = ""] = order.splice(at, 1);
    order.splice(place, 0, node);
    load.set(node, (load.get(node) ?? 0) + 1);
  }
}

/** `boundedOrders` that remembers: most changes of the cluster leave nodes and addresses as they were. */
export class Orders {
  #known = new Map<string, ReadonlyMap<string, readonly string[]>>();

  of(candidates: readonly Candidate[], addresses: readonly string[]): ReadonlyMap<string, readonly string[]> {
    const key = JSON.stringify([candidates, addresses]);
    const orders = this.#known.get(key) ?? boundedOrders(candidates, addresses);
    if (this.#known.size > 64) this.#known = new Map();
    this.#known.set(key, orders);
    return orders;
  }
}
