import { rackLabel } from "@berth/api/annotations";
import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { ClusterView, NodeView, Refusal } from "../announce/view.ts";
import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import { type Asn, asn } from "../net/asn.ts";
import { seconds } from "../net/duration.ts";
import { hostPrefix } from "../net/prefix.ts";
import { type RouteFamily, wireFamily } from "./family.ts";
import { defaultConnectRetry } from "./iana.ts";
import { isInternalPeer } from "./open.ts";
import type { PeerConfig } from "./peerConfig.ts";
import { type Destination, destinationOf, type PathAttributes, type Route } from "./ribOut.ts";
import type { SessionConfig } from "./session.ts";

/** What is said of a route besides where it leads. Routes that share one object share messages, and travel between threads at no cost. */
export interface RouteTerms {
  readonly nextHop: Address;
  /** @see RFC 7911 §3 */
  readonly pathId: number;
}

/** A route that this node has for its peers, before it is put into the words for one of them. */
export interface OfferedRoute {
  readonly destination: Destination;
  readonly terms: RouteTerms;
}

/** What is announced for one address, or why not. */
export type AddressDecision =
  | { readonly address: Address; readonly route: OfferedRoute }
  | { readonly address: Address; readonly refusal: Refusal };

/** Everything that this node's BGP should be. */
export interface DesiredBgp {
  /** Why there is no BGP at all. */
  readonly refusal: Refusal | undefined;
  readonly listenPort: number;
  readonly listenAddresses: readonly string[];
  readonly peers: readonly PeerConfig[];
  readonly decisions: readonly AddressDecision[];
  /** Peers that cannot be used, and why. */
  readonly refusedPeers: readonly { readonly name: string; readonly refusal: Refusal }[];
}

const no = (reason: string, message: string): Refusal => ({ reason, message });

/** Makes of the cluster what this node's BGP should be. Pure; never throws for the content of objects. */
export function desiredBgp(view: ClusterView): DesiredBgp {
  const node = view.nodes.find((candidate) => candidate.name === view.nodeName);
  const spec = view.bgpConf?.spec;
  const decisions = node === undefined ? [] : decide(view, node);
  const off = (refusal: Refusal): DesiredBgp => ({
    refusal,
    listenPort: -1,
    listenAddresses: [],
    peers: [],
    decisions,
    refusedPeers: [],
  });
  if (node === undefined) return off(no("NodeUnknown", `node ${view.nodeName} is not in the cluster`));
  if (spec === undefined) return off(no("NoBgpConf", 'there is no BgpConf named "default"'));
  const localAs = localAsOf(spec, node);
  if (localAs === undefined) return off(no("NoAs", "BgpConf default: spec.as is 0 or absent"));
  const bgpIdentifier = identifierOf(spec, node);
  if (bgpIdentifier === undefined)
    return off(no("NoRouterId", `node ${node.name} has no IPv4 InternalIP, and BgpConf default names no routerId`));
  const peers: PeerConfig[] = [];
  const refusedPeers: { name: string; refusal: Refusal }[] = [];
  for (const peer of view.bgpPeers) {
    if (!selects(peer.spec.nodeSelector, node.labels) || peer.spec.conf.adminDown === true) continue;
    const config = peerConfig(peer, spec, localAs, bgpIdentifier, view.passwords.get(peer.metadata.name));
    if ("reason" in config) refusedPeers.push({ name: peer.metadata.name, refusal: config });
    else peers.push(config);
  }
  return {
    refusal: undefined,
    listenPort: spec.listenPort ?? 179,
    listenAddresses: spec.listenAddresses ?? ["0.0.0.0", "::"],
    peers,
    decisions,
    refusedPeers,
  };
}

/** Whether labels fulfil a LabelSelector; an absent one selects everything. */
export function selects(selector: BgpPeer["spec"]["nodeSelector"], labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    (selector?.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        case "DoesNotExist":
          return value === undefined;
        default:
          return operator satisfies never;
      }
    })
  );
}

