import { parseAddress } from "../net/address.ts";
import { hostPrefix, type Prefix, parsePrefix, prefixContains } from "../net/prefix.ts";
import { type Direction, directions, type RibEntry, type RibRow } from "./ribView.ts";

/** Which routes are wanted, in order, from where on and how many. */
export interface RibQuery {
  readonly direction: Direction;
  /** The name of one BgpPeer; undefined: all. */
  readonly peer: string | undefined;
  /** Networks or addresses: a route is wanted when it lies in each, or holds it. */
  readonly networks: readonly Prefix[];
  /** Words that each must be somewhere in the route's text, in lower case. */
  readonly words: readonly string[];
  /** Only routes behind this prefix, as they are sorted; undefined: from the first. */
  readonly after: Prefix | undefined;
  /** The most rows. */
  readonly limit: number;
}

/** Some of the routes, the first in order. */
export interface RibPage {
  readonly rows: readonly RibRow[];
  /** How many routes were looked at. */
  readonly total: number;
  /** How many of them are wanted. */
  readonly matching: number;
  /** Whether wanted routes come after these. */
  readonly hasMore: boolean;
}

/** So many routes are looked at in one go. */
const portion = 1000;

/**
 * What is asked for with "bgp/rib/<direction>", and "?" with peer, search, after and limit behind it where not all is wanted.
 * @returns undefined when it is something else
 */
export function parseRibQuery(what: string): RibQuery | undefined {
  const [path = "", parameters = ""] = what.split("?", 2);
  const direction = directions.find((one) => `bgp/rib/${one}` === path);
  if (direction === undefined) return undefined;
  const given = new URLSearchParams(parameters);
  const words = (given.get("search") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const networkOf = (word: string): Prefix | undefined => {
    const address = parseAddress(word);
    return address === undefined ? parsePrefix(word) : hostPrefix(address);
  };
  const limit = Number(given.get("limit") ?? Number.POSITIVE_INFINITY);
  return {
    direction,
    peer: given.get("peer") ?? undefined,
    networks: words.flatMap((word) => networkOf(word) ?? []),
    words: words.filter((word) => networkOf(word) === undefined),
    after: parsePrefix(given.get("after") ?? ""),
    limit: Number.isNaN(limit) || limit < 1 ? 1 : limit,
  };
}

/**
 * Reads the first routes that are wanted, sorted by prefix, then by peer and path: of all that have the last prefix or none, so that the
 * next page begins behind it. Stops for breath now and then: whoever reads goes on when there is time.
 */
export function* readPage(entries: Iterable<RibEntry>, query: RibQuery): Generator<undefined, RibPage> {
  let wanted: RibEntry[] = [];
  let [total, matching, hasMore] = [0, 0, false];
  for (const entry of entries) {
    if (++total % portion === 0) yield;
    if (query.after !== undefined && comparePrefixes(entry.prefix, query.after) <= 0) continue;
    if (!isWanted(entry, query)) continue;
    matching++;
    wanted.push(entry);
    // Sorted now and then, so that no more than twice what is asked for is kept.
    if (wanted.length >= 2 * query.limit + portion) {
      wanted = wanted.sort(compareEntries).slice(0, query.limit + 1);
      hasMore = true;
    }
  }
  wanted.sort(compareEntries);
  hasMore ||= wanted.length > query.limit;
  return { rows: cut(wanted, query.limit).map((entry) => entry.row()), total, matching, hasMore };
}

/** The first entries; those of a prefix that is cut through are left for the next page, unless there is nothing before them. */
function cut(sorted: readonly RibEntry[], limit: number): readonly RibEntry[] {
  const next = sorted[limit];
  if (next === undefined) return sorted;
  const first = sorted.slice(0, limit);
  const whole = first.filter(({ prefix }) => comparePrefixes(prefix, next.prefix) < 0);
  return whole.length > 0 ? whole : first;
}

function isWanted(entry: RibEntry, { networks, words }: RibQuery): boolean {
  const { prefix } = entry;
  if (!networks.every((network) => holds(network, prefix) || holds(prefix, network))) return false;
  if (words.length === 0) return true;
  const text = textOf(entry.row());
  return words.every((word) => text.includes(word));
}

const holds = (outer: Prefix, inner: Prefix): boolean => outer.length <= inner.length && prefixContains(outer, inner.address);

function textOf({ peer, prefix, nextHop, attributes, isStale }: RibRow): string {
  const parts = attributes.flatMap(({ name, value }) => [name, value]);
  return [peer, prefix, nextHop, ...parts, isStale ? "stale" : ""].join(" ").toLowerCase();
}

/** IPv4 before IPv6, then by address, the shorter first. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.address.family !== b.address.family) return a.address.family - b.address.family;
  if (a.address.value !== b.address.value) return a.address.value < b.address.value ? -1 : 1;
  return a.length - b.length;
}

function compareEntries(a: RibEntry, b: RibEntry): number {
  const byPrefix = comparePrefixes(a.prefix, b.prefix);
  if (byPrefix !== 0) return byPrefix;
  if (a.peer !== b.peer) return a.peer < b.peer ? -1 : 1;
  return (a.pathId ?? 0) - (b.pathId ?? 0);
}
