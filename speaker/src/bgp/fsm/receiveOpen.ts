import type { OpenMessage } from "../message.ts";
import { judgeOpen, negotiate, openOf } from "../open.ts";
import type { Effect, Session, Step } from "../session.ts";
import { end, holdTimer, keepaliveTimer, penalized, refuse } from "./transitions.ts";

/**
 * Takes the peer's OPEN, and answers it with a KEEPALIVE, behind our own OPEN when that was held back.
 * @see RFC 4271 §8.2.2 (Events 19 and 20), §6.2
 */
export function receiveOpen(session: Session, open: OpenMessage): Step {
  const wrong = judgeOpen(open, session.config);
  if (wrong !== undefined && session.isDelayingOpen)
    return end(penalized(session), { reason: wrong.reason, cause: wrong.reason });
  if (wrong !== undefined) return refuse(session, wrong);
  const negotiated = negotiate(session.config, open);
  const { holdTime, families } = negotiated;
  const late: readonly Effect[] = session.isDelayingOpen
    ? [{ type: "send", message: openOf(session.config, session.isRestarting) }]
    : [];
  return {
    session: { ...session, state: "OpenConfirm", negotiated, isDelayingOpen: false },
    effects: [
      { type: "stopTimer", timer: "connectRetry" },
      { type: "stopTimer", timer: "delayOpen" },
      ...late,
      { type: "opened", peerIdentifier: open.bgpIdentifier },
      { type: "send", message: { type: "keepalive" } },
      ...holdTimer(holdTime),
      ...(holdTime === 0 ? [] : [keepaliveTimer(session.config, holdTime)]),
    ],
    reason: `received OPEN of AS ${negotiated.peerAs}; hold time ${holdTime} s, ${families.join(" and ") || "no family in common"}`,
  };
}
