import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressAssigned } from "@berth/api/conditions";
import { Crowd, waitingServices } from "./crowd.ts";
import type { Service } from "./objects.ts";

const scope = { loadBalancerClasses: ["berth.dev/lb"], handlesClassless: true };

function service(type: string, status: Service["status"], loadBalancerClass?: string): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "ns", name: "s", resourceVersion: "1" },
    spec: { type, ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }) },
    status,
  } as Service;
}

describe("Services that wait for their first look", () => {
  it("are those of ours with neither an address nor a condition that says why", () => {
    const refused = [
      { type: addressAssigned, status: "False" as const, reason: "EipFull", message: "full", lastTransitionTime: "" },
    ];
    const services = [
      service("LoadBalancer", {}),
      service("LoadBalancer", undefined, "berth.dev/lb"),
      service("LoadBalancer", { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } }),
      service("LoadBalancer", { conditions: refused }),
      service("LoadBalancer", {}, "other.example/lb"),
      service("ClusterIP", {}),
    ];
    assert.equal(waitingServices(services, scope), 2);
  });
});

describe("a crowd", () => {
  it("is there while many Services wait and their number changes", () => {
    const crowd = new Crowd();
    assert.deepEqual(
      [
        crowd.isThere(49, 0),
        crowd.isThere(1000, 100),
        crowd.isThere(800, 1100),
        crowd.isThere(800, 4000),
        crowd.isThere(800, 4200),
        crowd.isThere(700, 9000),
        crowd.isThere(10, 9100),
      ],
      [false, true, true, true, false, true, false],
    );
  });
});
