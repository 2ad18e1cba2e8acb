import { type Address, addressFromBytes } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { type Prefix, prefixOf } from "../net/prefix.ts";
import { DecodeError } from "../wire/decodeError.ts";
import { Reader } from "../wire/reader.ts";
import {
  afi,
  attributeCode,
  capabilityCode,
  headerLength,
  maxMessageLength,
  messageType,
  minLengthOf,
  safiUnicast,
} from "./iana.ts";
import type { Capabilities, GracefulRestart, Message, MessageError, OpenMessage, RouteFamily, UpdateMessage } from "./message.ts";

/** A whole message and what is behind it; or that more octets are needed; or what is wrong with the header. */
export type Framed =
  | { readonly body: Uint8Array; readonly type: number; readonly rest: Uint8Array }
  | { readonly needsMore: true }
  | { readonly error: MessageError };

const noData = new Uint8Array(0);
const octets16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 0xff);
const error = (code: number, subcode: number, reason: string, data: Uint8Array = noData): { readonly error: MessageError } => ({
  error: { code, subcode, data, reason },
});

/**
 * Cuts the first message off a stream. The header is judged as soon as its 19 octets are there: nobody can make us wait for
 * a body of an impossible length.
 * @see RFC 4271 §6.1
 */
export function frame(stream: Uint8Array): Framed {
  if (stream.length < headerLength) return { needsMore: true };
  for (let index = 0; index < 16; index++) if (stream[index] !== 0xff) return error(1, 1, "the marker is not all ones");
  const length = (stream[16] ?? 0) * 256 + (stream[17] ?? 0);
  const type = stream[18] ?? 0;
  if (length < headerLength || length > maxMessageLength)
    return error(1, 2, `message length ${length} is not in ${headerLength}..${maxMessageLength}`, octets16(length));
  const minimum = minLengthOf[type];
  if (minimum === undefined) return error(1, 3, `message type ${type} is unknown`, Uint8Array.of(type));
  if (length < minimum || (type === messageType.keepalive && length !== minimum))
    return error(1, 2, `message length ${length} is wrong for type ${type}`, octets16(length));
  if (stream.length < length) return { needsMore: true };
  return { type, body: stream.subarray(headerLength, length), rest: stream.subarray(length) };
}

/** Reads the body of a message. Total: whatever the octets, the answer is a message or the NOTIFICATION that they deserve. */
export function decodeMessage(
  type: number,
  body: Uint8Array,
  isFourOctetAs: boolean,
): { readonly message: Message } | { readonly error: MessageError } {
  try {
    switch (type) {
      case messageType.open:
        return decodeOpen(body);
      case messageType.update:
        return decodeUpdate(body, isFourOctetAs);
      case messageType.notification: {
        const reader = new Reader(body);
        return { message: { type: "notification", code: reader.u8(), subcode: reader.u8(), data: reader.rest().slice() } };
      }
      case messageType.keepalive:
        return { message: { type: "keepalive" } };
      case messageType.routeRefresh: {
        if (body.length !== 4) return error(7, 1, `a ROUTE-REFRESH has 4 octets, not ${body.length}`);
        const reader = new Reader(body);
        const family = reader.u16();
        const subtype = reader.u8();
        return { message: { type: "routeRefresh", family: familyOf(family, reader.u8()), subtype } };
      }
      default:
        return error(1, 3, `message type ${type} is unknown`, Uint8Array.of(type));
    }
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    return type === messageType.open ? error(2, 0, thrown.message) : error(3, 1, thrown.message);
  }
}

/** The family of a pair of identifiers; undefined for one that we do not speak. */
function familyOf(family: number, subsequent: number): RouteFamily | undefined {
  if (subsequent !== safiUnicast) return undefined;
  return family === afi.ipv4 ? "ipv4/unicast" : family === afi.ipv6 ? "ipv6/unicast" : undefined;
}

