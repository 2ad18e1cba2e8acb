import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Eip } from "@berth/api/eip";
import { allocate } from "../allocate/allocate.ts";
import { emptyMemory } from "../allocate/model.ts";
import { formatAddress } from "../net/address.ts";
import { eipStatus } from "./eipStatus.ts";
import { elect, type Lease } from "./lease.ts";
import type { EndpointSlice, Node, Service } from "./objects.ts";
import { isOurs, pools, serviceRequest } from "./requests.ts";
import {
  bgpConfConditions,
  bgpPeerConditions,
  goneNodes,
  releasedStatus,
  same,
  serviceStatus,
  withConditions,
} from "./statuses.ts";
import { clusterView } from "./view.ts";

const now = "2026-01-01T00:00:00Z";
const scope = { loadBalancerClasses: ["berth.dev/berth"], handlesClassless: true };

const eip = (
  name: string,
  address: string,
  more: Partial<Eip["spec"]> = {},
  annotations: Record<string, string> = {},
  created = now,
): Eip => ({
  apiVersion: "network.kubesphere.io/v1alpha2",
  kind: "Eip",
  metadata: { name, generation: 3, annotations, creationTimestamp: created },
  spec: { address, ...more },
});
const service = (
  name: string,
  spec: Partial<Service["spec"]> = {},
  annotations: Record<string, string> = {},
  ip?: string,
): Service => ({
  metadata: { name, namespace: "ns", generation: 1, annotations, creationTimestamp: now },
  spec: { type: "LoadBalancer", ipFamilies: ["IPv4"], ports: [{ port: 80 }], ...spec },
  ...(ip === undefined ? {} : { status: { loadBalancer: { ingress: [{ ip }] } } }),
});

function allocated(eips: readonly Eip[], services: readonly Service[]) {
  const entries = pools(eips);
  const result = allocate({
    services: services.map(serviceRequest),
    pools: entries.map((entry) => entry.pool),
    namespaceLabels: new Map(),
    memory: emptyMemory,
    now: 0,
    restPeriod: 60_000,
    sharesUnconditionally: false,
  });
  return { entries, result };
}

describe("which Services are ours", () => {
  for (const [name, candidate, scopes, expected] of [
    ["A-01: a ClusterIP Service is not", service("a", { type: "ClusterIP" }), scope, false],
    ["a classless one is, by default", service("a"), scope, true],
    [
      "a classless one is not, when classless ones are left to others",
      service("a"),
      { ...scope, handlesClassless: false },
      false,
    ],
    [
      "an annotated one is, in any case",
      service("a", {}, { "lb.kubesphere.io/v1alpha1": "openelb" }),
      { ...scope, handlesClassless: false },
      true,
    ],
    ["one of our class is", service("a", { loadBalancerClass: "berth.dev/berth" }), { ...scope, handlesClassless: false }, true],
    [
      "one of another class is not, whatever its annotation",
      service("a", { loadBalancerClass: "other/lb" }, { "lb.kubesphere.io/v1alpha1": "openelb" }),
      scope,
      false,
    ],
  ] as const)
    it(name, () => assert.equal(isOurs(candidate, scopes), expected));
});

describe("what a Service asks for", () => {
  const request = (annotations: Record<string, string>, spec: Partial<Service["spec"]> = {}) =>
    serviceRequest(service("a", spec, annotations));
  it("A-07: the address annotation is stronger than spec.loadBalancerIP", () =>
    assert.deepEqual(
      request({ "eip.openelb.kubesphere.io/v1alpha1": "10.0.0.100" }, { loadBalancerIP: "10.0.0.50" }).addresses.map(
        formatAddress,
      ),
      ["10.0.0.100"],
    ));
  it("MetalLB's annotations count, of the older domain too", () => {
    const moved = request({
      "metallb.universe.tf/address-pool": "p",
      "metallb.io/loadBalancerIPs": "10.0.0.1, fd00::1",
      "metallb.io/allow-shared-ip": "k",
    });
    assert.deepEqual([moved.eip, moved.addresses.map(formatAddress), moved.sharingKey], ["p", ["10.0.0.1", "fd00::1"], "k"]);
  });
  it("an address that cannot be read is a refusal that names field and value", () =>
    assert.match(
      request({ "eip.openelb.kubesphere.io/v1alpha1": "10.0.0.300" }).problem?.message ?? "",
      /eip\.openelb\.kubesphere\.io\/v1alpha1: "10\.0\.0\.300" is not an IP address/,
    ));
});

