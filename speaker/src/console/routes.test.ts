import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RibRow } from "../bgp/ribView.ts";
import { lookPath, mergeAnswers, type NodeAnswer, parseQuestion, type RouteQuestion, routesShown } from "./routes.ts";

const row = (prefix: string, nextHop: string, peer = "leaf1"): RibRow => ({
  peer,
  prefix,
  pathId: 0,
  nextHop,
  asPath: [],
  med: undefined,
  localPref: undefined,
  communities: [],
  largeCommunities: [],
  extendedCommunities: [],
  attributes: [],
  isStale: false,
});
const answer = (node: string, rows: readonly RibRow[], hasMore = false): NodeAnswer => ({
  node,
  page: { rows, total: rows.length, matching: rows.length, hasMore },
});
const question = (view: RouteQuestion["view"]): RouteQuestion => ({ view, node: "", peer: "", search: "", after: "" });

describe("a question of the page about routes", () => {
  it("says what is wrong with it", () => {
    const problemOf = (parameters: string): string => {
      const parsed = parseQuestion(new URLSearchParams(parameters));
      return "problem" in parsed ? parsed.problem : "";
    };
    assert.match(problemOf("view=up"), /view "up" is not one of in, out, local, router/);
    assert.match(problemOf("after=x"), /after "x" is not a prefix/);
    assert.match(problemOf(`search=${"x".repeat(300)}`), /longer than 200/);
    assert.equal(problemOf("view=in&node=node1&search=a b&after=192.0.2.1/32"), "");
  });
  it("asks each speaker for no more than is shown", () => {
    assert.equal(
      lookPath({ view: "router", node: "", peer: "", search: "no-export 65000:1", after: "10.0.0.0/8" }),
      `bgp/rib/out?search=no-export+65000%3A1&after=10.0.0.0%2F8&limit=${routesShown}`,
    );
    assert.match(lookPath({ ...question("in"), peer: "leaf1" }), /^bgp\/rib\/in\?peer=leaf1&/);
  });
});

describe("the answers of speakers, put together", () => {
  it("are in the order of prefixes, with the node of each, and with those that did not answer", () => {
    const merged = mergeAnswers(question("out"), [
      answer("node1", [row("10.0.0.9/32", "172.30.0.11"), row("10.0.0.10/32", "172.30.0.11")]),
      answer("node2", [row("10.0.0.9/32", "172.30.0.12")]),
      { node: "node3", problem: "its speaker did not answer within 4 s" },
    ]);
    assert.deepEqual(
      merged.rows.map(({ node, prefix }) => `${node} ${prefix}`),
      ["node1 10.0.0.9/32", "node2 10.0.0.9/32", "node1 10.0.0.10/32"],
    );
    assert.deepEqual(
      [merged.total, merged.matching, merged.hasMore, merged.problems],
      [3, 3, false, [{ node: "node3", message: "its speaker did not answer within 4 s" }]],
    );
  });
  it("are what a router is left with: each prefix with its next hops, and the nodes that told of them", () => {
    const merged = mergeAnswers(question("router"), [
      answer("node1", [row("192.0.2.1/32", "172.30.0.11"), row("192.0.2.1/32", "172.30.0.11", "leaf2")]),
      answer("node2", [row("192.0.2.1/32", "172.30.0.12"), row("192.0.2.2/32", "172.30.0.11")]),
      answer("node3", [row("192.0.2.2/32", "172.30.0.11")]),
    ]);
    assert.deepEqual(
      merged.routers.map(
        ({ peer, prefix, nextHops }) =>
          `${peer} ${prefix} ${nextHops.map(({ nextHop, nodes }) => `${nextHop}(${nodes.join()})`).join(" ")}`,
      ),
      [
        "leaf1 192.0.2.1/32 172.30.0.11(node1) 172.30.0.12(node2)",
        "leaf2 192.0.2.1/32 172.30.0.11(node1)",
        "leaf1 192.0.2.2/32 172.30.0.11(node2,node3)",
      ],
    );
  });
  it("say nothing of prefixes behind the last that every node sent: no next hop is missing", () => {
    const merged = mergeAnswers(question("router"), [
      answer("node1", [row("10.0.0.1/32", "a"), row("10.0.0.2/32", "a")], true),
      answer("node2", [row("10.0.0.2/32", "b"), row("10.0.0.3/32", "b")]),
    ]);
    assert.deepEqual(
      merged.routers.map(({ prefix }) => prefix),
      ["10.0.0.1/32", "10.0.0.2/32"],
    );
    assert.equal(merged.hasMore, true);
  });
  it("are cut between two prefixes when there are too many, so that the next page loses none", () => {
    const rows = Array.from({ length: 150 }, (_, index) => row(`10.0.0.${index}/32`, "a"));
    const merged = mergeAnswers(question("out"), [answer("node1", rows), answer("node2", rows), answer("node3", rows)]);
    assert.equal(merged.rows.length, 198);
    assert.equal(merged.rows.at(-1)?.prefix, "10.0.0.65/32");
    assert.equal(merged.hasMore, true);
  });
});
