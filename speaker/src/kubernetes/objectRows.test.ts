import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Eip } from "@berth/api/eip";
import { allocate } from "../allocate/allocate.ts";
import { emptyMemory } from "../allocate/model.ts";
import { finalizersWithoutOpenelb } from "./finalizers.ts";
import type { Service } from "./objects.ts";
import { isOurs, pools, serviceRequest } from "./requests.ts";
import { releasedStatus, serviceStatus } from "./statuses.ts";

const scope = { loadBalancerClasses: ["berth.dev/berth", "example.com/second"], handlesClassless: true };
const now = "2026-01-01T00:00:00Z";
const openelb = { "lb.kubesphere.io/v1alpha1": "openelb" };
const ipOf = (text: string) => ({ "eip.openelb.kubesphere.io/v1alpha1": text });
const eipOf = (name: string) => ({ "eip.openelb.kubesphere.io/v1alpha2": name });
const dual = (ipFamilyPolicy: string, ...ipFamilies: string[]) => ({ ipFamilyPolicy, ipFamilies });
const six = { ipFamilies: ["IPv6"] };

const eip = (name: string, address: string, spec: Partial<Eip["spec"]> = {}, isDefault = false): Eip => ({
  apiVersion: "network.kubesphere.io/v1alpha2",
  kind: "Eip",
  metadata: {
    name,
    generation: 1,
    creationTimestamp: now,
    annotations: isDefault ? { "eip.openelb.kubesphere.io/is-default-eip": "true" } : {},
  },
  spec: { address, ...spec },
});

/** The Eips of every row: the default one has both families. */
const eips = [
  eip("pool1", "1.2.3.0/31", { addresses: ["1000::/127"] }, true),
  eip("pool2", "3.4.5.6/32"),
  eip("pool3", "1000::5/128"),
  eip("pool4", "1.2.9.0/30", { exclude: ["1.2.9.0/31"], autoAssign: false }),
  eip("off", "1.2.10.0/30", { disable: true }),
  eip("mine", "1.2.11.0/30", { namespaces: ["elsewhere"], restrict: true }),
];

interface Given {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Partial<Service["spec"]>;
  /** What its ledger holds, and whether we wrote it. */
  readonly held?: readonly string[];
  readonly isForeign?: true;
  /** Another Service that has addresses, by annotations, ports and addresses. */
  readonly other?: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly port?: number;
    readonly held: readonly string[];
  };
}

/** What the status comes to: addresses and the condition's reason; undefined when nothing is written. */
type Outcome = { readonly addresses: readonly string[]; readonly reason: string } | { readonly released: true } | undefined;

const assigned = (...addresses: string[]): Outcome => ({ addresses, reason: "Assigned" });
const refused = (reason: string, ...addresses: string[]): Outcome => ({ addresses, reason });
const released: Outcome = { released: true };

