import type { Address } from "../net/address.ts";
import type { PathAttributes, Routes } from "./ribOut.ts";
import { RouteSet } from "./routeSet.ts";

/**
 * Routes as a peer on a link gets them over a session between link-local addresses: with our own end of the link as next hop,
 * which is the one address that it is sure to reach. IPv4 routes only where that was agreed on.
 * @see RFC 8950 §3, RFC 2545 §3
 */
export function overLink(routes: Routes, own: Address, hasExtendedNextHop: boolean): Routes {
  const changed = new Map<PathAttributes, PathAttributes>();
  const through = (attributes: PathAttributes): PathAttributes => {
    const known = changed.get(attributes) ?? { ...attributes, nextHop: own };
    changed.set(attributes, known);
    return known;
  };
  const result = new RouteSet(routes.by);
  for (const route of routes.values()) {
    const isChanged = route.destination.family === "ipv6/unicast" || hasExtendedNextHop;
    result.set(isChanged ? { ...route, attributes: through(route.attributes) } : route);
  }
  return result;
}
