import { connect } from "./connect.ts";
import { connect as dial, doesNotOccur, type Handlers, stay } from "./transitions.ts";

/**
 * The peer may connect; unless it is to do so alone, we dial again after a while. Once TCP is up, all is as in Connect.
 * @see RFC 4271 §8.2.2 (Active state)
 */
export const active: Handlers = {
  ...connect,
  connectRetryTimerExpires: (session) =>
    session.isDialled ? dial(session, "it is time to connect") : stay(session, "an accepted connection is not dialled again"),
  tcpConnected: (session, event) => (session.isDialled ? doesNotOccur(session) : connect.tcpConnected(session, event)),
  tcpFails: (session, event) =>
    session.isDialled && !session.isDelayingOpen ? doesNotOccur(session) : connect.tcpFails(session, event),
};
