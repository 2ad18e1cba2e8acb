import { type Address, addressToBytes } from "../net/address.ts";
import { AS_TRANS, type Asn } from "../net/asn.ts";
import type { Prefix } from "../net/prefix.ts";
import { Writer } from "../wire/writer.ts";
import { afi, attributeCode, capabilityCode, maxMessageLength, messageType, safiUnicast } from "./iana.ts";
import type { KeepaliveMessage, NotificationMessage, OpenMessage, PathAttributes, RouteFamily } from "./message.ts";

const optionalTransitive = 0xc0;
const optional = 0x80;
const transitive = 0x40;
const extended = 0x10;

const afiOf = (family: RouteFamily): number => (family === "ipv4/unicast" ? afi.ipv4 : afi.ipv6);

/** The octets of an OPEN, KEEPALIVE or NOTIFICATION. @see RFC 4271 §4 */
export function encodeMessage(message: OpenMessage | KeepaliveMessage | NotificationMessage): Uint8Array {
  switch (message.type) {
    case "open":
      return encodeOpen(message);
    case "keepalive":
      return withHeader(messageType.keepalive, () => undefined);
    case "notification":
      return withHeader(messageType.notification, (writer) => {
        writer
          .u8(message.code)
          .u8(message.subcode)
          .bytes(message.data.subarray(0, maxMessageLength - 21));
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

/** UPDATEs that announce prefixes of one family with equal attributes: as few as fit. @see RFC 4271 §4.3, RFC 4760 §3 */
export function encodeAnnouncements(
  family: RouteFamily,
  prefixes: readonly Prefix[],
  attributes: PathAttributes,
  isFourOctetAs: boolean,
): Uint8Array[] {
  const nlri = prefixes.map(prefixBytes);
  const common = commonAttributes(attributes, isFourOctetAs);
  const nextHop = addressToBytes(attributes.nextHop);
  const isClassic = family === "ipv4/unicast" && attributes.nextHop.family === 4;
  const fixed = 23 + common.length + (isClassic ? 7 : 4 + 5 + nextHop.length);
  return packed(nlri, maxMessageLength - fixed).map((part) =>
    withHeader(messageType.update, (writer) => {
      writer.u16(0);
      writer.lengthPrefixed(2, (body) => {
        if (!isClassic) {
          body.u8(optional | extended).u8(attributeCode.mpReach);
          body.lengthPrefixed(2, (reach) => {
            reach.u16(afiOf(family)).u8(safiUnicast).u8(nextHop.length).bytes(nextHop).u8(0);
            for (const prefix of part) reach.bytes(prefix);
          });
        }
        body.bytes(common.subarray(0, originAndPathLength(common)));
        if (isClassic) body.u8(transitive).u8(attributeCode.nextHop).u8(4).bytes(nextHop);
        body.bytes(common.subarray(originAndPathLength(common)));
      });
      if (isClassic) for (const prefix of part) writer.bytes(prefix);
    }),
  );
}

/** UPDATEs that withdraw prefixes of one family: as few as fit. */
export function encodeWithdrawals(family: RouteFamily, prefixes: readonly Prefix[]): Uint8Array[] {
  const nlri = prefixes.map(prefixBytes);
  if (family === "ipv4/unicast") {
    return packed(nlri, maxMessageLength - 23).map((part) =>
      withHeader(messageType.update, (writer) => {
        writer.lengthPrefixed(2, (body) => {
          for (const prefix of part) body.bytes(prefix);
        });
        writer.u16(0);
      }),
    );
  }
  return packed(nlri, maxMessageLength - 30).map((part) => unreach(family, part));
}

/** The marker that the initial table of a family is complete. @see RFC 4724 §2 */
export function encodeEndOfRib(family: RouteFamily): Uint8Array {
  if (family === "ipv6/unicast") return unreach(family, []);
  return withHeader(messageType.update, (writer) => {
    writer.u16(0).u16(0);
  });
}

function unreach(family: RouteFamily, nlri: readonly Uint8Array[]): Uint8Array {
  return withHeader(messageType.update, (writer) => {
    writer.u16(0);
    writer.lengthPrefixed(2, (body) => {
      body.u8(optional | extended).u8(attributeCode.mpUnreach);
      body.lengthPrefixed(2, (value) => {
        value.u16(afiOf(family)).u8(safiUnicast);
        for (const prefix of nlri) value.bytes(prefix);
      });
    });
  });
}

/** ORIGIN and AS_PATH, then MED, LOCAL_PREF and COMMUNITIES: NEXT_HOP goes between the two halves. */
function commonAttributes({ asPath, med, localPref, communities }: PathAttributes, isFourOctetAs: boolean): Uint8Array {
  const writer = new Writer();
  writer.u8(transitive).u8(attributeCode.origin).u8(1).u8(0);
  writer.u8(transitive).u8(attributeCode.asPath);
  writer.lengthPrefixed(1, (path) => {
    if (asPath.length === 0) return;
    path.u8(2).u8(asPath.length);
    for (const as of asPath) isFourOctetAs ? path.u32(as) : path.u16(as > 0xffff ? AS_TRANS : as);
  });
  if (med !== undefined) writer.u8(optional).u8(attributeCode.med).u8(4).u32(med);
  if (localPref !== undefined) writer.u8(transitive).u8(attributeCode.localPref).u8(4).u32(localPref);
  if (communities !== undefined && communities.length > 0) {
    writer.u8(optionalTransitive | extended).u8(attributeCode.communities);
    writer.lengthPrefixed(2, (value) => {
      for (const community of communities) value.u32(community);
    });
  }
  return writer.finish();
}

function originAndPathLength(common: Uint8Array): number {
  return 4 + 3 + (common[6] ?? 0);
}

/** @see RFC 4271 §4.2, RFC 5492 §4 */
function encodeOpen(open: OpenMessage): Uint8Array {
  const { capabilities } = open;
  return withHeader(messageType.open, (writer) => {
    writer
      .u8(open.version)
      .u16(open.as > 0xffff ? AS_TRANS : open.as)
      .u16(open.holdTime)
      .bytes(addressToBytes(open.bgpIdentifier));
    writer.lengthPrefixed(1, (parameters) => {
      const capability = (code: number, body: (value: Writer) => void): void => {
        parameters.u8(2).lengthPrefixed(1, (parameter) => parameter.u8(code).lengthPrefixed(1, body));
      };
      for (const family of capabilities.families ?? [])
        capability(capabilityCode.multiprotocol, (value) => value.u16(afiOf(family)).u8(0).u8(safiUnicast));
      if (capabilities.routeRefresh) capability(capabilityCode.routeRefresh, () => undefined);
      const restart = capabilities.gracefulRestart;
      if (restart !== undefined) {
        capability(capabilityCode.gracefulRestart, (value) => {
          value.u16((restart.isRestarting ? 0x8000 : 0) | (restart.keepsAfterNotification ? 0x4000 : 0) | restart.restartTime);
          for (const { family, isForwardingKept } of restart.families)
            value
              .u16(afiOf(family))
              .u8(safiUnicast)
              .u8(isForwardingKept ? 0x80 : 0);
        });
      }
      if (capabilities.fourOctetAs !== undefined)
        capability(capabilityCode.fourOctetAs, (value) => value.u32(capabilities.fourOctetAs as Asn));
    });
  });
}

function withHeader(type: number, body: (writer: Writer) => void): Uint8Array {
  const writer = new Writer();
  for (let index = 0; index < 16; index++) writer.u8(0xff);
  writer.u16(0).u8(type);
  body(writer);
  writer.patch(16, 2, writer.length);
  return writer.finish();
}

function prefixBytes(prefix: Prefix): Uint8Array {
  const bytes = addressToBytes(prefix.address as Address).subarray(0, Math.ceil(prefix.length / 8));
  return Uint8Array.of(prefix.length, ...bytes);
}

/** Groups of prefixes, each group of at most so many octets. */
function packed(nlri: readonly Uint8Array[], room: number): Uint8Array[][] {
  const groups: Uint8Array[][] = [];
  let left = 0;
  for (const prefix of nlri) {
    if (prefix.length > left) {
      groups.push([]);
      left = room;
    }
    groups.at(-1)?.push(prefix);
    left -= prefix.length;
  }
  return groups;
}
