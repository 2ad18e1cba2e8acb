import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import { isLinkLocal, parseAddress } from "../net/address.ts";
import type { RouteFamily } from "./family.ts";

/** OpenELB's default for a peer that lists no families. */
const defaultSendMax = 10;

/** The number in a string of digits; undefined when there is none. */
export function digits(text: string | undefined): number | undefined {
  return text === undefined || !/^\d{1,9}$/.test(text) ? undefined : Number(text);
}

/** Families that a peer may have: those that it lists, else the one of its address, or both without one. */
export function listedFamilies({ spec }: BgpPeer): RouteFamily[] {
  const own = ownFamilies(spec.conf.neighborAddress);
  if (spec.afiSafis === undefined || spec.afiSafis.length === 0) return own;
  const listed = spec.afiSafis.filter(({ config }) => config?.enabled !== false).flatMap((entry) => familiesOfEntry(entry, own));
  return [...new Set(listed)];
}

/** The families of a session: those of the peer, limited by BgpConf's list. */
export function familiesOf(peer: BgpPeer, conf: BgpConf | undefined): RouteFamily[] {
  const indices = conf?.spec.families ?? [];
  const allowed = indices.map((index): RouteFamily => (index === 1 ? "ipv6/unicast" : "ipv4/unicast"));
  return listedFamilies(peer).filter((family) => allowed.length === 0 || allowed.includes(family));
}

/** The families of a peer that lists none: that of its address, or both. */
function ownFamilies(neighborAddress: string | undefined): RouteFamily[] {
  const address = parseAddress(neighborAddress ?? "");
  if (address === undefined || isLinkLocal(address)) return ["ipv4/unicast", "ipv6/unicast"];
  return [address.family === 4 ? "ipv4/unicast" : "ipv6/unicast"];
}

type Entry = NonNullable<BgpPeer["spec"]["afiSafis"]>[number];

/** The families that an entry of afiSafis is about. */
function familiesOfEntry({ config }: Entry, own: readonly RouteFamily[]): readonly RouteFamily[] {
  if (config?.family?.afi === undefined) return own;
  return [config.family.afi === "AFI_IP6" ? "ipv6/unicast" : "ipv4/unicast"];
}

/** The entries of afiSafis by the family that they are about. */
export function entriesOf({ spec }: BgpPeer): (readonly [RouteFamily, Entry])[] {
  const own = ownFamilies(spec.conf.neighborAddress);
  return (spec.afiSafis ?? []).flatMap((entry) => familiesOfEntry(entry, own).map((family) => [family, entry] as const));
}

/** How many paths of one prefix a peer is sent, by family. */
export function sendMaxOf(peer: BgpPeer): Readonly<Partial<Record<RouteFamily, number>>> {
  if (peer.spec.afiSafis === undefined || peer.spec.afiSafis.length === 0)
    return Object.fromEntries(ownFamilies(peer.spec.conf.neighborAddress).map((family) => [family, defaultSendMax]));
  return Object.fromEntries(entriesOf(peer).map(([family, { addPaths }]) => [family, addPaths?.config?.sendMax ?? 0]));
}
