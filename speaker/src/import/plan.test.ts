import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { manifestsOf } from "./manifests.ts";
import type { SourceObject } from "./model.ts";
import { secondsOf } from "./model.ts";
import { planImport } from "./plan.ts";
import { languages, programOf } from "./programs.ts";
import { reportOf } from "./report.ts";

const metallb = (kind: string, name: string, spec: object, labels: Record<string, string> = {}): SourceObject => ({
  apiVersion: kind === "BGPPeer" ? "metallb.io/v1beta2" : "metallb.io/v1beta1",
  kind,
  metadata: { name, namespace: "metallb-system", labels },
  spec: spec as Record<string, unknown>,
});
const openelb = (kind: string, name: string, spec: object, annotations: Record<string, string> = {}): SourceObject => ({
  apiVersion: "network.kubesphere.io/v1alpha2",
  kind,
  metadata: { name, annotations },
  spec: spec as Record<string, unknown>,
});
const service = (name: string, ip: string, spec: object = {}): SourceObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  spec: { type: "LoadBalancer", ...spec },
  status: { loadBalancer: { ingress: [{ ip }] } },
});
const eip = (objects: readonly SourceObject[], name = "pool") => planImport(objects).eips.find((one) => one.name === name)?.spec;
const texts = (objects: readonly SourceObject[]): string[] =>
  planImport(objects).remarks.map(({ about, text }) => `${about}: ${text}`);

const pool = metallb("IPAddressPool", "pool", { addresses: ["192.0.2.0/28", "192.0.2.32-192.0.2.40", "2001:db8::/64"] });
const all = metallb("L2Advertisement", "all", {});

describe("a pool of MetalLB", () => {
  it("keeps its addresses, and everybody may have them, as before", () =>
    assert.deepEqual(eip([pool, all]), {
      address: "192.0.2.0/28",
      addresses: ["192.0.2.32-192.0.2.40", "2001:db8::/64"],
      protocol: "layer2",
      namespaceSelector: {},
      priority: 1_000_001,
    }));

  it("is announced on the interfaces of the advertisements that cover it, by name or by label", () => {
    const labelled = metallb("IPAddressPool", "pool", { addresses: ["192.0.2.1/32"] }, { zone: "a" });
    const byLabel = metallb("L2Advertisement", "a", {
      ipAddressPoolSelectors: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] }],
      interfaces: ["eth1"],
    });
    const byName = metallb("L2Advertisement", "b", { ipAddressPools: ["pool"], interfaces: ["eth2"] });
    const other = metallb("L2Advertisement", "c", { ipAddressPools: ["other"] });
    assert.equal(eip([labelled, byLabel, byName, other])?.interface, "eth1,eth2");
  });

  it("that both announce, or nobody, says so", () => {
    assert.match(texts([pool, all, metallb("BGPAdvertisement", "b", {})])[0] ?? "", /announced by Layer2 and by BGP/);
    assert.match(texts([pool])[0] ?? "", /no advertisement covers it/);
  });

  it("that is bound to namespaces and Services stays bound, with its priority", () => {
    const bound = metallb("IPAddressPool", "pool", {
      addresses: ["192.0.2.1/32"],
      autoAssign: false,
      avoidBuggyIPs: true,
      serviceAllocation: { priority: 7, namespaces: ["shop"], serviceSelectors: [{ matchLabels: { tier: "front" } }] },
    });
    assert.deepEqual(eip([bound, all]), {
      address: "192.0.2.1/32",
      protocol: "layer2",
      autoAssign: false,
      avoidBuggyIPs: true,
      namespaces: ["shop"],
      serviceSelectors: [{ matchLabels: { tier: "front" } }],
      restrict: true,
      priority: 7,
    });
  });

  it("whose selectors say more than labels can is bound to the namespaces that match today, and says so", () => {
    const bound = metallb("IPAddressPool", "pool", {
      addresses: ["192.0.2.1/32"],
      serviceAllocation: { namespaceSelectors: [{ matchExpressions: [{ key: "team", operator: "Exists" }] }] },
    });
    const namespace: SourceObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { team: "a" } } };
    assert.deepEqual(eip([bound, all, namespace])?.namespaces, ["shop"]);
    assert.match(texts([bound, all, namespace])[0] ?? "", /namespaces that match today were listed: shop/);
  });
});

describe("OpenELB's objects", () => {
  const objects = [
    openelb(
      "Eip",
      "office",
      { address: "192.0.2.0/24", protocol: "layer2", strange: 1 },
      { "eip.openelb.kubesphere.io/is-default-eip": "true" },
    ),
    openelb("BgpConf", "default", { as: 65000, listenPort: 17900 }),
    openelb("BgpPeer", "router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001, authPassword: "opensesame" } }),
  ];
  const plan = planImport(objects);

  it("are taken as they are, but for fields that nobody knows", () => {
    assert.deepEqual(plan.eips, [{ name: "office", spec: { address: "192.0.2.0/24", protocol: "layer2" }, isDefault: true }]);
    assert.deepEqual(plan.bgpConf, { as: 65000, listenPort: 17900 });
    assert.equal(plan.remarks[0]?.text, "spec.strange is not known; it was left out");
  });

  it("never bring a password into what is written", () => {
    for (const text of [
      manifestsOf(plan),
      reportOf(plan),
      ...languages.map((language) => JSON.stringify(programOf(plan, language))),
    ])
      assert.doesNotMatch(text, /opensesame/);
  });
});

describe("addresses that Services hold", () => {
  it("are found in their pools; one without is the first thing to act on", () => {
    const plan = planImport([
      pool,
      all,
      service("front", "192.0.2.35", { loadBalancerClass: "metallb" }),
      service("lost", "198.51.100.1"),
    ]);
    assert.deepEqual(plan.kept, [
      { service: "shop/front", address: "192.0.2.35", eip: "pool" },
      { service: "shop/lost", address: "198.51.100.1", eip: undefined },
    ]);
    assert.deepEqual(plan.loadBalancerClasses, ["metallb"]);
    assert.match(
      reportOf(plan),
      /1 of 2 addresses that Services hold are in a pool[\s\S]*! Service shop\/lost: it holds 198\.51\.100\.1/,
    );
  });
});

describe("a duration", () => {
  for (const [text, seconds] of [
    ["90s", 90],
    ["1m30s", 90],
    ["1500ms", 1.5],
    ["", undefined],
    ["soon", undefined],
  ] as const)
    it(`"${text}" is ${seconds ?? "none"}`, () => assert.equal(secondsOf(text), seconds));
});
