import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eip, node, peer, service, wellCluster } from "../explain/fixtures.ts";
import { speakerNote } from "../kubernetes/speakerNotes.ts";
import { check } from "./clusterChecks.ts";
import { type HostFacts, hostFactsIn, listenersIn } from "./hostFacts.ts";
import type { CheckFacts, RunningPod } from "./model.ts";

const host: HostFacts = {
  kubeProxyMode: "nftables",
  hasIpvsInterface: false,
  arpIgnore: 0,
  forwardsIpv4: true,
  forwardsIpv6: true,
  links: [
    { name: "cni0", mtu: 1500, rpFilter: 2, addresses: ["10.244.1.1/24"] },
    { name: "eth0", mtu: 1500, rpFilter: 1, addresses: ["172.30.0.11/24"] },
  ],
  listeners: [{ port: 179, protocol: "tcp", isOurs: true }],
};
const uplink = host.links[1]!;
const noteOf = (name: string, facts: object = host) => speakerNote(`speaker-${name}`, { name, uid: undefined }, { host: facts });
const pod = (name: string, image: string, args: readonly string[] = []): RunningPod => ({
  metadata: { name, namespace: `${name}-system` },
  spec: { nodeName: "node1", containers: [{ image, args }] },
});
const ready = {
  ...wellCluster,
  eips: wellCluster.eips.map((one) => ({
    ...one,
    status: { conditions: [{ type: "Ready", status: "True", reason: "Ready", message: "" }] },
  })),
} as unknown as CheckFacts["cluster"];
const well: CheckFacts = {
  cluster: ready,
  notes: [noteOf("node1"), noteOf("node2")],
  pods: [pod("coredns", "registry.example/coredns:1")],
  kubeProxy: undefined,
  cilium: undefined,
};
const cluster = (more: Partial<CheckFacts["cluster"]>): Partial<CheckFacts> => ({ cluster: { ...ready, ...more } });
const hosts = (one: Partial<HostFacts>, other: Partial<HostFacts> = one): Partial<CheckFacts> => ({
  notes: [noteOf("node1", { ...host, ...one }), noteOf("node2", { ...host, ...other })],
});