function decide(view: ClusterView, node: NodeView): AddressDecision[] {
  const shared = new Map<Address, RouteTerms>();
  const termsOf = (nextHop: Address): RouteTerms => {
    const terms = shared.get(nextHop) ?? { nextHop, pathId: pathIdOf(nextHop) };
    shared.set(nextHop, terms);
    return terms;
  };
  return view.addresses
    .filter(({ eip }) => (eip.spec.protocol ?? "") === "" || eip.spec.protocol === "bgp")
    .map(({ address, localOnly, endpointsByNode }): AddressDecision => {
      const nextHop = node.internalAddresses.find((candidate) => candidate.family === address.family);
      if (node.refusal !== undefined) return { address, refusal: node.refusal };
      if (nextHop === undefined)
        return {
          address,
          refusal: no("NoNextHop", `node ${node.name} has no IPv${address.family} InternalIP to be the next hop`),
        };
      if (localOnly && !endpointsByNode.has(node.name))
        return {
          address,
          refusal: no("NoLocalEndpoint", `node ${node.name} has no ready endpoint, and externalTrafficPolicy is Local`),
        };
      if (endpointsByNode.size === 0)
        return { address, refusal: no("NoEndpoint", "the Service has no ready endpoint on any node") };
      return { address, route: { destination: destinationOf(hostPrefix(address)), terms: termsOf(nextHop) } };
    });
}

/** @see OpenELB's racks: a node with a rack label takes the AS of its rack */
function localAsOf(spec: BgpConf["spec"], node: NodeView): Asn | undefined {
  const rack = node.labels[rackLabel];
  const number = (rack === undefined ? undefined : spec.asPerRack?.[rack]) || spec.as || 0;
  return number === 0 ? undefined : asn(number);
}

function identifierOf(spec: BgpConf["spec"], node: NodeView): Address | undefined {
  const isInRack = node.labels[rackLabel] !== undefined && spec.asPerRack !== undefined;
  const named = spec.routerId === undefined || spec.routerId === "" || isInRack ? undefined : parseAddress(spec.routerId);
  return named ?? node.internalAddresses.find((address) => address.family === 4);
}

function peerConfig(
  peer: BgpPeer,
  conf: BgpConf["spec"],
  globalAs: Asn,
  bgpIdentifier: Address,
  password: string | undefined,
): PeerConfig | Refusal {
  const { conf: who, timers, transport, ebgpMultihop, gracefulRestart } = peer.spec;
  const address = parseAddress(who.neighborAddress);
  if (address === undefined)
    return no("InvalidAddress", `spec.conf.neighborAddress: "${who.neighborAddress}" is not an IP address`);
  if (who.passwordSecretRef !== undefined && password === undefined) {
    return no(
      "NoPassword",
      `spec.conf.passwordSecretRef: there is no Secret ${who.passwordSecretRef.name} with the key ${who.passwordSecretRef.key ?? "password"}`,
    );
  }
  const localAs = (who.localAs ?? 0) === 0 ? globalAs : asn(who.localAs ?? 0);
  const peerAs = asn(who.peerAs);
  if (localAs === undefined || peerAs === undefined) return no("InvalidAs", "spec.conf: an AS number is not in 1..4294967295");
  const holdTime = number(timers?.config?.holdTime, 90);
  if (holdTime === 1 || holdTime === 2)
    return no("InvalidHoldTime", `spec.timers.config.holdTime: "${holdTime}" is neither 0 nor at least 3`);
  const restart = gracefulRestart ?? conf.gracefulRestart;
  const families = familiesOf(peer, conf, address);
  const retry = timers?.config?.connectRetry;
  return {
    name: peer.metadata.name,
    address,
    description: who.description ?? "",
    interface: who.neighborInterface || undefined,
    port: transport?.remotePort || 179,
    isPassive: transport?.passiveMode ?? false,
    localAddress: undefined,
    bindDevice: undefined,
    ttl: ebgpMultihop?.enabled === true ? ebgpMultihop.multihopTtl || 255 : undefined,
    minimumTtl: undefined,
    tcpMss: undefined,
    password,
    bfd: undefined,
    outbound: {
      sendMax: new Map(),
      communities: { standard: true, extended: true, large: true },
      privateAs: "keep",
      replacesPeerAs: false,
    },
    session: {
      localAs,
      peerAs,
      bgpIdentifier,
      holdTime,
      connectRetry: retry === undefined || retry === "" ? defaultConnectRetry : seconds(Math.max(1, number(retry, 5))),
      keepaliveInterval: number(timers?.config?.keepaliveInterval, 0) || undefined,
      role: undefined,
      families,
      ...addPathsOf(peer, address, families),
      gracefulRestart:
        restart?.enabled === true
          ? {
              isRestarting: false,
              keepsAfterNotification: restart.notificationEnabled ?? false,
              restartTime: Math.min(restart.restartTime ?? (holdTime || 90), 4095),
              families:
                restart.helperOnly === true ? [] : families.map((family) => ({ ...wireFamily(family), flags: forwardingKept })),
            }
          : undefined,
    },
  };
}

