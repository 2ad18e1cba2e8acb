import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { boundedOrders, nodeOrder } from "./order.ts";

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

const even = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `node${index + 1}`, score: 0 }));
const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);

/** How often each node stands at one place. */
function loads(orders: ReadonlyMap<string, readonly string[]>, place = 0): Map<string, number> {
  const load = new Map<string, number>();
  for (const order of orders.values()) load.set(order[place] ?? "", (load.get(order[place] ?? "") ?? 0) + 1);
  return load;
}

describe("the orders of many addresses", () => {
  it("put no node first for more than 1.25 times its share, for any number of nodes and addresses", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 }), (nodes, count) => {
        const mean = count / nodes;
        for (const load of loads(boundedOrders(even(nodes), addresses(count))).values())
          assert.ok(load <= Math.max(Math.ceil(mean), mean * 1.25), `${load} of ${count} on ${nodes}`);
      }),
      { numRuns: 200 },
    );
  });

  it("leave 1,000 addresses on 3 nodes within 1.25 times the mean when one of them dies, too", () => {
    const orders = boundedOrders(even(3), addresses(1000));
    assert.ok(Math.max(...loads(orders).values()) <= 416);
    for (const dead of ["node1", "node2", "node3"]) {
      const after = new Map([...orders].map(([address, order]) => [address, order.filter((node) => node !== dead)]));
      assert.ok(Math.max(...loads(after).values()) <= 625, `without ${dead}: ${[...loads(after).values()]}`);
    }
  });

  it("name every node once, and are the same for the same inputs in any order", () => {
    const orders = boundedOrders(even(5), addresses(100));
    assert.deepEqual(boundedOrders(even(5).reverse(), addresses(100)), orders);
    for (const order of orders.values())
      assert.deepEqual(
        [...order].sort(),
        even(5).map(({ name }) => name),
      );
  });

  it("begin as OpenELB's where the bound leaves room: most addresses stay where they were", () => {
    const nodes = even(3).map(({ name }) => name);
    const orders = boundedOrders(even(3), addresses(1000));
    const same = [...orders].filter(([address, order]) => order[0] === nodeOrder(nodes, address)[0]).length;
    assert.ok(same >= 950, `${same} of 1000`);
  });

  it("put nodes of a higher score first, and those of one score by share", () => {
    const candidates = even(4).map((candidate, index) => ({ ...candidate, score: index < 2 ? 10 : 0 }));
    const orders = boundedOrders(candidates, addresses(200));
    assert.deepEqual([...loads(orders).keys()].sort(), ["node1", "node2"]);
    assert.deepEqual([...loads(orders, 1).keys()].sort(), ["node1", "node2"]);
    assert.ok(Math.max(...loads(orders).values()) <= 125);
  });

  it("spread what a single preferred node leaves behind over the others", () => {
    const candidates = even(4).map((candidate, index) => ({ ...candidate, score: index === 0 ? 1 : 0 }));
    const orders = boundedOrders(candidates, addresses(300));
    assert.deepEqual([...loads(orders).entries()], [["node1", 300]]);
    assert.ok(Math.max(...loads(orders, 1).values()) <= 125);
  });
});
