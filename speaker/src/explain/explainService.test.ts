import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noPasswordIn } from "../announce/passwordSecret.ts";
import { keyOf, type Service } from "../kubernetes/objects.ts";
import type { ClusterFacts } from "./clusterFacts.ts";
import { explainService } from "./explainService.ts";
import { announcement, eip, node, now, peer, service, slice, speaker, wellCluster } from "./fixtures.ts";

const replaced = (changed: Service): readonly Service[] => [
  changed,
  ...wellCluster.services.filter(({ metadata }) => metadata.name !== changed.metadata.name),
];
const refused = (name: string, reason: string, message: string): Service => ({
  ...service(name, undefined),
  status: {
    conditions: [
      {
        type: "berth.dev/AddressAssigned",
        status: "False",
        observedGeneration: 1,
        lastTransitionTime: "2026-01-01T11:00:00Z",
        reason,
        message,
      },
    ],
  },
});
const annotated = (annotations: Readonly<Record<string, string>>): Service => {
  const plain = service("web", undefined);
  return { ...plain, metadata: { ...plain.metadata, annotations } };
};

/** One broken set-up: what differs from the cluster in which everything is well, and the cause that must come first. */
interface Case {
  readonly name: string;
  readonly facts: Partial<ClusterFacts>;
  readonly key?: string;
  readonly reason: string;
  readonly says: RegExp;
  readonly remedy?: RegExp;
}

const without = noPasswordIn({ name: "bgp", key: "password" });
const withPassword = (one: ReturnType<typeof peer>) => ({
  ...one,
  spec: { conf: { ...one.spec.conf, passwordSecretRef: { name: "bgp" } } },
});