describe("the status of a Service", () => {
  const eips = [eip("office", "10.0.0.0/32", {}, { "eip.openelb.kubesphere.io/is-default-eip": "true" })];
  it("holds the address and says from which Eip", () => {
    const one = service("a");
    const status = serviceStatus(one, allocated(eips, [one]).result.assignments.get("ns/a")!, now);
    assert.deepEqual(status?.loadBalancer.ingress, [{ ip: "10.0.0.0" }]);
    assert.deepEqual(status?.conditions, [
      {
        type: "berth.dev/AddressAssigned",
        status: "True",
        observedGeneration: 1,
        reason: "Assigned",
        message: "10.0.0.0 from Eip office",
        lastTransitionTime: now,
      },
    ]);
  });
  it("says why there is no address, naming the Eips considered", () => {
    const [first, second] = [service("a"), service("b")];
    const status = serviceStatus(second, allocated(eips, [first, second]).result.assignments.get("ns/b")!, now);
    assert.deepEqual([status?.conditions[0]?.status, status?.conditions[0]?.reason], ["False", "EipFull"]);
    assert.match(status?.conditions[0]?.message ?? "", /^Eip office is full \(1 of 1 used\); pools considered: office \(full\);/);
  });
  it("A-10: is not written when nothing changed", () => {
    const one = service("a");
    const assignment = allocated(eips, [one]).result.assignments.get("ns/a")!;
    const { loadBalancer, conditions } = serviceStatus(one, assignment, now)!;
    assert.equal(serviceStatus({ ...one, status: { loadBalancer, conditions } }, assignment, "2026-02-02T00:00:00Z"), undefined);
  });
  it("A-02, A-24: is taken back from a Service that is not ours any more, and only if it was", () => {
    assert.equal(releasedStatus(service("a", { type: "ClusterIP" })), undefined);
    const conditions = withConditions(
      [],
      [{ type: "berth.dev/AddressAssigned", status: "True", reason: "Assigned", message: "" }],
      now,
    );
    assert.deepEqual(
      releasedStatus({
        ...service("a", {}, {}, "10.0.0.0"),
        status: { conditions, loadBalancer: { ingress: [{ ip: "10.0.0.0" }] } },
      }),
      { loadBalancer: {}, conditions: [] },
    );
  });
});

describe("the status of an Eip", () => {
  it("keeps OpenELB's fields", () => {
    const one = service("a", {}, { "eip.openelb.kubesphere.io/v1alpha2": "lan" });
    const { entries, result } = allocated([eip("lan", "172.30.0.200-172.30.0.219")], [one]);
    const { conditions, ...fields } = eipStatus(entries[0]!, result, now);
    assert.deepEqual(fields, {
      occupied: false,
      usage: 1,
      poolSize: 20,
      poolSizeText: "20",
      used: { "172.30.0.200": "ns/a" },
      firstIP: "172.30.0.200",
      lastIP: "172.30.0.219",
      ready: true,
      v4: true,
    });
    assert.ok(conditions?.every((condition) => condition.observedGeneration === 3));
  });
  const ready = (list: readonly Eip[], name: string) => {
    const { entries, result } = allocated(list, []);
    const entry = entries.find((candidate) => candidate.eip.metadata.name === name)!;
    return eipStatus(entry, result, now).conditions?.find((condition) => condition.type === "Ready");
  };
  it("A-32: of two default Eips the later is told that it is not, and both are used", () => {
    const list = [
      eip("a", "10.0.0.0/24", {}, { "eip.openelb.kubesphere.io/is-default-eip": "true" }),
      eip("b", "10.1.0.0/24", {}, { "eip.openelb.kubesphere.io/is-default-eip": "True" }, "2026-01-02T00:00:00Z"),
    ];
    const { entries, result } = allocated(list, []);
    assert.equal(
      eipStatus(entries[1]!, result, now).conditions?.find((condition) => condition.type === "DefaultConflict")?.status,
      "True",
    );
  });
  it("of two that overlap the later alone is not used, and the sentence names both", () => {
    const list = [eip("b", "10.0.0.128/25", {}, {}, "2026-01-02T00:00:00Z"), eip("a", "10.0.0.0/24")];
    assert.deepEqual(
      [ready(list, "a")?.status, ready(list, "b")?.status, ready(list, "b")?.message],
      [
        "True",
        "False",
        "Eip b is not used: 10.0.0.128-10.0.0.255 belongs to Eip a already; take it out of spec.address and spec.addresses, or put it into spec.exclude",
      ],
    );
  });
  it("a reversed IPv6 range, which the CRD cannot see, is not used", () =>
    assert.match(ready([eip("six", "fd00::9-fd00::1")], "six")?.message ?? "", /"fd00::9-fd00::1" is reversed/));
  it("a disabled one is Ready, with the reason", () =>
    assert.deepEqual(
      [
        ready([eip("d", "10.0.0.0/24", { disable: true })], "d")?.status,
        ready([eip("d", "10.0.0.0/24", { disable: true })], "d")?.reason,
      ],
      ["True", "Disabled"],
    ));
  it("counts a /64 exactly", () => {
    const { entries, result } = allocated([eip("six", "fd00::/64")], []);
    assert.equal(eipStatus(entries[0]!, result, now).poolSizeText, "18446744073709551616");
  });
});

