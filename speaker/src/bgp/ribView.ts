import { wellKnownCommunities } from "@berth/api/eipBgp";
import { formatAddress } from "../net/address.ts";
import { formatPrefix } from "../net/prefix.ts";
import type { OfferedRoute } from "./decide.ts";
import type { ReceivedRoute } from "./ribIn.ts";
import type { Route } from "./ribOut.ts";
import { asNumbers } from "./update.ts";

/** Which routes are asked for: those of peers, those that peers are told, those that this node has before a peer's options. */
export const directions = ["in", "out", "local"] as const;

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
  readonly isStale: boolean;
}

/** A route that a peer is told. */
export function rowOfTold(peer: string, { destination, pathId, attributes }: Route): RibRow {
  return {
    peer,
    prefix: formatPrefix(destination.prefix),
    pathId,
    nextHop: formatAddress(attributes.nextHop),
    asPath: attributes.asPath,
    med: attributes.med,
    localPref: attributes.localPref,
    ...inWords(attributes),
    isStale: false,
  };
}

/** A route that a peer announced. */
export function rowOfReceived(peer: string, { path, attributes, isStale }: ReceivedRoute): RibRow {
  return {
    peer,
    prefix: formatPrefix(path.prefix),
    pathId: path.pathId,
    nextHop: formatAddress(path.nextHop),
    asPath: asNumbers(attributes.asPath ?? []),
    med: attributes.med,
    localPref: attributes.localPref,
    ...inWords(attributes),
    isStale,
  };
}

/** A route of this node, before the options of a peer and the policy. */
export function rowOfOffered({ destination, terms }: OfferedRoute): RibRow {
  return {
    peer: "",
    prefix: formatPrefix(destination.prefix),
    pathId: terms.pathId,
    nextHop: formatAddress(terms.nextHop),
    asPath: [],
    med: terms.med,
    localPref: terms.localPref,
    ...inWords(terms),
    isStale: false,
  };
}

interface Carried {
  readonly communities?: readonly number[];
  readonly largeCommunities?: readonly (readonly [number, number, number])[];
  readonly extendedCommunities?: readonly bigint[];
}

function inWords({ communities, largeCommunities, extendedCommunities }: Carried) {
  return {
    communities: (communities ?? []).map(formatCommunity),
    largeCommunities: (largeCommunities ?? []).map((parts) => parts.join(":")),
    extendedCommunities: (extendedCommunities ?? []).map((value) => `0x${value.toString(16).padStart(16, "0")}`),
  };
}

/** The text of a community: its name where it has one. */
function formatCommunity(community: number): string {
  const named = Object.entries(wellKnownCommunities).find(([, number]) => number === community)?.[0];
  return named ?? `${Math.floor(community / 0x10000)}:${community % 0x10000}`;
}
