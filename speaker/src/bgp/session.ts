import type { Address } from "../net/address.ts";
import { type Duration, seconds } from "../net/duration.ts";
import { shutdownCommunication } from "./encode.ts";
import { familyOf, type RouteFamily } from "./family.ts";
import { maxIdleHold, messageType, minSendHold, nameOfError, openSentHoldTime } from "./iana.ts";
import type { Message, MessageError, NotificationMessage, OpenMessage, UpdateMessage } from "./message.ts";
import { hexOf, readCommunication } from "./notification.ts";
import { judgeOpen, type LocalOffer, type Negotiated, negotiate, openOf, type PeerAs } from "./open.ts";

/** What one connection to a peer is opened with. */
export interface SessionConfig extends LocalOffer {
  readonly peerAs: PeerAs;
  /** Between attempts to connect. */
  readonly connectRetry: Duration;
  /** Between our KEEPALIVEs, in seconds, where that is less than a third of the hold time; undefined is that third. */
  readonly keepaliveInterval: number | undefined;
  /** Our role towards an external peer. @see RFC 9234 §4 */
  readonly role: number | undefined;
}

export type State = "Idle" | "Connect" | "Active" | "OpenSent" | "OpenConfirm" | "Established";

/** One connection to a peer. A dialled one goes round for ever; an accepted one starts in OpenSent and ends in Idle. */
export interface Session {
  readonly state: State;
  readonly config: SessionConfig;
  readonly isDialled: boolean;
  readonly negotiated: Negotiated | undefined;
  /** How often in a row it ended with an error of the protocol. */
  readonly failures: number;
}

export type TimerName = "connectRetry" | "hold" | "keepalive";

/** The events of RFC 4271 §8.1 that have a cause here. */
export type Event =
  /** Event 1 or 3. */
  | { readonly type: "start" }
  /** Event 4 or 5: the peer is to connect. */
  | { readonly type: "startPassive" }
  /** Event 8 or 2: `subcode` is the Cease subcode, `reason` goes to the peer as text. */
  | { readonly type: "stop"; readonly subcode: number; readonly reason: string }
  /** A stop that must not cost routes: the peer keeps them for the restart. @see RFC 4724 §4.1 */
  | { readonly type: "stopForRestart" }
  /** Event 9. */
  | { readonly type: "connectRetryTimerExpires" }
  /** Event 10. */
  | { readonly type: "holdTimerExpires" }
  /** Event 11. */
  | { readonly type: "keepaliveTimerExpires" }
  /** BFD says that the neighbour is gone: `reason` is its sentence. */
  | { readonly type: "bfdDown"; readonly reason: string }
  /** Nothing got out for too long. @see RFC 9687 §4 */
  | { readonly type: "sendHoldTimerExpires" }
  /** Events 16 and 17. */
  | { readonly type: "tcpConnected" }
  /** Event 18. */
  | { readonly type: "tcpFails"; readonly reason: string }
  /** Events 19 and 24 to 28. */
  | { readonly type: "message"; readonly message: Message }
  /** Events 21, 22 and 28: what came cannot be taken. */
  | { readonly type: "malformed"; readonly error: MessageError };

export type Effect =
  | { readonly type: "dial" }
  | { readonly type: "closeTcp" }
  | { readonly type: "send"; readonly message: OpenMessage | NotificationMessage | { readonly type: "keepalive" } }
  | { readonly type: "startTimer"; readonly timer: TimerName; readonly after: Duration }
  | { readonly type: "stopTimer"; readonly timer: TimerName }
  /** The peer's OPEN is good: the shell settles a collision before the session goes on. */
  | { readonly type: "opened"; readonly peerIdentifier: Address }
  | { readonly type: "sessionUp"; readonly negotiated: Negotiated }
  | { readonly type: "sessionDown"; readonly notification: string | undefined }
  | { readonly type: "routes"; readonly update: UpdateMessage }
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
  return { state: "Idle", config, isDialled: true, negotiated: undefined, failures: 0 };
}

/** The session of a connection that the peer made, and what to do first. */
export function acceptedSession(config: SessionConfig): Step {
  return sendOpen({ ...newSession(config), state: "Connect", isDialled: false }, "the peer connected");
}

