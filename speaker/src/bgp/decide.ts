import { rackLabel } from "@berth/api/annotations";
import type { EipBgp } from "@berth/api/eipBgp";
import { selects } from "../announce/selector.ts";
import type { AddressSpan, AssignedAddress, ClusterView, NodeView, Refusal } from "../announce/view.ts";
import { type Address, bitsOf, formatAddress } from "../net/address.ts";
import { formatPrefix, type Prefix, prefixOf } from "../net/prefix.ts";
import { parseCommunity, parseLargeCommunity } from "./communities.ts";
import { type Destination, destinationOf } from "./destination.ts";

/** What is said of a route besides where it leads. Routes that share one object share messages, and travel between threads at no cost. */
export interface RouteTerms {
  readonly nextHop: Address;
  /** @see RFC 7911 §3 */
  readonly pathId: number;
  /** Whether the next hop is the node that says it: all that is told of an address unless next hops are `all`. */
  readonly isOwn: boolean;
  readonly communities: readonly number[];
  readonly largeCommunities: readonly (readonly [number, number, number])[];
  readonly localPref: number | undefined;
  readonly med: number | undefined;
  /** How many times more our AS is in the path. */
  readonly prepend: number;
  /** Ready endpoints behind the next hop; undefined: not told. */
  readonly endpoints: number | undefined;
  /** Names of the BgpPeers that get the route; undefined: all. */
  readonly peers: readonly string[] | undefined;
}

/** A route that this node has for its peers, before it is put into the words for one of them. */
export interface OfferedRoute {
  readonly destination: Destination;
  readonly terms: RouteTerms;
}

/**
 * What is announced for an address: the network of so many bits around it, with the terms of each path, the one by this node first;
 * or why nothing is.
 */
type Outcome = { readonly length: number; readonly paths: readonly RouteTerms[] } | { readonly refusal: Refusal };

/** What became of one address. */
export type AddressDecision = { readonly address: Address } & Outcome;

/**
 * Decisions in the order of the view. There may be a hundred thousand, so each costs one reference, to what it shares with its
 * neighbours; the rest is made while they are read.
 */
export class Decisions implements Iterable<AddressDecision> {
  readonly #addresses: readonly AssignedAddress[];
  /** Beside each address; undefined where BGP does not announce it. */
  readonly #outcomes: readonly (Outcome | undefined)[];

  constructor(addresses: readonly AssignedAddress[], outcomes: readonly (Outcome | undefined)[]) {
    this.#addresses = addresses;
    this.#outcomes = outcomes;
  }

  /** How many addresses are announced. */
  get announced(): number {
    return this.#outcomes.reduce((sum, outcome) => (outcome !== undefined && "paths" in outcome ? sum + 1 : sum), 0);
  }

  *[Symbol.iterator](): Generator<AddressDecision> {
    for (const [index, { address }] of this.#addresses.entries()) {
      const outcome = this.#outcomes[index];
      if (outcome === undefined) continue;
      yield "refusal" in outcome
        ? { address, refusal: outcome.refusal }
        : { address, length: outcome.length, paths: outcome.paths };
    }
  }
}

/** No address at all. */
export const noDecisions = new Decisions([], []);

const no = (reason: string, message: string): Refusal => ({ reason, message });

/** Decides on every address that BGP announces. @param hasOthers whether any peer is told of other nodes' next hops */
export function decide(view: ClusterView, node: NodeView, hasOthers: boolean): Decisions {
  const others = hasOthers ? view.nodes.filter((other) => other !== node && isInRackOf(view, node, other)) : [];
  const terms = new TermsCache();
  const judge = new NodeJudge();
  const outcomeOf = (assigned: AssignedAddress): Outcome | undefined => {
    const { eip } = assigned;
    if ((eip.spec.protocol ?? "") !== "" && eip.spec.protocol !== "bgp") return undefined;
    const own = judge.of(node, assigned);
    const nodes = others.filter((other) => judge.of(other, assigned) === undefined);
    if (own === undefined) nodes.unshift(node);
    if (nodes.length === 0) return { refusal: own ?? no("NoNextHop", "no node serves the address") };
    return { length: announcedLength(assigned), paths: terms.of(assigned, nodes, node) };
  };
  let last: Outcome | undefined;
  const outcomes = view.addresses.map((assigned) => {
    const outcome = outcomeOf(assigned);
    if (outcome !== undefined && (last === undefined || !areEqual(last, outcome))) last = outcome;
    return outcome === undefined ? undefined : last;
  });
  return new Decisions(view.addresses, outcomes);
}

