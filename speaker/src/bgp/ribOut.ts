import type { Address } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import type { Destination } from "./destination.ts";
import { announcementPacker, type EncodeContext, encodeEndOfRib, type Packer, withdrawalPacker } from "./encode.ts";
import type { RouteFamily } from "./family.ts";
import { RouteSet } from "./routeSet.ts";

/** Attributes of a path that we announce. Routes that share one object share messages at no cost. */
export interface PathAttributes {
  /** AS numbers, the nearest first. */
  readonly asPath: readonly Asn[];
  readonly nextHop: Address;
  readonly med?: number;
  readonly localPref?: number;
  /** Standard communities as 32-bit numbers. @see RFC 1997 */
  readonly communities?: readonly number[];
  /** Extended communities of eight octets, as numbers. @see RFC 4360 §2 */
  readonly extendedCommunities?: readonly bigint[];
  /** @see RFC 8092 §3 */
  readonly largeCommunities?: readonly (readonly [number, number, number])[];
}

/** A route as it is announced to one peer. */
export interface Route {
  readonly destination: Destination;
  /** Tells the paths to one destination apart, where the peer takes several. @see RFC 7911 §2 */
  readonly pathId: number;
  readonly attributes: PathAttributes;
}

/** Routes by destination, and by path where a destination has several; the first path of a destination is the one for a peer that takes one. */
export type Routes = RouteSet;

/** Routes by destination; a later one with the same destination replaces an earlier one. @param expected about how many there are */
export function routesOf(list: Iterable<Route>, expected = 0): Routes {
  const routes = new RouteSet("destination", expected);
  for (const route of list) routes.set(route);
  return routes;
}

/** Every path to every destination. A later one with the same destination and path identifier replaces an earlier one. */
export function pathsOf(list: Iterable<Route>): Routes {
  const routes = new RouteSet("path");
  for (const route of list) routes.set(route);
  return routes;
}

/** What is told to a peer that takes several paths in some families only: elsewhere the first path of each destination. A table of single paths is itself. */
export function pathsFor(paths: Routes, addPathSend: readonly RouteFamily[]): Routes {
  if (paths.by === "destination") return paths;
  const routes = new RouteSet("path");
  const told = new Set<string>();
  for (const route of paths.values()) {
    const { family, key } = route.destination;
    if (addPathSend.includes(family) || !told.has(key)) routes.set(route);
    told.add(key);
  }
  return routes;
}

/** What must be said to a peer so that what it has becomes what we want. Routes are made while they are read, which may be more than once. */
export interface RibDiff {
  readonly announce: Iterable<Route>;
  readonly withdraw: Iterable<Route>;
}

/**
 * The difference between what a peer was told and what it should know. Where it keeps paths apart, one with another identifier is another
 * path, also of a destination that has a single one: the peer would keep both.
 */
export function diffRoutes(told: Routes, wanted: Routes, addPathSend: readonly RouteFamily[]): RibDiff {
  const keys = new AttributeKeys();
  const isIn = (routes: Routes, route: Route): boolean =>
    addPathSend.includes(route.destination.family)
      ? routes.pathIdOf(route) === route.pathId
      : routes.attributesOf(route) !== undefined;
  const isNew = (route: Route): boolean => {
    const before = isIn(told, route) ? told.attributesOf(route) : undefined;
    return before === undefined || !keys.areEqual(before, route.attributes);
  };
  return { announce: those(wanted, isNew), withdraw: those(told, (route) => !isIn(wanted, route)) };
}

/** The routes for which something holds. */
function those(routes: Routes, holds: (route: Route) => boolean): Iterable<Route> {
  return {
    *[Symbol.iterator]() {
      for (const route of routes.values()) if (holds(route)) yield route;
    },
  };
}

/** The UPDATEs of a difference: withdrawals first, routes with equal attributes together. Families that were not negotiated are left out. */
export function encodeDiff(
  { announce, withdraw }: RibDiff,
  families: readonly RouteFamily[],
  context: EncodeContext,
): Uint8Array[] {
  const packers = new Map(families.map((family) => [family, withdrawalPacker(family, context)]));
  for (const route of withdraw) packers.get(route.destination.family)?.add(route);
  const withdrawn = [...packers.values()].flatMap((packer) => packer.finish());
  return [...withdrawn, ...encodeRoutes(announce, families, context)];
}

/** The UPDATEs that announce routes; those with equal attributes together, one family after the other. */
export function encodeRoutes(routes: Iterable<Route>, families: readonly RouteFamily[], context: EncodeContext): Uint8Array[] {
  const keys = new AttributeKeys();
  const groups = new Map<string, Map<RouteFamily, Packer>>();
  let last: { readonly attributes: PathAttributes; readonly byFamily: Map<RouteFamily, Packer> } | undefined;
  for (const route of routes) {
    const { attributes, destination } = route;
    const { family } = destination;
    if (!families.includes(family)) continue;
    // Neighbours in a table mostly share their attributes.
    if (last?.attributes !== attributes) {
      const key = keys.of(attributes);
      const byFamily = groups.get(key) ?? new Map<RouteFamily, Packer>();
      groups.set(key, byFamily);
      last = { attributes, byFamily };
    }
    let packer = last.byFamily.get(family);
    if (packer === undefined) {
      packer = announcementPacker(family, attributes, context);
      last.byFamily.set(family, packer);
    }
    packer.add(route);
  }
  return families.flatMap((family) => [...groups.values()].flatMap((byFamily) => byFamily.get(family)?.finish() ?? []));
}

const markers: Readonly<Record<RouteFamily, Uint8Array>> = {
  "ipv4/unicast": encodeEndOfRib("ipv4/unicast"),
  "ipv6/unicast": encodeEndOfRib("ipv6/unicast"),
};

/** The markers that say that the table of each family is complete. @see RFC 4724 §2 */
export function encodeMarkers(families: readonly RouteFamily[]): Uint8Array[] {
  return families.map((family) => markers[family]);
}

/** Texts of attributes, made once for each object. */
class AttributeKeys {
  readonly #texts = new Map<PathAttributes, string>();

  of(attributes: PathAttributes): string {
    const known = this.#texts.get(attributes);
    if (known !== undefined) return known;
    const { nextHop, asPath, med, localPref, communities, extendedCommunities, largeCommunities } = attributes;
    const text = [
      `${nextHop.family}/${nextHop.value}`,
      ...[asPath, [med], [localPref], communities, extendedCommunities, largeCommunities].map((part) => part?.join(" ") ?? ""),
    ].join("|");
    this.#texts.set(attributes, text);
    return text;
  }

  areEqual(a: PathAttributes, b: PathAttributes): boolean {
    return a === b || this.of(a) === this.of(b);
  }
}
