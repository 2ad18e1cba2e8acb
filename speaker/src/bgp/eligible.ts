import type { Asn } from "../net/asn.ts";
import type { ReceivedAttributes } from "./attributes.ts";
import { asNumbers } from "./update.ts";

/** Who we are to the peer that a route came from. */
export interface Receiver {
  readonly localAs: Asn;
  readonly peerAs: Asn;
  /** Our BGP Identifier as a number; undefined where it is not known. */
  readonly bgpIdentifier: bigint | undefined;
  /** Our role, where one was agreed on. @see RFC 9234 §4 */
  readonly role: number | undefined;
  /** How often our AS may be in a path; absent is never. */
  readonly allowOwnAs?: number;
}

/** Roles by their number. @see RFC 9234 §4.1 */
export const role = { provider: 0, routeServer: 1, routeServerClient: 2, customer: 3, peer: 4 } as const;

/**
 * Why a route that is well formed must not be used, in order; undefined when it may be.
 * @see RFC 4271 §9.1.2, RFC 4456 §8, RFC 9234 §5
 */
export function ineligible(attributes: ReceivedAttributes, receiver: Receiver): string | undefined {
  const { localAs, peerAs, bgpIdentifier, allowOwnAs = 0 } = receiver;
  const own = asNumbers(attributes.asPath ?? []).filter((as) => as === localAs).length;
  if (own > allowOwnAs) return `AS ${localAs} is our own: the path is a loop`;
  if (bgpIdentifier !== undefined && attributes.originatorId?.value === bgpIdentifier) return "we originated the route ourselves";
  if (attributes.clusterList?.some((id) => id.value === bgpIdentifier) === true) return "the route was reflected by us";
  const marked = attributes.onlyToCustomer;
  if (marked === undefined) return undefined;
  if (receiver.role === role.provider || receiver.role === role.routeServer)
    return `a customer sends a route that AS ${marked} marked for customers only: a leak`;
  if (receiver.role === role.peer && marked !== peerAs)
    return `a peer sends a route that AS ${marked} marked for customers only: a leak`;
  return undefined;
}

/** Attributes with the mark that a route from a provider, a peer or a route server has to have from now on. @see RFC 9234 §5 */
export function marked(attributes: ReceivedAttributes, receiver: Receiver): ReceivedAttributes {
  const isFromAbove = receiver.role === role.customer || receiver.role === role.peer || receiver.role === role.routeServerClient;
  if (!isFromAbove || attributes.onlyToCustomer !== undefined) return attributes;
  return { ...attributes, onlyToCustomer: receiver.peerAs };
}