const cases: readonly Case[] = [
  {
    name: "a Service of another type",
    facts: { services: replaced(service("web", undefined, { type: "NodePort" })) },
    reason: "NotLoadBalancer",
    says: /spec\.type is NodePort/,
  },
  {
    name: "a Service of another's class",
    facts: { services: replaced(service("web", undefined, { loadBalancerClass: "example.com/other" })) },
    reason: "NotOurs",
    says: /"example\.com\/other"; Berth handles berth\.dev\/berth/,
  },
  {
    name: "a Service without a class where such are not handled",
    facts: {
      services: replaced(service("web", undefined)),
      scope: { loadBalancerClasses: ["berth.dev/berth"], handlesClassless: false },
    },
    reason: "NotOurs",
    says: /names no class/,
  },
  {
    name: "no controller since ten minutes",
    facts: {
      services: replaced(service("web", undefined)),
      lease: {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name: "berth-controller", namespace: "berth-system" },
        spec: { holderIdentity: "gone_1", leaseDurationSeconds: 15, renewTime: new Date(now - 600_000).toISOString() },
      },
    },
    reason: "ControllerGone",
    says: /heard of 10 min ago/,
  },
  {
    name: "no controller ever",
    facts: { services: replaced(service("web", undefined)), lease: undefined },
    reason: "NoController",
    says: /no controller has ever led/,
  },
  {
    name: "an address that cannot be read",
    facts: { services: replaced(annotated({ "eip.openelb.kubesphere.io/v1alpha1": "172.30.0.999" })) },
    reason: "InvalidAddress",
    says: /"172\.30\.0\.999" is not an IP address/,
  },
  {
    name: "a refusal of the controller",
    facts: { services: replaced(refused("web", "EipFull", "Eip lan is full (10 of 10 used)")) },
    reason: "EipFull",
    says: /10 of 10 used/,
  },
  {
    name: "no Eip that fits, before the controller has said so",
    facts: { services: replaced(service("web", undefined)), eips: [eip("far", "192.0.2.0/24", "bgp")] },
    reason: "NoEip",
    says: /no Eip is named by the Service/,
  },
  {
    name: "an Eip that is not there",
    facts: { services: replaced(annotated({ "eip.openelb.kubesphere.io/v1alpha2": "typo" })) },
    reason: "EipNotFound",
    says: /there is no Eip typo/,
  },
  {
    name: "an Eip that is disabled",
    facts: { services: replaced(service("web", undefined)), eips: [eip("lan", "172.30.0.200", "layer2", { disable: true })] },
    reason: "Disabled",
    says: /disabled/,
  },
  {
    name: "an Eip that is being deleted",
    facts: {
      services: replaced(annotated({ "eip.openelb.kubesphere.io/v1alpha2": "lan" })),
      eips: [{ ...eip("lan", "172.30.0.200", "layer2"), metadata: { name: "lan", deletionTimestamp: "2026-01-01T11:59:30Z" } }],
    },
    reason: "Deleting",
    says: /Eip lan is being deleted/,
    remedy: /kubectl get eip lan -o yaml$/,
  },
  {
    name: "a named address of a family that the Service does not have",
    facts: { services: replaced(annotated({ "eip.openelb.kubesphere.io/v1alpha1": "fd00::1" })) },
    reason: "WrongFamily",
    says: /fd00::1 is IPv6, which spec\.ipFamilies does not have/,
    remedy: /^name an address of a family that spec\.ipFamilies has, or add IPv6 there/,
  },
  {
    name: "a selector that matches no pod",
    facts: { endpointSlices: [], announcements: [] },
    reason: "NoEndpoint",
    says: /no pod matches the selector app=web/,
  },
  {
    name: "pods of which none is ready",
    facts: { endpointSlices: [slice("web", ["node1", false], ["node2", false])], announcements: [] },
    reason: "NoEndpoint",
    says: /2 pods match, and none is ready/,
  },
  {
    name: "no speaker",
    facts: { speakers: [], announcements: [] },
    reason: "NoSpeaker",
    says: /DaemonSet berth-speaker/,
  },
  {
    name: "speakers that are not Ready",
    facts: { speakers: [speaker("node1", false), speaker("node2", false)] },
    reason: "NoSpeakerReady",
    says: /node1, node2/,
  },
  {
    name: "speakers whose image is not there",
    facts: {
      speakers: [
        { ...speaker("node1", false), status: { containerStatuses: [{ state: { waiting: { reason: "ErrImageNeverPull" } } }] } },
      ],
    },
    reason: "NoSpeakerReady",
    says: /node1: ErrImageNeverPull/,
  },
  {
    name: "nodes that are all excluded",
    facts: {
      nodes: ["node1", "node2"].map((name) =>
        node(name, { metadata: { name, labels: { "node.kubernetes.io/exclude-from-external-load-balancers": "" } } }),
      ),
      announcements: [],
    },
    reason: "NodeExcluded",
    says: /no node may announce/,
  },
  {
    name: "the Local policy, and the only node with an endpoint is not Ready",
    facts: {
      services: replaced(service("web", "172.30.0.200", { externalTrafficPolicy: "Local" })),
      nodes: [node("node1", { status: { conditions: [{ type: "Ready", status: "False" }] } }), node("node2")],
      endpointSlices: [slice("web", ["node1", true])],
      announcements: [],
    },
    reason: "NodeNotReady",
    says: /no node with an endpoint \(externalTrafficPolicy is Local\) may announce: node node1 is not Ready/,
  },
  {
    name: "BGP without a BgpConf",
    facts: { bgpConfs: [], announcements: [] },
    key: "demo/routed",
    reason: "NoBgpConf",
    says: /no BgpConf named "default"/,
  },
  {
    name: "BGP without a peer",
    facts: { bgpPeers: [], announcements: [] },
    key: "demo/routed",
    reason: "NoBgpPeer",
    says: /no BgpPeer/,
  },
  {
    name: "a peer for no node",
    facts: {
      bgpPeers: [{ ...peer({}), spec: { ...peer({}).spec, nodeSelector: { matchLabels: { rack: "none" } } } }],
      announcements: [],
    },
    key: "demo/routed",
    reason: "PeerSelectsNoNode",
    says: /spec\.nodeSelector of BgpPeer router selects no node/,
  },
  {
    name: "a router that does not answer",
    facts: { bgpPeers: [peer({ node1: { state: "CONNECT" } })], announcements: [] },
    key: "demo/routed",
    reason: "NoSession",
    says: /down on node1: no answer from 172\.30\.0\.1 yet \(connect\)/,
  },
  {
    name: "a router that does not answer where there is a password",
    facts: {
      bgpPeers: [withPassword(peer({ node1: { state: "CONNECT" } }))],
      announcements: [],
    },
    key: "demo/routed",
    reason: "NoSession",
    says: /it has a TCP-MD5 password: a router with another, or with none, does not answer at all$/,
  },
  {
    name: "a password that is not there, before a router that does not answer",
    facts: {
      bgpPeers: [
        { ...peer({ node1: { state: "CONNECT" } }), metadata: { name: "another" } },
        withPassword(peer({ node1: { state: "IDLE", lastError: without }, node2: { state: "IDLE", lastError: without } })),
      ],
      announcements: [],
    },
    key: "demo/routed",
    reason: "NoPassword",
    says: /router has no password on node1, node2: .* names the Secret berth-system\/bgp with the key "password", and there is none$/,
    remedy:
      /^make the Secret berth-system\/bgp .* kubectl create secret generic bgp -n berth-system --from-literal=password=.* BgpPeer router$/,
  },
  {
    name: "a router that refuses the session",
    facts: {
      bgpPeers: [peer({ node1: { state: "ACTIVE", lastError: "the router says: Bad Peer AS" } })],
      announcements: [],
    },
    key: "demo/routed",
    reason: "NoSession",
    says: /node1: the router says: Bad Peer AS/,
  },
  {
    name: "no interface on the segment",
    facts: {
      announcements: [
        announcement({
          service: "web",
          node: "node1",
          announcing: false,
          reason: "NoInterface",
          message: 'node node1 has no interface that fits spec.interface "eth9"; it has eth0',
        }),
      ],
    },
    reason: "NoInterface",
    says: /spec\.interface "eth9"/,
  },
  {
    name: "a foreign host with the same address",
    facts: {
      announcements: [
        announcement({
          service: "web",
          node: "node1",
          conflict: { mac: "02:00:00:00:00:99", interface: "eth0", since: "2026-01-01T11:59:30Z" },
        }),
      ],
    },
    reason: "ForeignHost",
    says: /02:00:00:00:00:99 claims 172\.30\.0\.200/,
  },
];

