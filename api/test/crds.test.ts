import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { crds } from "@berth/api/crds";
import { addressTable } from "./addressTable.ts";
import { type ApiServer, startApiServer } from "./apiServer.ts";

let server: ApiServer;
before(async () => {
  server = await startApiServer();
  const { code, stderr } = server.kubectl(
    ["apply", "--server-side", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: crds() }),
  );
  assert.equal(code, 0, stderr);
  server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=20s"]);
});
after(() => server.stop());

function dryRun(kind: string, spec: object): { readonly code: number; readonly said: string } {
  const object = { apiVersion: "network.kubesphere.io/v1alpha2", kind, metadata: { name: "x" }, spec };
  const { code, stdout, stderr } = server.kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(object));
  return { code, said: stdout + stderr };
}

/** What the API server says of an object: undefined where it takes it. */
const cases: readonly (readonly [kind: string, name: string, spec: object, refusal: RegExp | undefined])[] = [
  ["Eip", "an address", { address: "192.0.2.1" }, undefined],
  ["Eip", "a CIDR with host bits", { address: "192.0.2.10/24" }, undefined],
  ["Eip", "a CIDR with a netmask", { address: "192.0.2.0/255.255.255.0" }, undefined],
  ["Eip", "a range", { address: "192.0.2.1-192.0.2.9", protocol: "layer2", interface: "can_reach:192.0.2.1" }, undefined],
  [
    "Eip",
    "an IPv6 network of any size",
    { address: "2001:db8::/64", addresses: ["192.0.2.0/24"], exclude: ["192.0.2.0"] },
    undefined,
  ],
  [
    "Eip",
    "an address that is none",
    { address: "10.0.0.300" },
    /spec\.address: .*"10\.0\.0\.300" is not an address \(192\.0\.2\.1\), a CIDR/,
  ],
  [
    "Eip",
    "a reversed range",
    { address: "192.0.2.9-192.0.2.1" },
    /spec\.address: .*"192\.0\.2\.9-192\.0\.2\.1" is reversed; a range starts with its lower end/,
  ],
  ["Eip", "a range of two families", { address: "10.0.0.1-fd00::1" }, /spec\.address: .*mixes IPv4 and IPv6/],
  ["Eip", "a netmask with holes", { address: "192.0.2.0/255.0.255.0" }, /spec\.address: .*is not an address/],
  ["Eip", "leading zeros", { address: "010.0.0.1" }, /spec\.address: .*is not an address/],
  [
    "Eip",
    "a wrong entry of a list",
    { address: "10.0.0.1", addresses: ["10.0.0.2", "x-y"] },
    /spec\.addresses\[1\]: .*"x-y" is not an address/,
  ],
  ["Eip", "no address", { protocol: "bgp" }, /spec\.address: Required value/],
  [
    "Eip",
    "an unknown protocol",
    { address: "10.0.0.1", protocol: "ospf" },
    /spec\.protocol: Unsupported value: "ospf": supported values: "bgp", "layer2", "vip"/,
  ],
  [
    "Eip",
    "a quota of nothing",
    { address: "10.0.0.1", perNamespaceLimit: 0 },
    /spec\.perNamespaceLimit: .*should be greater than or equal to 1/,
  ],
  ["BgpConf", "OpenELB's sample", { as: 50000, listenPort: 17900, routerId: "192.168.0.2" }, undefined],
  ["BgpConf", "B-17: an AS number of four octets", { as: 4200000000 }, undefined],
  ["BgpConf", "an AS number that is too high", { as: 4294967296 }, /spec\.as: .*should be less than or equal to 4294967295/],
  [
    "BgpConf",
    "a router ID of IPv6",
    { as: 1, routerId: "fd00::1" },
    /spec\.routerId: .*must be an IPv4 address other than 0\.0\.0\.0/,
  ],
  ["BgpPeer", "OpenELB's sample", { conf: { peerAs: 50001, neighborAddress: "192.168.0.5" } }, undefined],
  [
    "BgpPeer",
    "B-18: everything that OpenELB has",
    {
      conf: { peerAs: 1, neighborAddress: "fd00::1", removePrivateAs: "ALL" },
      ebgpMultihop: { enabled: true, multihopTtl: 5 },
      timers: { config: { holdTime: "30", keepaliveInterval: "10", connectRetry: "5" } },
      transport: { passiveMode: true, remotePort: 17900 },
      afiSafis: [
        { config: { family: { afi: "AFI_IP", safi: "SAFI_UNICAST" }, enabled: true }, addPaths: { config: { sendMax: 10 } } },
      ],
      nodeSelector: { matchLabels: { a: "b" } },
    },
    undefined,
  ],
  [
    "BgpPeer",
    "B-05: a neighbour that is no address",
    { conf: { peerAs: 1, neighborAddress: "bad" } },
    /spec\.conf\.neighborAddress: .*"bad" is not an IP address/,
  ],
  [
    "BgpPeer",
    "B-05: removePrivateAs of another word",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1", removePrivateAs: "nope" } },
    /spec\.conf\.removePrivateAs: Unsupported value: "nope"/,
  ],
  [
    "BgpPeer",
    "B-05: a hold time that is no number",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1" }, timers: { config: { holdTime: "abc" } } },
    /spec\.timers\.config\.holdTime: .*must be a string of digits/,
  ],
  [
    "BgpPeer",
    "a hold time of two seconds",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1" }, timers: { config: { holdTime: "2" } } },
    /holdTime must be "0" or at least "3" seconds/,
  ],
  [
    "BgpPeer",
    "B-05: a family of another word",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1" }, afiSafis: [{ config: { family: { afi: "IPV4" } } }] },
    /afi: Unsupported value: "IPV4"/,
  ],
  [
    "Eip",
    "everything that bgp has",
    {
      address: "192.0.2.0/24",
      bgp: {
        communities: ["65000:100", "no-export"],
        largeCommunities: ["4200000000:1:2"],
        localPref: 4294967295,
        med: 0,
        asPathPrepend: 3,
        aggregationLength: 24,
        aggregationLengthV6: 64,
        weighted: true,
        peers: ["router"],
        nodeSelector: { matchExpressions: [{ key: "edge", operator: "Exists" }] },
      },
    },
    undefined,
  ],
  [
    "Eip",
    "a community that is none",
    { address: "192.0.2.0/24", bgp: { communities: ["65000:70000"] } },
    /spec\.bgp\.communities\[0\]: .*"65000:70000" is not a community: two numbers from 0 to 65535, such as 65000:100, or one of graceful-shutdown/,
  ],
  [
    "Eip",
    "a community of text",
    { address: "192.0.2.0/24", bgp: { communities: ["noexport"] } },
    /spec\.bgp\.communities\[0\]: .*"noexport" is not a community/,
  ],
  [
    "Eip",
    "a large community of two parts",
    { address: "192.0.2.0/24", bgp: { largeCommunities: ["65000:1"] } },
    /spec\.bgp\.largeCommunities\[0\]: .*"65000:1" is not a large community: three numbers/,
  ],
  [
    "Eip",
    "an aggregation that is too long",
    { address: "192.0.2.0/24", bgp: { aggregationLength: 33 } },
    /spec\.bgp\.aggregationLength: .*should be less than or equal to 32/,
  ],
  [
    "Eip",
    "an aggregation that is shorter than the pool's prefix",
    { address: "192.0.2.0/24", bgp: { aggregationLength: 20 } },
    /bgp\.aggregationLength is shorter than the prefix of address: .*make it as long or longer/,
  ],
  [
    "Eip",
    "the same of IPv6",
    { address: "2001:db8::/64", bgp: { aggregationLengthV6: 48, aggregationLength: 8 } },
    /bgp\.aggregationLengthV6 is shorter than the prefix of address/,
  ],
  ["BgpConf", "next hops of another word", { as: 1, nextHops: "some" }, /spec\.nextHops: Unsupported value: "some"/],
  [
    "BgpPeer",
    "a peer without an address, on an interface, of any other AS, with BFD",
    { conf: { neighborInterface: "eth1", dynamicAs: "external" }, bfd: { detectMultiplier: 5 } },
    undefined,
  ],
  ["BgpPeer", "a peer without an address", { conf: { peerAs: 1 } }, /spec\.conf: .*neighborAddress is missing/],
  [
    "BgpPeer",
    "a peer of two kinds of AS",
    { conf: { peerAs: 1, dynamicAs: "internal", neighborAddress: "10.0.0.1" } },
    /spec\.conf: .*give one of peerAs, the peer's AS number, and dynamicAs/,
  ],
  [
    "BgpPeer",
    "two passwords",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1", authPassword: "x", passwordSecretRef: { name: "s" } } },
    /give one of authPassword and passwordSecretRef, not both/,
  ],
  [
    "BgpPeer",
    "a BFD interval that is too short",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1" }, bfd: { receiveInterval: 5 } },
    /spec\.bfd\.receiveInterval: .*should be greater than or equal to 10/,
  ],
  [
    "BgpPeer",
    "TTL security and multihop",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1" }, ebgpMultihop: { enabled: true }, ttlSecurity: { enabled: true } },
    /ttlSecurity and ebgpMultihop exclude each other/,
  ],
  [
    "BgpPeer",
    "a local address that is none",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1" }, transport: { localAddress: "eth0" } },
    /spec\.transport\.localAddress: .*"eth0" is not an IP address/,
  ],
  [
    "BgpPeer",
    "a selector with an unknown operator",
    { conf: { peerAs: 1, neighborAddress: "10.0.0.1" }, nodeSelector: { matchExpressions: [{ key: "a", operator: "Like" }] } },
    /operator: Unsupported value: "Like"/,
  ],
];