/** @see RFC 4271 §6.2, RFC 9072 §2 */
function decodeOpen(body: Uint8Array): { readonly message: OpenMessage } | { readonly error: MessageError } {
  const reader = new Reader(body);
  const version = reader.u8();
  if (version !== 4) return error(2, 1, `version ${version} is not 4`, Uint8Array.of(0, 4));
  const shortAs = reader.u16();
  const holdTime = reader.u16();
  const bgpIdentifier = addressFromBytes(reader.bytes(4));
  const shortLength = reader.u8();
  const isExtended = shortLength !== 0 && body[10] === 255;
  if (isExtended) reader.u8();
  const parameters = reader.sub(isExtended ? reader.u16() : shortLength);
  if (reader.remaining > 0) return error(2, 0, `${reader.remaining} octets follow the optional parameters`);
  let capabilities: Capabilities = {
    families: undefined,
    fourOctetAs: undefined,
    routeRefresh: false,
    gracefulRestart: undefined,
    unknown: [],
  };
  while (parameters.remaining > 0) {
    const type = parameters.u8();
    const value = parameters.sub(isExtended ? parameters.u16() : parameters.u8());
    if (type !== 2) return error(2, 4, `optional parameter ${type} is not supported`);
    while (value.remaining > 0) capabilities = withCapability(capabilities, value.u8(), value.sub(value.u8()));
  }
  if (holdTime === 1 || holdTime === 2) return error(2, 6, `hold time ${holdTime} is neither 0 nor at least 3 s`);
  if (bgpIdentifier.value === 0n) return error(2, 3, "the BGP Identifier is 0");
  const as = capabilities.fourOctetAs ?? (shortAs as Asn);
  if (as === 0 || shortAs === 0) return error(2, 2, "AS 0 is nobody's");
  return { message: { type: "open", version, as, holdTime, bgpIdentifier, capabilities } };
}

function withCapability(known: Capabilities, code: number, value: Reader): Capabilities {
  switch (code) {
    case capabilityCode.multiprotocol: {
      const family = value.u16();
      value.u8();
      const named = familyOf(family, value.u8());
      return {
        ...known,
        families: [
          ...(known.families ?? []),
          ...(named === undefined || known.families?.includes(named) === true ? [] : [named]),
        ],
      };
    }
    case capabilityCode.routeRefresh:
      return { ...known, routeRefresh: true };
    case capabilityCode.fourOctetAs: {
      if (value.remaining !== 4) throw new DecodeError(`the four-octet AS capability has ${value.remaining} octets`, 0);
      return { ...known, fourOctetAs: value.u32() as Asn };
    }
    case capabilityCode.gracefulRestart: {
      const head = value.u16();
      const families: GracefulRestart["families"][number][] = [];
      while (value.remaining > 0) {
        const family = familyOf(value.u16(), value.u8());
        const flags = value.u8();
        if (family !== undefined) families.push({ family, isForwardingKept: (flags & 0x80) !== 0 });
      }
      return {
        ...known,
        gracefulRestart: {
          isRestarting: (head & 0x8000) !== 0,
          keepsAfterNotification: (head & 0x4000) !== 0,
          restartTime: head & 0xfff,
          families,
        },
      };
    }
    default:
      return { ...known, unknown: [...known.unknown, code] };
  }
}

/**
 * Reads which routes an UPDATE brings and takes away. We install none, so that attributes matter only as far as they carry routes:
 * a malformed one makes its routes withdrawn, a message whose parts do not fit ends the session.
 * @see RFC 4271 §6.3, RFC 7606 §3
 */
function decodeUpdate(
  body: Uint8Array,
  isFourOctetAs: boolean,
): { readonly message: UpdateMessage } | { readonly error: MessageError } {
  const reader = new Reader(body);
  const withdrawnLength = reader.u16();
  if (withdrawnLength + 2 > reader.remaining) return error(3, 1, "the withdrawn routes do not fit the message");
  const withdrawnReader = reader.sub(withdrawnLength);
  const attributesLength = reader.u16();
  if (attributesLength > reader.remaining) return error(3, 1, "the attributes do not fit the message");
  const attributes = reader.sub(attributesLength);
  const withdrawn = decodePrefixes(withdrawnReader, 4);
  const nlri = decodePrefixes(reader, 4);
  if (withdrawn === undefined || nlri === undefined) return error(3, 10, "a network field is wrong");
  const paths = decodeAttributes(attributes, isFourOctetAs);
  if ("error" in paths) return paths;
  const isTaken = !paths.isMalformed && (nlri.length === 0 || paths.nextHop !== undefined);
  const { nextHop } = paths;
  const announced = [...paths.announced, ...(nextHop === undefined ? [] : nlri.map((prefix) => ({ prefix, nextHop })))];
  const isEmpty = withdrawn.length === 0 && nlri.length === 0 && announced.length === 0 && paths.withdrawn.length === 0;
  const endOfRib = !isEmpty ? undefined : body.length === 4 ? ("ipv4/unicast" as const) : paths.emptyUnreach;
  const all = [...withdrawn, ...paths.withdrawn];
  if (isTaken) return { message: { type: "update", withdrawn: all, announced, endOfRib } };
  return {
    message: {
      type: "update",
      withdrawn: [...all, ...nlri, ...paths.announced.map((route) => route.prefix)],
      announced: [],
      endOfRib: undefined,
    },
  };
}

