import { seconds } from "../net/duration.ts";

/** Message types. @see RFC 4271 §4.1, RFC 2918 §3 */
export const messageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

/** Address family identifiers, and the one subsequent identifier that we speak. @see RFC 4760 §3 */
export const afi = { ipv4: 1, ipv6: 2 } as const;
export const safiUnicast = 1;

/** "Please use other paths: this one goes away." @see RFC 8326 §5 */
export const gracefulShutdownCommunity = 0xffff0000;

/** Lengths of messages in octets, header included. @see RFC 4271 §4 */
export const headerLength = 19;
export const maxMessageLength = 4096;
/** What a message may have when the receiver said so; OPEN and KEEPALIVE stay below 4096. @see RFC 8654 §4 */
export const maxExtendedMessageLength = 65535;
export const minLengthOf: Readonly<Record<number, number>> = { 1: 29, 2: 23, 3: 21, 4: 19, 5: 19 };

/** Timer defaults. ConnectRetry is far below the 120 s of the RFC: a load balancer that waits two minutes is an outage. @see RFC 4271 §10 */
export const defaultConnectRetry = seconds(5);
/** The longest wait after repeated errors of the protocol. @see RFC 4271 §8.1.1 (DampPeerOscillations) */
export const maxIdleHold = seconds(60);
/** How long nothing may get out, at least, before the session is given up. @see RFC 9687 §4 */
export const minSendHold = seconds(480);
/** While waiting for the peer's OPEN. The RFC suggests four minutes; a router that let a connection go unanswered is tried again sooner. @see RFC 4271 §8.2.2 */
export const openSentHoldTime = seconds(30);

const errorNames: Readonly<Record<number, readonly [string, Readonly<Record<number, string>>]>> = {
  1: ["Message Header Error", { 1: "Connection Not Synchronized", 2: "Bad Message Length", 3: "Bad Message Type" }],
  2: [
    "OPEN Message Error",
    {
      1: "Unsupported Version Number",
      2: "Bad Peer AS",
      3: "Bad BGP Identifier",
      4: "Unsupported Optional Parameter",
      6: "Unacceptable Hold Time",
      7: "Unsupported Capability",
      11: "Role Mismatch",
    },
  ],
  3: [
    "UPDATE Message Error",
    {
      1: "Malformed Attribute List",
      2: "Unrecognized Well-known Attribute",
      3: "Missing Well-known Attribute",
      4: "Attribute Flags Error",
      5: "Attribute Length Error",
      6: "Invalid ORIGIN Attribute",
      8: "Invalid NEXT_HOP Attribute",
      9: "Optional Attribute Error",
      10: "Invalid Network Field",
      11: "Malformed AS_PATH",
    },
  ],
  4: ["Hold Timer Expired", {}],
  5: [
    "Finite State Machine Error",
    {
      1: "Unexpected Message in OpenSent State",
      2: "Unexpected Message in OpenConfirm State",
      3: "Unexpected Message in Established State",
    },
  ],
  6: [
    "Cease",
    {
      1: "Maximum Number of Prefixes Reached",
      2: "Administrative Shutdown",
      3: "Peer De-configured",
      4: "Administrative Reset",
      5: "Connection Rejected",
      6: "Other Configuration Change",
      7: "Connection Collision Resolution",
      8: "Out of Resources",
      9: "Hard Reset",
      10: "BFD Down",
    },
  ],
  7: ["ROUTE-REFRESH Message Error", { 1: "Invalid Message Length" }],
  8: ["Send Hold Timer Expired", {}],
};

/** A NOTIFICATION in the words of the registry: "Cease/Administrative Shutdown (6/2)". @see RFC 4271 §4.5, RFC 4486, RFC 6608, RFC 7313, RFC 9384, RFC 9687 */
export function nameOfError(code: number, subcode: number): string {
  const [name, subcodes] = errorNames[code] ?? ["Unknown Error", {}];
  const detail = subcodes[subcode];
  return `${name}${detail === undefined ? "" : `/${detail}`} (${code}/${subcode})`;
}