describe("BgpConf and BgpPeer", () => {
  const conf = (name: string, as?: number) => ({ apiVersion: "", kind: "BgpConf" as const, metadata: { name }, spec: { as } });
  const reason = (conditions: readonly { type: string; reason: string }[]) =>
    conditions.find((condition) => condition.type === "Ready")?.reason;
  const fine = { refusal: undefined, notes: [] };
  it("say what a judge says of them, with what it notes", () => {
    const refusal = { reason: "NoAs", message: "spec.as is 0" };
    const judged = [fine, { refusal, notes: [] }, { refusal: undefined, notes: ["spec.a has no effect", "nor has spec.b"] }];
    assert.deepEqual(
      judged.map((judgement) => {
        const ready = bgpConfConditions(conf("default", 65000), judgement, now).find(({ type }) => type === "Ready");
        return [ready?.status, ready?.reason, ready?.message];
      }),
      [
        ["True", "Accepted", "used as it is"],
        ["False", "NoAs", "spec.as is 0"],
        ["True", "AcceptedWithNotes", "spec.a has no effect; nor has spec.b"],
      ],
    );
  });
  it("a peer without BgpConf says so", () =>
    assert.equal(
      reason(
        bgpPeerConditions(
          {
            apiVersion: "",
            kind: "BgpPeer",
            metadata: { name: "p" },
            spec: { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 } },
          },
          fine,
          false,
          new Set(),
          now,
        ),
      ),
      "NoBgpConf",
    ));
});

describe("the sessions of a BgpPeer", () => {
  const peer = (states: Record<string, string>) => ({
    apiVersion: "",
    kind: "BgpPeer" as const,
    metadata: { name: "p" },
    spec: { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 } },
    status: {
      nodesPeerStatus: Object.fromEntries(
        Object.entries(states).map(([name, sessionState]) => [
          name,
          { peerState: { sessionState }, lastError: "received Cease (6/0)" },
        ]),
      ),
    },
  });
  const established = (states: Record<string, string>, ready: readonly string[]) =>
    bgpPeerConditions(peer(states), { refusal: undefined, notes: [] }, true, new Set(ready), now).find(
      (condition) => condition.type === "Established",
    );

  it("are counted", () =>
    assert.deepEqual(
      [
        established({ a: "ESTABLISHED", b: "ESTABLISHED" }, ["a", "b"])?.reason,
        established({ a: "ESTABLISHED", b: "ESTABLISHED" }, ["a", "b"])?.message,
      ],
      ["OnAllNodes", "2 of 2 sessions are up"],
    ));
  it("name the node that has none, and why", () =>
    assert.equal(
      established({ a: "ESTABLISHED", b: "IDLE" }, ["a", "b"])?.message,
      "1 of 2 sessions are up; down: b (received Cease (6/0))",
    ));
  it("of a node that is not Ready are not believed", () =>
    assert.deepEqual(
      [established({ a: "ESTABLISHED" }, [])?.status, established({ a: "ESTABLISHED" }, [])?.message],
      ["False", "0 of 1 sessions are up; down: a (node is not Ready)"],
    ));
  it("of a node that is gone are forgotten", () =>
    assert.deepEqual(goneNodes(peer({ a: "IDLE", b: "IDLE" }), new Set(["a"])), ["b"]));
});

