import { comparePrefixes, type RibPage } from "../bgp/ribQuery.ts";
import { type Direction, directions, type RibRow } from "../bgp/ribView.ts";
import { type Prefix, parsePrefix } from "../net/prefix.ts";

/** What the page asks of routes: one table of the speakers, or what each router is left with. */
export interface RouteQuestion {
  readonly view: Direction | "router";
  /** One node alone; "" for all. */
  readonly node: string;
  /** The name of one BgpPeer; "" for all. Local routes belong to none. */
  readonly peer: string;
  readonly search: string;
  /** The last prefix of the page before; "" for the first page. */
  readonly after: string;
}

/** A route of a node. */
export interface NodeRouteRow extends RibRow {
  readonly node: string;
}

/** What a router knows of a prefix: where it may send packets to. */
export interface RouterRouteRow {
  readonly peer: string;
  readonly prefix: string;
  readonly nextHops: readonly { readonly nextHop: string; readonly nodes: readonly string[] }[];
}

/** One page of an answer. Numbers are sums over the nodes that answered. */
export interface RouteAnswer {
  readonly rows: readonly NodeRouteRow[];
  /** Filled for the view of routers, in which `rows` is empty. */
  readonly routers: readonly RouterRouteRow[];
  readonly total: number;
  readonly matching: number;
  readonly hasMore: boolean;
  /** Nodes whose speaker did not answer, and why. */
  readonly problems: readonly { readonly node: string; readonly message: string }[];
}

/** What came of asking one node. */
export type NodeAnswer = { readonly node: string; readonly page: RibPage } | { readonly node: string; readonly problem: string };

/** So many routes of a node are asked for at once, and shown at once: an answer stays below a megabyte however large the tables are. */
export const routesShown = 200;
const longestSearch = 200;

/** Reads a question from the parameters of a request; or says what is wrong with it. */
export function parseQuestion(parameters: URLSearchParams): RouteQuestion | { readonly problem: string } {
  const given = parameters.get("view") ?? "router";
  const view = given === "router" ? given : directions.find((one) => one === given);
  if (view === undefined) return { problem: `view "${given}" is not one of ${[...directions, "router"].join(", ")}` };
  const search = parameters.get("search") ?? "";
  if (search.length > longestSearch) return { problem: `search is longer than ${longestSearch} characters` };
  const after = parameters.get("after") ?? "";
  if (after !== "" && parsePrefix(after) === undefined)
    return { problem: `after "${after}" is not a prefix such as 192.0.2.1/32` };
  return { view, node: parameters.get("node") ?? "", peer: parameters.get("peer") ?? "", search, after };
}

/** What a speaker is asked for, as a path under /look/. */
export function lookPath({ view, peer, search, after }: RouteQuestion): string {
  const direction: Direction = view === "router" ? "out" : view;
  const of: Record<string, string> = peer === "" || view === "local" ? {} : { peer };
  return `bgp/rib/${direction}?${new URLSearchParams({ ...of, search, after, limit: String(routesShown) })}`;
}

/**
 * Puts the answers of nodes together, in order. A node that has more than it sent bounds what is known to be complete:
 * what lies behind its last prefix is left for the next page.
 */
export function mergeAnswers({ view }: RouteQuestion, answers: readonly NodeAnswer[]): RouteAnswer {
  const pages = answers.flatMap((answer) => ("page" in answer ? [answer] : []));
  const ends = pages.flatMap(({ page }) => (page.hasMore ? prefixOf(page.rows.at(-1)) : []));
  const end = ends.sort(comparePrefixes)[0];
  const all = pages
    .flatMap(({ node, page }) => page.rows.map((row) => ({ at: prefixOf(row)[0], row: { node, ...row } })))
    .filter((one): one is { at: Prefix; row: NodeRouteRow } => one.at !== undefined)
    .filter(({ at }) => end === undefined || comparePrefixes(at, end) <= 0)
    .sort((a, b) => comparePrefixes(a.at, b.at) || (a.row.peer < b.row.peer ? -1 : a.row.peer > b.row.peer ? 1 : 0));
  const whole = view === "router" ? all : wholePrefixes(all);
  const grouped = view === "router" ? byRouter(whole.map(({ row }) => row)) : [];
  const routers = grouped.slice(0, lastWhole(grouped));
  return {
    rows: view === "router" ? [] : whole.map(({ row }) => row),
    routers,
    total: pages.reduce((sum, { page }) => sum + page.total, 0),
    matching: pages.reduce((sum, { page }) => sum + page.matching, 0),
    hasMore: end !== undefined || whole.length < all.length || routers.length < grouped.length,
    problems: answers.flatMap((answer) => ("problem" in answer ? [{ node: answer.node, message: answer.problem }] : [])),
  };
}

/** As many routes as are shown at once, those of one prefix together. */
function wholePrefixes<T extends { readonly row: NodeRouteRow }>(all: readonly T[]): readonly T[] {
  const next = all[routesShown];
  if (next === undefined) return all;
  const whole = all.slice(0, routesShown).filter(({ row }) => row.prefix !== next.row.prefix);
  return whole.length > 0 ? whole : all.filter(({ row }) => row.prefix === next.row.prefix);
}

function lastWhole(routers: readonly RouterRouteRow[]): number {
  const next = routers[routesShown];
  if (next === undefined) return routers.length;
  const first = routers.findIndex(({ prefix }) => prefix === next.prefix);
  return first > 0 ? first : routers.findLastIndex(({ prefix }) => prefix === next.prefix) + 1;
}

function byRouter(rows: readonly NodeRouteRow[]): RouterRouteRow[] {
  const known = new Map<string, { readonly peer: string; readonly prefix: string; readonly hops: Map<string, string[]> }>();
  for (const { peer, prefix, nextHop, node } of rows) {
    const key = `${prefix} ${peer}`;
    const route = known.get(key) ?? { peer, prefix, hops: new Map<string, string[]>() };
    known.set(key, route);
    route.hops.set(nextHop, [...(route.hops.get(nextHop) ?? []), node]);
  }
  return [...known.values()].map(({ peer, prefix, hops }) => ({
    peer,
    prefix,
    nextHops: [...hops].map(([nextHop, nodes]) => ({ nextHop, nodes })),
  }));
}

function prefixOf(row: RibRow | undefined): Prefix[] {
  const prefix = parsePrefix(row?.prefix ?? "");
  return prefix === undefined ? [] : [prefix];
}
