import { type Address, addressFromBytes, addressToBytes } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { Reader, wrong } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import { type Aggregator, type AsSegment, readAggregator, readSegment, writeSegments } from "./asPath.ts";
import type { DecodeContext } from "./message.ts";
import { type Reach, readReach, readUnreach, type Unreach, writeReach, writeUnreach } from "./multiprotocol.ts";
import { readAigp, readParts, readPmsiTunnel, readPrefixSid } from "./opaque.ts";

/** Path attributes that we know, by name. */
export interface Attributes {
  readonly origin: "igp" | "egp" | "incomplete";
  readonly asPath: readonly AsSegment[];
  readonly nextHop: Address;
  readonly med: number;
  readonly localPref: number;
  readonly atomicAggregate: true;
  readonly aggregator: Aggregator;
  /** Standard communities as 32-bit numbers. */
  readonly communities: readonly number[];
  readonly originatorId: Address;
  readonly clusterList: readonly Address[];
  readonly mpReach: Reach;
  readonly mpUnreach: Unreach;
  /** Extended communities of eight octets, as numbers. */
  readonly extendedCommunities: readonly bigint[];
  readonly as4Path: readonly AsSegment[];
  readonly as4Aggregator: Aggregator;
  readonly pmsiTunnel: Uint8Array;
  readonly tunnelEncapsulation: Uint8Array;
  readonly trafficEngineering: Uint8Array;
  /** Extended communities of twenty octets. */
  readonly ipv6ExtendedCommunities: readonly Uint8Array[];
  readonly aigp: Uint8Array;
  readonly linkState: Uint8Array;
  readonly largeCommunities: readonly (readonly [number, number, number])[];
  readonly onlyToCustomer: Asn;
  readonly prefixSid: Uint8Array;
  readonly attributeSet: Uint8Array;
}

/** What came with an UPDATE: every attribute that could be taken. */
export type ReceivedAttributes = Partial<Attributes>;

type Name = keyof Attributes;
const optional = 0x80;
const transitive = 0x40;
const partial = 0x20;
const extendedLength = 0x10;

/** One path attribute: what it looks like and what is done when it does not. */
export interface AttributeRow<N extends Name> {
  readonly code: number;
  readonly rfc: string;
  /** The Optional and Transitive bits that it must have. */
  readonly flags: number;
  /** @see RFC 7606 §7 */
  readonly onMalformed: "withdraw" | "discard" | "reset";
  /** Where another document than RFC 7606 §3 (c) says what wrong flags do. */
  readonly onWrongFlags: "withdraw" | "discard" | "reset";
  /** The subcode of a wrong value, where the session ends for it. @see RFC 4271 §6.3 */
  readonly valueError: number;
  /** Whether the attribute counts at all; else it is discarded unseen. */
  counts(context: DecodeContext): boolean;
  isLength(length: number, context: DecodeContext): boolean;
  /** @throws DecodeError when the value is wrong */
  read(value: Reader, context: DecodeContext): Attributes[N];
  write(writer: Writer, value: Attributes[N], context: DecodeContext): void;
}

type Draft<N extends Name> = Pick<AttributeRow<N>, "code" | "rfc" | "flags" | "isLength" | "read" | "write"> &
  Partial<AttributeRow<N>>;

const row = <N extends Name>(draft: Draft<N>): AttributeRow<N> => ({
  onMalformed: "withdraw",
  onWrongFlags: "withdraw",
  valueError: 9,
  counts: () => true,
  ...draft,
});
const exactly = (wanted: number) => (length: number) => length === wanted;
const someOf = (size: number) => (length: number) => length > 0 && length % size === 0;
const fromInside = { counts: ({ isInternal }: DecodeContext) => isInternal };
const fromOld = { counts: ({ isFourOctetAs }: DecodeContext) => !isFourOctetAs };
const readIpv4 = (reader: Reader): Address => addressFromBytes(reader.bytes(4));
const octets = {
  isLength: (length: number) => length > 0,
  read: (value: Reader) => value.rest().slice(),
  write: (writer: Writer, value: Uint8Array) => void writer.bytes(value),
};
const origins = ["igp", "egp", "incomplete"] as const;

function list<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const items: T[] = [];
  while (reader.remaining > 0) items.push(read(reader));
  return items;
}

/** Next hops that no packet can go to. @see RFC 4271 §6.3 */
function readNextHop(reader: Reader): Address {
  const nextHop = readIpv4(reader);
  const first = Number(nextHop.value >> 24n);
  if (first === 0 || first === 127 || first >= 224) throw wrong(reader, "no packet can go to the next hop");
  return nextHop;
}

/** AS numbers of two octets in AS_PATH and AGGREGATOR when the peer knows no others. */
const size = ({ isFourOctetAs }: DecodeContext): 2 | 4 => (isFourOctetAs ? 4 : 2);
const both = optional | transitive;

