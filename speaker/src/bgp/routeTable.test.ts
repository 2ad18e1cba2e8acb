import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress } from "../net/address.ts";
import { parsePrefix } from "../net/prefix.ts";
import type { OfferedRoute, RouteTerms } from "./decide.ts";
import { destinationOf } from "./destination.ts";
import { packRoutes, unpackRoutes } from "./routeTable.ts";

const terms = (nextHop: string, pathId: number): RouteTerms => ({
  nextHop: parseAddress(nextHop)!,
  pathId,
  isOwn: true,
  communities: [],
  largeCommunities: [],
  localPref: undefined,
  med: undefined,
  prepend: 0,
  endpoints: undefined,
  peers: undefined,
});
const one = terms("10.0.0.1", 1);
const other = terms("fd00::1", 2);
const route = (text: string, terms: RouteTerms): OfferedRoute => ({ destination: destinationOf(parsePrefix(text)!), terms });
const routes = [
  route("203.0.113.7/32", one),
  route("2001:db8::7/128", other),
  route("0.0.0.0/0", one),
  route("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", other),
];

describe("a table of routes for another thread", () => {
  it("gives back every route in its order, and routes that share terms share them again", () => {
    const back = [...unpackRoutes(structuredClone(packRoutes(routes)))];
    assert.deepEqual(back, routes);
    assert.equal(back[0]?.terms, back[2]?.terms);
  });
  it("differs when a destination, a length or a next hop does", () => {
    assert.deepEqual(packRoutes(routes), packRoutes([...routes], routes.length));
    for (const changed of [route("203.0.113.8/32", one), route("203.0.113.0/31", one), route("203.0.113.7/32", other)])
      assert.notDeepEqual(packRoutes(routes), packRoutes([changed, ...routes.slice(1)]));
    assert.equal(packRoutes(routes.slice(1)).size, routes.length - 1);
  });
});