/** Rows of OpenELB's table that are about the objects, and MetalLB's table of what a controller does to a Service. */
const rows: readonly (readonly [row: string, given: Given, outcome: Outcome])[] = [
  ["A-01: a ClusterIP Service is left alone", { annotations: openelb, spec: { type: "ClusterIP" } }, undefined],
  ["A-02: a type changed to ClusterIP gives the address back", { spec: { type: "ClusterIP" }, held: ["1.2.3.0"] }, released],
  [
    "A-02: what another wrote into a ClusterIP Service stays",
    { spec: { type: "ClusterIP" }, held: ["1.2.3.0"], isForeign: true },
    undefined,
  ],
  ["A-04: an annotated Service gets the first address of the default Eip", { annotations: openelb }, assigned("1.2.3.0")],
  [
    "A-06: eip annotation and spec.loadBalancerIP",
    { annotations: eipOf("pool1"), spec: { loadBalancerIP: "1.2.3.1" } },
    assigned("1.2.3.1"),
  ],
  [
    "A-07: the address annotation beats spec.loadBalancerIP",
    { annotations: ipOf("1.2.3.1"), spec: { loadBalancerIP: "1.2.3.0" } },
    assigned("1.2.3.1"),
  ],
  [
    "A-08: an address outside the named Eip",
    { annotations: { ...eipOf("pool2"), ...ipOf("1.2.3.1") } },
    refused("AddressOutsideEip"),
  ],
  ["A-09: a missing Eip", { annotations: eipOf("missing") }, refused("EipNotFound")],
  ["A-10: a status that is right already is not written again", { held: ["1.2.3.0"] }, undefined],
  ["A-19: a named Eip that is disabled", { annotations: eipOf("off") }, refused("Disabled")],
  ["A-19: what a disabled Eip gave stays", { annotations: eipOf("off"), held: ["1.2.10.1"] }, undefined],
  ["A-21: an address that another has", { annotations: ipOf("1.2.3.0"), other: { held: ["1.2.3.0"] } }, refused("AddressInUse")],
  [
    "A-24: a Service of another class gives back what we gave",
    { spec: { loadBalancerClass: "example.com/other" }, held: ["1.2.3.0"] },
    released,
  ],
  ["A-28: an IPv6 Eip and a Service of IPv4", { annotations: eipOf("pool3") }, refused("WrongFamily")],
  ["A-29: RequireDualStack", { spec: dual("RequireDualStack", "IPv4", "IPv6") }, assigned("1.2.3.0", "1000::")],
  [
    "A-29: PreferDualStack of an Eip with one family",
    { annotations: eipOf("pool2"), spec: dual("PreferDualStack", "IPv4", "IPv6") },
    assigned("3.4.5.6"),
  ],
  [
    "A-29: RequireDualStack of an Eip with one family",
    { annotations: eipOf("pool2"), spec: dual("RequireDualStack", "IPv4", "IPv6") },
    refused("WrongFamily"),
  ],
  ["A-34: an Eip without protocol and interface gives", { annotations: eipOf("pool2") }, assigned("3.4.5.6")],
  ["mutation: a simple LoadBalancer", {}, assigned("1.2.3.0")],
  ["mutation: a simple LoadBalancer of IPv6", { spec: six }, assigned("1000::")],
  [
    "mutation: the families stand in the order of the Service",
    { spec: dual("RequireDualStack", "IPv6", "IPv4") },
    assigned("1000::", "1.2.3.0"),
  ],
  ["mutation: a specific address", { spec: { loadBalancerIP: "1.2.3.1" } }, assigned("1.2.3.1")],
  ["mutation: a specific address of IPv6", { spec: { ...six, loadBalancerIP: "1000::1" } }, assigned("1000::1")],
  [
    "mutation: a specific address in another writing",
    { spec: { ...six, loadBalancerIP: "1000:0:0:0:0:0:0:1" } },
    assigned("1000::1"),
  ],
  [
    "mutation: a specific address by MetalLB's annotation",
    { annotations: { "metallb.io/loadBalancerIPs": "1.2.3.1" } },
    assigned("1.2.3.1"),
  ],
  [
    "mutation: a specific address by MetalLB's older annotation",
    { annotations: { "metallb.universe.tf/loadBalancerIPs": "1.2.3.1" } },
    assigned("1.2.3.1"),
  ],
  [
    "mutation: two specific addresses",
    { annotations: { "metallb.io/loadBalancerIPs": "1.2.3.1, 1000::1" }, spec: dual("RequireDualStack", "IPv4", "IPv6") },
    assigned("1.2.3.1", "1000::1"),
  ],
  [
    "mutation: one specific address of two families",
    { annotations: ipOf("1000::1"), spec: dual("RequireDualStack", "IPv4", "IPv6") },
    assigned("1.2.3.0", "1000::1"),
  ],
  ["mutation: blanks around the name of an Eip", { annotations: eipOf(" pool2 ") }, assigned("3.4.5.6")],
  ["mutation: blanks around a specific address", { annotations: ipOf(" 1.2.3.1 ") }, assigned("1.2.3.1")],
  ["mutation: annotations of nothing but blanks", { annotations: { ...eipOf(" "), ...ipOf("  ") } }, assigned("1.2.3.0")],
  ["mutation: two specific addresses of one family", { annotations: ipOf("1.2.3.0,1.2.3.1") }, refused("InvalidAddress")],
  ["mutation: a specific address of the wrong family", { annotations: ipOf("1000::1") }, refused("WrongFamily")],
  ["mutation: a specific address that is excluded", { annotations: ipOf("1.2.9.1") }, refused("AddressOutsideEips")],
  ["mutation: a specific address of a pool without autoAssign", { annotations: ipOf("1.2.9.2") }, assigned("1.2.9.2")],
  ["mutation: a specific address of a pool kept for others", { annotations: ipOf("1.2.11.1") }, refused("NamespaceNotAllowed")],
  ["mutation: a change to another specific address", { annotations: ipOf("1.2.3.1"), held: ["1.2.3.0"] }, assigned("1.2.3.1")],
  [
    "mutation: a change to one that is in use keeps what there is",
    { annotations: ipOf("1.2.3.1"), held: ["1.2.3.0"], other: { held: ["1.2.3.1"] } },
    refused("AddressInUse", "1.2.3.0"),
  ],
  [
    "mutation: a change to one outside every pool keeps what there is",
    { annotations: ipOf("9.9.9.9"), held: ["1.2.3.0"] },
    refused("AddressOutsideEips", "1.2.3.0"),
  ],
  [
    "mutation: a change to what is no address keeps what there is",
    { annotations: ipOf("please"), held: ["1.2.3.0"] },
    refused("InvalidAddress", "1.2.3.0"),
  ],
  ["mutation: no address and nothing that there was", { annotations: ipOf("please") }, refused("InvalidAddress")],
  ["mutation: a specific pool", { annotations: eipOf("pool2") }, assigned("3.4.5.6")],
  [
    "mutation: a specific pool by MetalLB's annotation",
    { annotations: { "metallb.io/address-pool": "pool2" } },
    assigned("3.4.5.6"),
  ],
  [
    "mutation: a specific pool by MetalLB's older annotation",
    { annotations: { "metallb.universe.tf/address-pool": "pool2" } },
    assigned("3.4.5.6"),
  ],
  [
    "mutation: OpenELB's annotation beats MetalLB's",
    { annotations: { "metallb.io/address-pool": "pool1", ...eipOf("pool2") } },
    assigned("3.4.5.6"),
  ],
  ["mutation: an empty annotation asks for nothing", { annotations: { ...eipOf(""), ...ipOf("") } }, assigned("1.2.3.0")],
  ["mutation: a change to another pool", { annotations: eipOf("pool2"), held: ["1.2.3.0"] }, assigned("3.4.5.6")],
  [
    "mutation: a change to a full pool keeps what there is",
    { annotations: eipOf("pool2"), held: ["1.2.3.0"], other: { held: ["3.4.5.6"] } },
    refused("EipFull", "1.2.3.0"),
  ],
  [
    "mutation: a change to a pool that does not exist keeps what there is",
    { annotations: eipOf("missing"), held: ["1.2.3.0"] },
    refused("EipNotFound", "1.2.3.0"),
  ],
  ["mutation: a pool without autoAssign by name", { annotations: eipOf("pool4") }, assigned("1.2.9.2")],
  [
    "mutation: a foreign address in the ledger that is in a pool is kept",
    { held: ["1.2.3.1"], isForeign: true },
    assigned("1.2.3.1"),
  ],
  ["mutation: two of one family in the ledger: the first stays", { held: ["1.2.3.1", "1.2.3.0"] }, assigned("1.2.3.1")],
  ["mutation: from dual to single stack", { held: ["1.2.3.0", "1000::"] }, assigned("1.2.3.0")],
  ["mutation: from IPv4 to IPv6", { spec: six, held: ["1.2.3.0"] }, assigned("1000::")],
  [
    "mutation: from single to dual stack",
    { spec: dual("PreferDualStack", "IPv4", "IPv6"), held: ["1.2.3.1"] },
    assigned("1.2.3.1", "1000::"),
  ],
  [
    "mutation: the other family from another pool than the first",
    { annotations: {}, spec: dual("RequireDualStack", "IPv4", "IPv6"), held: ["3.4.5.6"] },
    assigned("3.4.5.6", "1000::"),
  ],
  ["mutation: our class", { spec: { loadBalancerClass: "berth.dev/berth" } }, assigned("1.2.3.0")],
  ["mutation: another of our classes", { spec: { loadBalancerClass: "example.com/second" } }, assigned("1.2.3.0")],
  ["mutation: another class", { annotations: openelb, spec: { loadBalancerClass: "example.com/other" } }, undefined],
  [
    "mutation: sharing by MetalLB's key",
    {
      annotations: { "metallb.io/allow-shared-ip": "k" },
      other: { annotations: { "metallb.universe.tf/allow-shared-ip": "k" }, port: 443, held: ["1.2.3.1"] },
    },
    assigned("1.2.3.1"),
  ],
  [
    "mutation: sharing by a key of ours and one of MetalLB's",
    {
      annotations: { "berth.dev/sharing-key": "k", ...ipOf("1.2.3.1") },
      other: { annotations: { "metallb.io/allow-shared-ip": "k" }, port: 443, held: ["1.2.3.1"] },
    },
    assigned("1.2.3.1"),
  ],
  [
    "mutation: sharing with a clash of ports",
    {
      annotations: { "berth.dev/sharing-key": "k", ...ipOf("1.2.3.1") },
      other: { annotations: { "berth.dev/sharing-key": "k" }, port: 80, held: ["1.2.3.1"] },
    },
    refused("AddressInUse"),
  ],
  [
    "mutation: a pool that is full",
    { other: { held: ["1.2.3.0"] }, annotations: eipOf("pool2"), spec: { loadBalancerIP: "3.4.5.6" } },
    assigned("3.4.5.6"),
  ],
];

