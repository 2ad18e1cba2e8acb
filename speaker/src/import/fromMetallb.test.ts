import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BgpPeerSpec } from "@berth/api/bgpPeer";
import type { EipSpec } from "@berth/api/eip";
import { parse } from "yaml";
import { manifestsOf } from "./manifests.ts";
import type { SourceObject } from "./model.ts";
import { planImport } from "./plan.ts";

/** Every field of MetalLB's objects that says something: the field of ours, or the sentence why there is none. */

const metallb = (kind: string, name: string, spec: object): SourceObject => ({
  apiVersion: kind === "BGPPeer" ? "metallb.io/v1beta2" : "metallb.io/v1beta1",
  kind,
  metadata: { name, namespace: "metallb-system", labels: { name } },
  spec: spec as Record<string, unknown>,
});
const node = (name: string, labels: Record<string, string> = {}): SourceObject => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
});
const pool = metallb("IPAddressPool", "pool", { addresses: ["192.0.2.0/24"] });
const bound = { namespaceSelector: {}, priority: 1_000_001 };
const inZone = (zone: string): object => ({ matchLabels: { zone } });
const zones = (...values: string[]): object => ({ matchExpressions: [{ key: "zone", operator: "In", values }] });
const said = (objects: readonly SourceObject[]): string[] => planImport(objects).remarks.map(({ text }) => text);

interface PoolCase {
  readonly field: string;
  readonly objects: readonly SourceObject[];
  readonly spec: Partial<EipSpec>;
  readonly remarks?: readonly RegExp[];
}

/** What an advertisement says of the pool. */
const layer2 = (spec: object, name = "lan"): SourceObject => metallb("L2Advertisement", name, spec);
const bgp = (spec: object, name = "routes"): SourceObject => metallb("BGPAdvertisement", name, spec);
const peer = (spec: object = {}, name = "router"): SourceObject =>
  metallb("BGPPeer", name, { myASN: 65000, peerASN: 65001, peerAddress: "172.30.0.1", ...spec });

