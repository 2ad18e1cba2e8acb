import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ServiceAnnouncement } from "@berth/api/serviceAnnouncement";
import type { AnnouncementFact } from "../announce/announcer.ts";
import type { ClusterView, NodeView } from "../announce/view.ts";
import { parseAddress } from "../net/address.ts";
import { announcementFacts, staleReports, wellNodes } from "./announced.ts";
import { type ReportAction, reportActions, wantedReports } from "./announcements.ts";
import { keyOf, type Pod, type Service } from "./objects.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const refusal = { reason: "NodeNotReady", message: "node node1 is not Ready" };
const node = (name: string, more: Partial<NodeView> = {}): NodeView => ({
  name,
  labels: {},
  internalAddresses: [],
  refusal: undefined,
  ...more,
});

function view(nodeName: string, addresses: Readonly<Record<string, readonly string[]>>, nodes = [node("node1"), node("node2")]) {
  return {
    nodeName,
    nodes,
    addresses: Object.entries(addresses).map(([text, services]) => ({
      address: parseAddress(text)!,
      eip: { apiVersion: "", kind: "Eip" as const, metadata: { name: "lan" }, spec: { address: text } },
      services,
      localOnly: false,
      endpointsByNode: new Map(),
    })),
    bgpConf: undefined,
    bgpPeers: [],
    passwords: new Map(),
  } satisfies ClusterView;
}