/** What is wrong, how grave it is, and words that the answer and what to do must have. */
const cases: readonly (readonly [name: string, facts: Partial<CheckFacts>, verdict: string, message: RegExp, remedy: RegExp])[] =
  [
    ["nobody leads", cluster({ lease: undefined }), "problem", /no controller has ever led/, /berth-controller/],
    ["no speaker", cluster({ speakers: [] }), "problem", /no speaker runs/, /berth-speaker/],
    ["no Eip", cluster({ eips: [] }), "problem", /there is no Eip/, /make an Eip/],
    [
      "no BgpPeer for a BGP pool",
      cluster({ bgpPeers: [] }),
      "problem",
      /Eip far is announced by BGP, and there is no BgpPeer/,
      /make a BgpPeer/,
    ],
    ["no BgpConf", cluster({ bgpConfs: [] }), "problem", /no BgpConf named "default"/, /spec\.as/],
    [
      "a peer that is not used",
      cluster({
        bgpPeers: [
          {
            ...peer({}),
            status: {
              conditions: [{ type: "Accepted", status: "False", reason: "NoPeerAs", message: "spec.conf.peerAs is absent" }],
            },
          },
        ] as never,
      }),
      "problem",
      /BgpPeer router is not used: spec\.conf\.peerAs/,
      /kubectl edit bgppeer router/,
    ],
    [
      "a pool with a node's address",
      cluster({ eips: [eip("lan", "172.30.0.0/24", "layer2")] }),
      "problem",
      /172\.30\.0\.11 of node1/,
      /spec\.exclude/,
    ],
    [
      "a pool within the pod network",
      cluster({
        eips: [eip("lan", "10.244.1.5", "layer2")],
        nodes: [node("node1", { spec: { podCIDRs: ["10.244.1.0/24"] } as never }), node("node2")],
      }),
      "problem",
      /pod network 10\.244\.1\.0\/24/,
      /pods use these/,
    ],
    [
      "a pool with cluster addresses",
      cluster({
        eips: [eip("lan", "10.96.0.0/16", "layer2")],
        services: [service("web", undefined, { clusterIPs: ["10.96.0.7"] } as never)],
      }),
      "problem",
      /10\.96\.0\.7 of demo\/web/,
      /other addresses/,
    ],
    [
      "MetalLB",
      { pods: [pod("metallb", "quay.example/metallb/speaker:v0.15")] },
      "problem",
      /MetalLB runs in metallb-system on node1/,
      /berth import/,
    ],
    [
      "MetalLB with a class of its own",
      { pods: [pod("metallb", "quay.example/metallb/speaker:v0.15", ["--lb-class=metallb"])] },
      "note",
      /leaves Berth's Services alone/,
      /^$/,
    ],
    [
      "OpenELB",
      { pods: [pod("openelb", "kubesphere/openelb-speaker:v0.6.0")] },
      "problem",
      /OpenELB runs/,
      /scale its controller to 0/,
    ],
    [
      "kube-vip",
      { pods: [pod("kube-vip", "ghcr.example/kube-vip/kube-vip:v1")] },
      "problem",
      /kube-vip runs/,
      /svc_enable=false/,
    ],
    ["ServiceLB", { pods: [pod("svclb", "rancher/klipper-lb:v0.4")] }, "problem", /ServiceLB/, /--disable servicelb/],
    [
      "Cilium that announces",
      {
        pods: [pod("cilium", "quay.example/cilium/cilium:v1.18")],
        cilium: { metadata: { name: "c" }, data: { "enable-l2-announcements": "true" } },
      },
      "problem",
      /Cilium runs/,
      /enable-l2-announcements/,
    ],
    ["no right to see pods", { pods: undefined }, "unknown", /cannot be read/, /right to list pods/],
    ["no right to see notes", { notes: undefined }, "unknown", /Leases/, /right to list leases/],
    ["a silent node", { notes: [noteOf("node1")] }, "unknown", /node2 told nothing/, /berth status/],
    [
      "kube-proxies that differ",
      hosts({}, { kubeProxyMode: "iptables" }),
      "note",
      /nftables on node1; iptables on node2/,
      /one configuration/,
    ],
    [
      "kube-proxy on one node and not on another",
      hosts({}, { kubeProxyMode: "" }),
      "note",
      /nftables on node1; it does not answer on 127\.0\.0\.1:10249 of node2/,
      /see whether kube-proxy runs on node2/,
    ],
    ["no kube-proxy", hosts({ kubeProxyMode: "" }), "unknown", /does not answer on 127\.0\.0\.1:10249 of node1, node2/, /Cilium/],
    [
      "ipvs without strict ARP",
      hosts({ kubeProxyMode: "ipvs", hasIpvsInterface: true }),
      "problem",
      /on node1, node2 without strict ARP/,
      /ipvs\.strictARP: true/,
    ],
    [
      "strict rp_filter with two uplinks",
      hosts({ links: [...host.links, { name: "eth1.7", mtu: 1500, rpFilter: 1, addresses: ["198.51.100.1/24"] }] }, {}),
      "note",
      /strict \(1\) on node1 \(eth0, eth1\.7\)/,
      /net\.ipv4\.conf\.eth1\/7\.rp_filter=2/,
    ],
    [
      "MTUs that differ",
      hosts({}, { links: [{ ...uplink, mtu: 9000 }] }),
      "problem",
      /172\.30\.0\.0\/24 differ: 9000 on node2 \(eth0\); 1500 on node1/,
      /mtu 9000/,
    ],
    [
      "pods with a larger MTU",
      hosts({ links: [{ ...uplink, mtu: 1400 }, host.links[0]!] }),
      "note",
      /node1 \(cni0 1500, uplink 1400\)/,
      /network plugin/,
    ],
    [
      "another program on port 179",
      hosts({ listeners: [{ port: 179, protocol: "tcp", isOurs: false }] }, {}),
      "problem",
      /listens on 179\/tcp of node1/,
      /spec\.listenPort/,
    ],
    [
      "a speaker of another kind",
      hosts({ listeners: [{ port: 7946, protocol: "udp", isOurs: false }] }),
      "note",
      /7946\/udp of node1, node2/,
      /other implementations/,
    ],
    ["no forwarding", hosts({ forwardsIpv4: false }, {}), "problem", /ip_forward is 0 on node1/, /net\.ipv4\.ip_forward=1/],
    [
      "no IPv6 forwarding for an IPv6 pool",
      { ...hosts({ forwardsIpv6: false }), ...cluster({ eips: [eip("six", "2001:db8::/120", "layer2")] }) },
      "problem",
      /ipv6.* is 0 on node1, node2/,
      /forwarding=1/,
    ],
  ];

describe("berth check", () => {
  it("finds nothing wrong where everything is well", () => {
    const rows = check(well);
    assert.deepEqual(
      rows.filter(({ verdict }) => verdict !== "ok"),
      [],
    );
    assert.ok(rows.length >= 10, "every check says that it looked");
  });
  for (const [name, facts, verdict, message, remedy] of cases)
    it(`names ${name}, and says what to do`, () => {
      const rows = check({ ...well, ...facts }).filter((row) => row.verdict === verdict);
      const row = rows.find((one) => message.test(one.message));
      assert.ok(row, JSON.stringify(rows));
      assert.match(row.remedy, remedy);
    });
});

describe("what a node tells of itself", () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:00B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1
   1: 0100007F:1F0A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1
   2: 0B001EAC:00B3 01001EAC:9C40 01 00000000:00000000 00:00000000 00000000     0        0 333 1`;
  const tcp6 = `  sl  local_address
   0: 00000000000000000000000000000000:00B3 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 444 1`;
  it("has who listens on known ports, and whether it is this process", () => {
    assert.deepEqual(listenersIn([["tcp", tcp]], new Set(["111"])), [
      { port: 179, protocol: "tcp", isOurs: true },
      { port: 7946, protocol: "tcp", isOurs: false },
    ]);
  });
  it("calls a port foreign when one of its sockets is", () => {
    const [bgp] = listenersIn(
      [
        ["tcp", tcp],
        ["tcp", tcp6],
      ],
      new Set(["111"]),
    );
    assert.equal(bgp?.isOurs, false);
  });
  it("is read back as it was written, and is nothing when it is no such thing", () => {
    assert.deepEqual(hostFactsIn(JSON.parse(JSON.stringify({ host })) as Record<string, unknown>), host);
    for (const published of [undefined, {}, { host: null }, { host: "x" }, { host: { links: 1 } }])
      assert.equal(hostFactsIn(published), undefined);
  });
});
