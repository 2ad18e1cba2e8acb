import type { Prefix } from "../net/prefix.ts";
import { afi, safiUnicast } from "./iana.ts";

/** An address family that routes are exchanged for. @see RFC 4760 §3 */
export type RouteFamily = "ipv4/unicast" | "ipv6/unicast";

/** A pair of identifiers as it is on the wire; it may be one that we do not speak. */
export interface WireFamily {
  readonly afi: number;
  readonly safi: number;
}

/** The family of a pair of identifiers; undefined for one that we do not speak. */
export function familyOf({ afi: family, safi }: WireFamily): RouteFamily | undefined {
  if (safi !== safiUnicast) return undefined;
  return family === afi.ipv4 ? "ipv4/unicast" : family === afi.ipv6 ? "ipv6/unicast" : undefined;
}

/** The identifiers of a family. */
export function wireFamily(family: RouteFamily): WireFamily {
  return { afi: family === "ipv4/unicast" ? afi.ipv4 : afi.ipv6, safi: safiUnicast };
}

/** The family of a prefix. */
export function familyOfPrefix(prefix: Prefix): RouteFamily {
  return prefix.address.family === 4 ? "ipv4/unicast" : "ipv6/unicast";
}
