import type { Address } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import type { Prefix } from "../net/prefix.ts";
import type { ReceivedAttributes } from "./attributes.ts";
import type { Capability } from "./capabilities.ts";
import type { RouteFamily, WireFamily } from "./family.ts";

export interface OpenMessage {
  readonly type: "open";
  readonly version: number;
  /** The AS number of the header: AS_TRANS stands for one of four octets. */
  readonly myAs: Asn;
  /** In seconds. */
  readonly holdTime: number;
  readonly bgpIdentifier: Address;
  /** In the order of the message, duplicates included. */
  readonly capabilities: readonly Capability[];
}

/** A prefix, and which of several paths to it. `pathId` is undefined where ADD-PATH is not in use. @see RFC 7911 §3 */
export interface Path {
  readonly prefix: Prefix;
  readonly pathId: number | undefined;
}

/** A path that a peer announced. */
export interface AnnouncedPath extends Path {
  readonly nextHop: Address;
}

/** An attribute that could not be taken, and what became of it. @see RFC 7606 §2 */
export interface AttributeFault {
  readonly code: number;
  /** `withdraw`: the routes of the message are gone; `discard`: the attribute is. */
  readonly action: "withdraw" | "discard";
  readonly reason: string;
}

export interface UpdateMessage {
  readonly type: "update";
  /** What is gone, including what a malformed attribute took with it. */
  readonly withdrawn: readonly Path[];
  readonly announced: readonly AnnouncedPath[];
  readonly attributes: ReceivedAttributes;
  /** How long the attributes were on the wire, in octets. */
  readonly attributeOctets: number;
  readonly faults: readonly AttributeFault[];
  /** The family whose initial table is complete, when this is an End-of-RIB marker. @see RFC 4724 §2 */
  readonly endOfRib: RouteFamily | undefined;
  /** Why routes of it were passed over; undefined when none were. */
  readonly passedOver: string | undefined;
}

export interface NotificationMessage {
  readonly type: "notification";
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

export interface KeepaliveMessage {
  readonly type: "keepalive";
}

export interface RouteRefreshMessage extends WireFamily {
  readonly type: "routeRefresh";
  /** 0 asks for the table; 1 and 2 mark its beginning and end. @see RFC 7313 §3.2 */
  readonly subtype: number;
}

export type Message = OpenMessage | UpdateMessage | NotificationMessage | KeepaliveMessage | RouteRefreshMessage;

/** What to answer to a message that cannot be taken: the exact NOTIFICATION, and why. */
export interface MessageError {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
  readonly reason: string;
}

/** What the reading of a message depends on: what both sides agreed on. */
export interface DecodeContext {
  /** Whether AS numbers in paths have four octets. @see RFC 6793 §4 */
  readonly isFourOctetAs: boolean;
  /** Whether the peer is of our AS. */
  readonly isInternal: boolean;
  readonly families: readonly RouteFamily[];
  /** Families whose prefixes come with a path identifier. @see RFC 7911 §4 */
  readonly addPath: readonly RouteFamily[];
  /** Whether IPv4 routes may have an IPv6 next hop. @see RFC 8950 §4 */
  readonly hasExtendedNextHop: boolean;
}
