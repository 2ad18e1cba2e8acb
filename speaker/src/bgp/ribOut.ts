import { formatPrefix, type Prefix } from "../net/prefix.ts";
import { encodeAnnouncements, encodeEndOfRib, encodeWithdrawals } from "./encode.ts";
import type { PathAttributes, RouteFamily } from "./message.ts";
import type { Negotiated } from "./session.ts";

/** A route as it is announced to one peer. */
export interface Route {
  readonly prefix: Prefix;
  readonly attributes: PathAttributes;
}

/** Routes by the text of their prefix. */
export type Routes = ReadonlyMap<string, Route>;

/** The family of a prefix. */
export function familyOfPrefix(prefix: Prefix): RouteFamily {
  return prefix.address.family === 4 ? "ipv4/unicast" : "ipv6/unicast";
}

/** Routes by the text of their prefix; a later one with the same prefix replaces an earlier one. */
export function routesOf(list: readonly Route[]): Routes {
  return new Map(list.map((route) => [formatPrefix(route.prefix), route]));
}

/** What must be said to a peer so that what it has becomes what we want. */
export interface RibDiff {
  readonly announce: readonly Route[];
  readonly withdraw: readonly Prefix[];
}

/** The difference between what a peer was told and what it should know. */
export function diffRoutes(told: Routes, wanted: Routes): RibDiff {
  const announce = [...wanted].flatMap(([text, route]) => {
    const before = told.get(text);
    return before !== undefined && attributesKey(before.attributes) === attributesKey(route.attributes) ? [] : [route];
  });
  const withdraw = [...told].flatMap(([text, route]) => (wanted.has(text) ? [] : [route.prefix]));
  return { announce, withdraw };
}

/** The UPDATEs of a difference: withdrawals first, routes with equal attributes together. Families that were not negotiated are left out. */
export function encodeDiff({ announce, withdraw }: RibDiff, { families, isFourOctetAs }: Negotiated): Uint8Array[] {
  const messages = families.flatMap((family) => {
    const prefixes = withdraw.filter((prefix) => familyOfPrefix(prefix) === family);
    return prefixes.length === 0 ? [] : encodeWithdrawals(family, prefixes);
  });
  for (const group of Map.groupBy(
    announce,
    (route) => `${familyOfPrefix(route.prefix)} ${attributesKey(route.attributes)}`,
  ).values()) {
    const [first] = group;
    if (first === undefined || !families.includes(familyOfPrefix(first.prefix))) continue;
    messages.push(
      ...encodeAnnouncements(
        familyOfPrefix(first.prefix),
        group.map((route) => route.prefix),
        first.attributes,
        isFourOctetAs,
      ),
    );
  }
  return messages;
}

/** The whole table for a session that just came up: every route, then the End-of-RIB marker of each family. */
export function encodeTable(wanted: Routes, negotiated: Negotiated): Uint8Array[] {
  return [
    ...encodeDiff({ announce: [...wanted.values()], withdraw: [] }, negotiated),
    ...negotiated.families.map(encodeEndOfRib),
  ];
}

function attributesKey(attributes: PathAttributes): string {
  const { nextHop, asPath, med, localPref, communities } = attributes;
  return `${nextHop.family}/${nextHop.value} ${asPath.join(" ")} ${med ?? ""} ${localPref ?? ""} ${communities?.join(" ") ?? ""}`;
}
