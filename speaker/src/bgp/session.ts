import type { Address } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { type Duration, seconds } from "../net/duration.ts";
import { shutdownCommunication } from "./encode.ts";
import { nameOfError, openSentHoldTime } from "./iana.ts";
import type {
  GracefulRestart,
  Message,
  MessageError,
  NotificationMessage,
  OpenMessage,
  RouteFamily,
  UpdateMessage,
} from "./message.ts";

/** What one connection to a peer is opened with. */
export interface SessionConfig {
  readonly localAs: Asn;
  readonly peerAs: Asn;
  readonly bgpIdentifier: Address;
  /** What we ask for, in seconds; 0 is never. */
  readonly holdTime: number;
  /** Between attempts to connect. */
  readonly connectRetry: Duration;
  readonly families: readonly RouteFamily[];
  readonly gracefulRestart: GracefulRestart | undefined;
}

/** What both sides agreed on. */
export interface Negotiated {
  /** In seconds; 0 is never. */
  readonly holdTime: number;
  readonly families: readonly RouteFamily[];
  readonly isFourOctetAs: boolean;
  readonly peerRouteRefresh: boolean;
  readonly peerIdentifier: Address;
  readonly peerGracefulRestart: GracefulRestart | undefined;
}

export type State = "Idle" | "Connect" | "OpenSent" | "OpenConfirm" | "Established";

/** One connection to a peer. A dialled one goes round for ever; an accepted one starts in OpenSent and ends in Idle. */
export interface Session {
  readonly state: State;
  readonly config: SessionConfig;
  readonly isDialled: boolean;
  readonly negotiated: Negotiated | undefined;
}

export type TimerName = "connectRetry" | "hold" | "keepalive";

/** The events of RFC 4271 §8.1 that have a cause here. */
export type Event =
  | { readonly type: "start" }
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
  | { readonly type: "sendTable"; readonly family: RouteFamily };

export interface Step {
  readonly session: Session;
  readonly effects: readonly Effect[];
  /** What happened and why, for the log. */
  readonly reason: string;
}

/** A session that has not started. */
export function newSession(config: SessionConfig): Session {
  return { state: "Idle", config, isDialled: true, negotiated: undefined };
}

/** The session of a connection that the peer made, and what to do first. */
export function acceptedSession(config: SessionConfig): Step {
  return sendOpen({ state: "Connect", config, isDialled: false, negotiated: undefined }, "the peer connected");
}

/**
 * Advances one session by one event. Pure and total: every state answers every event.
 * @see RFC 4271 §8.2.2
 */
export function step(session: Session, event: Event): Step {
  switch (event.type) {
    case "start":
      return session.state === "Idle" ? connect(session, "started") : stay(session, "already started");
    case "connectRetryTimerExpires":
      return session.state === "Idle" || session.state === "Connect"
        ? connect(session, "time to connect")
        : stay(session, "not waiting to connect");
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
      return session.state === "Idle" || session.state === "Connect"
        ? stay(session, "no hold timer here")
        : refuse(session, notification(4, 0), "nothing came within the hold time");
    case "keepaliveTimerExpires":
      return keepalive(session);
    case "malformed":
      if (session.state === "Idle" || session.state === "Connect") return stay(session, "no message is expected here");
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
  const { localAs, bgpIdentifier, holdTime, families, gracefulRestart } = session.config;
  const capabilities = { families, fourOctetAs: localAs, routeRefresh: true, gracefulRestart, unknown: [] };
  const open: OpenMessage = { type: "open", version: 4, as: localAs, holdTime, bgpIdentifier, capabilities };
  return {
    session: { ...session, state: "OpenSent" },
    effects: [
      { type: "stopTimer", timer: "connectRetry" },
      { type: "send", message: open },
      { type: "startTimer", timer: "hold", after: openSentHoldTime },
    ],
    reason: `${reason}; sent OPEN`,
  };
}

/** Back to Idle, and for a dialled session, once more after a while. */
function down(session: Session, reason: string, words: string | undefined, first: readonly Effect[]): Step {
  const retry: readonly Effect[] = session.isDialled
    ? [{ type: "startTimer", timer: "connectRetry", after: session.config.connectRetry }]
    : [];
  const told: readonly Effect[] = [{ type: "sessionDown", notification: words }];
  return { session: idle(session), effects: [...first, ...stopTimers, { type: "closeTcp" }, ...told, ...retry], reason };
}

function fail(session: Session, reason: string): Step {
  return session.state === "Idle" ? stay(session, reason) : down(session, reason, undefined, []);
}

/** Ends the connection with a NOTIFICATION of ours. */
function refuse(session: Session, message: NotificationMessage, reason: string): Step {
  const words = `sent ${nameOfError(message.code, message.subcode)}: ${reason}`;
  return down(session, words, words, [{ type: "send", message }]);
}

function stop(session: Session, subcode: number, reason: string): Step {
  const isSpeaking = session.state !== "Idle" && session.state !== "Connect";
  const hasText = subcode === 2 || subcode === 4;
  const message = notification(6, subcode, hasText ? shutdownCommunication(reason) : new Uint8Array(0));
  const first: readonly Effect[] = isSpeaking ? [{ type: "send", message }] : [];
  const words = isSpeaking ? `sent ${nameOfError(6, subcode)}: ${reason}` : reason;
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
    effects: [{ type: "send", message: { type: "keepalive" } }, keepaliveTimer(holdTime)],
    reason: "sent KEEPALIVE",
  };
}

