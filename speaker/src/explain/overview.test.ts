import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderExplanation, renderHealth, renderOwners, renderPools, renderSessions } from "../cli/render.ts";
import type { ClusterFacts } from "./clusterFacts.ts";
import { explainService } from "./explainService.ts";
import { announcement, node, peer, service, slice, speaker, wellCluster } from "./fixtures.ts";
import { healthRows, ownerRows, poolRows, sessionRows } from "./overview.ts";
import { simulateDrain } from "./simulateDrain.ts";

const condition = (type: string, status: "True" | "False", message: string) => ({
  type,
  status,
  lastTransitionTime: "2026-01-01T11:00:00Z",
  reason: "Reason",
  message,
});
const assigned: ClusterFacts = {
  ...wellCluster,
  services: wellCluster.services.map((one) => ({
    ...one,
    status: { ...one.status, conditions: [condition("berth.dev/AddressAssigned", "True", "given")] },
  })),
  eips: wellCluster.eips.map((one) => ({
    ...one,
    status: { usage: 1, poolSizeText: "10", conditions: [condition("Ready", "True", "")] },
  })),
};

describe("the health of Berth", () => {
  it("is well part by part when all is", () => {
    assert.deepEqual(
      healthRows(assigned).filter(({ isWell }) => !isWell),
      [],
    );
    assert.deepEqual(
      healthRows(assigned).map(({ part }) => part),
      ["controller", "speakers", "nodes", "pools", "sessions", "services"],
    );
  });
  it("says nothing of who leads when the API server does not answer, but that all is from before", () => {
    const [first, ...rest] = healthRows({ ...assigned, lease: undefined, heardLast: assigned.now - 40_000 });
    assert.deepEqual(first, {
      part: "API server",
      isWell: false,
      message: "has not answered for 40 s: all of this is from before",
    });
    assert.ok(rest.every(({ part }) => part !== "controller"));
  });
  it("is well when a node is excluded by a label, and says so", () => {
    const labels = { "node.kubernetes.io/exclude-from-external-load-balancers": "" };
    const nodes = [node("node1"), { ...node("node2"), metadata: { name: "node2", labels } }];
    const row = healthRows({ ...assigned, nodes }).find(({ part }) => part === "nodes");
    assert.deepEqual([row?.isWell, row?.message], [true, "1 may announce; 1 excluded by a label"]);
  });
  const broken: readonly (readonly [string, Partial<ClusterFacts>, RegExp])[] = [
    ["controller", { lease: undefined }, /no controller has ever led/],
    ["speakers", { speakers: [speaker("node1"), speaker("node2", false)] }, /1 of 2 Ready; nodes without one: node2/],
    ["nodes", { nodes: [node("node1"), node("node2", { status: {} })] }, /node node2 is not Ready/],
    [
      "pools",
      { eips: wellCluster.eips.map((one) => ({ ...one, status: { conditions: [condition("Ready", "False", "overlaps")] } })) },
      /no: overlaps/,
    ],
    [
      "sessions",
      { bgpPeers: [peer({ node1: { state: "ACTIVE", lastError: "refused" } })] },
      /0 of 1 up; down: router on node1 \(refused\)/,
    ],
    ["services", { services: [service("web", undefined)] }, /waiting for an address: demo\/web/],
  ];
  for (const [part, facts, says] of broken) {
    it(`names what is wrong with its ${part}, and nothing else`, () => {
      const rows = healthRows({ ...assigned, ...facts }).filter(({ isWell }) => !isWell);
      assert.deepEqual(
        rows.map((row) => row.part),
        [part],
      );
      assert.match(rows[0]?.message ?? "", says);
      assert.match(renderHealth(rows), new RegExp(`^${part}\\s+PROBLEM`, "m"));
    });
  }
});

describe("a session of a node whose speaker is not Ready", () => {
  const facts = { ...assigned, speakers: [speaker("node1", false), speaker("node2")] };
  it("is not known, whatever was reported last, and not counted as up or down", () => {
    const [row] = sessionRows(facts).filter(({ node: name }) => name === "node1");
    assert.deepEqual([row?.state, row?.remark], ["unknown", "its speaker is not Ready; it reported established last"]);
    assert.match(healthRows(facts).find(({ part }) => part === "sessions")?.message ?? "", /1 not known/);
  });
});