function serviceOf(name: string, given: Given, port = 80): Service {
  const ingress = (given.held ?? []).map((ip) => ({ ip }));
  const from = (ip: string): string => eips.find((one) => serviceRequestOwner(one, ip))?.metadata.name ?? "gone";
  const condition = {
    type: "berth.dev/AddressAssigned",
    status: "True",
    reason: "Assigned",
    message: (given.held ?? []).map((ip) => `${ip} from Eip ${from(ip)}`).join(" and "),
    lastTransitionTime: now,
  } as const;
  return {
    metadata: { name, namespace: "ns", creationTimestamp: now, annotations: given.annotations ?? {} },
    spec: { type: "LoadBalancer", ipFamilies: ["IPv4"], ports: [{ port }], ...given.spec },
    ...(ingress.length === 0
      ? {}
      : { status: { loadBalancer: { ingress }, conditions: given.isForeign === true ? [] : [condition] } }),
  };
}

/** Whether an address is one of an Eip's, in the few Eips of this table. */
function serviceRequestOwner(one: Eip, ip: string): boolean {
  const prefixes: Readonly<Record<string, RegExp>> = {
    pool1: /^1\.2\.3\.|^1000::[01]?$/,
    pool2: /^3\.4\.5\.6$/,
    off: /^1\.2\.10\./,
  };
  return prefixes[one.metadata.name]?.test(ip) ?? false;
}

