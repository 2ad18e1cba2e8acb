import { type Duration, seconds } from "../../net/duration.ts";
import { shutdownCommunication } from "../encode.ts";
import { maxIdleHold, nameOfError, openSentHoldTime } from "../iana.ts";
import type { MessageError, NotificationMessage } from "../message.ts";
import { hardReset, wordsOf } from "../notification.ts";
import { openOf } from "../open.ts";
import type { Effect, Event, Session, SessionConfig, State, Step } from "../session.ts";

/** One state: its answer to every event. The shapes of events are in the keys, so that none can be forgotten. */
export type Handlers = { readonly [T in Event["type"]]: (session: Session, event: Extract<Event, { readonly type: T }>) => Step };

/** What several states do. Each gives back the next session, what is to be done, and why. */

export const stopTimers: readonly Effect[] = (["connectRetry", "hold", "keepalive", "delayOpen", "idleHold"] as const).map(
  (timer) => ({ type: "stopTimer", timer }),
);

export function notification(code: number, subcode: number, data: Uint8Array = new Uint8Array(0)): NotificationMessage {
  return { type: "notification", code, subcode, data };
}

/** Nothing happens. */
export function stay(session: Session, reason: string): Step {
  return { session, effects: [], reason };
}

/** For events of timers that do not run in a state, and of connections that it does not have. */
export const doesNotOccur = (session: Session): Step => stay(session, `nothing of the kind runs in ${session.state}`);

/** Begins to connect. */
export function connect(session: Session, reason: string): Step {
  const retry: Effect = { type: "startTimer", timer: "connectRetry", after: session.config.connectRetry };
  return {
    session: { ...session, state: "Connect", isDelayingOpen: false },
    effects: [{ type: "stopTimer", timer: "delayOpen" }, { type: "closeTcp" }, { type: "dial" }, retry],
    reason,
  };
}

/** TCP is up: OPEN goes out, at once or when the peer had time to send its own. */
export function connected(session: Session, isRestarting: boolean): Step {
  const { delayOpen } = session.config;
  if (delayOpen === undefined) return sendOpen({ ...session, isRestarting }, "connected");
  return {
    session: { ...session, isDelayingOpen: true, isRestarting },
    effects: [
      { type: "stopTimer", timer: "connectRetry" },
      { type: "startTimer", timer: "delayOpen", after: delayOpen },
    ],
    reason: "connected; waiting for the peer's OPEN",
  };
}

