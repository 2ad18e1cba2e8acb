import type { Address } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { type Capability, type GracefulRestart, type Offer, offerOf } from "./capabilities.ts";
import { headerAs } from "./encode.ts";
import { type RouteFamily, wireFamily } from "./family.ts";
import { maxExtendedMessageLength, maxMessageLength } from "./iana.ts";
import type { DecodeContext, MessageError, OpenMessage } from "./message.ts";

/** The AS of a peer: its number, or whether it is ours or any other. */
export type PeerAs = Asn | "internal" | "external";

/** Who the peer must be, and who we are to it. */
export interface Identity {
  readonly localAs: Asn;
  readonly peerAs: PeerAs;
  /** Undefined where it is not known; then nobody is taken for ourselves. */
  readonly bgpIdentifier: Address | undefined;
  /** Our role, where one is configured. @see RFC 9234 §4 */
  readonly role?: number | undefined;
}

/** What we offer in OPEN. */
export interface LocalOffer {
  readonly localAs: Asn;
  readonly peerAs: PeerAs;
  readonly bgpIdentifier: Address;
  /** What we ask for, in seconds; 0 is never. */
  readonly holdTime: number;
  readonly families: readonly RouteFamily[];
  readonly gracefulRestart: GracefulRestart | undefined;
  /** Families whose several paths we want, and those that we send with path identifiers. @see RFC 7911 §4 */
  readonly addPathReceive: readonly RouteFamily[];
  readonly addPathSend: readonly RouteFamily[];
  /** Whether IPv4 routes may have an IPv6 next hop. @see RFC 8950 §4 */
  readonly extendedNextHop?: boolean;
  /** Our role towards an external peer. @see RFC 9234 §4 */
  readonly role: number | undefined;
}

/** What both sides agreed on. */
export interface Negotiated {
  /** In seconds; 0 is never. */
  readonly holdTime: number;
  readonly families: readonly RouteFamily[];
  readonly isFourOctetAs: boolean;
  readonly isInternal: boolean;
  readonly peerAs: Asn;
  /** What the peer takes, in octets. @see RFC 8654 §4 */
  readonly maxLength: number;
  /** Whether IPv4 routes may have an IPv6 next hop. @see RFC 8950 §4 */
  readonly hasExtendedNextHop: boolean;
  /** What routes to the peer are marked with, so that they go on to customers only. @see RFC 9234 §5 */
  readonly onlyToCustomer: Asn | undefined;
  /** Our role towards the peer; undefined where none is configured, or both are of one AS. @see RFC 9234 §4 */
  readonly role: number | undefined;
  readonly hasRouteRefresh: boolean;
  readonly hasEnhancedRouteRefresh: boolean;
  readonly addPathReceive: readonly RouteFamily[];
  readonly addPathSend: readonly RouteFamily[];
  readonly peerIdentifier: Address;
  readonly peerGracefulRestart: GracefulRestart | undefined;
}

/** OPENs that were made: one offer is told again and again. */
const opens = { first: new WeakMap<LocalOffer, OpenMessage>(), later: new WeakMap<LocalOffer, OpenMessage>() };

/** The OPEN that says what we offer. @param isRestarting whether this speaker has just been restarted, and asks for help with that */
export function openOf(offer: LocalOffer, isRestarting: boolean): OpenMessage {
  const made = isRestarting ? opens.first : opens.later;
  const open = made.get(offer) ?? makeOpen(offer, isRestarting);
  made.set(offer, open);
  return open;
}

function makeOpen(offer: LocalOffer, isRestarting: boolean): OpenMessage {
  const { localAs, bgpIdentifier, holdTime, families, gracefulRestart, addPathReceive, addPathSend } = offer;
  const addPaths = families.flatMap((family) => {
    const mode = (addPathReceive.includes(family) ? 1 : 0) + (addPathSend.includes(family) ? 2 : 0);
    return mode === 0 ? [] : [{ ...wireFamily(family), mode }];
  });
  const capabilities: Capability[] = [
    ...families.map((family): Capability => ({ name: "multiprotocol", ...wireFamily(family) })),
    { name: "routeRefresh" },
    ...(offersExtendedNextHop(offer) ? [extendedNextHop] : []),
    { name: "extendedMessage" },
    ...(offer.role === undefined || isInternalPeer(offer) ? [] : [{ name: "role", role: offer.role } as const]),
    ...(gracefulRestart === undefined
      ? []
      : [
          {
            name: "gracefulRestart",
            ...gracefulRestart,
            isRestarting: isRestarting && gracefulRestart.families.length > 0,
          } as const,
        ]),
    { name: "fourOctetAs", as: localAs },
    ...(addPaths.length === 0 ? [] : [{ name: "addPath", families: addPaths } as const]),
    { name: "enhancedRouteRefresh" },
  ];
  return { type: "open", version: 4, myAs: headerAs(localAs), holdTime, bgpIdentifier, capabilities };
}