/** Whether two addresses can share what is said of them. */
function areEqual(one: Outcome, other: Outcome): boolean {
  if ("refusal" in one || "refusal" in other)
    return (
      "refusal" in one &&
      "refusal" in other &&
      one.refusal.message === other.refusal.message &&
      one.refusal.reason === other.refusal.reason
    );
  return one.length === other.length && one.paths === other.paths;
}

/** With racks, next hops stay in the rack; a node without one has them all. OpenELB's rule. */
function isInRackOf({ bgpConf }: ClusterView, node: NodeView, other: NodeView): boolean {
  const rack = node.labels[rackLabel];
  return rack === undefined || bgpConf?.spec.asPerRack === undefined || other.labels[rackLabel] === rack;
}

/** Why a node is no next hop of an address. What an Eip's selector says of a node is found out once. */
class NodeJudge {
  readonly #selected = new Map<NodeView, Map<AssignedAddress["eip"], boolean>>();

  of(node: NodeView, { address, localOnly, endpointsByNode, eip }: AssignedAddress): Refusal | undefined {
    const away = node.refusal ?? node.draining;
    if (away !== undefined) return away;
    if (!this.#isSelected(node, eip))
      return no("NodeNotSelected", `Eip ${eip.metadata.name}: spec.bgp.nodeSelector does not select node ${node.name}`);
    if (nextHopOf(node, address) === undefined)
      return no("NoNextHop", `node ${node.name} has no IPv${address.family} InternalIP to be the next hop`);
    if (endpointsByNode.size === 0) return no("NoEndpoint", "the Service has no ready endpoint on any node");
    if (localOnly && !endpointsByNode.has(node.name))
      return no("NoLocalEndpoint", `node ${node.name} has no ready endpoint, and externalTrafficPolicy is Local`);
    return undefined;
  }

  #isSelected(node: NodeView, eip: AssignedAddress["eip"]): boolean {
    const byEip = this.#selected.get(node) ?? new Map<AssignedAddress["eip"], boolean>();
    this.#selected.set(node, byEip);
    const known = byEip.get(eip) ?? selects(eip.spec.bgp?.nodeSelector, node.labels);
    byEip.set(eip, known);
    return known;
  }
}

function nextHopOf(node: NodeView, address: Address): Address | undefined {
  return node.internalAddresses.find((candidate) => candidate.family === address.family);
}

/** How much is announced for an address: itself, or the network that its Eip wants. */
function announcedLength({ address, eip, localOnly, pool }: AssignedAddress): number {
  const aggregate = aggregateOf(address, eip.spec.bgp);
  return aggregate === undefined || judgeAggregate(aggregate, localOnly, pool ?? []) !== undefined
    ? bitsOf(address.family)
    : aggregate.length;
}

/** The network that an Eip wants to be announced for an address of it; undefined when it wants the address itself. */
export function aggregateOf(address: Address, bgp: EipBgp | undefined): Prefix | undefined {
  const length = address.family === 4 ? bgp?.aggregationLength : bgp?.aggregationLengthV6;
  return length === undefined || length >= bitsOf(address.family) ? undefined : prefixOf(address, length);
}

/** Why a network is not announced in place of one address in it. */
export function judgeAggregate(aggregate: Prefix, localOnly: boolean, pool: readonly AddressSpan[]): Refusal | undefined {
  if (localOnly)
    return no(
      "LocalTrafficPolicy",
      "externalTrafficPolicy is Local: nodes without an endpoint would get traffic by the network, and drop it",
    );
  const { family, value } = aggregate.address;
  const last = value + (1n << BigInt(bitsOf(family) - aggregate.length)) - 1n;
  return pool.some((span) => span.family === family && span.first <= value && span.last >= last)
    ? undefined
    : no("OutsidePool", "the network is not wholly in the pool: routers would send what is not ours");
}

/** OpenELB's rule for path identifiers: FNV-1a of the next hop's text, 32 bits. The same next hop has the same one from every speaker. */
export function pathIdOf(nextHop: Address): number {
  let hash = 0x811c9dc5;
  for (const octet of new TextEncoder().encode(formatAddress(nextHop))) hash = Math.imul(hash ^ octet, 0x01000193) >>> 0;
  return hash;
}

