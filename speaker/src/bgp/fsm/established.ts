import { familyOf, wireFamily } from "../family.ts";
import type { RouteRefreshMessage } from "../message.ts";
import type { Effect, Session, Step } from "../session.ts";
import { unexpected } from "./expected.ts";
import { openConfirm } from "./openConfirm.ts";
import { type Handlers, holdTimer, notified, refuse, stay } from "./transitions.ts";

/** Routes are exchanged. @see RFC 4271 §8.2.2 (Established state) */
export const established: Handlers = {
  ...openConfirm,
  message: (session, { message }) => {
    const again = holdTimer(session.negotiated?.holdTime ?? 0);
    switch (message.type) {
      case "keepalive":
        return { session: { ...session, failures: 0 }, effects: again, reason: "received KEEPALIVE" };
      case "update":
        return { session, effects: [...again, { type: "routes", update: message }], reason: "received UPDATE" };
      case "notification":
        return notified(session, message);
      case "routeRefresh":
        return refreshed(session, message);
      case "open":
        return refuse(session, unexpected(session, message));
      default:
        return message satisfies never;
    }
  },
  askForRoutes: (session, { family }) => {
    const { negotiated } = session;
    if (negotiated?.hasRouteRefresh !== true || !negotiated.families.includes(family))
      return stay(session, `the peer sends no routes of ${family} again when it is asked to`);
    return {
      session,
      effects: [{ type: "send", message: { type: "routeRefresh", ...wireFamily(family), subtype: 0 } }],
      reason: `asked for the routes of ${family} once more`,
    };
  },
};

/** What is wrong with a ROUTE-REFRESH besides its length is passed over. @see RFC 2918 §4, RFC 7313 §4, §5 */
function refreshed(session: Session, message: RouteRefreshMessage): Step {
  const family = familyOf(message);
  if (family === undefined || session.negotiated?.families.includes(family) !== true)
    return stay(session, "received a ROUTE-REFRESH of a family that was not agreed on");
  const isEnhanced = session.negotiated.hasEnhancedRouteRefresh;
  const done = (effect: Effect, what: string): Step => ({ session, effects: [effect], reason: `received ${what} for ${family}` });
  if (message.subtype === 0) return done({ type: "sendTable", family, isMarked: isEnhanced }, "ROUTE-REFRESH");
  if (message.subtype === 1 && isEnhanced) return done({ type: "refresh", family, at: "begin" }, "the beginning of a refresh");
  if (message.subtype === 2 && isEnhanced) return done({ type: "refresh", family, at: "end" }, "the end of a refresh");
  return stay(session, `received a ROUTE-REFRESH of the unknown kind ${message.subtype}`);
}