/**
 * Advances one session by one event. Pure and total: every state answers every event.
 * @see RFC 4271 §8.2.2
 */
export function step(session: Session, event: Event): Step {
  switch (event.type) {
    case "start":
      return session.state === "Idle" ? connect(session, "started") : stay(session, "already started");
    case "startPassive":
      return session.state === "Idle"
        ? { session: { ...session, state: "Active" }, effects: [], reason: "waiting for the peer to connect" }
        : stay(session, "already started");
    case "connectRetryTimerExpires":
      return isSpeaking(session) ? stay(session, "not waiting to connect") : connect(session, "time to connect");
    case "tcpConnected":
      return session.state === "Connect" ? sendOpen(session, "connected") : stay(session, "not connecting");
    case "tcpFails":
      return fail(session, event.reason);
    case "stop":
      return stop(session, event.subcode, event.reason);
    case "stopForRestart":
      return {
        session: idle(session),
        effects: [...stopTimers, { type: "closeTcp" }],
        reason: "closed for a restart; the peer keeps our routes",
      };
    case "holdTimerExpires":
      return isSpeaking(session)
        ? refuse(session, notification(4, 0), "nothing came within the hold time")
        : stay(session, "no hold timer here");
    case "bfdDown":
      return isSpeaking(session) ? lose(session, event.reason) : stay(session, "no session is up that BFD could end");
    case "sendHoldTimerExpires": {
      const words = `${nameOfError(8, 0)}: nothing could be sent for too long`;
      return isSpeaking(session) ? down(penalized(session), words, words, []) : stay(session, "nothing to send here");
    }
    case "keepaliveTimerExpires":
      return keepalive(session);
    case "malformed":
      if (!isSpeaking(session)) return stay(session, "no message is expected here");
      return refuse(session, notification(event.error.code, event.error.subcode, event.error.data), event.error.reason);
    case "message":
      return receive(session, event.message);
    default:
      return event satisfies never;
  }
}

const stopTimers: readonly Effect[] = [
  { type: "stopTimer", timer: "connectRetry" },
  { type: "stopTimer", timer: "hold" },
  { type: "stopTimer", timer: "keepalive" },
];

/** Whether OPEN was sent, so that the peer listens to what we say. */
function isSpeaking({ state }: Session): boolean {
  return state === "OpenSent" || state === "OpenConfirm" || state === "Established";
}

function notification(code: number, subcode: number, data: Uint8Array = new Uint8Array(0)): NotificationMessage {
  return { type: "notification", code, subcode, data };
}

function stay(session: Session, reason: string): Step {
  return { session, effects: [], reason };
}

function idle(session: Session): Session {
  return { ...session, state: "Idle", negotiated: undefined };
}

function connect(session: Session, reason: string): Step {
  if (!session.isDialled) return stay(session, "an accepted connection is not dialled again");
  const retry: Effect = { type: "startTimer", timer: "connectRetry", after: session.config.connectRetry };
  return { session: { ...session, state: "Connect" }, effects: [{ type: "closeTcp" }, { type: "dial" }, retry], reason };
}

function sendOpen(session: Session, reason: string): Step {
  return {
    session: { ...session, state: "OpenSent" },
    effects: [
      { type: "stopTimer", timer: "connectRetry" },
      { type: "send", message: openOf(session.config) },
      { type: "startTimer", timer: "hold", after: openSentHoldTime },
    ],
    reason: `${reason}; sent OPEN`,
  };
}

/** How long to wait before the next attempt: longer and longer while the peer and we do not get on. @see RFC 4271 §8.1.1 */
function idleHold({ config, failures }: Session): Duration {
  const limit = Math.max(maxIdleHold, config.connectRetry);
  return Math.min(config.connectRetry * 2 ** Math.max(0, Math.min(failures, 16) - 1), limit) as Duration;
}

function penalized(session: Session): Session {
  return { ...session, failures: session.failures + 1 };
}

