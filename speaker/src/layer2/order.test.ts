import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeOrder } from "./order.ts";

describe("the order of nodes", () => {
  const nodes = ["node1", "node2", "node3"];
  for (const [address, first] of [
    ["192.168.0.91", "node3"],
    ["192.168.0.92", "node1"],
    ["192.168.0.93", "node3"],
    ["192.168.0.94", "node1"],
  ] as const) {
    it(`puts ${first} first for ${address}, as OpenELB does`, () => assert.equal(nodeOrder(nodes, address)[0], first));
  }

  it("does not depend on the order in which nodes are named", () =>
    assert.deepEqual(nodeOrder(nodes, "192.0.2.1"), nodeOrder([...nodes].reverse(), "192.0.2.1")));

  it("moves only the addresses of a node that goes", () => {
    for (let last = 0; last < 256; last++) {
      const address = `192.0.2.${last}`;
      const [first] = nodeOrder(nodes, address);
      if (first !== "node2") assert.equal(nodeOrder(["node1", "node3"], address)[0], first);
    }
  });

  it("is empty for no node", () => assert.deepEqual(nodeOrder([], "192.0.2.1"), []));
});