interface Paths {
  readonly announced: UpdateMessage["announced"];
  readonly withdrawn: readonly Prefix[];
  readonly nextHop: Address | undefined;
  readonly isMalformed: boolean;
  readonly emptyUnreach: RouteFamily | undefined;
}

function decodeAttributes(reader: Reader, isFourOctetAs: boolean): Paths | { readonly error: MessageError } {
  let announced: UpdateMessage["announced"] = [];
  let withdrawn: readonly Prefix[] = [];
  let nextHop: Address | undefined;
  let isMalformed = false;
  let emptyUnreach: RouteFamily | undefined;
  const seen = new Set<number>();
  while (reader.remaining > 0) {
    if (reader.remaining < 3) return { announced, withdrawn, nextHop, isMalformed: true, emptyUnreach };
    const flags = reader.u8();
    const code = reader.u8();
    const isLong = (flags & 0x10) !== 0;
    if (isLong && reader.remaining < 2) return { announced, withdrawn, nextHop, isMalformed: true, emptyUnreach };
    const length = isLong ? reader.u16() : reader.u8();
    if (length > reader.remaining) return { announced, withdrawn, nextHop, isMalformed: true, emptyUnreach };
    const value = reader.sub(length);
    const isMultiprotocol = code === attributeCode.mpReach || code === attributeCode.mpUnreach;
    if (seen.has(code)) {
      if (isMultiprotocol) return error(3, 1, `attribute ${code} occurs twice`);
      continue;
    }
    seen.add(code);
    if (code === attributeCode.nextHop) {
      if (length === 4) nextHop = addressFromBytes(value.bytes(4));
      else isMalformed = true;
    } else if (code === attributeCode.origin) isMalformed ||= length !== 1 || value.u8() > 2;
    else if (code === attributeCode.asPath) isMalformed ||= !isAsPath(value, isFourOctetAs ? 4 : 2);
    else if (code === attributeCode.mpReach) {
      const reached = decodeReach(value);
      if (reached === undefined) return error(3, 9, "MP_REACH_NLRI is malformed");
      announced = reached;
    } else if (code === attributeCode.mpUnreach) {
      if (value.remaining < 3) return error(3, 9, "MP_UNREACH_NLRI is malformed");
      const family = familyOf(value.u16(), value.u8());
      if (family !== undefined && value.remaining === 0) emptyUnreach = family;
      const prefixes = family === undefined ? [] : decodePrefixes(value, family === "ipv4/unicast" ? 4 : 6);
      if (prefixes === undefined) return error(3, 9, "MP_UNREACH_NLRI is malformed");
      withdrawn = prefixes;
    }
  }
  return { announced, withdrawn, nextHop, isMalformed, emptyUnreach };
}

function decodeReach(value: Reader): UpdateMessage["announced"] | undefined {
  if (value.remaining < 5) return undefined;
  const family = familyOf(value.u16(), value.u8());
  const nextHopLength = value.u8();
  if (nextHopLength + 1 > value.remaining) return undefined;
  const nextHopBytes = value.bytes(nextHopLength);
  value.u8();
  if (family === undefined) return [];
  const isFour = nextHopLength === 4;
  if (!isFour && nextHopLength !== 16 && nextHopLength !== 32) return undefined;
  const nextHop = addressFromBytes(nextHopBytes.subarray(0, isFour ? 4 : 16));
  return decodePrefixes(value, family === "ipv4/unicast" ? 4 : 6)?.map((prefix) => ({ prefix, nextHop }));
}

/** Prefixes to the end; undefined when one is longer than its family allows or cut off. @see RFC 4271 §4.3 */
function decodePrefixes(reader: Reader, family: 4 | 6): Prefix[] | undefined {
  const prefixes: Prefix[] = [];
  while (reader.remaining > 0) {
    const length = reader.u8();
    const count = Math.ceil(length / 8);
    if (length > (family === 4 ? 32 : 128) || count > reader.remaining) return undefined;
    const bytes = new Uint8Array(family === 4 ? 4 : 16);
    bytes.set(reader.bytes(count));
    prefixes.push(prefixOf(addressFromBytes(bytes), length));
  }
  return prefixes;
}

/** Whether the octets are whole segments of known types. @see RFC 7606 §7.2 */
function isAsPath(reader: Reader, size: 2 | 4): boolean {
  while (reader.remaining > 0) {
    if (reader.remaining < 2) return false;
    const type = reader.u8();
    const count = reader.u8();
    if ((type !== 1 && type !== 2) || count === 0 || count * size > reader.remaining) return false;
    reader.bytes(count * size);
  }
  return true;
}
