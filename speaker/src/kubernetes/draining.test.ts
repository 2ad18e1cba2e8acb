import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Drains, followDrains, noDrains } from "./draining.ts";
import type { EndpointSlice, Node } from "./objects.ts";

const node = (isCordoned: boolean, taint?: string): Node => ({
  metadata: { name: "n" },
  spec: { unschedulable: isCordoned, taints: taint === undefined ? [] : [{ key: taint }] },
});
const pods = (...addresses: readonly string[]): EndpointSlice[] => [
  { metadata: { name: "s", namespace: "d" }, endpoints: addresses.map((address) => ({ nodeName: "n", addresses: [address] })) },
];
const ends: EndpointSlice[] = [
  {
    metadata: { name: "s", namespace: "d" },
    endpoints: [{ nodeName: "n", addresses: ["10.0.0.1"], conditions: { terminating: true } }],
  },
];
const isDraining = (drains: Drains): boolean => drains.nodes.has("n");

describe("a node", () => {
  it("is not being emptied because it is cordoned, with pods or without", () => {
    for (const slices of [pods("10.0.0.1"), pods()]) {
      const before = followDrains(noDrains, [node(false)], slices);
      assert.ok(!isDraining(followDrains(before, [node(true)], slices)));
    }
  });
  it("is being emptied when it is cordoned and a pod ends, until it is uncordoned", () => {
    const before = followDrains(noDrains, [node(false)], pods("10.0.0.1"));
    const during = followDrains(before, [node(true)], ends);
    const after = followDrains(during, [node(true)], pods());
    assert.deepEqual([before, during, after].map(isDraining), [false, true, true]);
    assert.ok(!isDraining(followDrains(after, [node(false)], pods())));
  });
  it("is being emptied when it is cordoned and a pod is gone before anybody saw it end", () => {
    const before = followDrains(noDrains, [node(true)], pods("10.0.0.1", "10.0.0.2"));
    assert.ok(isDraining(followDrains(before, [node(true)], pods("10.0.0.2"))));
  });
  it("is not being emptied by a pod that moves while it is not cordoned", () => {
    const before = followDrains(noDrains, [node(false)], pods("10.0.0.1"));
    assert.ok(!isDraining(followDrains(before, [node(false)], ends)));
  });
  it("is about to go when a taint says so", () =>
    assert.ok(isDraining(followDrains(noDrains, [node(false, "node.kubernetes.io/out-of-service")], pods()))));
});