const pools: readonly PoolCase[] = [
  { field: "L2Advertisement with nothing", objects: [layer2({})], spec: { protocol: "layer2" } },
  {
    field: "L2Advertisement.interfaces",
    objects: [layer2({ interfaces: ["eth1", "eth2"] })],
    spec: { protocol: "layer2", interface: "eth1,eth2" },
  },
  {
    field: "L2Advertisement.interfaces of two, one of which has all",
    objects: [layer2({ interfaces: ["eth1"] }), layer2({}, "any")],
    spec: { protocol: "layer2" },
  },
  {
    field: "L2Advertisement.nodeSelectors, one",
    objects: [layer2({ nodeSelectors: [inZone("a")] })],
    spec: { protocol: "layer2", nodeSelector: { matchLabels: { zone: "a" } } },
  },
  {
    field: "L2Advertisement.nodeSelectors, two of one label",
    objects: [layer2({ nodeSelectors: [inZone("a"), zones("b", "c")] })],
    spec: {
      protocol: "layer2",
      nodeSelector: { matchExpressions: [{ key: "zone", operator: "In", values: ["a", "b", "c"] }] },
    },
  },
  {
    field: "L2Advertisement.nodeSelectors, two of different labels: the nodes of today",
    objects: [
      layer2({ nodeSelectors: [inZone("a"), { matchLabels: { fast: "yes" } }] }),
      node("node1", { zone: "a" }),
      node("node2", { fast: "yes" }),
      node("node3"),
    ],
    spec: {
      protocol: "layer2",
      nodeSelector: { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["node1", "node2"] }] },
    },
    remarks: [
      /^nodeSelectors of L2Advertisement lan say more than one selector can; nodeSelector has the nodes that fit today: node1, node2$/,
    ],
  },
  {
    field: "L2Advertisement.nodeSelectors, two of different labels, and no Node was read",
    objects: [layer2({ nodeSelectors: [inZone("a"), { matchLabels: { fast: "yes" } }] })],
    spec: { protocol: "layer2" },
    remarks: [/no Node was read to list those that fit; every node may announce/],
  },
  {
    field: "L2Advertisement.preferredNodeSelectors",
    objects: [layer2({ preferredNodeSelectors: [{ weight: 30, preference: inZone("a") }] })],
    spec: { protocol: "layer2", preferredNodes: [{ weight: 30, nodeSelector: { matchLabels: { zone: "a" } } }] },
  },
  {
    field: "L2Advertisement.serviceSelectors",
    objects: [layer2({ serviceSelectors: [inZone("a")] })],
    spec: { protocol: "layer2" },
    remarks: [/^serviceSelectors of L2Advertisement lan have no counterpart/],
  },
  {
    field: "L2Advertisement.interfaces and nodeSelectors that differ between two",
    objects: [
      layer2({ interfaces: ["eth1"], nodeSelectors: [inZone("a")] }),
      layer2({ interfaces: ["eth2"], nodeSelectors: [inZone("b")] }, "more"),
    ],
    spec: {
      protocol: "layer2",
      interface: "eth1,eth2",
      nodeSelector: { matchExpressions: [{ key: "zone", operator: "In", values: ["a", "b"] }] },
    },
    remarks: [/name interfaces for nodes of their own; an Eip has one list of interfaces for all its nodes: eth1, eth2/],
  },
  {
    field: "ipAddressPools of another pool",
    objects: [bgp({}), layer2({ ipAddressPools: ["other"] })],
    spec: { protocol: "bgp" },
  },
  {
    field: "ipAddressPoolSelectors",
    objects: [bgp({}), layer2({ ipAddressPoolSelectors: [{ matchLabels: { name: "pool" } }] })],
    spec: { protocol: "layer2" },
    remarks: [/announced by Layer2 and by BGP/],
  },
  {
    field: "BGPAdvertisement.localPref, aggregationLength and aggregationLengthV6",
    objects: [bgp({ localPref: 200, aggregationLength: 26, aggregationLengthV6: 64 })],
    spec: { protocol: "bgp", bgp: { localPref: 200, aggregationLength: 26, aggregationLengthV6: 64 } },
  },
  {
    field: "BGPAdvertisement with MetalLB's defaults",
    objects: [bgp({ localPref: 0, aggregationLength: 32, aggregationLengthV6: 128 })],
    spec: { protocol: "bgp" },
  },
  {
    field: "BGPAdvertisement.communities: numbers, large ones, and names that a Community gives",
    objects: [
      bgp({ communities: ["65000:7", "large:65000:1:2", "hidden", "far", "nobody"] }),
      metallb("Community", "names", {
        communities: [
          { name: "hidden", value: "65535:65282" },
          { name: "far", value: "large:65000:3:4" },
        ],
      }),
    ],
    spec: {
      protocol: "bgp",
      bgp: { communities: ["65000:7", "65535:65282"], largeCommunities: ["65000:1:2", "65000:3:4"] },
    },
    remarks: [/^communities of BGPAdvertisement routes has "nobody", which no Community object gives a value/],
  },
  {
    field: "BGPAdvertisement.peers, one of which is two BgpPeers",
    objects: [
      bgp({ peers: ["router", "split", "gone"] }),
      peer(),
      peer({ nodeSelectors: [inZone("a"), { matchLabels: { fast: "yes" } }] }, "split"),
    ],
    spec: { protocol: "bgp", bgp: { peers: ["router", "split-0", "split-1"] } },
    remarks: [
      /^peers of BGPAdvertisement routes has "gone", and no BGPPeer of that name was read$/,
      /^it is one BgpPeer for each of its nodeSelectors: split-0, split-1; a node must not fit two of them$/,
    ],
  },
  {
    field: "BGPAdvertisement.nodeSelectors",
    objects: [bgp({ nodeSelectors: [zones("a")] })],
    spec: { protocol: "bgp", bgp: { nodeSelector: { matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] } } },
  },
  {
    field: "BGPAdvertisement.serviceSelectors",
    objects: [bgp({ serviceSelectors: [inZone("a")] })],
    spec: { protocol: "bgp" },
    remarks: [/^serviceSelectors of BGPAdvertisement routes have no counterpart/],
  },
  {
    field: "two BGPAdvertisements with the same attributes for peers of their own",
    objects: [
      bgp({ localPref: 7, peers: ["router"] }),
      bgp({ localPref: 7, peers: ["second"] }, "more"),
      peer(),
      peer({}, "second"),
    ],
    spec: { protocol: "bgp", bgp: { localPref: 7, peers: ["router", "second"] } },
  },
  {
    field: "two BGPAdvertisements with peers and nodes of their own",
    objects: [
      bgp({ peers: ["router"], nodeSelectors: [inZone("a")] }),
      bgp({ peers: ["second"], nodeSelectors: [inZone("b")] }, "more"),
      peer(),
      peer({}, "second"),
    ],
    spec: {
      protocol: "bgp",
      bgp: {
        peers: ["router", "second"],
        nodeSelector: { matchExpressions: [{ key: "zone", operator: "In", values: ["a", "b"] }] },
      },
    },
    remarks: [/name nodes for peers of their own; an Eip tells each of its peers from each of its nodes/],
  },
  {
    field: "an aggregate, and each address with a community: the addresses are taken",
    objects: [bgp({ aggregationLength: 24 }), bgp({ communities: ["65535:65282"] }, "each")],
    spec: { protocol: "bgp", bgp: { communities: ["65535:65282"] } },
    remarks: [
      /^BGPAdvertisement routes announces it once more, in another way \({"aggregationLength":24}\); an Eip has one set of attributes, and that of BGPAdvertisement each was taken$/,
    ],
  },
];

