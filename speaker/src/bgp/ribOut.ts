import type { Address } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import type { Prefix } from "../net/prefix.ts";
import { type EncodeContext, encodeAnnouncements, encodeEndOfRib, encodeWithdrawals, nlriOf } from "./encode.ts";
import { familyOfPrefix, type RouteFamily } from "./family.ts";

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

/** Where a route leads, with what is computed of it once for all peers. */
export interface Destination {
  readonly prefix: Prefix;
  readonly family: RouteFamily;
  /** As it is in an UPDATE. */
  readonly nlri: Uint8Array;
  /** Equal for equal prefixes. */
  readonly key: string;
}

/** A route as it is announced to one peer. */
export interface Route {
  readonly destination: Destination;
  /** Tells the paths to one destination apart, where the peer takes several. @see RFC 7911 §2 */
  readonly pathId: number;
  readonly attributes: PathAttributes;
}

/** Routes by destination, and by path where a destination has several; the first path of a destination is the one for a peer that takes one. */
export type Routes = ReadonlyMap<string, Route>;

/** What is computed of a prefix once. */
export function destinationOf(prefix: Prefix): Destination {
  const { family, value } = prefix.address;
  return {
    prefix,
    family: familyOfPrefix(prefix),
    nlri: nlriOf(prefix),
    key: `${family}/${value.toString(36)}/${prefix.length}`,
  };
}

/** Routes by destination; a later one with the same destination replaces an earlier one. */
export function routesOf(list: readonly Route[]): Routes {
  const routes = new Map<string, Route>();
  for (const route of list) routes.set(route.destination.key, route);
  return routes;
}

/** Every path to every destination. A later one with the same destination and path identifier replaces an earlier one. */
export function pathsOf(list: readonly Route[]): Routes {
  const routes = new Map<string, Route>();
  for (const route of list) routes.set(`${route.destination.key}#${route.pathId}`, route);
  return routes;
}

/** What is told to a peer that takes several paths in some families only: elsewhere the first path of each destination. A table of single paths is itself. */
export function pathsFor(paths: Routes, addPathSend: readonly RouteFamily[]): Routes {
  const [some] = paths;
  if (some === undefined || some[0] === some[1].destination.key) return paths;
  const routes = new Map<string, Route>();
  for (const [key, route] of paths) {
    const { destination } = route;
    if (addPathSend.includes(destination.family)) routes.set(key, route);
    else if (!routes.has(destination.key)) routes.set(destination.key, route);
  }
  return routes;
}

/** What must be said to a peer so that what it has becomes what we want. */
export interface RibDiff {
  readonly announce: readonly Route[];
  readonly withdraw: readonly Route[];
}

/** The difference between what a peer was told and what it should know. */
export function diffRoutes(told: Routes, wanted: Routes): RibDiff {
  const announce: Route[] = [];
  const withdraw: Route[] = [];
  const keys = new AttributeKeys();
  for (const [key, route] of wanted) {
    const before = told.get(key);
    if (before === undefined || !keys.areEqual(before.attributes, route.attributes)) announce.push(route);
  }
  for (const [key, route] of told) if (!wanted.has(key)) withdraw.push(route);
  return { announce, withdraw };
}

/** The UPDATEs of a difference: withdrawals first, routes with equal attributes together. Families that were not negotiated are left out. */
export function encodeDiff(
  { announce, withdraw }: RibDiff,
  families: readonly RouteFamily[],
  context: EncodeContext,
): Uint8Array[] {
  const keys = new AttributeKeys();
  return [
    ...families.flatMap((family) =>
      encodeWithdrawals(
        family,
        withdraw.filter(({ destination }) => destination.family === family),
        context,
      ),
    ),
    ...families.flatMap((family) => {
      const groups = new Map<string, { readonly attributes: PathAttributes; readonly routes: Route[] }>();
      for (const route of announce) {
        if (route.destination.family !== family) continue;
        const key = keys.of(route.attributes);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, { attributes: route.attributes, routes: [route] });
        else group.routes.push(route);
      }
      return [...groups.values()].flatMap(({ attributes, routes }) => encodeAnnouncements(family, routes, attributes, context));
    }),
  ];
}

/** The whole table of some families: every route, then the End-of-RIB marker of each family. */
export function encodeTable(wanted: Routes, families: readonly RouteFamily[], context: EncodeContext): Uint8Array[] {
  return [...encodeDiff({ announce: [...wanted.values()], withdraw: [] }, families, context), ...families.map(encodeEndOfRib)];
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
