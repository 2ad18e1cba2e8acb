import type { Session, Step } from "../session.ts";
import { unexpected } from "./expected.ts";
import { openSent } from "./openSent.ts";
import { broken, type Handlers, holdTimer, keepalive, notified, penalized, refuse, stay } from "./transitions.ts";

/** Both OPENs are good; the peer's KEEPALIVE is waited for. @see RFC 4271 §8.2.2 (OpenConfirm state) */
export const openConfirm: Handlers = {
  ...openSent,
  keepaliveTimerExpires: keepalive,
  tcpFails: (session, { reason }) => broken(penalized(session), reason, "Idle"),
  message: (session, { message }) => {
    if (message.type === "keepalive") return establish(session);
    if (message.type === "notification") return notified(session, message);
    return refuse(session, unexpected(session, message));
  },
};

function establish(session: Session): Step {
  const { negotiated } = session;
  if (negotiated === undefined) return stay(session, "nothing was agreed on");
  return {
    session: { ...session, state: "Established", isRestarting: false },
    effects: [...holdTimer(negotiated.holdTime), { type: "sessionUp", negotiated }],
    reason: "the session is up",
  };
}
