import type { Address } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { linkBandwidth } from "./communities.ts";
import type { RouteTerms } from "./decide.ts";
import { isInternalPeer } from "./open.ts";
import type { PeerConfig } from "./peerConfig.ts";
import { applyPolicy } from "./policy/apply.ts";
import type { Policy } from "./policy/model.ts";
import { type PathAttributes, pathsOf, type Route, type Routes, routesOf } from "./ribOut.ts";
import { type RouteTable, unpackRoutes } from "./routeTable.ts";

const defaultLocalPref = 100;

/** What every peer's table is made of. */
export interface Offer {
  readonly table: RouteTable;
  readonly policy: Policy;
  /** Communities that every route carries besides its own. */
  readonly communities: readonly number[];
}

/** The table that one peer is told. */
export function tableFor(peer: PeerConfig, offer: Offer): Routes {
  const routes = routesFor(peer, offer);
  return peer.outbound.nextHops === "all" ? pathsOf(atMost(peer, [...routes])) : routesOf(routes, offer.table.size);
}

/** Peers with equal keys are told the same. */
export function tableKey({ name, address, session, outbound }: PeerConfig, { table, policy }: Offer): string {
  const isSelected = table.terms.some(({ peers }) => peers !== undefined);
  const isMatched = policy.stages.some(({ steps }) =>
    steps.some(({ conditions }) => conditions.some(({ type }) => type === "neighbor")),
  );
  return JSON.stringify([
    isInternalPeer(session) ? "internal" : [session.localAs, outbound.replacesPeerAs ? session.peerAs : 0],
    outbound,
    isSelected ? name : "",
    isMatched ? String(address.value) : "",
  ]);
}

/** Where a peer takes several paths to a prefix, so many as it is to be sent. */
function atMost({ outbound, session }: PeerConfig, routes: readonly Route[]): readonly Route[] {
  const counts = new Map<string, number>();
  return routes.filter(({ destination }) => {
    const most = session.addPathSend.includes(destination.family) ? (outbound.sendMax[destination.family] ?? 1) : undefined;
    const count = (counts.get(destination.key) ?? 0) + 1;
    counts.set(destination.key, count);
    return most === undefined || count <= most;
  });
}

/** The routes that one peer is told: an external one gets our AS in the path, an internal one a local preference. @see RFC 4271 §5.1 */
export function* routesFor(peer: PeerConfig, { table, policy, communities }: Offer): Generator<Route> {
  // One object for equal attributes: routes that share it share messages.
  const plain = new Map<RouteTerms, PathAttributes>();
  const changed = new Map<PathAttributes, Map<string, PathAttributes>>();
  const self = ownNextHops(table.terms);
  for (const { destination, terms } of unpackRoutes(table)) {
    if (terms.peers !== undefined && !terms.peers.includes(peer.name)) continue;
    if (peer.outbound.nextHops === "self" && !terms.isOwn) continue;
    let attributes = plain.get(terms);
    if (attributes === undefined) {
      attributes = attributesOf(peer, terms, communities);
      plain.set(terms, attributes);
    }
    if (policy.stages.length > 0) {
      const own = self.get(attributes.nextHop.family) ?? attributes.nextHop;
      const applied = applyPolicy(policy, destination.prefix, attributes, peer.address, own);
      if (applied.attributes === undefined) continue;
      const byTrace = changed.get(attributes) ?? new Map<string, PathAttributes>();
      changed.set(attributes, byTrace);
      attributes = byTrace.get(applied.trace) ?? polished(peer, applied.attributes);
      byTrace.set(applied.trace, attributes);
    }
    yield { destination, pathId: terms.pathId, attributes };
  }
}

/** The node's own next hop of each family. */
function ownNextHops(all: readonly RouteTerms[]): ReadonlyMap<number, Address> {
  const own = new Map<number, Address>();
  for (const { isOwn, nextHop } of all) if (isOwn) own.set(nextHop.family, nextHop);
  return own;
}

function attributesOf(peer: PeerConfig, terms: RouteTerms, added: readonly number[]): PathAttributes {
  const { localAs } = peer.session;
  const { communities: sends } = peer.outbound;
  const isInternal = isInternalPeer(peer.session);
  const communities = [...new Set([...terms.communities, ...added])].sort((a, b) => a - b);
  const isLeaving = added.length > 0;
  return {
    nextHop: terms.nextHop,
    ...(isInternal
      ? { asPath: [], localPref: isLeaving ? 0 : (terms.localPref ?? defaultLocalPref) }
      : { asPath: Array<Asn>(1 + terms.prepend).fill(localAs) }),
    ...(terms.med === undefined ? {} : { med: terms.med }),
    ...(sends.standard && communities.length > 0 ? { communities } : {}),
    ...(sends.large && terms.largeCommunities.length > 0 ? { largeCommunities: terms.largeCommunities } : {}),
    ...(sends.extended && terms.endpoints !== undefined
      ? { extendedCommunities: [linkBandwidth(localAs, terms.endpoints)] }
      : {}),
  };
}

/** What the peer's own options make of a path that a policy may have changed. */
function polished({ session, outbound }: PeerConfig, attributes: PathAttributes): PathAttributes {
  const { localAs, peerAs } = session;
  const isInternal = isInternalPeer(session);
  const { localPref, communities, largeCommunities, ...rest } = attributes;
  const asPath = attributes.asPath.flatMap((as): readonly Asn[] => {
    if (isInternal || as === localAs) return [as];
    if (outbound.replacesPeerAs && as === peerAs) return [localAs];
    if (!isPrivate(as) || outbound.privateAs === "keep") return [as];
    return outbound.privateAs === "replace" ? [localAs] : [];
  });
  return {
    ...rest,
    asPath,
    ...(isInternal ? { localPref: localPref ?? defaultLocalPref } : {}),
    ...(communities !== undefined && outbound.communities.standard && communities.length > 0 ? { communities } : {}),
    ...(largeCommunities !== undefined && outbound.communities.large && largeCommunities.length > 0 ? { largeCommunities } : {}),
  };
}

/** @see RFC 6996 §5 */
function isPrivate(as: Asn): boolean {
  return (as >= 64512 && as <= 65534) || (as >= 4200000000 && as <= 4294967294);
}
