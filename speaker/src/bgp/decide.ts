import { rackLabel } from "@berth/api/annotations";
import type { EipBgp } from "@berth/api/eipBgp";
import { selects } from "../announce/selector.ts";
import type { AddressSpan, AssignedAddress, ClusterView, NodeView, Refusal } from "../announce/view.ts";
import { type Address, bitsOf, formatAddress } from "../net/address.ts";
import { hostPrefix, type Prefix, prefixOf } from "../net/prefix.ts";
import { parseCommunity, parseLargeCommunity } from "./communities.ts";
import { type Destination, destinationOf } from "./ribOut.ts";

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

/** What is announced for one address, the path by this node first; or why not. */
export type AddressDecision =
  | { readonly address: Address; readonly routes: readonly OfferedRoute[] }
  | { readonly address: Address; readonly refusal: Refusal };

const no = (reason: string, message: string): Refusal => ({ reason, message });

/** Decides on every address that BGP announces. @param hasOthers whether any peer is told of other nodes' next hops */
export function decide(view: ClusterView, node: NodeView, hasOthers: boolean): AddressDecision[] {
  const others = hasOthers ? view.nodes.filter((other) => other !== node && isInRackOf(view, node, other)) : [];
  const terms = new TermsCache();
  return view.addresses
    .filter(({ eip }) => (eip.spec.protocol ?? "") === "" || eip.spec.protocol === "bgp")
    .map((assigned): AddressDecision => {
      const { address } = assigned;
      const own = judgeNode(node, assigned);
      const nodes = [...(own === undefined ? [node] : []), ...others.filter((other) => judgeNode(other, assigned) === undefined)];
      if (nodes.length === 0) return { address, refusal: own ?? no("NoNextHop", "no node serves the address") };
      const destination = destinationOf(announcedPrefix(assigned));
      return { address, routes: nodes.map((one) => ({ destination, terms: terms.of(assigned, one, one === node) })) };
    });
}

/** With racks, next hops stay in the rack; a node without one has them all. OpenELB's rule. */
function isInRackOf({ bgpConf }: ClusterView, node: NodeView, other: NodeView): boolean {
  const rack = node.labels[rackLabel];
  return rack === undefined || bgpConf?.spec.asPerRack === undefined || other.labels[rackLabel] === rack;
}

/** Why a node is no next hop of an address. */
function judgeNode(node: NodeView, { address, localOnly, endpointsByNode, eip }: AssignedAddress): Refusal | undefined {
  const away = node.refusal ?? node.draining;
  if (away !== undefined) return away;
  if (!selects(eip.spec.bgp?.nodeSelector, node.labels))
    return no("NodeNotSelected", `Eip ${eip.metadata.name}: spec.bgp.nodeSelector does not select node ${node.name}`);
  if (nextHopOf(node, address) === undefined)
    return no("NoNextHop", `node ${node.name} has no IPv${address.family} InternalIP to be the next hop`);
  if (endpointsByNode.size === 0) return no("NoEndpoint", "the Service has no ready endpoint on any node");
  if (localOnly && !endpointsByNode.has(node.name))
    return no("NoLocalEndpoint", `node ${node.name} has no ready endpoint, and externalTrafficPolicy is Local`);
  return undefined;
}

function nextHopOf(node: NodeView, address: Address): Address | undefined {
  return node.internalAddresses.find((candidate) => candidate.family === address.family);
}

/** What is announced for an address: itself, or the network that its Eip wants. */
function announcedPrefix(assigned: AssignedAddress): Prefix {
  const aggregate = aggregateOf(assigned.address, assigned.eip.spec.bgp);
  if (aggregate === undefined || judgeAggregate(aggregate, assigned.localOnly, assigned.pool ?? []) !== undefined)
    return hostPrefix(assigned.address);
  return aggregate;
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

/** One object for equal terms. */
class TermsCache {
  readonly #known = new Map<string, RouteTerms>();

  of({ address, eip, endpointsByNode }: AssignedAddress, node: NodeView, isOwn: boolean): RouteTerms {
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

/**
 * The routes of those addresses that are announced. An aggregate that several addresses ask for is one route; where two Eips ask for
 * the same one, communities are joined, and the rest is what the Eip of the lowest address says.
 */
export function offeredRoutes(decisions: readonly AddressDecision[]): OfferedRoute[] {
  const routes = new Map<string, OfferedRoute>();
  for (const decision of decisions) {
    if ("refusal" in decision) continue;
    for (const route of decision.routes) {
      const key = `${route.destination.key} ${route.terms.pathId}`;
      const before = routes.get(key);
      if (before === undefined) routes.set(key, route);
      else if (before.terms !== route.terms) routes.set(key, { ...before, terms: joined(before.terms, route.terms) });
    }
  }
  return [...routes.values()];
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
