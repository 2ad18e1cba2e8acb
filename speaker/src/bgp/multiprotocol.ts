import { type Address, addressFromBytes, addressToBytes, isLinkLocal } from "../net/address.ts";
import { prefixOf } from "../net/prefix.ts";
import { DecodeError } from "../wire/decodeError.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import { familyOf, type RouteFamily, type WireFamily } from "./family.ts";
import type { DecodeContext, Path } from "./message.ts";

/** MP_REACH_NLRI: prefixes of any family and their next hop. @see RFC 4760 §3 */
export interface Reach extends WireFamily {
  readonly nextHop: Address;
  /** A second next hop, for the link alone. @see RFC 2545 §3 */
  readonly linkLocal: Address | undefined;
  readonly paths: readonly Path[];
  /** False when the family was not negotiated: its prefixes were not read. */
  readonly isNegotiated: boolean;
  /** Whether packets can go to the next hop. */
  readonly isUsable: boolean;
}

/** MP_UNREACH_NLRI: prefixes that are gone. @see RFC 4760 §4 */
export interface Unreach extends WireFamily {
  readonly paths: readonly Path[];
  readonly isNegotiated: boolean;
}

const nowhere: Address = { family: 6, value: 0n };

/** The negotiated family of a pair of identifiers. */
function negotiated(family: WireFamily, { families }: DecodeContext): RouteFamily | undefined {
  const known = familyOf(family);
  return known !== undefined && families.includes(known) ? known : undefined;
}

/** @throws DecodeError for a next hop of a wrong length, or prefixes that do not fit */
export function readReach(value: Reader, context: DecodeContext): Reach {
  const wire = { afi: value.u16(), safi: value.u8() };
  const length = value.u8();
  const hop = value.sub(length);
  value.u8();
  const family = negotiated(wire, context);
  if (family === undefined)
    return { ...wire, nextHop: nowhere, linkLocal: undefined, paths: [], isNegotiated: false, isUsable: true };
  const isFour = family === "ipv4/unicast" && length === 4;
  const mayBeSix = family === "ipv6/unicast" || context.hasExtendedNextHop;
  if (!isFour && !(mayBeSix && (length === 16 || length === 32)))
    throw new DecodeError(`a next hop of ${length} octets for ${family}`, value.offset);
  const first = addressFromBytes(hop.bytes(isFour ? 4 : 16));
  const second = length === 32 ? addressFromBytes(hop.bytes(16)) : undefined;
  // A speaker with nothing but a link-local address may send "::" or the same address in the place of the global one.
  const nextHop = first.family === 6 && first.value === 0n && second !== undefined ? second : first;
  const linkLocal = second !== undefined && isLinkLocal(second) ? second : undefined;
  return {
    ...wire,
    nextHop,
    linkLocal,
    paths: readPaths(value, family, context),
    isNegotiated: true,
    isUsable: isUsable(nextHop),
  };
}

function isUsable({ family, value }: Address): boolean {
  if (family === 6) return value > 1n && value >> 120n !== 0xffn;
  const first = value >> 24n;
  return first !== 0n && first !== 127n && first < 224n;
}

/** Writes MP_REACH_NLRI. */
export function writeReach(writer: Writer, { afi, safi, nextHop, linkLocal, paths }: Reach): void {
  writer.u16(afi).u8(safi);
  writer.lengthPrefixed(1, (hop) => {
    hop.bytes(addressToBytes(nextHop));
    if (linkLocal !== undefined) hop.bytes(addressToBytes(linkLocal));
  });
  writer.u8(0);
  for (const path of paths) writePath(writer, path);
}

/** @throws DecodeError for prefixes that do not fit */
export function readUnreach(value: Reader, context: DecodeContext): Unreach {
  const wire = { afi: value.u16(), safi: value.u8() };
  const family = negotiated(wire, context);
  return { ...wire, paths: family === undefined ? [] : readPaths(value, family, context), isNegotiated: family !== undefined };
}

/** Writes MP_UNREACH_NLRI. */
export function writeUnreach(writer: Writer, { afi, safi, paths }: Unreach): void {
  writer.u16(afi).u8(safi);
  for (const path of paths) writePath(writer, path);
}

/**
 * Reads prefixes to the end, with path identifiers where they were negotiated; bits behind the length are cleared.
 * @throws DecodeError when a prefix is longer than its family allows, or cut off
 * @see RFC 4271 §4.3, RFC 7911 §3
 */
export function readPaths(reader: Reader, family: RouteFamily, { addPath }: DecodeContext): Path[] {
  const size = family === "ipv4/unicast" ? 4 : 16;
  const hasIds = addPath.includes(family);
  const paths: Path[] = [];
  while (reader.remaining > 0) {
    const pathId = hasIds ? reader.u32() : undefined;
    const length = reader.u8();
    if (length > size * 8) throw new DecodeError(`a prefix of ${length} bits`, reader.offset);
    const octets = new Uint8Array(size);
    octets.set(reader.bytes(Math.ceil(length / 8)));
    paths.push({ prefix: prefixOf(addressFromBytes(octets), length), pathId });
  }
  return paths;
}

/** Writes one prefix, behind its path identifier if it has one. */
export function writePath(writer: Writer, { prefix, pathId }: Path): void {
  if (pathId !== undefined) writer.u32(pathId);
  writer.u8(prefix.length).bytes(addressToBytes(prefix.address).subarray(0, Math.ceil(prefix.length / 8)));
}
