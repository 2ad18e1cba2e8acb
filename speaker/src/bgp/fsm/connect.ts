import type { Session, Step } from "../session.ts";
import { receiveOpen } from "./receiveOpen.ts";
import {
  broken,
  connected,
  connect as dialAgain,
  doesNotOccur,
  end,
  type Handlers,
  notified,
  penalized,
  sendOpen,
  stay,
  stop,
  stopForRestart,
} from "./transitions.ts";

/**
 * TCP is being connected; or it is up, and our OPEN waits for the peer's.
 * A connection that fails here goes to Active, as it does while OPEN waits: on the wire that is the same as the way through
 * Idle that the RFC takes with automatic starts, and whoever looks sees that peers may still connect.
 * @see RFC 4271 §8.2.2 (Connect state)
 */
export const connect: Handlers = {
  start: (session) => stay(session, "already started"),
  startPassive: (session) => stay(session, "already started"),
  stop: (session, { subcode, reason }) => stop(session, subcode, reason, false),
  stopForRestart,
  connectRetryTimerExpires: (session) =>
    session.isDialled ? unanswered(session) : stay(session, "an accepted connection is not dialled again"),
  holdTimerExpires: doesNotOccur,
  keepaliveTimerExpires: doesNotOccur,
  delayOpenTimerExpires: (session) =>
    session.isDelayingOpen ? sendOpen(session, "the peer sent no OPEN first") : doesNotOccur(session),
  idleHoldTimerExpires: doesNotOccur,
  sendHoldTimerExpires: doesNotOccur,
  bfdDown: (session, { reason }) => (session.isDelayingOpen ? silently(session, reason) : doesNotOccur(session)),
  tcpConnected: (session, { isRestarting }) => connected(session, isRestarting),
  tcpFails: (session, { reason }) => broken(session, reason, "Active"),
  openCollisionDump: (session) => stop(session, 7, "lost the collision of two connections", false),
  message: (session, { message }) => {
    if (!session.isDelayingOpen) return doesNotOccur(session);
    if (message.type === "open") return receiveOpen(session, message);
    if (message.type === "notification") return notified(session, message);
    return silently(penalized(session), `${message.type.toUpperCase()} came before OPEN`);
  },
  malformed: (session, { error }) =>
    session.isDelayingOpen ? silently(penalized(session), error.reason) : doesNotOccur(session),
  askForRoutes: doesNotOccur,
};

/** The kernel would go on asking for minutes; whoever looks is to see by then that nobody answers. */
function unanswered(session: Session): Step {
  const attempt = `connect: no answer within ${session.config.connectRetry / 1000} s`;
  const { effects, ...again } = dialAgain(session, `${attempt}; connecting once more`);
  return { ...again, effects: [{ type: "sessionDown", cause: undefined, attempt, keepsRoutes: false }, ...effects] };
}

/** No NOTIFICATION goes out before OPEN. @see RFC 4271 §8.1.1 (SendNOTIFICATIONwithoutOPEN) */
function silently(session: Session, reason: string): Step {
  return end(session, { reason, cause: reason });
}
