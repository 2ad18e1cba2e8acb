import { sha256 } from "./sha256.ts";

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