/** Path attributes, ascending by type code. @see RFC 4271 §5, RFC 7606 §7 */
export const attributeRows: { readonly [N in Name]: AttributeRow<N> } = {
  origin: row<"origin">({
    code: 1,
    rfc: "4271 §5.1.1",
    flags: transitive,
    valueError: 6,
    isLength: exactly(1),
    read: (value) => {
      const number = value.u8();
      const origin = origins[number];
      if (origin === undefined) throw wrong(value, `ORIGIN ${number}`);
      return origin;
    },
    write: (writer, value) => void writer.u8(origins.indexOf(value)),
  }),
  asPath: row<"asPath">({
    code: 2,
    rfc: "4271 §5.1.2",
    flags: transitive,
    valueError: 11,
    isLength: () => true,
    read: (value, context) => list(value, (reader) => readSegment(reader, size(context), true)),
    write: (writer, value, context) => writeSegments(writer, value, size(context)),
  }),
  nextHop: row<"nextHop">({
    code: 3,
    rfc: "4271 §5.1.3",
    flags: transitive,
    valueError: 8,
    isLength: exactly(4),
    read: readNextHop,
    write: (writer, value) => void writer.bytes(addressToBytes(value)),
  }),
  med: row<"med">({
    code: 4,
    rfc: "4271 §5.1.4",
    flags: optional,
    isLength: exactly(4),
    read: (value) => value.u32(),
    write: (writer, value) => void writer.u32(value),
  }),
  localPref: row<"localPref">({
    code: 5,
    rfc: "4271 §5.1.5",
    flags: transitive,
    ...fromInside,
    isLength: exactly(4),
    read: (value) => value.u32(),
    write: (writer, value) => void writer.u32(value),
  }),
  atomicAggregate: row<"atomicAggregate">({
    code: 6,
    rfc: "4271 §5.1.6",
    flags: transitive,
    onMalformed: "discard",
    isLength: exactly(0),
    read: () => true,
    write: () => undefined,
  }),
  aggregator: row<"aggregator">({
    code: 7,
    rfc: "4271 §5.1.7",
    flags: both,
    onMalformed: "discard",
    isLength: (length, context) => length === size(context) + 4,
    read: (value, context) => readAggregator(value, size(context)),
    write: (writer, { as, address }, { isFourOctetAs }) =>
      void (isFourOctetAs ? writer.u32(as) : writer.u16(as > 0xffff ? 23456 : as)).bytes(addressToBytes(address)),
  }),
  communities: row<"communities">({
    code: 8,
    rfc: "1997",
    flags: both,
    isLength: someOf(4),
    read: (value) => list(value, (reader) => reader.u32()),
    write: (writer, value) => {
      for (const community of value) writer.u32(community);
    },
  }),
  originatorId: row<"originatorId">({
    code: 9,
    rfc: "4456 §8",
    flags: optional,
    ...fromInside,
    isLength: exactly(4),
    read: readIpv4,
    write: (writer, value) => void writer.bytes(addressToBytes(value)),
  }),
  clusterList: row<"clusterList">({
    code: 10,
    rfc: "4456 §8",
    flags: optional,
    ...fromInside,
    isLength: someOf(4),
    read: (value) => list(value, readIpv4),
    write: (writer, value) => {
      for (const id of value) writer.bytes(addressToBytes(id));
    },
  }),
  mpReach: row<"mpReach">({
    code: 14,
    rfc: "4760 §3",
    flags: optional,
    onMalformed: "reset",
    onWrongFlags: "reset",
    isLength: (length) => length >= 5,
    read: readReach,
    write: writeReach,
  }),
  mpUnreach: row<"mpUnreach">({
    code: 15,
    rfc: "4760 §4",
    flags: optional,
    onMalformed: "reset",
    onWrongFlags: "reset",
    isLength: (length) => length >= 3,
    read: readUnreach,
    write: writeUnreach,
  }),
  extendedCommunities: row<"extendedCommunities">({
    code: 16,
    rfc: "4360 §2",
    flags: both,
    isLength: someOf(8),
    read: (value) => list(value, (reader) => (BigInt(reader.u32()) << 32n) | BigInt(reader.u32())),
    write: (writer, value) => {
      for (const community of value) writer.u32(Number(community >> 32n)).u32(Number(community & 0xffffffffn));
    },
  }),
  as4Path: row<"as4Path">({
    code: 17,
    rfc: "6793 §6",
    flags: both,
    onMalformed: "discard",
    ...fromOld,
    isLength: (length) => length >= 6,
    read: (value) =>
      list(value, (reader) => readSegment(reader, 4, false)).filter(({ type }) => type === "set" || type === "sequence"),
    write: (writer, value) => writeSegments(writer, value, 4),
  }),
  as4Aggregator: row<"as4Aggregator">({
    code: 18,
    rfc: "6793 §6",
    flags: both,
    onMalformed: "discard",
    ...fromOld,
    isLength: exactly(8),
    read: (value) => readAggregator(value, 4),
    write: (writer, { as, address }) => void writer.u32(as).bytes(addressToBytes(address)),
  }),
  pmsiTunnel: row<"pmsiTunnel">({ code: 22, rfc: "6514 §5", flags: both, ...octets, read: readPmsiTunnel }),
  tunnelEncapsulation: row<"tunnelEncapsulation">({
    code: 23,
    rfc: "9012 §13",
    flags: both,
    ...octets,
    read: (value) => readParts(value, 2),
  }),
  // What is in it, and when it is wrong, no document says but for its flags. @see RFC 7606 §7.13
  trafficEngineering: row<"trafficEngineering">({ code: 24, rfc: "5543 §3", flags: optional, ...octets }),
  ipv6ExtendedCommunities: row<"ipv6ExtendedCommunities">({
    code: 25,
    rfc: "5701 §2",
    flags: both,
    isLength: someOf(20),
    read: (value) => list(value, (reader) => reader.bytes(20).slice()),
    write: (writer, value) => {
      for (const community of value) writer.bytes(community);
    },
  }),
  // It means nothing outside of an AS. @see RFC 7311 §3.1
  aigp: row<"aigp">({
    code: 26,
    rfc: "7311 §3.2",
    flags: optional,
    onMalformed: "discard",
    onWrongFlags: "discard",
    ...fromInside,
    ...octets,
    read: readAigp,
  }),
  linkState: row<"linkState">({
    code: 29,
    rfc: "9552 §8.2.2",
    flags: optional,
    onMalformed: "discard",
    onWrongFlags: "discard",
    ...octets,
    read: (value) => readParts(value, 2),
  }),
  largeCommunities: row<"largeCommunities">({
    code: 32,
    rfc: "8092 §3",
    flags: both,
    isLength: someOf(12),
    read: (value) => list(value, (reader) => [reader.u32(), reader.u32(), reader.u32()] as const),
    write: (writer, value) => {
      for (const [global, one, two] of value) writer.u32(global).u32(one).u32(two);
    },
  }),
  onlyToCustomer: row<"onlyToCustomer">({
    code: 35,
    rfc: "9234 §5",
    flags: both,
    isLength: exactly(4),
    read: (value) => {
      const as = value.u32() as Asn;
      if (as === 0) throw wrong(value, "AS 0 is nobody's");
      return as;
    },
    write: (writer, value) => void writer.u32(value),
  }),
  prefixSid: row<"prefixSid">({
    code: 40,
    rfc: "8669 §6",
    flags: both,
    onMalformed: "discard",
    onWrongFlags: "discard",
    ...octets,
    read: readPrefixSid,
  }),
  attributeSet: row<"attributeSet">({
    code: 128,
    rfc: "6368 §5",
    flags: both,
    ...octets,
    isLength: (length) => length >= 4,
    read: readAttributeSet,
  }),
};

