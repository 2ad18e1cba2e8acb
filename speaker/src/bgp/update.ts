import type { Asn } from "../net/asn.ts";
import { AS_TRANS } from "../net/asn.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import { DecodeError } from "../wire/decodeError.ts";
import { Reader } from "../wire/reader.ts";
import type { AsSegment } from "./asPath.ts";
import {
  type AttributeRow,
  type Attributes,
  attributeNames,
  attributeRows,
  hasRightFlags,
  type ReceivedAttributes,
} from "./attributes.ts";
import { familyOf } from "./family.ts";
import type { AnnouncedPath, AttributeFault, DecodeContext, MessageError, Path, UpdateMessage } from "./message.ts";
import { readPaths } from "./multiprotocol.ts";

type Outcome<T> = T | { readonly error: MessageError };

const noData = new Uint8Array(0);
const refuse = (subcode: number, reason: string, data: Uint8Array = noData): { readonly error: MessageError } => ({
  error: { code: 3, subcode, data, reason },
});

/** A fault, with what the session would end for: an UPDATE that brings no routes has none to take away. */
interface Fault extends AttributeFault {
  readonly subcode: number;
  readonly octets: Uint8Array;
}

/**
 * Reads an UPDATE. All of its attributes are walked, whatever is wrong with one: the strongest fault decides.
 * @see RFC 4271 §6.3, RFC 7606 §3
 */
export function decodeUpdate(body: Uint8Array, context: DecodeContext): Outcome<{ readonly message: UpdateMessage }> {
  const reader = new Reader(body);
  const withdrawnLength = reader.u16();
  if (withdrawnLength + 2 > reader.remaining) return refuse(1, "the withdrawn routes do not fit the message");
  const withdrawnField = reader.sub(withdrawnLength);
  const attributesLength = reader.u16();
  if (attributesLength > reader.remaining) return refuse(1, "the attributes do not fit the message");
  const attributesField = reader.sub(attributesLength);
  const isClassicTaken = context.families.includes("ipv4/unicast");
  let withdrawn: readonly Path[];
  let nlri: readonly Path[];
  try {
    withdrawn = readPaths(withdrawnField, "ipv4/unicast", context);
    nlri = readPaths(reader, "ipv4/unicast", context);
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    return refuse(10, `a network field is wrong: ${thrown.message}`);
  }
  const walked = walk(attributesField, context);
  if ("error" in walked) return walked;
  const { attributes } = walked;
  const reach = attributes.mpReach;
  const announcesAny = nlri.length > 0 || (reach !== undefined && (reach.paths.length > 0 || !reach.isNegotiated));
  // NEXT_HOP is nobody's when all routes are in MP_REACH_NLRI: what it points to does not matter. @see RFC 4760 §3
  const counted = walked.faults.filter(({ code, subcode }) => nlri.length > 0 || code !== 3 || subcode !== 8);
  const faults = [...counted, ...(announcesAny ? missing(attributes, walked.seen, nlri.length > 0, context) : [])];
  const worst = faults.find((fault) => fault.action === "withdraw");
  if (worst !== undefined && !announcesAny) return refuse(worst.subcode, worst.reason, worst.octets);

  const all = [
    ...(isClassicTaken && attributes.nextHop !== undefined ? withNextHop(nlri, attributes.nextHop) : []),
    ...(reach === undefined ? [] : withNextHop(reach.paths, reach.nextHop)),
  ];
  const announced = all.filter(({ prefix }) => !isMulticast(prefix));
  const isForeign =
    (!isClassicTaken && nlri.length + withdrawn.length > 0) ||
    reach?.isNegotiated === false ||
    attributes.mpUnreach?.isNegotiated === false;
  const gone = [...(isClassicTaken ? withdrawn : []), ...(attributes.mpUnreach?.paths ?? [])];
  return {
    message: {
      type: "update",
      ...(worst === undefined
        ? { withdrawn: without(gone, announced), announced }
        : { withdrawn: unique([...gone, ...(isClassicTaken ? nlri : []), ...(reach?.paths ?? [])]), announced: [] }),
      attributes: merged(attributes, context),
      attributeOctets: attributesLength,
      faults: faults.map(({ code, action, reason }) => ({ code, action, reason })),
      endOfRib: endOfRib(body, attributes, walked.seen),
      passedOver: isForeign
        ? "the family was not negotiated"
        : announced.length < all.length
          ? "a group of receivers is no destination of a unicast route"
          : undefined,
    },
  };
}