describe("what MetalLB's advertisements say of a pool", () => {
  for (const { field, objects, spec, remarks = [] } of pools)
    it(field, () => {
      const { eips } = planImport([pool, ...objects]);
      assert.deepEqual(eips[0]?.spec, { address: "192.0.2.0/24", ...spec, ...bound });
      const texts = said([pool, ...objects]);
      assert.equal(texts.length, remarks.length, texts.join("\n"));
      for (const [index, remark] of remarks.entries()) assert.match(texts[index] ?? "", remark);
    });
});

describe("who may have an address of an IPAddressPool", () => {
  const cases: readonly {
    readonly field: string;
    readonly allocation: object;
    readonly spec: Partial<EipSpec>;
    readonly remark?: RegExp;
  }[] = [
    {
      field: "priority",
      allocation: { priority: 7, namespaces: ["shop"] },
      spec: { namespaces: ["shop"], restrict: true, priority: 7 },
    },
    {
      field: "namespaceSelectors, one, by an expression that is a label",
      allocation: { namespaceSelectors: [zones("a")] },
      spec: { namespaceSelector: { zone: "a" }, restrict: true, priority: 1_000_000 },
    },
    {
      field: "serviceSelectors, by labels and by In",
      allocation: { serviceSelectors: [inZone("a"), zones("b", "c")] },
      spec: {
        namespaceSelector: {},
        serviceSelectors: [{ matchLabels: { zone: "a" } }, { matchLabels: { zone: "b" } }, { matchLabels: { zone: "c" } }],
        restrict: true,
        priority: 1_000_000,
      },
    },
    {
      field: "serviceSelectors, by another operator",
      allocation: { serviceSelectors: [{ matchExpressions: [{ key: "zone", operator: "Exists" }] }] },
      spec: { namespaceSelector: {}, restrict: true, priority: 1_000_000 },
      remark:
        /^serviceAllocation\.serviceSelectors has {"matchExpressions":\[{"key":"zone","operator":"Exists"}\]}; an Eip takes labels .*so the pool is for every Service of its namespaces$/,
    },
  ];
  for (const { field, allocation, spec, remark } of cases)
    it(field, () => {
      const objects = [
        metallb("IPAddressPool", "pool", { addresses: ["192.0.2.0/24"], serviceAllocation: allocation }),
        layer2({}),
      ];
      assert.deepEqual(planImport(objects).eips[0]?.spec, { address: "192.0.2.0/24", protocol: "layer2", ...spec });
      const texts = said(objects);
      assert.equal(texts.length, remark === undefined ? 0 : 1, texts.join("\n"));
      if (remark !== undefined) assert.match(texts[0] ?? "", remark);
    });
});