describe("the tables", () => {
  it("show pools, sessions and owners in columns", () => {
    assert.match(renderPools(poolRows(assigned)), /^lan\s+172\.30\.0\.200-172\.30\.0\.209\s+layer2\s+1\s+10\s+yes$/m);
    assert.match(renderSessions(sessionRows(assigned)), /^router\s+172\.30\.0\.1\s+node1\s+established\s+60 s\s+-$/m);
    assert.match(
      renderOwners(ownerRows(assigned)),
      /^172\.30\.0\.200\s+demo\/web\s+layer2\s+node1\s+eth0\s+60 s\s+rank 1 of 2$/m,
    );
  });
  it("show an address that nobody announces", () => {
    const rows = ownerRows({ ...assigned, announcements: [] });
    assert.deepEqual(
      rows.map((row) => [row.service, row.node]),
      [
        ["demo/routed", "nobody"],
        ["demo/web", "nobody"],
      ],
    );
  });
  it("show an explanation with its headline, checks, announcers and what if", () => {
    const explanation = explainService(assigned, "demo/web");
    assert.ok(explanation !== undefined);
    const text = renderExplanation(explanation);
    assert.match(text, /^demo\/web is well: 172\.30\.0\.200$/m);
    assert.match(text, /^ok\s+endpoints\s+2 ready, on node1, node2$/m);
    assert.match(text, /^172\.30\.0\.200\s+node1\s+eth0/m);
    assert.match(text, /If node1 left: another of node2 takes over/);
  });
  it("do not say that a Service does not work which serves, and only lacks another address that it asks for", () => {
    const [web, ...others] = assigned.services;
    assert.ok(web !== undefined);
    const conditions = [
      {
        type: "berth.dev/AddressAssigned",
        status: "False" as const,
        observedGeneration: 1,
        reason: "WrongFamily",
        message: "no IPv6 address",
        lastTransitionTime: "",
      },
    ];
    const lacking = { ...web, status: { ...web.status, conditions } };
    const wrong = { ...web, metadata: { ...web.metadata, annotations: { "eip.openelb.kubesphere.io/v1alpha1": "172.30.0" } } };
    const headlineOf = (changed: typeof web): string => {
      const explanation = explainService({ ...assigned, services: [changed, ...others] }, "demo/web");
      assert.ok(explanation !== undefined);
      return renderExplanation(explanation).split("\n")[0] ?? "";
    };
    assert.equal(headlineOf(lacking), "demo/web works, and lacks what it asks for: no IPv6 address (WrongFamily)");
    assert.match(headlineOf(wrong), /^demo\/web works, and lacks what it asks for: .*"172\.30\.0" is not an IP address/);
    assert.match(headlineOf({ ...wrong, status: {} }), /^demo\/web does not work: /);
  });
});

describe("a simulated drain", () => {
  it("says what moves, what goes on, and what goes dark", () => {
    const facts: ClusterFacts = {
      ...assigned,
      services: [...assigned.services, service("only", "172.30.0.201")],
      endpointSlices: [...wellCluster.endpointSlices, slice("only", ["node1", true]), slice("routed", ["node2", true])],
      announcements: [...wellCluster.announcements, announcement({ service: "only", node: "node1", address: "172.30.0.201" })],
    };
    assert.deepEqual(
      simulateDrain(facts, "node1")?.map(({ service: name, outcome }) => [name, outcome]),
      [
        ["demo/only", "goes dark"],
        ["demo/routed", "goes on"],
        ["demo/web", "moves"],
      ],
    );
  });
  it("is empty for a node that announces nothing, and undefined for one that is not there", () => {
    assert.deepEqual(simulateDrain({ ...assigned, announcements: [] }, "node1"), []);
    assert.equal(simulateDrain(assigned, "node9"), undefined);
  });
});
