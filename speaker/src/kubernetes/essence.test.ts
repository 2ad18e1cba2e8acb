import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { essenceOfNode, essenceOfService } from "./essence.ts";
import type { Node, Service } from "./objects.ts";

const condition = (type: string, message: string) => ({
  type,
  status: "True" as const,
  lastTransitionTime: "2026-01-01T00:00:00Z",
  reason: "Reason",
  message,
});
const service: Service = {
  metadata: { name: "page", namespace: "demo", uid: "1", resourceVersion: "1" },
  spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
  status: {
    loadBalancer: { ingress: [{ ip: "192.0.2.1" }] },
    conditions: [
      condition("berth.dev/AddressAssigned", "192.0.2.1 from Eip office"),
      condition("berth.dev/Announced", "by node1"),
    ],
  },
};
const node: Node = {
  metadata: { name: "node1", uid: "1" },
  status: {
    addresses: [{ type: "InternalIP", address: "172.30.0.11" }],
    conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: "1" }] as never,
  },
};
const differ = <T>(essence: (object: T) => unknown, a: T, b: T): boolean =>
  JSON.stringify(essence(a)) !== JSON.stringify(essence(b));

describe("what of a Service matters to a view", () => {
  const rows: readonly (readonly [string, Service, boolean])[] = [
    ["another version", { ...service, metadata: { ...service.metadata, resourceVersion: "2" } }, false],
    [
      "who announces it",
      { ...service, status: { ...service.status, conditions: [service.status?.conditions?.[0] as never] } },
      false,
    ],
    [
      "which Eip gave its address",
      {
        ...service,
        status: { ...service.status, conditions: [condition("berth.dev/AddressAssigned", "192.0.2.1 from Eip other")] },
      },
      true,
    ],
    ["its address", { ...service, status: { ...service.status, loadBalancer: { ingress: [{ ip: "192.0.2.2" }] } } }, true],
    ["an annotation", { ...service, metadata: { ...service.metadata, annotations: { a: "b" } } }, true],
    ["its policy", { ...service, spec: { ...service.spec, externalTrafficPolicy: "Local" } }, true],
    [
      "that it is being deleted",
      { ...service, metadata: { ...service.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } },
      true,
    ],
  ];
  for (const [name, changed, matters] of rows)
    it(`${name}: ${matters ? "yes" : "no"}`, () => assert.equal(differ(essenceOfService, service, changed), matters));
});

describe("what of a node matters to a view", () => {
  const rows: readonly (readonly [string, Node, boolean])[] = [
    [
      "a heartbeat",
      {
        ...node,
        status: { ...node.status, conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: "2" }] as never },
      },
      false,
    ],
    ["that it is not Ready", { ...node, status: { ...node.status, conditions: [{ type: "Ready", status: "False" }] } }, true],
    ["a label", { ...node, metadata: { ...node.metadata, labels: { rack: "a" } } }, true],
    ["that it is cordoned", { ...node, spec: { unschedulable: true } }, true],
    ["its address", { ...node, status: { ...node.status, addresses: [] } }, true],
  ];
  for (const [name, changed, matters] of rows)
    it(`${name}: ${matters ? "yes" : "no"}`, () => assert.equal(differ(essenceOfNode, node, changed), matters));
});
