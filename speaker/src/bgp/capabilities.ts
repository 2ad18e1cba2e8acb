import type { Asn } from "../net/asn.ts";
import { DecodeError } from "../wire/decodeError.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import { familyOf, type RouteFamily, type WireFamily } from "./family.ts";

/** @see RFC 4724 §3, RFC 8538 §2 */
export interface GracefulRestart {
  readonly isRestarting: boolean;
  readonly keepsAfterNotification: boolean;
  /** In seconds. */
  readonly restartTime: number;
  /** `flags`: 0x80 says that forwarding went on. */
  readonly families: readonly (WireFamily & { readonly flags: number })[];
}

/** One capability of an OPEN, by its name here. */
export type Capability =
  | ({ readonly name: "multiprotocol" } & WireFamily)
  | { readonly name: "routeRefresh" }
  | { readonly name: "extendedNextHop"; readonly families: readonly (WireFamily & { readonly nextHopAfi: number })[] }
  | { readonly name: "extendedMessage" }
  | { readonly name: "role"; readonly role: number }
  | ({ readonly name: "gracefulRestart" } & GracefulRestart)
  | { readonly name: "fourOctetAs"; readonly as: Asn }
  | { readonly name: "addPath"; readonly families: readonly (WireFamily & { readonly mode: number })[] }
  | { readonly name: "enhancedRouteRefresh" }
  | {
      readonly name: "longLivedGracefulRestart";
      readonly families: readonly (WireFamily & { readonly flags: number; readonly staleTime: number })[];
    }
  | { readonly name: "fqdn"; readonly host: string; readonly domain: string }
  | { readonly name: "oldRouteRefresh" }
  | { readonly name: "unknown"; readonly code: number; readonly value: Uint8Array };

type Name = Exclude<Capability["name"], "unknown">;
type Body<N extends Name> = Extract<Capability, { readonly name: N }>;

/** One capability: its code, the lengths it may have, how it is read and written. */
interface Row<N extends Name> {
  readonly code: number;
  readonly rfc: string;
  isLength(length: number): boolean;
  read(value: Reader): Body<N>;
  write(writer: Writer, capability: Body<N>): void;
}

const exactly = (wanted: number) => (length: number) => length === wanted;
const multipleOf = (size: number) => (length: number) => length % size === 0;
const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);
const readFamily = (reader: Reader): WireFamily => ({ afi: reader.u16(), safi: reader.u8() });
const writeFamily = (writer: Writer, { afi, safi }: WireFamily): Writer => writer.u16(afi).u8(safi);
const empty = <N extends Name>(code: number, rfc: string, body: Body<N>): Row<N> => ({
  code,
  rfc,
  isLength: exactly(0),
  read: () => body,
  write: () => undefined,
});

function list<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const items: T[] = [];
  while (reader.remaining > 0) items.push(read(reader));
  return items;
}

/** Capabilities, ascending by code. The layouts of a family differ from row to row: that is how they are on the wire. @see RFC 5492 §4 */
const rows: { readonly [N in Name]: Row<N> } = {
  multiprotocol: {
    code: 1,
    rfc: "4760 §8",
    isLength: exactly(4),
    read: (value) => {
      const afi = value.u16();
      value.u8();
      return { name: "multiprotocol", afi, safi: value.u8() };
    },
    write: (writer, { afi, safi }) => void writer.u16(afi).u8(0).u8(safi),
  },
  routeRefresh: empty<"routeRefresh">(2, "2918 §2", { name: "routeRefresh" }),
  extendedNextHop: {
    code: 5,
    rfc: "8950 §4",
    isLength: multipleOf(6),
    read: (value) => ({
      name: "extendedNextHop",
      families: list(value, (reader) => ({ afi: reader.u16(), safi: reader.u16(), nextHopAfi: reader.u16() })),
    }),
    write: (writer, { families }) => {
      for (const { afi, safi, nextHopAfi } of families) writer.u16(afi).u16(safi).u16(nextHopAfi);
    },
  },
  extendedMessage: empty<"extendedMessage">(6, "8654 §3", { name: "extendedMessage" }),
  role: {
    code: 9,
    rfc: "9234 §4.1",
    isLength: exactly(1),
    read: (value) => ({ name: "role", role: value.u8() }),
    write: (writer, { role }) => void writer.u8(role),
  },
  gracefulRestart: {
    code: 64,
    rfc: "4724 §3",
    isLength: (length) => length % 4 === 2,
    read: (value) => {
      const head = value.u16();
      return {
        name: "gracefulRestart",
        isRestarting: (head & 0x8000) !== 0,
        keepsAfterNotification: (head & 0x4000) !== 0,
        restartTime: head & 0xfff,
        families: list(value, (reader) => ({ ...readFamily(reader), flags: reader.u8() })),
      };
    },
    write: (writer, { isRestarting, keepsAfterNotification, restartTime, families }) => {
      writer.u16((isRestarting ? 0x8000 : 0) | (keepsAfterNotification ? 0x4000 : 0) | restartTime);
      for (const { flags, ...family } of families) writeFamily(writer, family).u8(flags);
    },
  },
  fourOctetAs: {
    code: 65,
    rfc: "6793 §3",
    isLength: exactly(4),
    read: (value) => ({ name: "fourOctetAs", as: value.u32() as Asn }),
    write: (writer, { as }) => void writer.u32(as),
  },
  addPath: {
    code: 69,
    rfc: "7911 §4",
    isLength: multipleOf(4),
    read: (value) => ({ name: "addPath", families: list(value, (reader) => ({ ...readFamily(reader), mode: reader.u8() })) }),
    write: (writer, { families }) => {
      for (const { mode, ...family } of families) writeFamily(writer, family).u8(mode);
    },
  },
  enhancedRouteRefresh: empty<"enhancedRouteRefresh">(70, "7313 §3.1", { name: "enhancedRouteRefresh" }),
  longLivedGracefulRestart: {
    code: 71,
    rfc: "9494 §3.1",
    isLength: multipleOf(7),
    read: (value) => ({
      name: "longLivedGracefulRestart",
      families: list(value, (reader) => ({
        ...readFamily(reader),
        flags: reader.u8(),
        staleTime: reader.u8() * 65536 + reader.u16(),
      })),
    }),
    write: (writer, { families }) => {
      for (const { flags, staleTime, ...family } of families)
        writeFamily(writer, family)
          .u8(flags)
          .u8(staleTime >>> 16)
          .u16(staleTime & 0xffff);
    },
  },
  fqdn: {
    code: 73,
    rfc: "draft-walton-bgp-hostname-capability §2",
    isLength: (length) => length >= 2,
    read: (value) => ({ name: "fqdn", host: text(value.bytes(value.u8())), domain: text(value.bytes(value.u8())) }),
    write: (writer, { host, domain }) => {
      for (const part of [host, domain]) writer.lengthPrefixed(1, (body) => body.bytes(new TextEncoder().encode(part)));
    },
  },
  oldRouteRefresh: empty<"oldRouteRefresh">(128, "2918 (before its number was given)", { name: "oldRouteRefresh" }),
};

