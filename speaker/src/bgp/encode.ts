import { addressToBytes } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { AS_TRANS } from "../net/asn.ts";
import { Writer } from "../wire/writer.ts";
import { type ReceivedAttributes, writeAttributes } from "./attributes.ts";
import { writeCapability } from "./capabilities.ts";
import type { Destination } from "./destination.ts";
import { type RouteFamily, wireFamily } from "./family.ts";
import { headerLength, maxMessageLength, messageType } from "./iana.ts";
import type { DecodeContext, KeepaliveMessage, NotificationMessage, OpenMessage, RouteRefreshMessage } from "./message.ts";
import type { PathAttributes } from "./ribOut.ts";

/** What the octets of UPDATEs to a peer depend on. */
export interface EncodeContext {
  readonly isFourOctetAs: boolean;
  /** What the peer takes, in octets. @see RFC 8654 §4 */
  readonly maxLength: number;
  /** Families whose prefixes the peer wants with path identifiers. @see RFC 7911 §4 */
  readonly addPathSend: readonly RouteFamily[];
  /** The AS that routes are marked with. @see RFC 9234 §5 */
  readonly onlyToCustomer?: Asn | undefined;
}

/** A prefix as it goes into an UPDATE; its path identifier goes first where those are in use. */
export interface Nlri {
  readonly destination: Destination;
  readonly pathId: number;
}

/** The octets of an OPEN, KEEPALIVE, NOTIFICATION or ROUTE-REFRESH. @see RFC 4271 §4, RFC 2918 §3 */
export function encodeMessage(message: OpenMessage | KeepaliveMessage | NotificationMessage | RouteRefreshMessage): Uint8Array {
  switch (message.type) {
    case "open":
      return encodeOpen(message);
    case "keepalive":
      return keepalive;
    case "notification":
      return withHeader(messageType.notification, (writer) => {
        writer
          .u8(message.code)
          .u8(message.subcode)
          .bytes(message.data.subarray(0, maxMessageLength - 21));
      });
    case "routeRefresh":
      return withHeader(messageType.routeRefresh, (writer) => {
        writer.u16(message.afi).u8(message.subtype).u8(message.safi);
      });
    default:
      return message satisfies never;
  }
}

/** The data of a Cease with a reason for people: one length octet and UTF-8, cut at 255 octets. @see RFC 9003 §2 */
export function shutdownCommunication(text: string): Uint8Array {
  let octets = new TextEncoder().encode(text);
  while (octets.length > 255)
    octets = new TextEncoder().encode(new TextDecoder().decode(octets.subarray(0, 252)).replace(/\uFFFD$/, ""));
  return Uint8Array.of(octets.length, ...octets);
}

/** UPDATEs that announce prefixes of one family with equal attributes: as few as fit. */
export function encodeAnnouncements(
  family: RouteFamily,
  nlri: readonly Nlri[],
  attributes: PathAttributes,
  context: EncodeContext,
): Uint8Array[] {
  return announcementPacker(family, attributes, context).addAll(nlri).finish();
}

/** What makes UPDATEs that announce prefixes of one family with equal attributes, as they come. @see RFC 4271 §4.3, RFC 4760 §3 */
export function announcementPacker(family: RouteFamily, attributes: PathAttributes, context: EncodeContext): Packer {
  const isClassic = family === "ipv4/unicast" && attributes.nextHop.family === 4;
  const common = encodeAttributes(attributes, isClassic, context);
  if (isClassic) {
    return new Packer(family, context, headerLength + 4 + common.length, (part) => {
      const writer = begin().u16(0).u16(common.length).bytes(common);
      writePart(writer, part, family, context);
      return close(writer);
    });
  }
  const { afi, safi } = wireFamily(family);
  const nextHop = addressToBytes(attributes.nextHop);
  const head = 5 + nextHop.length;
  // MP_REACH_NLRI comes first. @see RFC 7606 §5.1
  return new Packer(family, context, headerLength + 4 + common.length + 4 + head, (part, octets) => {
    const writer = begin()
      .u16(0)
      .u16(common.length + 4 + head + octets);
    writer
      .u8(0x90)
      .u8(14)
      .u16(head + octets);
    writer.u16(afi).u8(safi).u8(nextHop.length).bytes(nextHop).u8(0);
    writePart(writer, part, family, context);
    return close(writer.bytes(common));
  });
}

/** UPDATEs that withdraw prefixes of one family: as few as fit. */
export function encodeWithdrawals(family: RouteFamily, nlri: readonly Nlri[], context: EncodeContext): Uint8Array[] {
  return withdrawalPacker(family, context).addAll(nlri).finish();
}

/** What makes UPDATEs that withdraw prefixes of one family, as they come. */
export function withdrawalPacker(family: RouteFamily, context: EncodeContext): Packer {
  if (family === "ipv4/unicast") {
    return new Packer(family, context, headerLength + 4, (part, octets) => {
      const writer = begin().u16(octets);
      writePart(writer, part, family, context);
      return close(writer.u16(0));
    });
  }
  return new Packer(family, context, headerLength + 4 + 7, (part, octets) => unreach(family, part, octets, context));
}