/** Two Services of which the first has the only address of the Eip, and the second waits for it. */
interface Clash {
  readonly name: string;
  readonly first: Terms;
  readonly second: Terms;
  readonly remedy: string;
}
interface Terms {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Partial<Service["spec"]>;
  readonly namespace?: string;
}
const key = { "berth.dev/sharing-key": "k" };
const address = { "eip.openelb.kubesphere.io/v1alpha1": "172.30.0.200" };
const https = { ports: [{ port: 443, protocol: "TCP" }] };
const clashes: readonly Clash[] = [
  {
    name: "the same port",
    first: { annotations: key },
    second: { annotations: key },
    remedy: "give this Service, or demo/first, another port than 80/TCP; or add addresses to spec.addresses of Eip lan",
  },
  {
    name: "the same port of an address that is named",
    first: { annotations: key },
    second: { annotations: { ...key, ...address } },
    remedy: "give this Service, or demo/first, another port than 80/TCP; or name another address",
  },
  {
    name: "another key",
    first: { annotations: key },
    second: { annotations: { "berth.dev/sharing-key": "m", ...address }, spec: https },
    remedy: 'give this Service the annotation berth.dev/sharing-key: "k", as demo/first has it; or name another address',
  },
  {
    name: "no key of the other",
    first: {},
    second: { annotations: { ...key, ...address }, spec: https },
    remedy: 'give demo/first the annotation berth.dev/sharing-key: "k" too; or name another address',
  },
  {
    name: "no keys at all, and the same port",
    first: {},
    second: { annotations: address },
    remedy:
      "give this Service and demo/first the same annotation berth.dev/sharing-key; give this Service, or demo/first, another port than 80/TCP; or name another address",
  },
  {
    name: "a key that nobody has",
    first: {},
    second: { annotations: key },
    remedy:
      'give a Service with an address of Eip lan the annotation berth.dev/sharing-key: "k" too, or add addresses to spec.addresses of the Eip',
  },
  {
    name: "another policy",
    first: { annotations: key },
    second: { annotations: key, spec: { ...https, externalTrafficPolicy: "Local" } },
    remedy:
      "set spec.externalTrafficPolicy to Cluster, as demo/first has it, or let that one have Local too; or add addresses to spec.addresses of Eip lan",
  },
  {
    name: "other pods where both are Local",
    first: { annotations: key, spec: { externalTrafficPolicy: "Local" } },
    second: { annotations: key, spec: { ...https, externalTrafficPolicy: "Local" } },
    remedy:
      "give this Service and demo/first the same spec.selector, or set spec.externalTrafficPolicy of both to Cluster; or add addresses to spec.addresses of Eip lan",
  },
  {
    name: "namespaces of which neither consents",
    first: { annotations: key },
    second: { annotations: key, spec: https, namespace: "other" },
    remedy:
      'add "demo" to this Service\'s annotation berth.dev/share-with-namespaces, and add "other" to that annotation of demo/first; or add addresses to spec.addresses of Eip lan',
  },
  {
    name: "namespaces of which one consents",
    first: { annotations: key },
    second: { annotations: { ...key, "berth.dev/share-with-namespaces": "demo" }, spec: https, namespace: "other" },
    remedy:
      'add "other" to the annotation berth.dev/share-with-namespaces of demo/first; or add addresses to spec.addresses of Eip lan',
  },
];

