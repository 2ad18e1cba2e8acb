import { formatAddress } from "../net/address.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { AsSegment } from "./asPath.ts";
import type { ReceivedAttributes } from "./attributes.ts";
import type { OfferedRoute } from "./decide.ts";
import { type DescribedAttribute, describeAttributes, formatCommunity } from "./describe.ts";
import type { ReceivedRoute } from "./ribIn.ts";
import type { Route } from "./ribOut.ts";
import { asNumbers } from "./update.ts";

/** Which routes are asked for: those of peers, those that peers are told, those that this node has before a peer's options. */
export const directions = ["in", "out", "local"] as const;
export type Direction = (typeof directions)[number];

/** One route in words, for people and programs. */
export interface RibRow {
  /** The name of the BgpPeer; "" for local routes. */
  readonly peer: string;
  readonly prefix: string;
  readonly pathId: number | undefined;
  readonly nextHop: string;
  /** AS numbers, the nearest first. */
  readonly asPath: readonly number[];
  readonly med: number | undefined;
  readonly localPref: number | undefined;
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  /** Extended communities in hexadecimal digits. */
  readonly extendedCommunities: readonly string[];
  /** Every attribute in words. */
  readonly attributes: readonly DescribedAttribute[];
  readonly isStale: boolean;
}

/** A route that is put into words only when somebody gets to see it: there may be very many. */
export interface RibEntry {
  readonly peer: string;
  readonly prefix: Prefix;
  readonly pathId: number | undefined;
  row(): RibRow;
}

/** A route that a peer is told. */
export function toldEntry(peer: string, { destination, pathId, attributes }: Route): RibEntry {
  const path: readonly AsSegment[] = attributes.asPath.length === 0 ? [] : [{ type: "sequence", as: attributes.asPath }];
  return entry(peer, destination.prefix, pathId, () => ({ ...attributes, origin: "igp", asPath: path }));
}

/** A route that a peer announced. */
export function receivedEntry(peer: string, { path, attributes, isStale }: ReceivedRoute): RibEntry {
  return entry(peer, path.prefix, path.pathId, () => ({ ...attributes, nextHop: path.nextHop }), isStale);
}

/** A route of this node, before the options of a peer and the policy. */
export function offeredEntry({ destination, terms }: OfferedRoute): RibEntry {
  const { nextHop, med, localPref, communities, largeCommunities } = terms;
  const known = { nextHop, communities, largeCommunities, origin: "igp", asPath: [] } as const;
  return entry("", destination.prefix, terms.pathId, () => ({
    ...known,
    ...(med === undefined ? {} : { med }),
    ...(localPref === undefined ? {} : { localPref }),
  }));
}

function entry(
  peer: string,
  prefix: Prefix,
  pathId: number | undefined,
  attributesOf: () => ReceivedAttributes,
  isStale = false,
): RibEntry {
  const row = (): RibRow => {
    const attributes = attributesOf();
    return {
      peer,
      prefix: formatPrefix(prefix),
      pathId,
      nextHop: attributes.nextHop === undefined ? "" : formatAddress(attributes.nextHop),
      asPath: asNumbers(attributes.asPath ?? []),
      med: attributes.med,
      localPref: attributes.localPref,
      communities: (attributes.communities ?? []).map(formatCommunity),
      largeCommunities: (attributes.largeCommunities ?? []).map((parts) => parts.join(":")),
      extendedCommunities: (attributes.extendedCommunities ?? []).map((value) => `0x${value.toString(16).padStart(16, "0")}`),
      attributes: describeAttributes(attributes),
      isStale,
    };
  };
  return { peer, prefix, pathId, row };
}