/** IPv4 unicast with IPv6 next hops. @see RFC 8950 §4 */
const extendedNextHop: Capability = { name: "extendedNextHop", families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] };

function offersExtendedNextHop({ families, extendedNextHop }: LocalOffer): boolean {
  return extendedNextHop === true && families.includes("ipv4/unicast");
}

const refuse = (subcode: number, reason: string): MessageError => ({ code: 2, subcode, data: new Uint8Array(0), reason });

/**
 * Why an OPEN is not from the peer that was expected, or undefined.
 * @see RFC 4271 §6.2, RFC 6286 §2.2, RFC 6793 §4, RFC 9234 §4.2
 */
export function judgeOpen(open: OpenMessage, identity: Identity): MessageError | undefined {
  const offer = offerOf(open.capabilities);
  const as = offer.fourOctetAs ?? open.myAs;
  if (!isExpected(as, identity)) return refuse(2, `the peer is AS ${as}, and ${expectation(identity)} was expected`);
  const isInternal = identity.localAs === as;
  if (isInternal && open.bgpIdentifier.value === identity.bgpIdentifier?.value)
    return refuse(3, "the peer has our own BGP Identifier");
  return isInternal ? undefined : judgeRole(offer, identity.role);
}

/** Whether a peer is of our own AS, by what is configured. */
export function isInternalPeer({ localAs, peerAs }: { readonly localAs: Asn; readonly peerAs: PeerAs }): boolean {
  return peerAs === "internal" || peerAs === localAs;
}

function isExpected(as: Asn, { localAs, peerAs }: Identity): boolean {
  return typeof peerAs === "number" ? as === peerAs : (peerAs === "internal") === (as === localAs);
}

function expectation({ localAs, peerAs }: Identity): string {
  if (typeof peerAs === "number") return `AS ${peerAs}`;
  return peerAs === "internal" ? `our own AS ${localAs}` : `any AS but our own, ${localAs},`;
}

/** Roles that fit: provider and customer, route server and its client, two peers. @see RFC 9234 §4.2 */
const counterpart: Readonly<Record<number, number>> = { 0: 3, 3: 0, 1: 2, 2: 1, 4: 4 };

function judgeRole({ roles }: Offer, role: number | undefined): MessageError | undefined {
  if (roles.length > 1) return refuse(11, `the peer has ${roles.length} roles`);
  const [theirs] = roles;
  if (role === undefined || theirs === undefined || counterpart[role] === theirs) return undefined;
  return refuse(11, `the peer's role ${theirs} does not fit ours, ${role}`);
}

/** Providers, route servers and peers mark what they announce. @see RFC 9234 §5 */
const markingRoles: ReadonlySet<number> = new Set([0, 1, 4]);

/** What two OPENs agree on. */
export function negotiate(ours: LocalOffer, open: OpenMessage): Negotiated {
  const offer = offerOf(open.capabilities);
  const families = ours.families.filter((family) => offer.families.includes(family));
  const role = (offer.fourOctetAs ?? open.myAs) === ours.localAs ? undefined : ours.role;
  return {
    holdTime: Math.min(open.holdTime, ours.holdTime),
    families,
    isFourOctetAs: offer.fourOctetAs !== undefined,
    isInternal: (offer.fourOctetAs ?? open.myAs) === ours.localAs,
    peerAs: offer.fourOctetAs ?? open.myAs,
    maxLength: offer.hasExtendedMessage ? maxExtendedMessageLength : maxMessageLength,
    hasExtendedNextHop: offersExtendedNextHop(ours) && offer.hasExtendedNextHop,
    role,
    onlyToCustomer: role !== undefined && markingRoles.has(role) ? ours.localAs : undefined,
    hasRouteRefresh: offer.hasRouteRefresh,
    hasEnhancedRouteRefresh: offer.hasEnhancedRouteRefresh,
    addPathReceive: families.filter((family) => ours.addPathReceive.includes(family) && offer.addPathSend.includes(family)),
    addPathSend: families.filter((family) => ours.addPathSend.includes(family) && offer.addPathReceive.includes(family)),
    peerIdentifier: open.bgpIdentifier,
    peerGracefulRestart: offer.gracefulRestart,
  };
}

/** How messages are read when this was agreed on. */
export function contextOf(negotiated: Negotiated | undefined): DecodeContext {
  return {
    isFourOctetAs: negotiated?.isFourOctetAs ?? true,
    isInternal: negotiated?.isInternal ?? false,
    families: negotiated?.families ?? [],
    addPath: negotiated?.addPathReceive ?? [],
    hasExtendedNextHop: negotiated?.hasExtendedNextHop ?? false,
  };
}