describe("what explain says to do about an address that cannot be shared", () => {
  const of = (name: string, ip: string | undefined, { annotations = {}, spec = {}, namespace = "demo" }: Terms): Service => {
    const one = service(name, ip, spec);
    return { ...one, metadata: { ...one.metadata, namespace, annotations } };
  };
  for (const { name, first, second, remedy } of clashes)
    it(name, () => {
      const waiting = of("second", undefined, second);
      const clashing = {
        ...wellCluster,
        services: [of("first", "172.30.0.200", first), waiting],
        namespaces: ["demo", "other"].map((one) => ({ metadata: { name: one } })),
        eips: [eip("lan", "172.30.0.200", "layer2")],
      };
      const before = explainService(clashing, keyOf(waiting))?.cause;
      assert.ok(before !== undefined);
      assert.equal(before.remedy, remedy, before.message);
      // The same once the controller has written its condition.
      const told = { ...waiting, status: refused("second", before.reason, before.message).status ?? {} };
      const after = explainService({ ...clashing, services: [clashing.services[0] ?? waiting, told] }, keyOf(waiting))?.cause;
      assert.deepEqual(after, before);
    });
  it("is to wait where addresses only rest", () => {
    const eips = [eip("lan", "172.30.0.200", "layer2")];
    const services = [refused("web", "EipFull", "Eip lan is full (0 of 1 used, 1 resting)")];
    assert.match(explainService({ ...wellCluster, eips, services }, "demo/web")?.cause?.remedy ?? "", /^wait until an address/);
  });
});

const bothAddresses = { loadBalancer: { ingress: [{ ip: "172.30.0.200" }, { ip: "fd00:30::1" }] } };
const both = eip("lan", "172.30.0.200", "layer2", { addresses: ["fd00:30::/64"] });
const bothAnnounced = ["172.30.0.200", "fd00:30::1"].map((address) => announcement({ service: "web", node: "node1", address }));