/** The families of a session: those that the peer lists, else the one of its address; limited by BgpConf's list. */
function familiesOf(peer: BgpPeer, conf: BgpConf["spec"], address: Address): RouteFamily[] {
  const own: RouteFamily = address.family === 4 ? "ipv4/unicast" : "ipv6/unicast";
  const listed = (peer.spec.afiSafis ?? [])
    .filter(({ config }) => config?.enabled !== false)
    .map((entry) => familyOfEntry(entry, own));
  const wanted = listed.length > 0 ? [...new Set(listed)] : [own];
  const allowed =
    conf.families === undefined || conf.families.length === 0
      ? undefined
      : conf.families.map((index): RouteFamily => (index === 1 ? "ipv6/unicast" : "ipv4/unicast"));
  return wanted.filter((family) => allowed === undefined || allowed.includes(family));
}

/** The flag of a family whose forwarding goes on while the speaker restarts: the kernel's. @see RFC 4724 §3 */
const forwardingKept = 0x80;

/** The family that an entry of afiSafis is about. */
function familyOfEntry({ config }: NonNullable<BgpPeer["spec"]["afiSafis"]>[number], own: RouteFamily): RouteFamily {
  return config?.family?.afi === undefined ? own : config.family.afi === "AFI_IP6" ? "ipv6/unicast" : "ipv4/unicast";
}

/** The families for which several paths may come or go. @see RFC 7911 §4 */
function addPathsOf(
  peer: BgpPeer,
  address: Address,
  families: readonly RouteFamily[],
): Pick<SessionConfig, "addPathReceive" | "addPathSend"> {
  const own: RouteFamily = address.family === 4 ? "ipv4/unicast" : "ipv6/unicast";
  const entries = (peer.spec.afiSafis ?? []).map((entry) => ({
    family: familyOfEntry(entry, own),
    ...entry.addPaths?.config,
  }));
  return {
    addPathReceive: families.filter((family) => entries.some((entry) => entry.family === family && entry.receive === true)),
    addPathSend: families.filter((family) => entries.some((entry) => entry.family === family && (entry.sendMax ?? 0) > 0)),
  };
}

function number(text: string | undefined, otherwise: number): number {
  return text === undefined || !/^\d+$/.test(text) ? otherwise : Number(text);
}

/** OpenELB's rule for path identifiers: FNV-1a of the next hop's text, 32 bits. The same next hop has the same one from every speaker. */
export function pathIdOf(nextHop: Address): number {
  let hash = 0x811c9dc5;
  for (const octet of new TextEncoder().encode(formatAddress(nextHop))) hash = Math.imul(hash ^ octet, 0x01000193) >>> 0;
  return hash;
}

/** The routes of those addresses that this node announces. */
export function offeredRoutes(decisions: readonly AddressDecision[]): OfferedRoute[] {
  return decisions.flatMap((decision) => ("refusal" in decision ? [] : [decision.route]));
}

/** The routes that one peer is told: an external one gets our AS in the path, an internal one a local preference. @see RFC 4271 §5.1 */
export function routesFor(peer: PeerConfig, offered: readonly OfferedRoute[], communities: readonly number[]): Route[] {
  const { localAs } = peer.session;
  const isInternal = isInternalPeer(peer.session);
  // One object for each next hop: routes that share it share messages.
  const shared = new Map<RouteTerms, PathAttributes>();
  const attributesOf = (terms: RouteTerms): PathAttributes => {
    const known = shared.get(terms);
    if (known !== undefined) return known;
    const attributes: PathAttributes = {
      nextHop: terms.nextHop,
      ...(communities.length > 0 ? { communities } : {}),
      ...(isInternal ? { asPath: [], localPref: communities.length > 0 ? 0 : 100 } : { asPath: [localAs] }),
    };
    shared.set(terms, attributes);
    return attributes;
  };
  return offered.map(({ destination, terms }) => ({ destination, pathId: terms.pathId, attributes: attributesOf(terms) }));
}