const conf = { neighborAddress: "172.30.0.1", peerAs: 65001 };
const afiSafi = (afi: string): object => ({ config: { family: { afi, safi: "SAFI_UNICAST" }, enabled: true } });

interface PeerCase {
  readonly field: string;
  readonly given: object;
  readonly spec: Partial<BgpPeerSpec>;
  readonly objects?: readonly SourceObject[];
  readonly remark?: RegExp;
}

const peers: readonly PeerCase[] = [
  { field: "peerPort", given: { peerPort: 1790 }, spec: { transport: { remotePort: 1790 } } },
  { field: "peerPort 179", given: { peerPort: 179 }, spec: {} },
  { field: "sourceAddress", given: { sourceAddress: "172.30.0.11" }, spec: { transport: { localAddress: "172.30.0.11" } } },
  { field: "vrf", given: { vrf: "red" }, spec: { conf: { ...conf, vrf: "red" } } },
  { field: "localASN", given: { localASN: 65009 }, spec: { conf: { ...conf, localAs: 65009 } } },
  {
    field: "dynamicASN",
    given: { peerASN: 0, dynamicASN: "external" },
    spec: { conf: { neighborAddress: "172.30.0.1", dynamicAs: "external" } },
  },
  {
    field: "interface (unnumbered)",
    given: { peerAddress: "", interface: "eth1" },
    spec: { conf: { peerAs: 65001, neighborInterface: "eth1" } },
  },
  {
    field: "holdTime, keepaliveTime and connectTime",
    given: { holdTime: "1m30s", keepaliveTime: "10s", connectTime: "20s" },
    spec: { timers: { config: { connectRetry: "20", holdTime: "90", keepaliveInterval: "10" } } },
  },
  {
    field: "keepaliveTime alone: the hold time is three times as long",
    given: { keepaliveTime: "10s" },
    spec: { timers: { config: { holdTime: "30", keepaliveInterval: "10" } } },
  },
  {
    field: "holdTime that is none",
    given: { holdTime: "soon" },
    spec: {},
    remark: /^holdTime is no duration and was left out: "soon"$/,
  },
  { field: "ebgpMultiHop", given: { ebgpMultiHop: true }, spec: { ebgpMultihop: { enabled: true } } },
  { field: "enableGracefulRestart", given: { enableGracefulRestart: true }, spec: { gracefulRestart: { enabled: true } } },
  { field: "disableMP: a session has one family anyway", given: { disableMP: true }, spec: {} },
  {
    field: "dualStackAddressFamily",
    given: { dualStackAddressFamily: true },
    spec: { afiSafis: [afiSafi("AFI_IP"), afiSafi("AFI_IP6")] as NonNullable<BgpPeerSpec["afiSafis"]> },
  },
  {
    field: "nodeSelectors, two of one label",
    given: { nodeSelectors: [inZone("a"), inZone("b")] },
    spec: { nodeSelector: { matchExpressions: [{ key: "zone", operator: "In", values: ["a", "b"] }] } },
  },
  {
    field: "nodeSelectors, two of different labels that fit one node: the nodes of today",
    given: { nodeSelectors: [inZone("a"), { matchLabels: { fast: "yes" } }] },
    objects: [node("node1", { zone: "a", fast: "yes" }), node("node2", { zone: "b" })],
    spec: { nodeSelector: { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["node1"] }] } },
    remark: /^some nodes fit more than one of nodeSelectors.*nodeSelector has the nodes that fit today: node1$/,
  },
  {
    field: "bfdProfile",
    given: { bfdProfile: "fast" },
    objects: [
      metallb("BFDProfile", "fast", {
        receiveInterval: 50,
        transmitInterval: 60,
        detectMultiplier: 5,
        passiveMode: true,
        minimumTtl: 250,
        echoInterval: 40,
      }),
    ],
    spec: {
      bfd: {
        enabled: true,
        receiveInterval: 50,
        transmitInterval: 60,
        detectMultiplier: 5,
        passiveMode: true,
        minimumTtl: 250,
      },
    },
  },
  {
    field: "bfdProfile with echoMode",
    given: { bfdProfile: "fast" },
    objects: [metallb("BFDProfile", "fast", { echoMode: true })],
    spec: { bfd: { enabled: true } },
    remark: /^echoMode of BFDProfile fast has no counterpart: Berth sends control packets alone/,
  },
  {
    field: "bfdProfile that is not there",
    given: { bfdProfile: "fast" },
    spec: {},
    remark: /^bfdProfile "fast": no BFDProfile of that name was read, so BFD is off$/,
  },
  {
    field: "passwordSecret",
    given: { passwordSecret: { name: "router-password" } },
    spec: {},
    remark: /^the password in the Secret router-password was not read: .* manifests name the Secret router-password,/,
  },
  {
    field: "password",
    given: { password: "opensesame" },
    spec: {},
    remark:
      /^the password in clear was not read: a program takes it as the secret setting routerPassword; manifests name the Secret router-password,/,
  },
  { field: "a field of a later version", given: { strange: 1 }, spec: {}, remark: /^strange is not known and was left out: 1/ },
];