function outcomeOf(given: Given): Outcome {
  const service = serviceOf("z", given);
  const other = given.other === undefined ? [] : [serviceOf("other", given.other, given.other.port)];
  const all = [...other, service].filter((one) => isOurs(one, scope));
  const { assignments } = allocate({
    services: all.map(serviceRequest),
    pools: pools(eips).map((entry) => entry.pool),
    namespaceLabels: new Map(),
    memory: emptyMemory,
    now: 1_000_000,
    restPeriod: 60_000,
    sharesUnconditionally: false,
  });
  const assignment = assignments.get("ns/z");
  if (assignment === undefined) return releasedStatus(service) === undefined ? undefined : { released: true };
  const status = serviceStatus(service, assignment, now);
  if (status === undefined) return undefined;
  return { addresses: status.loadBalancer.ingress.map(({ ip }) => ip), reason: status.conditions.at(-1)?.reason ?? "" };
}

describe("what the controller does to a Service (rows of OpenELB's and MetalLB's tables)", () => {
  for (const [row, given, outcome] of rows) it(row, () => assert.deepEqual(outcomeOf(given), outcome));
  it("is a table of some length", () => assert.ok(rows.length >= 55));
});

describe("two Eips that were made in the same second", () => {
  const marked = (name: string, ready: boolean, conflict: "True" | "False"): Eip => ({
    ...eip(name, "10.0.0.0/30", {}, true),
    status: {
      ready,
      conditions: [{ type: "DefaultConflict", status: conflict, reason: "x", message: "", lastTransitionTime: now }],
    },
  });
  const written = (name: string, resourceVersion: string): Eip => {
    const made = eip(name, "10.0.0.0/30");
    return { ...made, metadata: { ...made.metadata, resourceVersion } };
  };
  const used = (...list: readonly Eip[]) =>
    pools(list).map(({ pool }) => [pool.name, pool.refusal?.reason ?? (pool.isDefault ? "default" : "used")]);

  it("are told apart by which was written first, whatever their names", () =>
    assert.deepEqual(used(written("a", "9"), written("b", "8")), [
      ["b", "used"],
      ["a", "Overlapping"],
    ]));
  it("keep their places once they have them", () => {
    assert.deepEqual(used(marked("a", false, "False"), marked("b", true, "False"))[0], ["b", "default"]);
    assert.deepEqual(used(marked("a", true, "True"), marked("b", true, "False"))[0], ["b", "default"]);
    assert.deepEqual(used(written("a", "3"), marked("b", true, "False"))[0], ["b", "default"]);
  });
});