/** Objects as OpenELB's documentation has them, status and all. */
const openelb: readonly { readonly kind: string; readonly metadata: object; readonly spec: object; readonly status?: object }[] =
  [
    {
      kind: "Eip",
      metadata: { name: "eip-sample-pool", annotations: { "eip.openelb.kubesphere.io/is-default-eip": "true" } },
      spec: {
        address: "192.168.0.91-192.168.0.100",
        priority: 100,
        namespaces: ["test", "default"],
        namespaceSelector: { "kubesphere.io/workspace": "workspace" },
        disable: false,
        protocol: "layer2",
        interface: "eth0",
      },
      status: {
        occupied: false,
        usage: 1,
        poolSize: 10,
        used: { "192.168.0.91": "default/test-svc" },
        firstIP: "192.168.0.91",
        lastIP: "192.168.0.100",
        ready: true,
        v4: true,
      },
    },
    {
      kind: "BgpConf",
      metadata: { name: "default" },
      spec: { as: 50000, listenPort: 17900, routerId: "192.168.0.2" },
      status: { nodesConfStatus: { i1: { routerId: "192.168.0.2", as: 50000 } } },
    },
    {
      kind: "BgpPeer",
      metadata: { name: "bgppeer-sample", labels: { "openelb.kubesphere.io/cni": "calico" } },
      spec: {
        conf: { peerAs: 50001, neighborAddress: "192.168.0.5", description: "router", peerGroup: "" },
        afiSafis: [
          { config: { family: { afi: "AFI_IP", safi: "SAFI_UNICAST" }, enabled: true }, addPaths: { config: { sendMax: 10 } } },
        ],
        nodeSelector: { matchLabels: { "openelb.kubesphere.io/rack": "leaf1" } },
      },
    },
  ];

