import assert from "node:assert/strict";
import { it } from "node:test";
import type { ServiceAnnouncement } from "@berth/api/serviceAnnouncement";
import { announcersIn } from "../../provider/src/exposedService.ts";
import { announcementFacts } from "../../speaker/src/kubernetes/announced.ts";

/** The package reads the nodes out of a sentence of the controller; the two share no code. */
it("the announcers of an ExposedService are those that the controller's condition names", () => {
  const report = (node: string, address: string): ServiceAnnouncement => ({
    apiVersion: "berth.dev/v1alpha1",
    kind: "ServiceAnnouncement",
    metadata: { name: `${node}-${address}`, namespace: "demo" },
    status: {
      service: "page",
      address,
      node,
      protocol: "layer2",
      announcing: true,
      since: "2026-01-01T00:00:00Z",
      via: "eth0",
      message: "claimed it, nobody answered for it; rank 1 of 2",
    } as ServiceAnnouncement["status"],
  });
  const announcers = (...reports: ServiceAnnouncement[]): string[] => {
    const addresses = [...new Set(reports.map(({ status }) => status.address))];
    const service = {
      metadata: { name: "page", namespace: "demo" },
      spec: { type: "LoadBalancer" },
      status: { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } },
    };
    const [fact] = announcementFacts(service, reports, undefined);
    assert.equal(fact?.status, "True");
    return announcersIn(fact.message);
  };
  assert.deepEqual(announcers(report("node1", "192.0.2.1"), report("node2", "2001:db8::1")), ["node1", "node2"]);
  assert.deepEqual(announcers(report("node1", "192.0.2.1"), report("node2", "192.0.2.1")).sort(), ["node1", "node2"]);
  const many = Array.from({ length: 9 }, (_, index) => report(`node${index}`, "192.0.2.1"));
  assert.deepEqual(announcers(...many), ["9 nodes"]);
});
