import { connect, doesNotOccur, type Handlers, stay } from "./transitions.ts";

/**
 * Nothing is tried. The idle hold timer, which runs after errors, starts it again.
 * @see RFC 4271 §8.2.2 (Idle state)
 */
export const idle: Handlers = {
  start: (session) =>
    session.isDialled ? connect(session, "started") : stay(session, "an accepted connection is not dialled again"),
  startPassive: (session) => ({
    session: { ...session, state: "Active" },
    effects: [{ type: "stopTimer", timer: "idleHold" }],
    reason: "waiting for the peer to connect",
  }),
  stop: (session) => ({
    session: { ...session, failures: 0 },
    effects: [{ type: "stopTimer", timer: "idleHold" }],
    reason: "stopped before it was started again",
  }),
  stopForRestart: (session) => ({
    session,
    effects: [{ type: "stopTimer", timer: "idleHold" }],
    reason: "stopped before it was started again",
  }),
  connectRetryTimerExpires: doesNotOccur,
  holdTimerExpires: doesNotOccur,
  keepaliveTimerExpires: doesNotOccur,
  delayOpenTimerExpires: doesNotOccur,
  idleHoldTimerExpires: (session) =>
    session.isDialled
      ? connect(session, "it is time to try again")
      : stay(session, "an accepted connection is not dialled again"),
  sendHoldTimerExpires: doesNotOccur,
  bfdDown: doesNotOccur,
  tcpConnected: doesNotOccur,
  tcpFails: doesNotOccur,
  openCollisionDump: (session) => ({
    session,
    effects: [{ type: "stopTimer", timer: "idleHold" }],
    reason: "another connection to the peer goes on",
  }),
  message: doesNotOccur,
  malformed: doesNotOccur,
  askForRoutes: doesNotOccur,
};