describe("the texts of an Eip in a real API server (OpenELB's address table and more)", () => {
  for (const { row, text, answer } of addressTable) {
    it(`${row}: ${"refusal" in answer ? "refuses" : "takes"} "${text}" as address, in addresses and in exclude`, () => {
      for (const [field, spec] of [
        ["spec.address", { address: text }],
        ["spec.addresses[1]", { address: "203.0.113.1", addresses: ["203.0.113.2", text] }],
        ["spec.exclude[0]", { address: "203.0.113.1", exclude: [text] }],
      ] as const) {
        const { code, said } = dryRun("Eip", spec);
        if ("refusal" in answer) {
          assert.match(said, answer.refusal);
          assert.ok(said.includes(`${field}: Invalid value`) && said.includes(`"${text}" `), said);
        } else assert.equal(code, 0, said);
      }
    });
  }

  it("takes lists as long as they may be, of the texts that take longest to check", () => {
    const range = (index: number): string =>
      `2001:db8:0:${index.toString(16)}::1-2001:db8:0:${index.toString(16)}::ffff:ffff:ffff`;
    const list = Array.from({ length: 64 }, (_, index) => range(index));
    const { code, said } = dryRun("Eip", { address: "203.0.113.1", addresses: list, exclude: list });
    assert.equal(code, 0, said);
  });
});

describe("OpenELB's own objects", () => {
  for (const { kind, ...object } of openelb) {
    it(`${kind} is taken as it is`, () => {
      const text = JSON.stringify({ apiVersion: "network.kubesphere.io/v1alpha2", kind, ...object });
      const { code, stderr } = server.kubectl(["create", "--dry-run=server", "--validate=strict", "-f", "-"], text);
      assert.equal(code, 0, stderr);
    });
  }
});

describe("the CRDs in a real API server", () => {
  for (const [kind, name, spec, refusal] of cases) {
    it(`${kind}: ${refusal === undefined ? "takes" : "refuses"} ${name}`, () => {
      const { code, said } = dryRun(kind, spec);
      if (refusal === undefined) assert.equal(code, 0, said);
      else assert.match(said, refusal);
    });
  }
});
