import { unexpected } from "./expected.ts";
import { receiveOpen } from "./receiveOpen.ts";
import {
  bfdWentDown,
  broken,
  collided,
  doesNotOccur,
  type Handlers,
  holdTimerExpired,
  notified,
  refuse,
  sendHoldTimerExpired,
  stay,
  stop,
  stopForRestart,
} from "./transitions.ts";

/** OPEN was sent; the peer's is waited for. @see RFC 4271 §8.2.2 (OpenSent state) */
export const openSent: Handlers = {
  start: (session) => stay(session, "already started"),
  startPassive: (session) => stay(session, "already started"),
  stop: (session, { subcode, reason }) => stop(session, subcode, reason, true),
  stopForRestart,
  connectRetryTimerExpires: doesNotOccur,
  holdTimerExpires: holdTimerExpired,
  keepaliveTimerExpires: doesNotOccur,
  delayOpenTimerExpires: doesNotOccur,
  idleHoldTimerExpires: doesNotOccur,
  sendHoldTimerExpires: sendHoldTimerExpired,
  bfdDown: (session, { reason }) => bfdWentDown(session, reason),
  tcpConnected: (session) => stay(session, "already connected"),
  tcpFails: (session, { reason }) => broken(session, reason, "Active"),
  openCollisionDump: collided,
  message: (session, { message }) => {
    if (message.type === "open") return receiveOpen(session, message);
    if (message.type === "notification") return notified(session, message);
    return refuse(session, unexpected(session, message));
  },
  malformed: (session, { error }) => refuse(session, error),
  askForRoutes: doesNotOccur,
};