/** One object for equal terms, and one list for equal paths. */
class TermsCache {
  readonly #known = new Map<string, RouteTerms>();
  readonly #alone = new Map<RouteTerms, readonly RouteTerms[]>();
  #last: { readonly eip: AssignedAddress["eip"]; readonly family: number; readonly paths: readonly RouteTerms[] } | undefined;

  of(assigned: AssignedAddress, nodes: readonly NodeView[], own: NodeView): readonly RouteTerms[] {
    const { eip, address } = assigned;
    const isAlone = nodes.length === 1 && nodes[0] === own;
    if (!isAlone || eip.spec.bgp?.weighted === true) return this.#listOf(assigned, nodes, own);
    // Neighbours in the view mostly are of one Eip.
    if (this.#last?.eip !== eip || this.#last.family !== address.family)
      this.#last = { eip, family: address.family, paths: this.#listOf(assigned, nodes, own) };
    return this.#last.paths;
  }

  #listOf(assigned: AssignedAddress, nodes: readonly NodeView[], own: NodeView): readonly RouteTerms[] {
    const list = nodes.map((one) => this.#termsOf(assigned, one, one === own));
    const [first] = list;
    if (first === undefined || list.length > 1) return list;
    const known = this.#alone.get(first) ?? list;
    this.#alone.set(first, known);
    return known;
  }

  #termsOf({ address, eip, endpointsByNode }: AssignedAddress, node: NodeView, isOwn: boolean): RouteTerms {
    const { bgp } = eip.spec;
    const isWhole = aggregateOf(address, bgp) !== undefined;
    const endpoints = bgp?.weighted === true && !isWhole ? Math.max(1, endpointsByNode.get(node.name) ?? 0) : undefined;
    const key = `${eip.metadata.name} ${node.name} ${address.family} ${endpoints}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const nextHop = nextHopOf(node, address) ?? address;
    const made: RouteTerms = {
      nextHop,
      pathId: pathIdOf(nextHop),
      isOwn,
      communities: numbers((bgp?.communities ?? []).flatMap((text) => parseCommunity(text) ?? [])),
      largeCommunities: (bgp?.largeCommunities ?? []).flatMap((text) => {
        const parsed = parseLargeCommunity(text);
        return parsed === undefined ? [] : [parsed];
      }),
      localPref: bgp?.localPref,
      med: bgp?.med,
      prepend: bgp?.asPathPrepend ?? 0,
      endpoints,
      peers: bgp?.peers === undefined || bgp.peers.length === 0 ? undefined : bgp.peers,
    };
    this.#known.set(key, made);
    return made;
  }
}

/** Without duplicates, the lowest first. */
function numbers(list: readonly number[]): number[] {
  return [...new Set(list)].sort((a, b) => a - b);
}

/** That an address is announced within a larger network, as the end of a sentence; empty for one that is announced on its own. */
export function partOf(decision: AddressDecision): string {
  if ("refusal" in decision || decision.length === bitsOf(decision.address.family)) return "";
  return `, as part of ${formatPrefix(prefixOf(decision.address, decision.length))}`;
}

/**
 * The routes of those addresses that are announced, hosts first, made while they are read. An aggregate that several addresses ask for
 * is one route; where two Eips ask for the same one, communities are joined, and the rest is what the Eip of the lowest address says.
 */
export function* offeredRoutes(decisions: Iterable<AddressDecision>): Generator<OfferedRoute> {
  const aggregates = new Map<string, OfferedRoute>();
  for (const decision of decisions) {
    if ("refusal" in decision) continue;
    const { address, length, paths } = decision;
    if (length === bitsOf(address.family)) {
      const destination = destinationOf({ address, length });
      for (const terms of paths) yield { destination, terms };
      continue;
    }
    const destination = destinationOf(prefixOf(address, length));
    for (const terms of paths) {
      const key = `${destination.key} ${terms.pathId}`;
      const before = aggregates.get(key);
      if (before === undefined) aggregates.set(key, { destination, terms });
      else if (before.terms !== terms) aggregates.set(key, { destination, terms: joined(before.terms, terms) });
    }
  }
  yield* aggregates.values();
}

function joined(first: RouteTerms, second: RouteTerms): RouteTerms {
  const large = [...first.largeCommunities, ...second.largeCommunities];
  return {
    ...first,
    communities: numbers([...first.communities, ...second.communities]),
    largeCommunities: large.filter((one, index) => large.findIndex((other) => String(other) === String(one)) === index),
    peers: first.peers === undefined || second.peers === undefined ? undefined : [...new Set([...first.peers, ...second.peers])],
  };
}