const owned: AnnouncementFact = {
  address: "10.0.0.1",
  protocol: "layer2",
  isAnnouncing: true,
  via: ["eth0"],
  refusal: undefined,
  because: "claimed it, nobody answered for it; rank 1 of 2",
  since: start,
};
const standby: AnnouncementFact = { ...owned, isAnnouncing: false, via: [], because: "02:be:00:00:01:0b owns it" };
const refused: AnnouncementFact = {
  ...standby,
  because: "",
  refusal: { reason: "NoEndpoint", message: "the Service has no ready endpoint on any node" },
};
const one = { "10.0.0.1": ["demo/page"] };
const reportsOf = (
  facts: readonly AnnouncementFact[],
  of = view("node1", one),
  existing: readonly ServiceAnnouncement[] = [],
  now = start,
): ServiceAnnouncement[] => wantedReports(of, facts, existing, now);
const types = (actions: readonly ReportAction[]): string[] => actions.map(({ type, object }) => `${type} ${keyOf(object)}`);
const eventsOf = (actions: readonly ReportAction[]): string[] =>
  actions.flatMap((action) =>
    action.type === "delete" ? [] : action.events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`),
  );

describe("what a node reports", () => {
  it("is one report for each Service on an address that it announces: where, since when, why", () => {
    const reports = reportsOf([owned], view("node1", { "10.0.0.1": ["demo/page", "other/page"] }));
    assert.deepEqual(reports.map(keyOf), ["demo/page.node1", "other/page.node1"]);
    assert.deepEqual(reports[0]?.status, {
      service: "page",
      node: "node1",
      address: "10.0.0.1",
      protocol: "layer2",
      announcing: true,
      via: "eth0",
      since: "2026-01-01T00:00:00.000Z",
      reason: "Announcing",
      message: "claimed it, nobody answered for it; rank 1 of 2",
    });
    assert.deepEqual(reports[0]?.metadata.labels, { "berth.dev/node": "node1" });
  });

  it("is nothing for an address that another owns", () => assert.deepEqual(reportsOf([standby]), []));

  it("says why it does not announce on one node of the cluster alone, so that a Service without an announcer has a reason", () => {
    assert.equal(reportsOf([refused])[0]?.status.reason, "NoEndpoint");
    assert.deepEqual(reportsOf([refused], view("node2", one)), []);
    assert.equal(reportsOf([refused], view("node2", one, [node("node1", { refusal }), node("node2")]))[0]?.status.node, "node2");
  });

  it("has both families of one Service under different names, and names of any length fit", () => {
    const both = view("node1", { "10.0.0.1": ["demo/page"], "fd00::1": ["demo/page"] });
    assert.deepEqual(reportsOf([owned, { ...owned, address: "fd00::1" }], both).map(keyOf), [
      "demo/page.node1",
      "demo/page.node1.v6",
    ]);
    const long = (last: string): string => `${"n".repeat(240)}${last}`;
    const names = ["a", "b"].flatMap((last) => reportsOf([owned], view(long(last), { "10.0.0.1": [`demo/${"s".repeat(60)}`] })));
    assert.equal(new Set(names.map(keyOf)).size, 2);
    for (const { metadata } of names) {
      assert.ok(metadata.name.length <= 253);
      assert.ok((metadata.labels?.["berth.dev/node"] ?? "").length <= 63);
    }
  });

  it("keeps the instant of an announcer that does not tell one as long as it goes on", () => {
    const routed: AnnouncementFact = { ...owned, protocol: "bgp", via: ["10.0.0.254"] };
    const { since: _, ...untimed } = routed;
    const first = reportsOf([untimed], view("node1", one), [], start);
    const later = reportsOf([{ ...untimed, via: ["10.0.0.253"] }], view("node1", one), first, start + 9000);
    assert.equal(later[0]?.status.since, "2026-01-01T00:00:00.000Z");
  });
});

describe("what is written", () => {
  it("is only what differs", () => {
    const reports = reportsOf([owned]);
    assert.deepEqual(types(reportActions(reports, [])), ["create demo/page.node1"]);
    assert.deepEqual(types(reportActions(reports, reports)), []);
    assert.deepEqual(types(reportActions([], reports)), ["delete demo/page.node1"]);
    const moved = reportsOf([{ ...owned, via: ["eth1"] }], view("node1", one), reports);
    const written = reports.map((report) => ({ ...report, metadata: { ...report.metadata, resourceVersion: "7" } }));
    const [action] = reportActions(moved, written);
    assert.equal(action?.type, "replace");
    assert.equal(action?.object.metadata.resourceVersion, "7");
  });

  it("is an event when Layer2 ownership begins, and not when only the words change", () => {
    const reports = reportsOf([owned]);
    assert.deepEqual(eventsOf(reportActions(reports, [])), [
      "Normal Announcing: node1 answers for 10.0.0.1 on eth0: claimed it, nobody answered for it; rank 1 of 2",
    ]);
    assert.deepEqual(eventsOf(reportActions(reportsOf([{ ...owned, because: "rank 2 of 3" }]), reports)), []);
    assert.deepEqual(eventsOf(reportActions(reportsOf([{ ...owned, protocol: "bgp" }]), [])), []);
  });

  it("is an event when a foreign host claims the address, once for each host", () => {
    const reports = reportsOf([owned]);
    const claimed = reportsOf([{ ...owned, conflict: { mac: "02:00:00:00:00:99", interface: "eth0", since: start } }]);
    assert.deepEqual(eventsOf(reportActions(claimed, reports)), [
      "Warning AddressConflict: a foreign host, 02:00:00:00:00:99, claims 10.0.0.1 on eth0 of node1",
    ]);
    assert.deepEqual(eventsOf(reportActions(claimed, claimed)), []);
  });
});

const service = (conditions: readonly string[] = [], ips: readonly string[] = ["10.0.0.1"]): Service => ({
  metadata: { name: "page", namespace: "demo", generation: 4 },
  spec: { type: "LoadBalancer" },
  status: {
    loadBalancer: { ingress: ips.map((ip) => ({ ip })) },
    conditions: conditions.map((type) => ({ type, status: "True", lastTransitionTime: "", reason: "", message: "" })),
  },
});
const announcedBy = (name: string, more: Partial<AnnouncementFact> = {}): ServiceAnnouncement[] =>
  reportsOf([{ ...owned, ...more }], view(name, one, [node(name)]));
const facts = (reports: readonly ServiceAnnouncement[], well?: readonly string[], of = service()): string[] =>
  announcementFacts(of, reports, well === undefined ? undefined : new Set(well)).map(
    ({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`,
  );