describe("what explain names as the cause", () => {
  for (const { name, facts, key = "demo/web", reason, says, remedy = /^\S.* / } of cases) {
    it(name, () => {
      const explanation = explainService({ ...wellCluster, ...facts }, key);
      assert.equal(explanation?.cause?.reason, reason, JSON.stringify(explanation?.checks, null, 2));
      assert.match(explanation.cause.message, says);
      assert.match(explanation.cause.remedy ?? "", remedy);
    });
  }
  it("is nothing for a Service that works, and every check has an answer", () => {
    for (const key of ["demo/web", "demo/routed"]) {
      const explanation = explainService(wellCluster, key);
      assert.equal(explanation?.cause, undefined);
      assert.deepEqual(
        explanation?.checks.filter(({ verdict }) => verdict !== "ok"),
        [],
      );
    }
  });
  it("counts a pod of a dual-stack Service once, and names the family that no pod has", () => {
    const dual = { ...wellCluster, services: replaced({ ...service("web", undefined), status: bothAddresses }), eips: [both] };
    const says = (endpointSlices: typeof wellCluster.endpointSlices) =>
      explainService({ ...dual, endpointSlices, announcements: bothAnnounced }, "demo/web")?.checks.find(
        ({ name }) => name === "endpoints",
      );
    const ofPods = (...addresses: readonly string[]) => ({
      ...slice("web"),
      endpoints: addresses.map((address, index) => ({
        nodeName: `node${index + 1}`,
        addresses: [address],
        targetRef: { kind: "Pod", name: `web-${index}` },
      })),
    });
    const four = ofPods("10.244.0.1", "10.244.1.1");
    assert.equal(says([four, ofPods("fd00:10::1", "fd00:11::1")])?.message, "2 ready, on node1, node2");
    assert.equal(says([four])?.reason, "NoEndpointOfFamily");
    assert.match(says([four])?.message ?? "", /no ready endpoint has an IPv6 address: what is sent to fd00:30::1 is dropped/);
  });
  it("is the port that no pod has, when targetPort is a name that they do not know", () => {
    const ports = [
      { name: "web", port: 80, protocol: "TCP", targetPort: "http" },
      { name: "admin", port: 81, protocol: "TCP", targetPort: "adnim" },
    ];
    const of = (known: readonly { readonly name: string; readonly port: number }[] | null) =>
      explainService(
        {
          ...wellCluster,
          services: replaced(service("web", "172.30.0.200", { ports })),
          endpointSlices: [{ ...slice("web", ["node1", true]), ports: known }],
        },
        "demo/web",
      )?.cause;
    const web = { name: "web", port: 8080 };
    assert.equal(of([web])?.reason, "NoEndpointPort");
    assert.match(of([web])?.message ?? "", /no ready pod has the port "adnim" that spec\.ports names as targetPort of 81\/TCP/);
    assert.match(of(null)?.message ?? "", /"http" .* 80\/TCP/);
    assert.equal(of([web, { name: "admin", port: 8081 }]), undefined);
  });
  it("is not that no controller leads, when it is the API server that does not answer the one that explains", () => {
    const { cause, checks = [] } =
      explainService({ ...wellCluster, lease: undefined, heardLast: now - 60_000 }, "demo/web") ?? {};
    assert.equal(cause, undefined);
    assert.deepEqual([checks[0]?.reason, checks[0]?.verdict], ["NotHeard", "unknown"]);
    assert.match(checks[0]?.message ?? "", /has not answered this controller for 60 s: what follows is from before/);
  });
  it("says with whom an address is shared", () => {
    const services = [service("web", "172.30.0.200"), service("other", "172.30.0.200")];
    const checks = explainService({ ...wellCluster, services }, "demo/web")?.checks ?? [];
    assert.ok(checks.some(({ message }) => message === "172.30.0.200 from Eip lan, shared with demo/other"));
  });
  it("is undefined for a Service that is not there", () => {
    assert.equal(explainService(wellCluster, "demo/nothing"), undefined);
  });
});

describe("what explain says of a node that left", () => {
  it("is that another takes over, or that routers go on with the rest", () => {
    assert.deepEqual(explainService(wellCluster, "demo/web")?.withoutNode, [
      { node: "node1", message: "another of node2 takes over in under a second" },
    ]);
    assert.deepEqual(
      explainService(wellCluster, "demo/routed")?.withoutNode.map(({ message }) => message),
      ["routers go on with node2", "routers go on with node1"],
    );
  });
  it("is that the Service goes dark when nobody else may announce it", () => {
    const facts = { ...wellCluster, speakers: [speaker("node1"), speaker("node2", false)] };
    assert.match(explainService(facts, "demo/web")?.withoutNode[0]?.message ?? "", /goes dark/);
  });
});