describe("the view of a speaker", () => {
  const node = (name: string, ready = "True", labels: Record<string, string> = {}): Node => ({
    metadata: { name, labels },
    status: { addresses: [{ type: "InternalIP", address: "172.30.0.11" }], conditions: [{ type: "Ready", status: ready }] },
  });
  const slice = (conditions: object, nodeName?: string): EndpointSlice => ({
    metadata: { name: "s", namespace: "ns", labels: { "kubernetes.io/service-name": "a" } },
    endpoints: [{ conditions, addresses: ["10.244.1.2"], ...(nodeName === undefined ? {} : { nodeName }) }],
  });
  const view = (nodes: readonly Node[], slices: readonly EndpointSlice[] = []) =>
    clusterView(
      {
        services: [service("a", {}, {}, "10.0.0.1")],
        nodes,
        endpointSlices: slices,
        eips: [eip("e", "10.0.0.0/24")],
        bgpConfs: [],
        bgpPeers: [],
        secrets: [],
        configMaps: [],
      },
      "node1",
      scope,
    );

  it("B-16: refuses nodes that are NotReady or excluded, and keeps cordoned ones", () => {
    const reasons = view([
      node("a", "False"),
      node("b", "True", { "node.kubernetes.io/exclude-from-external-load-balancers": "" }),
      { ...node("c"), spec: { unschedulable: true } },
    ]).nodes.map((one) => one.refusal?.reason);
    assert.deepEqual(reasons, ["NodeNotReady", "NodeExcluded", undefined]);
  });
  for (const [name, conditions, count] of [
    ["ready", { ready: true }, 1],
    ["not ready", { ready: false }, 0],
    ["terminating but serving", { ready: false, serving: true, terminating: true }, 1],
    ["of unknown state", {}, 1],
  ] as const)
    it(`counts an endpoint that is ${name} ${count === 1 ? "" : "not "}at all`, () =>
      assert.equal(view([node("node1")], [slice(conditions, "node1")]).addresses[0]?.endpointsByNode.get("node1") ?? 0, count));
  it("counts endpoints outside the cluster under no node", () =>
    assert.equal(view([node("node1")], [slice({ ready: true })]).addresses[0]?.endpointsByNode.get(""), 1));
  it("leaves out addresses that no Eip has", () =>
    assert.equal(
      clusterView(
        {
          services: [service("a", {}, {}, "10.9.0.1")],
          nodes: [],
          endpointSlices: [],
          eips: [eip("e", "10.0.0.0/24")],
          bgpConfs: [],
          bgpPeers: [],
          secrets: [],
          configMaps: [],
        },
        "n",
        scope,
      ).addresses.length,
      0,
    ));
});

describe("leader election", () => {
  const lease = (holderIdentity: string | undefined): Lease => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "l", namespace: "n" },
    spec: holderIdentity === undefined ? {} : { holderIdentity, leaseDurationSeconds: 15 },
  });
  const decide = (holder: string | undefined, age: number, isHolder = false) =>
    elect(lease(holder), { identity: "me", isHolder }, 15, { seen: "1", at: 0 }, age, now);
  it("takes a free Lease, renews its own, and waits for another's", () =>
    assert.deepEqual(
      [decide(undefined, 0), decide("me", 0, true), decide("you", 14_999)].map((one) => "write" in one),
      [true, true, false],
    ));
  it("waits for another that has the same name", () => assert.ok(!("write" in decide("me", 14_999))));
  it("takes a Lease that has not changed for its duration by its own clock", () => assert.ok("write" in decide("you", 15_000)));
});

describe("equality of JSON", () => {
  it("ignores the order of keys and absent values, and nothing else", () => {
    assert.ok(same({ a: 1, b: [1, { c: undefined }] }, { b: [1, {}], a: 1 }));
    assert.ok(!same([1, 2], [2, 1]) && !same({ a: 1 }, { a: "1" }) && !same({}, []));
  });
});