/** Back to Idle, or Active when nothing was agreed on yet, and for a dialled session, once more after a while. */
function down(
  session: Session,
  reason: string,
  words: string | undefined,
  first: readonly Effect[],
  state: State = "Idle",
): Step {
  const retry: readonly Effect[] = session.isDialled
    ? [{ type: "startTimer", timer: "connectRetry", after: idleHold(session) }]
    : [];
  const told: readonly Effect[] = [{ type: "sessionDown", notification: words }];
  return {
    session: { ...session, state: session.isDialled ? state : "Idle", negotiated: undefined },
    effects: [...first, ...stopTimers, { type: "closeTcp" }, ...told, ...retry],
    reason,
  };
}

/** @see RFC 4271 §8.2.2 (Event 18) */
function fail(session: Session, reason: string): Step {
  if (session.state === "Idle" || session.state === "Active") return stay(session, reason);
  const isEarly = session.state === "Connect" || session.state === "OpenSent";
  return down(session, reason, undefined, [], isEarly ? "Active" : "Idle");
}

/** Ends the connection with a NOTIFICATION of ours. */
function refuse(session: Session, message: NotificationMessage, reason: string): Step {
  const words = `sent ${nameOfError(message.code, message.subcode)}: ${reason}`;
  return down(penalized(session), words, words, [{ type: "send", message }]);
}

/** Nothing is wrong with the peer's words: the next attempt is made as soon as ever. @see RFC 9384 §3 */
function lose(session: Session, reason: string): Step {
  const words = `sent ${nameOfError(6, 10)}: ${reason}`;
  return down({ ...session, failures: 0 }, words, words, [{ type: "send", message: notification(6, 10) }]);
}

function stop(session: Session, subcode: number, reason: string): Step {
  const hasText = subcode === 2 || subcode === 4;
  const message = notification(6, subcode, hasText ? shutdownCommunication(reason) : new Uint8Array(0));
  const first: readonly Effect[] = isSpeaking(session) ? [{ type: "send", message }] : [];
  const words = isSpeaking(session) ? `sent ${nameOfError(6, subcode)}: ${reason}` : reason;
  return {
    session: idle(session),
    effects: [...first, ...stopTimers, { type: "closeTcp" }, { type: "sessionDown", notification: words }],
    reason: words,
  };
}

function keepalive(session: Session): Step {
  const holdTime = session.negotiated?.holdTime ?? 0;
  if ((session.state !== "Established" && session.state !== "OpenConfirm") || holdTime === 0)
    return stay(session, "no KEEPALIVE is due here");
  return {
    session,
    effects: [{ type: "send", message: { type: "keepalive" } }, keepaliveTimer(session.config, holdTime)],
    reason: "sent KEEPALIVE",
  };
}

function keepaliveTimer({ keepaliveInterval }: SessionConfig, holdTime: number): Effect {
  const third = Math.max(1, holdTime / 3);
  return { type: "startTimer", timer: "keepalive", after: seconds(Math.min(keepaliveInterval || third, third)) };
}

function holdTimer(holdTime: number): readonly Effect[] {
  return holdTime === 0
    ? [{ type: "stopTimer", timer: "hold" }]
    : [{ type: "startTimer", timer: "hold", after: seconds(holdTime) }];
}

/** How long nothing may get out before the session is given up. @see RFC 9687 §4 */
export function sendHoldTime(session: Session): Duration {
  return Math.max(minSendHold, 2 * seconds(session.negotiated?.holdTime ?? 0)) as Duration;
}

/** Types of messages that a state takes; the rest end the session. @see RFC 4271 §8.2.2 */
const expected: Readonly<Record<"OpenSent" | "OpenConfirm" | "Established", readonly number[]>> = {
  OpenSent: [messageType.open, messageType.notification],
  OpenConfirm: [messageType.keepalive, messageType.notification],
  Established: [messageType.update, messageType.keepalive, messageType.notification, messageType.routeRefresh],
};

/**
 * What is wrong with a message of a type in a state, before anybody looks into it; undefined when it may come.
 * @see RFC 6608 §3
 */
export function judgeType(state: State, type: number): MessageError | undefined {
  if (state !== "OpenSent" && state !== "OpenConfirm" && state !== "Established") return undefined;
  if (expected[state].includes(type)) return undefined;
  const subcode = state === "OpenSent" ? 1 : state === "OpenConfirm" ? 2 : 3;
  const name = Object.entries(messageType).find(([, code]) => code === type)?.[0] ?? `type ${type}`;
  return { code: 5, subcode, data: Uint8Array.of(type), reason: `${name.toUpperCase()} came in ${state}` };
}