const withNextHop = (paths: readonly Path[], nextHop: AnnouncedPath["nextHop"]): AnnouncedPath[] =>
  paths.map((path) => ({ ...path, nextHop }));
const keyOf = ({ prefix, pathId }: Path): string => `${formatPrefix(prefix)} ${pathId ?? ""}`;

/** Such a prefix is well formed and means nothing here: it is passed over, and the session goes on. @see RFC 4271 §6.3 */
function isMulticast({ address: { family, value }, length }: Prefix): boolean {
  return family === 4 ? length >= 4 && value >> 28n === 0xen : length >= 8 && value >> 120n === 0xffn;
}

/** A prefix that one message withdraws and announces is announced. @see RFC 4271 §4.3 */
function without(gone: readonly Path[], announced: readonly Path[]): readonly Path[] {
  if (gone.length === 0 || announced.length === 0) return gone;
  const kept = new Set(announced.map(keyOf));
  return gone.filter((path) => !kept.has(keyOf(path)));
}

function unique(paths: readonly Path[]): readonly Path[] {
  return [...new Map(paths.map((path) => [keyOf(path), path])).values()];
}

/** The family of an UPDATE that says nothing at all, or nothing but an empty MP_UNREACH_NLRI. @see RFC 4724 §2 */
function endOfRib(body: Uint8Array, { mpUnreach }: ReceivedAttributes, seen: ReadonlySet<number>): UpdateMessage["endOfRib"] {
  if (body.length === 4) return "ipv4/unicast";
  const isAlone = seen.size === 1 && mpUnreach !== undefined && mpUnreach.isNegotiated && mpUnreach.paths.length === 0;
  const hasNoClassic = body[0] === 0 && body[1] === 0 && (body[2] ?? 0) * 256 + (body[3] ?? 0) + 4 === body.length;
  return isAlone && hasNoClassic ? familyOf(mpUnreach) : undefined;
}

interface Walked {
  attributes: { -readonly [N in keyof Attributes]?: Attributes[N] };
  readonly faults: Fault[];
  readonly seen: Set<number>;
}

function walk(field: Reader, context: DecodeContext): Outcome<Walked> {
  const walked: Walked = { attributes: {}, faults: [], seen: new Set() };
  let reset: { readonly error: MessageError } | undefined;
  while (field.remaining > 0) {
    const header = readHeader(field);
    if ("reason" in header) {
      // What follows cannot be found any more; the prefixes can, by the total length. @see RFC 7606 §4
      const { reason, subcode } = header;
      walked.faults.push({ code: header.code, action: "withdraw", reason, subcode, octets: noData });
      break;
    }
    reset ??= take(walked, header, context);
  }
  return reset ?? walked;
}

interface Header {
  readonly flags: number;
  readonly code: number;
  readonly value: Reader;
  /** The whole attribute, for the data of a NOTIFICATION. */
  readonly octets: Uint8Array;
}

function readHeader(field: Reader): Header | { readonly code: number; readonly subcode: number; readonly reason: string } {
  const rest = field.peek();
  const flags = rest[0] ?? 0;
  const code = rest[1] ?? 0;
  const isLong = (flags & 0x10) !== 0;
  const headerLength = isLong ? 4 : 3;
  if (rest.length < headerLength)
    return { code, subcode: 1, reason: `${rest.length} octets are left, which is no attribute header` };
  const length = isLong ? (rest[2] ?? 0) * 256 + (rest[3] ?? 0) : (rest[2] ?? 0);
  if (headerLength + length > rest.length)
    return { code, subcode: 5, reason: `attribute ${code} has ${length} octets, ${rest.length - headerLength} are left` };
  const octets = field.bytes(headerLength + length);
  return { flags, code, value: new Reader(octets.subarray(headerLength)), octets };
}