/** The marker that the initial table of a family is complete. @see RFC 4724 §2 */
export function encodeEndOfRib(family: RouteFamily): Uint8Array {
  if (family === "ipv4/unicast") return close(begin().u16(0).u16(0));
  return unreach(family, [], 0, { isFourOctetAs: true, maxLength: maxMessageLength, addPathSend: [] });
}

function unreach(family: RouteFamily, part: readonly Nlri[], octets: number, context: EncodeContext): Uint8Array {
  const { afi, safi } = wireFamily(family);
  const writer = begin()
    .u16(0)
    .u16(7 + octets);
  writer
    .u8(0x90)
    .u8(15)
    .u16(3 + octets)
    .u16(afi)
    .u8(safi);
  writePart(writer, part, family, context);
  return close(writer);
}

/** Everything but MP_REACH_NLRI. NEXT_HOP is there only for the classic field. */
function encodeAttributes(
  { asPath, nextHop, ...others }: PathAttributes,
  isClassic: boolean,
  { isFourOctetAs, addPathSend, onlyToCustomer }: EncodeContext,
): Uint8Array {
  const path = asPath.length === 0 ? [] : [{ type: "sequence", as: asPath } as const];
  const needsAs4 = !isFourOctetAs && asPath.some((as) => as > 0xffff);
  const attributes: ReceivedAttributes = {
    ...others,
    origin: "igp",
    asPath: path,
    ...(isClassic ? { nextHop } : {}),
    ...(needsAs4 ? { as4Path: path } : {}),
    ...(onlyToCustomer === undefined ? {} : { onlyToCustomer }),
  };
  const context: DecodeContext = {
    isFourOctetAs,
    isInternal: true,
    families: [],
    addPath: addPathSend,
    hasExtendedNextHop: false,
  };
  const writer = new Writer();
  writeAttributes(writer, attributes, context);
  return writer.finish();
}

/** Puts prefixes into messages that are as full as they can be. No more than one message of prefixes waits at a time: tables may be large. */
export class Packer {
  readonly #room: number;
  /** What a prefix takes besides its own octets. */
  readonly #extra: number;
  readonly #make: (part: readonly Nlri[], octets: number) => Uint8Array;
  readonly #messages: Uint8Array[] = [];
  #part: Nlri[] = [];
  #octets = 0;

  /** @param fixed the octets of a message besides its prefixes */
  constructor(
    family: RouteFamily,
    { maxLength, addPathSend }: EncodeContext,
    fixed: number,
    make: (part: readonly Nlri[], octets: number) => Uint8Array,
  ) {
    this.#room = maxLength - fixed;
    this.#extra = addPathSend.includes(family) ? 4 : 0;
    this.#make = make;
  }

  add(one: Nlri): void {
    const size = one.destination.key.length - 1 + this.#extra;
    if (this.#octets + size > this.#room) this.#close();
    this.#part.push(one);
    this.#octets += size;
  }

  addAll(nlri: readonly Nlri[]): this {
    for (const one of nlri) this.add(one);
    return this;
  }

  /** All messages. Nothing is added afterwards. */
  finish(): Uint8Array[] {
    this.#close();
    return this.#messages;
  }

  #close(): void {
    if (this.#part.length > 0) this.#messages.push(this.#make(this.#part, this.#octets));
    this.#part = [];
    this.#octets = 0;
  }
}

function writePart(writer: Writer, part: readonly Nlri[], family: RouteFamily, { addPathSend }: EncodeContext): void {
  const hasIds = addPathSend.includes(family);
  for (const one of part) {
    if (hasIds) writer.u32(one.pathId);
    // Behind the family the key is the prefix as it is in an UPDATE.
    writer.characters(one.destination.key, 1);
  }
}

/** @see RFC 4271 §4.2, RFC 5492 §4, RFC 9072 §2 */
function encodeOpen({ version, myAs, holdTime, bgpIdentifier, capabilities }: OpenMessage): Uint8Array {
  const all = new Writer();
  for (const capability of capabilities) writeCapability(all, capability);
  return withHeader(messageType.open, (writer) => {
    writer.u8(version).u16(myAs).u16(holdTime).bytes(addressToBytes(bgpIdentifier));
    if (all.length === 0) writer.u8(0);
    else if (all.length + 2 <= 255)
      writer
        .u8(all.length + 2)
        .u8(2)
        .u8(all.length)
        .bytes(all.finish());
    else
      writer
        .u8(255)
        .u8(255)
        .u16(all.length + 3)
        .u8(2)
        .u16(all.length)
        .bytes(all.finish());
  });
}

/** The AS number of the header for an AS number of up to four octets. @see RFC 6793 §4.2.2 */
export function headerAs(as: Asn): Asn {
  return as > 0xffff ? AS_TRANS : as;
}

/** The marker, and room for the length. */
const header = new Uint8Array(18).fill(0xff, 0, 16);

/** A writer behind the header of an UPDATE. */
function begin(): Writer {
  return new Writer(maxMessageLength).bytes(header).u8(messageType.update);
}

function close(writer: Writer): Uint8Array {
  writer.patch(16, 2, writer.length);
  return writer.finish();
}

const keepalive = withHeader(messageType.keepalive, () => undefined);

function withHeader(type: number, body: (writer: Writer) => void): Uint8Array {
  const writer = new Writer().bytes(header).u8(type);
  body(writer);
  return close(writer);
}
