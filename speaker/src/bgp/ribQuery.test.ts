import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePrefix } from "../net/prefix.ts";
import { parseRibQuery, type RibPage, readPage } from "./ribQuery.ts";
import type { RibEntry, RibRow } from "./ribView.ts";

function entry(prefix: string, peer = "router", more: Partial<RibRow> = {}): RibEntry {
  const parsed = parsePrefix(prefix);
  assert.ok(parsed !== undefined);
  const row: RibRow = {
    peer,
    prefix,
    pathId: undefined,
    nextHop: "10.0.0.1",
    asPath: [65001],
    med: undefined,
    localPref: undefined,
    communities: [],
    largeCommunities: [],
    extendedCommunities: [],
    attributes: [{ name: "AS_PATH", value: "65001" }],
    isStale: false,
    ...more,
  };
  return { peer, prefix: parsed, pathId: undefined, row: () => row };
}

function read(entries: Iterable<RibEntry>, what: string): RibPage & { readonly breaths: number } {
  const query = parseRibQuery(what);
  assert.ok(query !== undefined, what);
  const reading = readPage(entries, query);
  for (let breaths = 0; ; breaths++) {
    const { done, value } = reading.next();
    if (done === true) return { ...value, breaths };
  }
}
const prefixes = ({ rows }: RibPage): string[] => rows.map(({ prefix }) => prefix);

describe("a question about routes", () => {
  const table = ["2001:db8::1/128", "10.0.1.0/24", "10.0.0.0/8", "10.0.1.7/32", "192.0.2.1/32"].map((prefix) => entry(prefix));
  it("is none when it names something else", () => {
    for (const what of ["bgp/rib", "bgp/rib/up", "bgp/peers", "layer2"]) assert.equal(parseRibQuery(what), undefined);
  });
  it("gives every route in order without parameters", () => {
    const page = read(table, "bgp/rib/in");
    assert.deepEqual(prefixes(page), ["10.0.0.0/8", "10.0.1.0/24", "10.0.1.7/32", "192.0.2.1/32", "2001:db8::1/128"]);
    assert.deepEqual([page.total, page.matching, page.hasMore], [5, 5, false]);
  });
  it("finds by address and network what lies in it and what holds it", () => {
    assert.deepEqual(prefixes(read(table, "bgp/rib/in?search=10.0.1.7")), ["10.0.0.0/8", "10.0.1.0/24", "10.0.1.7/32"]);
    assert.deepEqual(prefixes(read(table, "bgp/rib/in?search=10.0.1.0/24")), ["10.0.0.0/8", "10.0.1.0/24", "10.0.1.7/32"]);
    assert.deepEqual(prefixes(read(table, "bgp/rib/in?search=2001:db8::/32")), ["2001:db8::1/128"]);
    assert.deepEqual(prefixes(read(table, "bgp/rib/in?search=0.0.0.0/0")).length, 4);
  });
  it("finds by words in any attribute, all of them", () => {
    const marked = entry("203.0.113.0/24", "leaf", { attributes: [{ name: "COMMUNITIES", value: "no-export 65000:7" }] });
    for (const search of ["no-export", "65000:7+leaf", "COMMUNITIES", "203.0.113.9+NO-EXPORT"])
      assert.deepEqual(prefixes(read([...table, marked], `bgp/rib/in?search=${search}`)), ["203.0.113.0/24"], search);
    assert.deepEqual(prefixes(read([...table, marked], "bgp/rib/in?search=no-export+router")), []);
  });
  it("is answered page by page: every route once, and those of one prefix together", () => {
    const many = Array.from({ length: 5001 }, (_, index) => {
      const number = Math.floor(((index * 1009) % 5001) / 3);
      return entry(`10.${number % 200}.${Math.floor(number / 200)}.0/24`, `peer${index % 3}`);
    });
    const unique = new Map(many.map((one) => [`${one.row().prefix} ${one.peer}`, one]));
    const seen: string[] = [];
    let after = "";
    for (let pages = 0; pages < 1000; pages++) {
      const page = read(unique.values(), `bgp/rib/out?limit=70${after === "" ? "" : `&after=${after}`}`);
      assert.ok(page.rows.length <= 70);
      assert.ok(page.breaths > 0, "it stops for breath in a large table");
      seen.push(...page.rows.map(({ prefix, peer }) => `${prefix} ${peer}`));
      if (!page.hasMore) break;
      after = page.rows.at(-1)?.prefix ?? "";
    }
    assert.equal(seen.length, unique.size);
    assert.deepEqual(new Set(seen), new Set(unique.keys()));
  });
  it("takes nonsense for a limit as one row", () => {
    for (const limit of ["0", "-1", "x"]) assert.equal(read(table, `bgp/rib/in?limit=${limit}`).rows.length, 1);
  });
});
