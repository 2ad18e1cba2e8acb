import type { Address } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import type { Prefix } from "../net/prefix.ts";

/** An address family that routes are exchanged for. @see RFC 4760 §3 */
export type RouteFamily = "ipv4/unicast" | "ipv6/unicast";

/** What an OPEN says that the speaker can do. */
export interface Capabilities {
  /** Families it named; undefined when it named none, which means IPv4 unicast. */
  readonly families: readonly RouteFamily[] | undefined;
  readonly fourOctetAs: Asn | undefined;
  readonly routeRefresh: boolean;
  readonly gracefulRestart: GracefulRestart | undefined;
  /** Codes of capabilities that we do not know. */
  readonly unknown: readonly number[];
}

/** @see RFC 4724 §3, RFC 8538 §2 */
export interface GracefulRestart {
  readonly isRestarting: boolean;
  readonly keepsAfterNotification: boolean;
  /** In seconds. */
  readonly restartTime: number;
  readonly families: readonly { readonly family: RouteFamily; readonly isForwardingKept: boolean }[];
}

export interface OpenMessage {
  readonly type: "open";
  readonly version: number;
  /** The AS number: of the four-octet capability if there is one, else of the header. */
  readonly as: Asn;
  /** In seconds. */
  readonly holdTime: number;
  readonly bgpIdentifier: Address;
  readonly capabilities: Capabilities;
}

/** Attributes of a path that we announce, or that a peer did. */
export interface PathAttributes {
  /** AS numbers, the nearest first; AS_SETs are flattened. */
  readonly asPath: readonly Asn[];
  readonly nextHop: Address;
  readonly med?: number;
  readonly localPref?: number;
  /** Standard communities as 32-bit numbers. @see RFC 1997 */
  readonly communities?: readonly number[];
}

export interface UpdateMessage {
  readonly type: "update";
  readonly withdrawn: readonly Prefix[];
  readonly announced: readonly { readonly prefix: Prefix; readonly nextHop: Address }[];
  /** The family whose initial table is complete, when this is an End-of-RIB marker. @see RFC 4724 §2 */
  readonly endOfRib: RouteFamily | undefined;
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

export interface RouteRefreshMessage {
  readonly type: "routeRefresh";
  /** Undefined for a family that we do not know. */
  readonly family: RouteFamily | undefined;
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
