import type { Address } from "../net/address.ts";
import { type Duration, seconds } from "../net/duration.ts";
import type { RouteFamily } from "./family.ts";
import { minSendHold } from "./iana.ts";
import type { Message, MessageError, NotificationMessage, OpenMessage, RouteRefreshMessage, UpdateMessage } from "./message.ts";
import type { LocalOffer, Negotiated } from "./open.ts";

/** What one connection to a peer is opened with. */
export interface SessionConfig extends LocalOffer {
  /** Between attempts to connect. */
  readonly connectRetry: Duration;
  /** Between our KEEPALIVEs, in seconds, where that is less than a third of the hold time; undefined is that third. */
  readonly keepaliveInterval: number | undefined;
  /** How long we wait for the peer's OPEN before we send ours; absent is not at all. @see RFC 4271 §8.1.1 (DelayOpen) */
  readonly delayOpen?: Duration;
}

export type State = "Idle" | "Connect" | "Active" | "OpenSent" | "OpenConfirm" | "Established";

/** One connection to a peer. A dialled one goes round for ever; an accepted one begins when the peer has connected and ends in Idle. */
export interface Session {
  readonly state: State;
  readonly config: SessionConfig;
  readonly isDialled: boolean;
  readonly negotiated: Negotiated | undefined;
  /** How often in a row it ended with an error of the protocol: ConnectRetryCounter. */
  readonly failures: number;
  /** Whether TCP is up and the peer's OPEN is waited for before ours is sent. */
  readonly isDelayingOpen: boolean;
  /** Whether OPEN says that this speaker has just been restarted. @see RFC 4724 §3 */
  readonly isRestarting: boolean;
}

export type TimerName = "connectRetry" | "hold" | "keepalive" | "delayOpen" | "idleHold";

/** The events of RFC 4271 §8.1 that have a cause here; the kernel judges connections before we hear of them (14, 15). */
export type Event =
  /** Events 1, 3 and 6. */
  | { readonly type: "start" }
  /** Events 4, 5 and 7: the peer is to connect. */
  | { readonly type: "startPassive" }
  /** Events 2 and 8: `subcode` is the Cease subcode, `reason` goes to the peer as text. */
  | { readonly type: "stop"; readonly subcode: number; readonly reason: string }
  /** A stop that must not cost routes: the peer keeps them for the restart. @see RFC 4724 §4.1 */
  | { readonly type: "stopForRestart" }
  /** Event 9. */
  | { readonly type: "connectRetryTimerExpires" }
  /** Event 10. */
  | { readonly type: "holdTimerExpires" }
  /** Event 11. */
  | { readonly type: "keepaliveTimerExpires" }
  /** Event 12. */
  | { readonly type: "delayOpenTimerExpires" }
  /** Event 13. */
  | { readonly type: "idleHoldTimerExpires" }
  /** Nothing got out for too long. @see RFC 9687 §4 */
  | { readonly type: "sendHoldTimerExpires" }
  /** BFD says that the neighbour is gone: `reason` is its sentence. */
  | { readonly type: "bfdDown"; readonly reason: string }
  /** Events 16 and 17. `isRestarting`: this is the first session with the peer since the speaker was started. */
  | { readonly type: "tcpConnected"; readonly isRestarting: boolean }
  /** Event 18. */
  | { readonly type: "tcpFails"; readonly reason: string }
  /** Event 23: another connection to the same peer goes on. */
  | { readonly type: "openCollisionDump" }
  /** Events 19, 20 and 24 to 27. */
  | { readonly type: "message"; readonly message: Message }
  /** Events 21, 22 and 28: what came cannot be taken. */
  | { readonly type: "malformed"; readonly error: MessageError }
  /** We want the peer's table of a family once more. @see RFC 2918 §4 */
  | { readonly type: "askForRoutes"; readonly family: RouteFamily };

export type Effect =
  | { readonly type: "dial" }
  | { readonly type: "closeTcp" }
  | {
      readonly type: "send";
      readonly message: OpenMessage | NotificationMessage | RouteRefreshMessage | { readonly type: "keepalive" };
    }
  | { readonly type: "startTimer"; readonly timer: TimerName; readonly after: Duration }
  | { readonly type: "stopTimer"; readonly timer: TimerName }
  /** The peer's OPEN is good: the shell settles a collision before the session goes on. */
  | { readonly type: "opened"; readonly peerIdentifier: Address }
  | { readonly type: "sessionUp"; readonly negotiated: Negotiated }
  /** `keepsRoutes`: the peer restarts gracefully, and what it announced counts until it is back. @see RFC 4724 §4.2, RFC 8538 §4 */
  | {
      readonly type: "sessionDown";
      readonly cause: string | undefined;
      /** Why a connection came to nothing before the session was up. */
      readonly attempt?: string;
      readonly keepsRoutes: boolean;
    }
  | { readonly type: "routes"; readonly update: UpdateMessage }
  /** The peer sends its table of a family once more; at the end what it left out is gone. @see RFC 7313 §4 */
  | { readonly type: "refresh"; readonly family: RouteFamily; readonly at: "begin" | "end" }
  /** The peer wants the table of a family once more; `isMarked` says that it knows the marks around it. @see RFC 7313 §4 */
  | { readonly type: "sendTable"; readonly family: RouteFamily; readonly isMarked: boolean };

export interface Step {
  readonly session: Session;
  readonly effects: readonly Effect[];
  /** What happened and why, for the log. */
  readonly reason: string;
}

/** A session that has not started. */
export function newSession(config: SessionConfig): Session {
  return {
    state: "Idle",
    config,
    isDialled: true,
    negotiated: undefined,
    failures: 0,
    isDelayingOpen: false,
    isRestarting: false,
  };
}

/** How long nothing may get out before the session is given up. @see RFC 9687 §4 */
export function sendHoldTime(session: Session): Duration {
  return Math.max(minSendHold, 2 * seconds(session.negotiated?.holdTime ?? 0)) as Duration;
}

/**
 * Which of two connections to one peer goes on: the one that the higher BGP Identifier made.
 * Equal identifiers, which only peers of different AS may have, are told apart by their AS numbers.
 * @returns whether the accepted connection is the one to keep
 * @see RFC 4271 §6.8, RFC 6286 §2.3
 */
export function keepsAccepted(
  local: { readonly identifier: Address; readonly as: number },
  peer: { readonly identifier: Address; readonly as: number },
): boolean {
  if (local.identifier.value === peer.identifier.value) return peer.as > local.as;
  return peer.identifier.value > local.identifier.value;
}