/**
 * An AS number, and path attributes of a route of that AS behind it. None of them may be wrong, say where the route leads, or be such a set again.
 * @see RFC 6368 §5, RFC 7606 §7.16
 */
function readAttributeSet(value: Reader, context: DecodeContext): Uint8Array {
  const all = value.rest();
  const reader = new Reader(all);
  reader.u32();
  while (reader.remaining > 0) {
    const flags = reader.u8();
    const code = reader.u8();
    const inner = reader.sub((flags & extendedLength) === 0 ? reader.u8() : reader.u16());
    const name = attributeNames.get(code);
    if (name === undefined) continue;
    if (["nextHop", "mpReach", "mpUnreach", "attributeSet"].includes(name)) throw wrong(reader, `attribute ${code} in a set`);
    const known = attributeRows[name];
    const inside = { ...context, isFourOctetAs: true, isInternal: true };
    if (!hasRightFlags(flags, known) || !known.isLength(inner.remaining, inside))
      throw wrong(reader, `attribute ${code} in a set is malformed`);
    known.read(inner, inside);
  }
  return all.slice();
}

/** Whether an attribute has the Optional and Transitive bits of its kind, and no Partial bit unless it is one that others may have passed on unseen. @see RFC 4271 §4.3 */
export function hasRightFlags(flags: number, { flags: wanted }: { readonly flags: number }): boolean {
  return (flags & both) === wanted && (wanted === both || (flags & partial) === 0);
}

/** Names by type code. */
export const attributeNames: ReadonlyMap<number, Name> = new Map(
  (Object.keys(attributeRows) as Name[]).map((name) => [attributeRows[name].code, name]),
);

/** Writes attributes in ascending order of their codes. The long form of the length is used where it is needed. @see RFC 4271 §4.3 */
export function writeAttributes(writer: Writer, attributes: ReceivedAttributes, context: DecodeContext): void {
  for (const name of Object.keys(attributeRows) as Name[]) writeAttribute(writer, name, attributes[name], context);
}

function writeAttribute<N extends Name>(writer: Writer, name: N, value: Attributes[N] | undefined, context: DecodeContext): void {
  if (value === undefined) return;
  const known: AttributeRow<N> = attributeRows[name];
  const body = writer.fresh();
  known.write(body, value, context);
  const isLong = body.length > 255;
  writer.u8(known.flags | (isLong ? extendedLength : 0)).u8(known.code);
  if (isLong) writer.u16(body.length);
  else writer.u8(body.length);
  writer.bytes(body.finish());
}