describe("what a BGPPeer of MetalLB says", () => {
  for (const { field, given, spec, objects = [], remark } of peers)
    it(field, () => {
      const plan = planImport([peer(given), ...objects]);
      assert.deepEqual(
        plan.peers.map((one) => one.spec),
        [{ conf, ...spec }],
      );
      const texts = plan.remarks.map(({ text }) => text);
      assert.equal(texts.length, remark === undefined ? 0 : 1, texts.join("\n"));
      if (remark !== undefined) assert.match(texts[0] ?? "", remark);
    });

  it("routerID, the same for all, is BgpConf's; different ones are left to the nodes", () => {
    const same = [peer({ routerID: "10.0.0.1" }), peer({ routerID: "10.0.0.1" }, "second")];
    assert.deepEqual(planImport(same).bgpConf, { as: 65000, routerId: "10.0.0.1" });
    const other = planImport([peer({ routerID: "10.0.0.1" }), peer({ routerID: "10.0.0.2" }, "second")]);
    assert.deepEqual(other.bgpConf, { as: 65000 });
    assert.match(other.remarks[0]?.text ?? "", /^routerID 10\.0\.0\.1 differs between peers/);
  });

  it("myASN that most do not have is the AS number towards that peer alone", () => {
    const plan = planImport([peer(), peer({}, "second"), peer({ myASN: 64999 }, "third")]);
    assert.deepEqual(plan.bgpConf, { as: 65000 });
    assert.equal(plan.peers[2]?.spec.conf.localAs, 64999);
  });

  it("with a password becomes a manifest that names a Secret, and never holds the password", () => {
    const text = manifestsOf(
      planImport([peer({ password: "opensesame" }), peer({ passwordSecret: { name: "shared" } }, "second")]),
    );
    assert.match(text, /passwordSecretRef:\n {6}name: router-password\n {6}key: password/);
    assert.match(text, /passwordSecretRef:\n {6}name: shared\n {6}key: password/);
    assert.doesNotMatch(text, /opensesame/);
  });
});

describe("manifests", () => {
  it("quote texts that YAML 1.1, which kubectl reads, takes for something else", () => {
    const labels = { rack: "y", row: "012", site: "on", power: "65000:20" };
    const written = manifestsOf(planImport([peer({ nodeSelectors: [{ matchLabels: labels }] })]));
    const last = parse(written.split("---\n").at(-1) ?? "", { version: "1.1" });
    assert.deepEqual(last.spec.nodeSelector.matchLabels, labels);
  });
});

describe("kinds of MetalLB", () => {
  it("that only report are named as such, and those that nobody knows are left out with a warning", () => {
    const plan = planImport([metallb("ServiceL2Status", "l2-x", {}), metallb("AddressPool", "old", {})]);
    assert.deepEqual(
      plan.remarks.map(({ text, isSerious }) => [text, isSerious]),
      [
        ["a report; there is nothing to carry over", false],
        ["there is no AddressPool in Berth; it was left out", true],
      ],
    );
  });
});