function keepaliveTimer(holdTime: number): Effect {
  return { type: "startTimer", timer: "keepalive", after: seconds(Math.max(1, holdTime / 3)) };
}

function holdTimer(holdTime: number): readonly Effect[] {
  return holdTime === 0
    ? [{ type: "stopTimer", timer: "hold" }]
    : [{ type: "startTimer", timer: "hold", after: seconds(holdTime) }];
}

const codeOf = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

function receive(session: Session, message: Message): Step {
  if (session.state === "Idle" || session.state === "Connect") return stay(session, "no message is expected here");
  if (message.type === "notification") {
    const words = `received ${nameOfError(message.code, message.subcode)}${communicationOf(message)}`;
    return down(session, words, words, []);
  }
  if (session.state === "OpenSent" && message.type === "open") return receiveOpen(session, message);
  if (session.state === "OpenConfirm" && message.type === "keepalive" && session.negotiated !== undefined) {
    const { negotiated } = session;
    return {
      session: { ...session, state: "Established" },
      effects: [...holdTimer(negotiated.holdTime), { type: "sessionUp", negotiated }],
      reason: "the session is up",
    };
  }
  if (session.state === "Established" && message.type !== "open") return receiveEstablished(session, message);
  const subcode = session.state === "OpenSent" ? 1 : session.state === "OpenConfirm" ? 2 : 3;
  return refuse(
    session,
    notification(5, subcode, Uint8Array.of(codeOf[message.type])),
    `${message.type.toUpperCase()} came in ${session.state}`,
  );
}

function receiveEstablished(session: Session, message: Exclude<Message, OpenMessage | NotificationMessage>): Step {
  const again = holdTimer(session.negotiated?.holdTime ?? 0);
  switch (message.type) {
    case "keepalive":
      return { session, effects: again, reason: "received KEEPALIVE" };
    case "update":
      return { session, effects: [...again, { type: "routes", update: message }], reason: "received UPDATE" };
    case "routeRefresh": {
      const isWanted =
        message.subtype === 0 && message.family !== undefined && session.negotiated?.families.includes(message.family) === true;
      return {
        session,
        effects: isWanted && message.family !== undefined ? [{ type: "sendTable", family: message.family }] : [],
        reason: "received ROUTE-REFRESH",
      };
    }
    default:
      return message satisfies never;
  }
}

/** @see RFC 4271 §6.2, RFC 6286 §2.2, RFC 6793 §4 */
function receiveOpen(session: Session, open: OpenMessage): Step {
  const { config } = session;
  if (open.as !== config.peerAs)
    return refuse(session, notification(2, 2), `the peer is AS ${open.as}, and AS ${config.peerAs} was expected`);
  if (open.as === config.localAs && open.bgpIdentifier.value === config.bgpIdentifier.value)
    return refuse(session, notification(2, 3), "the peer has our own BGP Identifier");
  const offered = open.capabilities.families ?? (["ipv4/unicast"] as const);
  const families = config.families.filter((family) => offered.includes(family));
  const negotiated: Negotiated = {
    holdTime: Math.min(open.holdTime, config.holdTime),
    families,
    isFourOctetAs: open.capabilities.fourOctetAs !== undefined,
    peerRouteRefresh: open.capabilities.routeRefresh,
    peerIdentifier: open.bgpIdentifier,
    peerGracefulRestart: open.capabilities.gracefulRestart,
  };
  const keepalives: readonly Effect[] = negotiated.holdTime === 0 ? [] : [keepaliveTimer(negotiated.holdTime)];
  return {
    session: { ...session, state: "OpenConfirm", negotiated },
    effects: [
      { type: "opened", peerIdentifier: open.bgpIdentifier },
      { type: "send", message: { type: "keepalive" } },
      ...holdTimer(negotiated.holdTime),
      ...keepalives,
    ],
    reason: `received OPEN of AS ${open.as}; hold time ${negotiated.holdTime} s, ${families.join(" and ") || "no family in common"}`,
  };
}

/** The text that a peer sent with a shutdown, quoted; what is not UTF-8 is shown as hexadecimal digits. @see RFC 9003 §2 */
function communicationOf({ code, subcode, data }: NotificationMessage): string {
  if (data.length === 0) return "";
  const hex = (): string => ` (data ${Array.from(data, (octet) => octet.toString(16).padStart(2, "0")).join("")})`;
  const length = data[0] ?? 0;
  if (code !== 6 || (subcode !== 2 && subcode !== 4) || length + 1 > data.length) return hex();
  try {
    return `: ${JSON.stringify(new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(1, 1 + length)))}`;
  } catch {
    return hex();
  }
}

/**
 * Which of two connections to one peer goes on: the one that the higher BGP Identifier made.
 * @returns whether the accepted connection is the one to keep
 * @see RFC 4271 §6.8
 */
export function keepsAccepted(local: Address, peer: Address): boolean {
  return peer.value > local.value;
}