const rowByCode: ReadonlyMap<number, Row<Name>> = new Map(Object.values(rows).map((row) => [row.code, row as Row<Name>]));

/** The code of a capability. */
export function codeOfCapability(capability: Capability): number {
  return capability.name === "unknown" ? capability.code : rows[capability.name].code;
}

/** Reads one capability. @throws DecodeError when a known one has a length that it cannot have */
export function readCapability(reader: Reader): Capability {
  const code = reader.u8();
  const value = reader.sub(reader.u8());
  const row = rowByCode.get(code);
  if (row === undefined) return { name: "unknown", code, value: value.rest().slice() };
  if (!row.isLength(value.remaining))
    throw new DecodeError(`capability ${code} (RFC ${row.rfc}) has ${value.remaining} octets`, reader.offset);
  return row.read(value);
}

/** Writes one capability with its code and length. */
export function writeCapability(writer: Writer, capability: Capability): void {
  writer.u8(codeOfCapability(capability)).lengthPrefixed(1, (body) => {
    if (capability.name === "unknown") body.bytes(capability.value);
    // The row of a name takes the body of that name; TypeScript does not follow the pair through the table.
    else (rows[capability.name] as Row<Name>).write(body, capability);
  });
}

/** What the capabilities of an OPEN amount to. Of conflicting ones the last counts. @see RFC 5492 §4 */
export interface Offer {
  /** Families; IPv4 unicast when none was named. */
  readonly families: readonly RouteFamily[];
  readonly fourOctetAs: Asn | undefined;
  readonly hasRouteRefresh: boolean;
  readonly hasEnhancedRouteRefresh: boolean;
  readonly hasExtendedMessage: boolean;
  readonly hasExtendedNextHop: boolean;
  readonly gracefulRestart: GracefulRestart | undefined;
  /** Families whose several paths the speaker wants to receive, and those that it wants to send. @see RFC 7911 §4 */
  readonly addPathReceive: readonly RouteFamily[];
  readonly addPathSend: readonly RouteFamily[];
  /** Every role that was named. @see RFC 9234 §4.2 */
  readonly roles: readonly number[];
}

/** What a list of capabilities amounts to. */
export function offerOf(capabilities: readonly Capability[]): Offer {
  const families: RouteFamily[] = [];
  const offer = {
    families,
    fourOctetAs: undefined as Asn | undefined,
    hasRouteRefresh: false,
    hasEnhancedRouteRefresh: false,
    hasExtendedMessage: false,
    hasExtendedNextHop: false,
    gracefulRestart: undefined as GracefulRestart | undefined,
    addPathReceive: [] as RouteFamily[],
    addPathSend: [] as RouteFamily[],
    roles: [] as number[],
  };
  let namesFamilies = false;
  for (const one of capabilities)
    switch (one.name) {
      case "multiprotocol":
        namesFamilies = true;
        addKnown(families, one);
        break;
      case "fourOctetAs":
        offer.fourOctetAs = one.as;
        break;
      case "routeRefresh":
      case "oldRouteRefresh":
        offer.hasRouteRefresh = true;
        break;
      case "enhancedRouteRefresh":
        offer.hasEnhancedRouteRefresh = true;
        break;
      case "extendedMessage":
        offer.hasExtendedMessage = true;
        break;
      case "extendedNextHop":
        offer.hasExtendedNextHop ||= one.families.some(
          (family) => familyOf(family) === "ipv4/unicast" && family.nextHopAfi === 2,
        );
        break;
      case "gracefulRestart":
        offer.gracefulRestart = one;
        break;
      case "addPath":
        for (const family of one.families) {
          if (family.mode === 1 || family.mode === 3) addKnown(offer.addPathReceive, family);
          if (family.mode === 2 || family.mode === 3) addKnown(offer.addPathSend, family);
        }
        break;
      case "role":
        if (!offer.roles.includes(one.role)) offer.roles.push(one.role);
        break;
      default:
    }
  if (!namesFamilies) families.push("ipv4/unicast");
  return offer;
}

/** Adds a family that we know, once. */
function addKnown(families: RouteFamily[], named: WireFamily): void {
  const family = familyOf(named);
  if (family !== undefined && !families.includes(family)) families.push(family);
}