/** Takes one attribute into what was walked; gives the NOTIFICATION when the session cannot go on. */
function take(
  walked: Walked,
  { flags, code, value, octets }: Header,
  context: DecodeContext,
): { readonly error: MessageError } | undefined {
  const { attributes, faults, seen } = walked;
  const name = attributeNames.get(code);
  if (name === undefined) {
    if ((flags & 0x80) === 0) return refuse(2, `attribute ${code} is well-known to others, not to us`, octets);
    if (seen.has(code)) faults.push({ code, action: "discard", reason: `attribute ${code} occurs twice`, subcode: 1, octets });
    seen.add(code);
    return undefined;
  }
  const row = attributeRows[name] as AttributeRow<typeof name>;
  const fault = (action: AttributeRow<typeof name>["onMalformed"], subcode: number, reason: string) => {
    const words = `attribute ${code} (RFC ${row.rfc}): ${reason}`;
    if (action === "reset") return refuse(9, words, octets);
    faults.push({ code, action, reason: words, subcode, octets });
    return undefined;
  };
  if (seen.has(code))
    return row.onMalformed === "reset" ? refuse(1, `attribute ${code} occurs twice`) : fault("discard", 1, "twice");
  seen.add(code);
  if (!hasRightFlags(flags, row)) return fault(row.onWrongFlags, 4, `flags ${flags.toString(16).padStart(2, "0")}`);
  if (!row.counts(context)) return fault("discard", 9, "not for this session");
  if (!row.isLength(value.remaining, context)) return fault(row.onMalformed, 5, `${value.remaining} octets`);
  try {
    read(attributes, name, row, value, context);
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    return fault(row.onMalformed, row.valueError, thrown.message);
  }
  if (name === "mpReach" && attributes.mpReach?.isUsable === false)
    return fault("withdraw", 8, "no packet can go to the next hop");
  return undefined;
}

function read<N extends keyof Attributes>(
  into: { -readonly [M in keyof Attributes]?: Attributes[M] },
  name: N,
  row: AttributeRow<keyof Attributes>,
  value: Reader,
  context: DecodeContext,
): void {
  // The row of a name reads the value of that name; TypeScript does not follow the pair through the table.
  into[name] = (row as unknown as AttributeRow<N>).read(value, context);
}

/** The attributes that an announcement must have and this one has not. @see RFC 4271 §6.3, RFC 7606 §3 (d) */
function missing(
  attributes: ReceivedAttributes,
  seen: ReadonlySet<number>,
  hasClassic: boolean,
  { isInternal }: DecodeContext,
): Fault[] {
  const wanted = ["origin", "asPath", ...(hasClassic ? ["nextHop"] : []), ...(isInternal ? ["localPref"] : [])] as const;
  return wanted.flatMap((name) => {
    const { code } = attributeRows[name as keyof Attributes];
    if (attributes[name as keyof Attributes] !== undefined || seen.has(code)) return [];
    return [{ code, action: "withdraw", reason: `attribute ${code} is missing`, subcode: 3, octets: Uint8Array.of(code) }];
  });
}

/** Attributes as a speaker of four-octet AS numbers would have sent them. @see RFC 6793 §4.2.3 */
function merged(attributes: ReceivedAttributes, { isFourOctetAs }: DecodeContext): ReceivedAttributes {
  const { as4Path, as4Aggregator, aggregator, asPath, ...rest } = attributes;
  if (isFourOctetAs) return attributes;
  // An aggregator that is no AS_TRANS was set by somebody who left the four-octet attributes behind.
  const isStale = aggregator !== undefined && as4Aggregator !== undefined && aggregator.as !== AS_TRANS;
  const whole = isStale ? undefined : as4Aggregator;
  const path = asPath === undefined || as4Path === undefined || isStale ? asPath : mergedPath(asPath, as4Path);
  return {
    ...rest,
    ...(path === undefined ? {} : { asPath: path }),
    ...(aggregator === undefined ? {} : { aggregator: whole ?? aggregator }),
  };
}

const lengthOf = ({ type, as }: AsSegment): number => (type === "sequence" ? as.length : type === "set" ? 1 : 0);
const countOf = (path: readonly AsSegment[]): number => path.reduce((sum, segment) => sum + lengthOf(segment), 0);

function mergedPath(short: readonly AsSegment[], long: readonly AsSegment[]): readonly AsSegment[] {
  let lead = countOf(short) - countOf(long);
  if (lead < 0) return short;
  const head: AsSegment[] = [];
  for (const segment of short) {
    if (lead === 0) break;
    const as: readonly Asn[] = segment.type === "sequence" ? segment.as.slice(0, lead) : segment.as;
    head.push({ ...segment, as });
    lead -= lengthOf({ ...segment, as });
  }
  const [first, ...others] = long;
  const last = head.at(-1);
  if (first === undefined) return head;
  const isOne = last?.type === "sequence" && first.type === "sequence" && last.as.length + first.as.length <= 255;
  return isOne ? [...head.slice(0, -1), { ...first, as: [...last.as, ...first.as] }, ...others] : [...head, ...long];
}

/** AS numbers of a path in one list; sets and confederations in their place. */
export function asNumbers(path: readonly AsSegment[]): readonly Asn[] {
  return path.flatMap(({ as }) => as);
}