describe("OpenELB's rows about objects that are gone", () => {
  const object = (more: object): Service => ({ ...serviceOf("a", {}), metadata: { name: "a", namespace: "ns", ...more } });
  it("A-23: a deleted Service is let go by taking OpenELB's finalizer off, others stay on", () =>
    assert.deepEqual(
      finalizersWithoutOpenelb(
        object({
          deletionTimestamp: now,
          finalizers: ["finalizer.lb.kubesphere.io/v1alpha1", "service.kubernetes.io/load-balancer-cleanup"],
        }),
      ),
      ["service.kubernetes.io/load-balancer-cleanup"],
    ));
  it("A-23: nothing is written to one that is not being deleted, or that has none of them", () => {
    assert.equal(finalizersWithoutOpenelb(object({ finalizers: ["finalizer.lb.kubesphere.io/v1alpha1"] })), undefined);
    assert.equal(finalizersWithoutOpenelb(object({ deletionTimestamp: now, finalizers: ["other.example/x"] })), undefined);
  });
  it("A-30: an Eip whose name is longer than a label may be gives addresses and is remembered as the giver", () => {
    const name = `${"a".repeat(63)}.${"b".repeat(63)}.example`;
    const entries = pools([eip(name, "10.0.0.0/30", {}, true)]);
    const service = serviceOf("a", {});
    const input = {
      pools: entries.map((entry) => entry.pool),
      namespaceLabels: new Map(),
      memory: emptyMemory,
      now: 0,
      restPeriod: 60_000,
      sharesUnconditionally: false,
    };
    const { assignments } = allocate({ ...input, services: [serviceRequest(service)] });
    const status = serviceStatus(service, assignments.get("ns/a") ?? assert.fail("it has an assignment"), now);
    assert.deepEqual(status?.loadBalancer.ingress, [{ ip: "10.0.0.0" }]);
    const ledger = serviceRequest({ ...service, status: { ...status, loadBalancer: { ingress: [{ ip: "10.0.0.0" }] } } });
    assert.equal(ledger.givenBy.get("10.0.0.0"), name);
  });
  it("A-32: of two default Eips the older is the default one, also with True written large", () => {
    const entries = pools([eip("b", "10.1.0.0/30", {}, true), eip("a", "10.0.0.0/30", {}, true)]);
    assert.deepEqual(
      entries.map(({ pool, olderDefault }) => [pool.name, pool.isDefault, olderDefault]),
      [
        ["a", true, undefined],
        ["b", false, "a"],
      ],
    );
  });
});