/** @see RFC 4271 §8.2.2 */
export function sendOpen(session: Session, reason: string): Step {
  return {
    session: { ...session, state: "OpenSent", isDelayingOpen: false },
    effects: [
      { type: "stopTimer", timer: "connectRetry" },
      { type: "stopTimer", timer: "delayOpen" },
      { type: "send", message: openOf(session.config, session.isRestarting) },
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

/** With one more error of the protocol. */
export function penalized(session: Session): Session {
  return { ...session, failures: session.failures + 1 };
}

/** How a connection ended. */
interface Ending {
  readonly reason: string;
  /** What is shown as the last error; undefined where nothing was wrong but the connection. */
  readonly cause?: string | undefined;
  /** What is sent before the connection is closed. */
  readonly send?: NotificationMessage;
  readonly keepsRoutes?: boolean;
  readonly next?: State;
  /** Why the connection came to nothing before the session was up. */
  readonly attempt?: string;
}

/** Ends the connection. A dialled session goes on after a while, from Idle or from Active. */
export function end(session: Session, { reason, cause, send, keepsRoutes = false, next = "Idle", attempt }: Ending): Step {
  const state = session.isDialled ? next : "Idle";
  const again: readonly Effect[] = session.isDialled
    ? [
        state === "Active"
          ? { type: "startTimer", timer: "connectRetry", after: session.config.connectRetry }
          : { type: "startTimer", timer: "idleHold", after: idleHold(session) },
      ]
    : [];
  return {
    session: { ...session, state, negotiated: undefined, isDelayingOpen: false },
    effects: [
      ...(send === undefined ? [] : [{ type: "send", message: send } as const]),
      ...stopTimers,
      { type: "closeTcp" },
      { type: "sessionDown", cause, keepsRoutes, ...(attempt === undefined ? {} : { attempt }) },
      ...again,
    ],
    reason,
  };
}

/** Whether both sides keep routes over a NOTIFICATION, too. @see RFC 8538 §2 */
export function keepsOverNotifications({ config, negotiated }: Session): boolean {
  return (
    config.gracefulRestart?.keepsAfterNotification === true && negotiated?.peerGracefulRestart?.keepsAfterNotification === true
  );
}

/** Whether the peer's routes outlive a connection that broke. */
function keepsOverFailures({ config, negotiated }: Session): boolean {
  return config.gracefulRestart !== undefined && negotiated?.peerGracefulRestart !== undefined;
}

/** Ends the connection with a NOTIFICATION for something that the peer did. */
export function refuse(session: Session, { code, subcode, data, reason }: MessageError): Step {
  const words = `sent ${nameOfError(code, subcode)}: ${reason}`;
  return end(penalized(session), { reason: words, cause: words, send: notification(code, subcode, data) });
}

/** The connection broke. @see RFC 4271 §8.2.2 (Event 18) */
export function broken(session: Session, reason: string, next: State): Step {
  const attempt = session.state === "Established" ? {} : { attempt: reason };
  return end(session, { reason, keepsRoutes: keepsOverFailures(session), next, ...attempt });
}

/** @see RFC 4271 §6.5, RFC 8538 §4 */
export function holdTimerExpired(session: Session): Step {
  const reason = `sent ${nameOfError(4, 0)}: nothing came within the hold time`;
  return end(penalized(session), {
    reason,
    cause: reason,
    send: notification(4, 0),
    keepsRoutes: keepsOverNotifications(session),
  });
}

/** No NOTIFICATION: it could not be sent either. @see RFC 9687 §4 */
export function sendHoldTimerExpired(session: Session): Step {
  const reason = `${nameOfError(8, 0)}: nothing could be sent for too long`;
  return end(penalized(session), { reason, cause: reason });
}

/** Cease subcodes after which the routes are to go, too, whatever was agreed on for restarts. @see RFC 8538 §4, RFC 9384 §3 */
const finalSubcodes: ReadonlySet<number> = new Set([1, 2, 3, 10]);

/** A Cease of ours; between two that keep routes over NOTIFICATIONs, one that says so when they must not. @see RFC 4486, RFC 9003 §2 */
export function cease(session: Session, subcode: number, reason: string): NotificationMessage {
  const hasText = subcode === 2 || subcode === 4;
  const plain = notification(6, subcode, hasText ? shutdownCommunication(reason) : new Uint8Array(0));
  return finalSubcodes.has(subcode) && keepsOverNotifications(session) ? hardReset(plain) : plain;
}

/** BFD lost the neighbour: nobody's fault, and worth an attempt soon. @see RFC 9384 §3 */
export function bfdWentDown(session: Session, reason: string): Step {
  const words = `sent ${nameOfError(6, 10)}: ${reason}`;
  return end(session, { reason: words, cause: words, send: cease(session, 10, reason) });
}

/** Ends the connection for good, or until it is started again. */
export function stop(session: Session, subcode: number, reason: string, isSpeaking: boolean): Step {
  const words = isSpeaking ? `sent ${nameOfError(6, subcode)}: ${reason}` : reason;
  return {
    session: { ...session, state: "Idle", negotiated: undefined, failures: 0, isDelayingOpen: false },
    effects: [
      ...(isSpeaking ? [{ type: "send", message: cease(session, subcode, reason) } as const] : []),
      ...stopTimers,
      { type: "closeTcp" },
      { type: "sessionDown", cause: isSpeaking ? words : undefined, keepsRoutes: false },
    ],
    reason: words,
  };
}

/** Closes the connection without a word. @see RFC 4724 §4.1 */
export function stopForRestart(session: Session): Step {
  return {
    session: { ...session, state: "Idle", negotiated: undefined, isDelayingOpen: false },
    effects: [...stopTimers, { type: "closeTcp" }],
    reason: "closed for a restart; the peer keeps our routes",
  };
}

/** The other connection to the peer goes on; this one waits until that has ended. @see RFC 4271 §6.8 */
export function collided(session: Session): Step {
  return {
    session: { ...session, state: "Idle", negotiated: undefined, isDelayingOpen: false },
    effects: [
      { type: "send", message: notification(6, 7) },
      ...stopTimers,
      { type: "closeTcp" },
      { type: "sessionDown", cause: undefined, keepsRoutes: false },
    ],
    reason: "lost the collision of two connections",
  };
}

/**
 * Never answered. A version that we do not speak, a lost collision, or a link that BFD lost is no reason to wait longer.
 * @see RFC 4271 §6.4, §8.1.5 (Events 24 and 25), RFC 8538 §4
 */
export function notified(session: Session, message: NotificationMessage): Step {
  const words = `received ${nameOfError(message.code, message.subcode)}${wordsOf(message)}`;
  const isBlameless = (message.code === 2 && message.subcode === 1) || (message.code === 6 && [7, 10].includes(message.subcode));
  const isHard = message.code === 6 && message.subcode === 9;
  const keepsRoutes = !isHard && keepsOverNotifications(session);
  return end(isBlameless ? session : penalized(session), { reason: words, cause: words, keepsRoutes });
}

/** @see RFC 4271 §10 (KeepaliveTimer) */
export function keepaliveTimer({ keepaliveInterval }: SessionConfig, holdTime: number): Effect {
  const third = Math.max(1, holdTime / 3);
  return { type: "startTimer", timer: "keepalive", after: seconds(Math.min(keepaliveInterval || third, third)) };
}

/** The hold timer from the beginning; none when it was agreed that there is none. */
export function holdTimer(holdTime: number): readonly Effect[] {
  return holdTime === 0
    ? [{ type: "stopTimer", timer: "hold" }]
    : [{ type: "startTimer", timer: "hold", after: seconds(holdTime) }];
}

/** Says that we are there, and when that is due again. */
export function keepalive(session: Session): Step {
  const holdTime = session.negotiated?.holdTime ?? 0;
  if (holdTime === 0) return stay(session, "it was agreed that there are no KEEPALIVEs");
  return {
    session,
    effects: [{ type: "send", message: { type: "keepalive" } }, keepaliveTimer(session.config, holdTime)],
    reason: "sent KEEPALIVE",
  };
}