describe("the conditions of a Service", () => {
  it("say who announces its address, where and why, for the generation they were made from", () => {
    assert.deepEqual(facts(announcedBy("node1")), [
      "berth.dev/Announced True Announced: 10.0.0.1 by node1 on eth0: claimed it, nobody answered for it; rank 1 of 2",
    ]);
    assert.equal(announcementFacts(service(), announcedBy("node1"), undefined)[0]?.observedGeneration, 4);
  });

  it("do not believe a node whose speaker is not well", () => {
    assert.deepEqual(facts(announcedBy("node1"), ["node2"]), [
      "berth.dev/Announced False NotAnnounced: nobody announces 10.0.0.1",
    ]);
    assert.match(
      facts([...announcedBy("node1"), ...announcedBy("node2", { since: start + 5 })], ["node2"])[0] ?? "",
      /10\.0\.0\.1 by node2 on eth0/,
    );
  });

  it("name the last to claim first when two do, as in a cut network", () =>
    assert.deepEqual(facts([...announcedBy("node1"), ...announcedBy("node2", { since: start + 5 })]), [
      "berth.dev/Announced True Announced: 10.0.0.1 by node2, node1",
    ]));

  it("say why nobody announces", () =>
    assert.deepEqual(facts(reportsOf([refused])), [
      "berth.dev/Announced False NoEndpoint: nobody announces 10.0.0.1: the Service has no ready endpoint on any node",
    ]));

  it("are false as long as one of two addresses is not announced", () =>
    assert.deepEqual(facts(announcedBy("node1"), undefined, service([], ["10.0.0.1", "fd00::1"])), [
      "berth.dev/Announced False NotAnnounced: 10.0.0.1 by node1 on eth0: claimed it, nobody answered for it; rank 1 of 2; nobody announces fd00::1",
    ]));

  it("count many next hops instead of naming them", () => {
    const names = Array.from({ length: 9 }, (_, index) => `node${index + 1}`);
    const reports = names.flatMap((name) => announcedBy(name, { protocol: "bgp" }));
    assert.deepEqual(facts(reports), ["berth.dev/Announced True Announced: 10.0.0.1 by 9 nodes"]);
  });

  it("name a foreign host that claims an address, and say when it is over", () => {
    const conflict = { mac: "02:00:00:00:00:99", interface: "eth0", since: start };
    assert.equal(
      facts(announcedBy("node1", { conflict }))[1],
      "berth.dev/AddressConflict True ForeignHost: 02:00:00:00:00:99 claims 10.0.0.1 on eth0 of node1",
    );
    assert.equal(
      facts(announcedBy("node1"), undefined, service(["berth.dev/AddressConflict"]))[1],
      "berth.dev/AddressConflict False None: no foreign host claims an address of this Service",
    );
  });

  it("are none for a Service that never held an address", () =>
    assert.deepEqual(announcementFacts(service([], []), [], undefined), []));
});

describe("a report that nobody stands behind", () => {
  const reports = announcedBy("node1");
  const services = new Set(["demo/page"]);
  const stale = (well: string[], before: ReadonlyMap<string, number>, now: number, of = services) =>
    staleReports(reports, of, new Set(well), before, now);

  it("is deleted when its node had no speaker that is well for ten seconds", () => {
    const first = stale(["node2"], new Map(), start);
    assert.deepEqual([first.due, first.wakeAt], [[], start + 10_000]);
    assert.deepEqual(stale(["node2"], first.since, start + 9999).due, []);
    assert.deepEqual(stale(["node2"], first.since, start + 10_000).due, reports);
  });

  it("is forgiven when the speaker is well again in that time", () =>
    assert.deepEqual(stale(["node1"], stale(["node2"], new Map(), start).since, start + 60_000).since, new Map()));

  it("is deleted when its Service is gone", () => {
    const first = stale(["node1"], new Map(), start, new Set());
    assert.deepEqual(stale(["node1"], first.since, start + 10_000, new Set()).due, reports);
  });

  it("counts a speaker as well when its pod is Ready and stays", () => {
    const pod = (name: string, status: string, more = {}): Pod => ({
      metadata: { name, ...more },
      spec: { nodeName: name },
      status: { conditions: [{ type: "Ready", status }] },
    });
    assert.deepEqual(
      wellNodes([pod("a", "True"), pod("b", "False"), pod("c", "True", { deletionTimestamp: "2026-01-01T00:00:00Z" })]),
      new Set(["a"]),
    );
  });
});