function receive(session: Session, message: Message): Step {
  if (!isSpeaking(session)) return stay(session, "no message is expected here");
  if (message.type === "notification") return receiveNotification(session, message);
  const { state } = session;
  const wrong = judgeType(state, messageType[message.type]);
  if (wrong !== undefined) return refuse(session, notification(wrong.code, wrong.subcode, wrong.data), wrong.reason);
  if (message.type === "open") return receiveOpen(session, message);
  if (state !== "Established") return establish(session);
  return receiveEstablished(session, message);
}

/** Never answered. A version that we do not speak is no reason to wait. @see RFC 4271 §6.4, §8.1.5 (Event 24) */
function receiveNotification(session: Session, message: NotificationMessage): Step {
  const words = `received ${nameOfError(message.code, message.subcode)}${wordsOf(message)}`;
  const isBlameless = (message.code === 2 && message.subcode === 1) || (message.code === 6 && message.subcode === 7);
  return down(isBlameless ? session : penalized(session), words, words, []);
}

function establish(session: Session): Step {
  const { negotiated } = session;
  if (negotiated === undefined) return stay(session, "nothing was agreed on");
  return {
    session: { ...session, state: "Established" },
    effects: [...holdTimer(negotiated.holdTime), { type: "sessionUp", negotiated }],
    reason: "the session is up",
  };
}

function receiveEstablished(session: Session, message: Exclude<Message, OpenMessage | NotificationMessage>): Step {
  const again = holdTimer(session.negotiated?.holdTime ?? 0);
  switch (message.type) {
    case "keepalive":
      return { session: { ...session, failures: 0 }, effects: again, reason: "received KEEPALIVE" };
    case "update":
      return { session, effects: [...again, { type: "routes", update: message }], reason: "received UPDATE" };
    case "routeRefresh": {
      const family = familyOf(message);
      const isWanted = message.subtype === 0 && family !== undefined && session.negotiated?.families.includes(family) === true;
      const isMarked = session.negotiated?.hasEnhancedRouteRefresh === true;
      return {
        session,
        effects: isWanted ? [{ type: "sendTable", family, isMarked }] : [],
        reason: isWanted ? `received ROUTE-REFRESH for ${family}` : "received a ROUTE-REFRESH that asks for nothing",
      };
    }
    default:
      return message satisfies never;
  }
}

function receiveOpen(session: Session, open: OpenMessage): Step {
  const wrong = judgeOpen(open, session.config);
  if (wrong !== undefined) return refuse(session, notification(wrong.code, wrong.subcode, wrong.data), wrong.reason);
  const negotiated = negotiate(session.config, open);
  const { holdTime, families } = negotiated;
  const keepalives: readonly Effect[] = holdTime === 0 ? [] : [keepaliveTimer(session.config, holdTime)];
  return {
    session: { ...session, state: "OpenConfirm", negotiated },
    effects: [
      { type: "opened", peerIdentifier: open.bgpIdentifier },
      { type: "send", message: { type: "keepalive" } },
      ...holdTimer(holdTime),
      ...keepalives,
    ],
    reason: `received OPEN of AS ${negotiated.peerAs}; hold time ${holdTime} s, ${families.join(" and ") || "no family in common"}`,
  };
}

/** What a NOTIFICATION says besides its code: quoted when it is text, else in hexadecimal digits. */
function wordsOf(message: NotificationMessage): string {
  const { communication } = readCommunication(message);
  if (communication !== undefined) return communication === "" ? "" : `: ${JSON.stringify(communication)}`;
  return message.data.length === 0 ? "" : ` (data ${hexOf(message.data)})`;
}

/**
 * Which of two connections to one peer goes on: the one that the higher BGP Identifier made.
 * @returns whether the accepted connection is the one to keep
 * @see RFC 4271 §6.8
 */
export function keepsAccepted(local: Address, peer: Address): boolean {
  return peer.value > local.value;
}
