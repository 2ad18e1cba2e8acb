import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bgpConfProblems, bgpPeerProblems, eipProblems, exposedServiceProblems, loadBalancerProblems } from "./own.ts";
import { type KnownArgs, type Problem, unknown } from "./problem.ts";

const forms = "an address (192.0.2.1), a CIDR (192.0.2.0/24 or 192.0.2.0/255.255.255.0) or a range (192.0.2.1-192.0.2.9)";
const peer = (conf: object, rest: object = {}): KnownArgs => ({
  conf: { neighborAddress: "10.0.0.1", peerAs: 65001, ...conf },
  ...rest,
});
const page = (rest: object): KnownArgs => ({ selector: { app: "page" }, ports: [{ port: 80 }], ...rest });

/** Every mistake that one component shows by itself, with its property path and its sentence, word by word. */
const mistakes: readonly (readonly [
  name: string,
  find: (args: KnownArgs) => Problem[],
  args: KnownArgs,
  path: string,
  reason: string,
])[] = [
  ["an address that is none", eipProblems, { address: "10.0.0.300" }, "address", `"10.0.0.300" is not ${forms}`],
  ["an empty address", eipProblems, {}, "address", "is missing; give a text: the addresses of this pool"],
  [
    "a reversed range",
    eipProblems,
    { address: "10.0.0.9-10.0.0.1" },
    "address",
    '"10.0.0.9-10.0.0.1" is reversed; a range starts with its lower end',
  ],
  [
    "a reversed IPv6 range",
    eipProblems,
    { address: "fd00::9-fd00::1" },
    "address",
    '"fd00::9-fd00::1" is reversed; a range starts with its lower end',
  ],
  [
    "two families in one range",
    eipProblems,
    { address: "10.0.0.1-fd00::1" },
    "address",
    '"10.0.0.1-fd00::1" mixes IPv4 and IPv6; both ends of a range must be of one family',
  ],
  ["an IPv4-mapped address", eipProblems, { address: "::ffff:10.0.0.1" }, "address", `"::ffff:10.0.0.1" is not ${forms}`],
  [
    "a wrong address among more",
    eipProblems,
    { address: "10.0.0.1", addresses: ["10.0.0.2", "nonsense"] },
    "addresses[1]",
    `"nonsense" is not ${forms}`,
  ],
  [
    "a wrong exclusion",
    eipProblems,
    { address: "10.0.0.0/24", exclude: ["10.0.0.0/33"] },
    "exclude[0]",
    `"10.0.0.0/33" is not ${forms}`,
  ],
  ["a netmask with holes", eipProblems, { address: "10.0.0.0/255.0.255.0" }, "address", `"10.0.0.0/255.0.255.0" is not ${forms}`],
  [
    "a pool of which nothing is left",
    eipProblems,
    { address: "10.0.0.0/30", exclude: ["10.0.0.0/24"] },
    "exclude",
    '["10.0.0.0/24"] leaves no address of the pool; exclude less',
  ],
  [
    "a protocol that is none",
    eipProblems,
    { address: "10.0.0.1", protocol: "arp" },
    "protocol",
    '"arp" is not one of "bgp", "layer2", "vip", ""',
  ],
  [
    "a property that there is not",
    eipProblems,
    { address: "10.0.0.1", adress: "10.0.0.2" },
    "adress",
    "there is no such property; did you mean address?",
  ],
  [
    "a quota of nothing",
    eipProblems,
    { address: "10.0.0.1", perNamespaceLimit: 0 },
    "perNamespaceLimit",
    "0 is not from 1 to 1000000",
  ],
  [
    "an aggregate that is larger than the pool",
    eipProblems,
    { address: "192.0.2.0/26", bgp: { aggregationLength: 24 } },
    "bgp.aggregationLength",
    "24 is shorter than the prefix of address, 26: routers would be told of addresses outside the pool; take 26 or more",
  ],
  ["an AS number that is too high", bgpConfProblems, { as: 4294967296 }, "as", "4294967296 is not from 0 to 4294967295"],
  ["an AS number in dots", bgpConfProblems, { as: "1.10" }, "as", '"1.10" is not a whole number'],
  [
    "a router ID of IPv6",
    bgpConfProblems,
    { as: 1, routerId: "fd00::1" },
    "routerId",
    '"fd00::1" is not an IPv4 address other than 0.0.0.0, such as 172.30.0.11',
  ],
  [
    "a neighbour that is no address",
    bgpPeerProblems,
    peer({ neighborAddress: "router" }),
    "conf.neighborAddress",
    '"router" is not an IP address, such as 172.30.0.1',
  ],
  [
    "a peer of AS 0",
    bgpPeerProblems,
    peer({ peerAs: 0 }),
    "conf.peerAs",
    "0 is no AS number; give the peer's, from 1 to 4294967295, or dynamicAs: internal or external",
  ],
  [
    "a peer without an address",
    bgpPeerProblems,
    { conf: { peerAs: 65001 } },
    "conf.neighborAddress",
    "is missing; give the peer's address, such as 172.30.0.1, or neighborInterface for a peer without one",
  ],
  [
    "two ways to say the peer's AS",
    bgpPeerProblems,
    peer({ dynamicAs: "external" }),
    "conf.dynamicAs",
    '"external": there is peerAs 65001 too; give one of the two',
  ],
  [
    "TTL security and multihop",
    bgpPeerProblems,
    peer({}, { ttlSecurity: { enabled: true }, ebgpMultihop: { enabled: true } }),
    "ttlSecurity.enabled",
    "true and ebgpMultihop exclude each other; for a peer that is further away remove ebgpMultihop, and lower ttlSecurity.ttlMin",
  ],
  [
    "a peer without an AS",
    bgpPeerProblems,
    { conf: { neighborAddress: "10.0.0.1" } },
    "conf.peerAs",
    "is missing; give the peer's, from 1 to 4294967295, or dynamicAs: internal or external",
  ],
  [
    "two passwords",
    bgpPeerProblems,
    peer({ passwordSecretRef: { name: "x" } }, { password: "y" }),
    "conf.passwordSecretRef",
    "there is a password too; give one of the two",
  ],
  [
    "a hold time of two seconds",
    bgpPeerProblems,
    peer({}, { timers: { config: { holdTime: "2" } } }),
    "timers.config.holdTime",
    '"2" is not allowed; a hold time is "0" or at least "3" seconds',
  ],
  [
    "a keepalive above the hold time",
    bgpPeerProblems,
    peer({}, { timers: { config: { holdTime: "9", keepaliveInterval: "10" } } }),
    "timers.config.keepaliveInterval",
    '"10" is not below the hold time of 9 seconds; a third of it is usual: "3"',
  ],
  [
    "a keepalive above the hold time that nobody gave",
    bgpPeerProblems,
    peer({}, { timers: { config: { keepaliveInterval: "90" } } }),
    "timers.config.keepaliveInterval",
    '"90" is not below the hold time of 90 seconds; a third of it is usual: "30"',
  ],
  [
    "a timer in words",
    bgpPeerProblems,
    peer({}, { timers: { config: { holdTime: "90s" } } }),
    "timers.config.holdTime",
    '"90s" is not a number of seconds from "0" to "65535"',
  ],
  [
    "multihop to an internal peer",
    bgpPeerProblems,
    peer({ peerType: 0 }, { ebgpMultihop: { enabled: true } }),
    "ebgpMultihop.enabled",
    "true is for external peers, and conf.peerType 0 says that this one is internal; remove one of the two",
  ],
  [
    "multihop to our own AS",
    bgpPeerProblems,
    peer({ localAs: 65001 }, { ebgpMultihop: { enabled: true } }),
    "ebgpMultihop.enabled",
    "true is for external peers, and conf.peerAs and conf.localAs are both 65001; remove it, or correct the AS numbers",
  ],
  [
    "multihop to a peer of whatever AS is ours",
    bgpPeerProblems,
    { conf: { neighborAddress: "2001:db8::1", dynamicAs: "internal" }, ebgpMultihop: { enabled: true } },
    "ebgpMultihop.enabled",
    'true is for external peers, and conf.dynamicAs is "internal"; remove it, or correct the AS numbers',
  ],
  [
    "a peer type that contradicts dynamicAs",
    bgpPeerProblems,
    { conf: { neighborAddress: "10.0.0.1", dynamicAs: "external", peerType: 0 } },
    "conf.peerType",
    '0 says internal, but conf.dynamicAs is "external"; leave it out, it follows from the AS numbers',
  ],
  [
    "a peer type that contradicts localAs",
    bgpPeerProblems,
    peer({ localAs: 65001, peerType: 1 }),
    "conf.peerType",
    "1 says external, but conf.peerAs and conf.localAs are both 65001; leave it out, it follows from the AS numbers",
  ],
  [
    "an internal peer with another AS",
    bgpPeerProblems,
    peer({ localAs: 65002, peerType: 0 }),
    "conf.peerType",
    "0 says internal, but conf.peerAs is 65001 and conf.localAs 65002; leave it out, it follows from the AS numbers",
  ],
  [
    "an operator of an Eip without its values",
    eipProblems,
    { address: "10.0.0.1", nodeSelector: { matchExpressions: [{ key: "rack", operator: "NotIn", values: [] }] } },
    "nodeSelector.matchExpressions[0].values",
    "is empty; NotIn needs at least one value",
  ],
  [
    "an operator of preferred nodes with values that it has no use for",
    eipProblems,
    {
      address: "10.0.0.1",
      preferredNodes: [
        { weight: 1, nodeSelector: { matchExpressions: [{ key: "a", operator: "DoesNotExist", values: ["b"] }] } },
      ],
    },
    "preferredNodes[0].nodeSelector.matchExpressions[0].values",
    '["b"] is not compared with anything; DoesNotExist takes no values',
  ],
  [
    "an operator of announcing nodes without its values",
    eipProblems,
    { address: "10.0.0.1", bgp: { nodeSelector: { matchExpressions: [{ key: "rack", operator: "In" }] } } },
    "bgp.nodeSelector.matchExpressions[0].values",
    "is empty; In needs at least one value",
  ],
  [
    "a node selector operator that there is not",
    bgpPeerProblems,
    peer({}, { nodeSelector: { matchExpressions: [{ key: "rack", operator: "Equals", values: ["a"] }] } }),
    "nodeSelector.matchExpressions[0].operator",
    '"Equals" is not one of "In", "NotIn", "Exists", "DoesNotExist"',
  ],
  [
    "an operator without its values",
    bgpPeerProblems,
    peer({}, { nodeSelector: { matchExpressions: [{ key: "rack", operator: "In" }] } }),
    "nodeSelector.matchExpressions[0].values",
    "is empty; In needs at least one value",
  ],
  [
    "an operator with values that it has no use for",
    bgpPeerProblems,
    peer({}, { nodeSelector: { matchExpressions: [{ key: "rack", operator: "Exists", values: ["a"] }] } }),
    "nodeSelector.matchExpressions[0].values",
    '["a"] is not compared with anything; Exists takes no values',
  ],
  [
    "an address of a Service that is none",
    exposedServiceProblems,
    page({ address: "10.0.0.1, 10.0.0" }),
    "address",
    '"10.0.0" is not an IP address, such as 192.0.2.10',
  ],
  [
    "two addresses of one family",
    exposedServiceProblems,
    page({ address: "10.0.0.1,10.0.0.2" }),
    "address",
    '"10.0.0.2" is the second address of one family; a Service has one of each',
  ],
  [
    "an address of a family that is not asked for",
    exposedServiceProblems,
    page({ address: "fd00::1", ipFamilies: ["IPv4"] }),
    "address",
    '"fd00::1" is IPv6, and ipFamilies has only IPv4; add IPv6, or take another address',
  ],
  [
    "a port twice",
    exposedServiceProblems,
    page({
      ports: [
        { name: "a", port: 80 },
        { name: "b", port: 80, protocol: "TCP" },
      ],
    }),
    "ports[1].port",
    "80/TCP is there already, as ports[0]; give it another port or protocol",
  ],
  [
    "several ports without names",
    exposedServiceProblems,
    page({ ports: [{ name: "http", port: 80 }, { port: 443 }] }),
    "ports[1].name",
    "is missing; with several ports each needs a name, such as http",
  ],
  [
    "a port that is too high",
    exposedServiceProblems,
    page({ ports: [{ port: 65536 }] }),
    "ports[0].port",
    "65536 is not from 1 to 65535",
  ],
  [
    "pods that are not given",
    exposedServiceProblems,
    { ports: [{ port: 80 }] },
    "selector",
    "is missing; say which pods serve: give selector, or service, or deployment",
  ],
  [
    "pods that are given twice",
    exposedServiceProblems,
    page({ deployment: {} }),
    "deployment",
    "there is selector too; give one of selector, service and deployment",
  ],
  [
    "a selector of nothing",
    exposedServiceProblems,
    page({ selector: {} }),
    "selector",
    "{} selects no pods; give at least one label, such as {app: page}",
  ],
  [
    "a name that a Service cannot have",
    exposedServiceProblems,
    page({ name: "My_Page" }),
    "name",
    '"My_Page" is not a name that a Service can have: lower case letters, digits and -, at most 63, the first a letter; give another',
  ],
  [
    "a policy that there is not",
    exposedServiceProblems,
    page({ externalTrafficPolicy: "local" }),
    "externalTrafficPolicy",
    '"local" is not one of "Cluster", "Local"',
  ],
  ["no image", loadBalancerProblems, {}, "image", "is missing; give a text: the image of controller and speaker"],
  [
    "a community with a part out of range",
    eipProblems,
    { address: "10.0.0.1", bgp: { communities: ["65000:1", "65000:65536"] } },
    "bgp.communities[1]",
    '"65000:65536" is not a community: two numbers from 0 to 65535, such as 65000:100, or one of graceful-shutdown, accept-own, llgr-stale, no-llgr, blackhole, no-export, no-advertise, no-export-subconfed, no-peer',
  ],
  [
    "a large community of two parts",
    eipProblems,
    { address: "10.0.0.1", bgp: { largeCommunities: ["65000:1"] } },
    "bgp.largeCommunities[0]",
    '"65000:1" is not a large community: three numbers from 0 to 4294967295, such as 65000:1:2',
  ],
  [
    "the AS number that stands for others",
    bgpConfProblems,
    { as: 23456 },
    "as",
    "23456 stands for AS numbers that need four octets and is nobody's (RFC 6793); give another, such as 65000",
  ],
  [
    "a rack with the AS number that stands for others",
    bgpConfProblems,
    { as: 65000, asPerRack: { r1: 23456 } },
    'asPerRack["r1"]',
    "23456 stands for AS numbers that need four octets and is nobody's (RFC 6793); give another, such as 65000",
  ],
  [
    "a peer with the AS number that stands for others",
    bgpPeerProblems,
    peer({ peerAs: 23456 }),
    "conf.peerAs",
    "23456 stands for AS numbers that need four octets and is nobody's (RFC 6793); give another, such as 65000",
  ],
  [
    "a group of receivers to listen on",
    bgpConfProblems,
    { as: 65000, listenAddresses: ["0.0.0.0", "::", "ff02::5"] },
    "listenAddresses[2]",
    '"ff02::5" is a multicast address, which no host has; give one of the nodes\', or 0.0.0.0 or :: for all',
  ],
  [
    "a group of receivers as a router",
    bgpPeerProblems,
    peer({ neighborAddress: "224.0.0.5" }),
    "conf.neighborAddress",
    '"224.0.0.5" is a multicast or reserved address, which no host has; give the router\'s',
  ],
  [
    "no address at all as a router",
    bgpPeerProblems,
    peer({ neighborAddress: "0.0.0.0" }),
    "conf.neighborAddress",
    '"0.0.0.0" is the unspecified address, which no host has; give the router\'s',
  ],
  [
    "a link-local router without an interface",
    bgpPeerProblems,
    peer({ neighborAddress: "fe80::1" }),
    "conf.neighborInterface",
    'is missing: conf.neighborAddress "fe80::1" is link-local and means nothing without an interface',
  ],
  [
    "a local address that is none",
    bgpPeerProblems,
    peer({}, { transport: { localAddress: "eth0" } }),
    "transport.localAddress",
    '"eth0" is not an IP address, such as 172.30.0.11',
  ],
  [
    "a local address of the other family",
    bgpPeerProblems,
    peer({}, { transport: { localAddress: "fd00::1" } }),
    "transport.localAddress",
    '"fd00::1" is IPv6, and conf.neighborAddress "10.0.0.1" is IPv4; both must be of one family',
  ],
  [
    "a local address that is the router's",
    bgpPeerProblems,
    peer({}, { transport: { localAddress: "10.0.0.1" } }),
    "transport.localAddress",
    '"10.0.0.1" is conf.neighborAddress too; give an address of the nodes, or leave it out',
  ],
  [
    "another remote address",
    bgpPeerProblems,
    peer({}, { transport: { remoteAddress: "10.0.0.2" } }),
    "transport.remoteAddress",
    '"10.0.0.2" is not conf.neighborAddress, "10.0.0.1"; one peer has one address: leave it out',
  ],
  [
    "two devices for one connection",
    bgpPeerProblems,
    peer({ vrf: "red" }, { transport: { bindInterface: "eth1" } }),
    "transport.bindInterface",
    '"eth1": there is conf.vrf "red" too, and a connection is bound to one device; keep one of them',
  ],
  [
    "another device than the link of the peer",
    bgpPeerProblems,
    { conf: { neighborInterface: "eth0", peerAs: 65001 }, transport: { bindInterface: "eth1" } },
    "transport.bindInterface",
    '"eth1": the peer is on conf.neighborInterface "eth0", and a connection is bound to one device; leave it out',
  ],
  [
    "a VRF that no device can be called",
    bgpPeerProblems,
    peer({ vrf: "red/blue" }),
    "conf.vrf",
    '"red/blue" is no name of an interface, such as eth0: no blanks, no / and no :',
  ],
  [
    "a segment that Linux does not take",
    bgpPeerProblems,
    peer({}, { transport: { tcpMss: 40 } }),
    "transport.tcpMss",
    "40 is not from 88 to 32767, which is what Linux takes; 0 leaves it to the kernel",
  ],
  [
    "no family at all",
    bgpPeerProblems,
    peer({}, { afiSafis: [{ config: { enabled: false } }] }),
    "afiSafis",
    "no family is left; enable one, or leave the list out for the family of conf.neighborAddress",
  ],
  [
    "nothing that announces",
    loadBalancerProblems,
    { image: "x", layer2: false, bgp: false },
    "bgp",
    "false: with layer2 false too, no address would be announced; turn one of them on",
  ],
  [
    "a Pod CIDR that is none",
    loadBalancerProblems,
    { image: "x", podCidrs: ["10.244.0.0"] },
    "podCidrs[0]",
    '"10.244.0.0" is not a CIDR, such as 10.244.0.0/16',
  ],
  [
    "a Service CIDR with host bits",
    loadBalancerProblems,
    { image: "x", serviceCidrs: ["10.96.0.1/12"] },
    "serviceCidrs[0]",
    '"10.96.0.1/12" has host bits; write 10.96.0.0/12',
  ],
];

describe("mistakes of one component", () => {
  for (const [name, find, args, propertyPath, reason] of mistakes)
    it(`${name}: ${propertyPath}`, () => assert.deepEqual(find(args), [{ propertyPath, reason }]));

  it("a password in clear, which is never shown", () =>
    assert.deepEqual(bgpPeerProblems(peer({ authPassword: "opensesame" })), [
      {
        propertyPath: "conf.authPassword",
        reason:
          "a password in a BgpPeer can be read by everybody who can read the object; give it as password, which becomes a Secret",
        isSecret: true,
      },
    ]));

  it("passwords that no session can have, without showing them", () => {
    const told = (args: object): unknown => bgpPeerProblems(peer({}, args));
    const hidden = (propertyPath: string, reason: string) => [{ propertyPath, reason, isSecret: true }];
    assert.deepEqual(told({ password: "" }), hidden("password", "the value is empty"));
    assert.deepEqual(
      told({ password: "x".repeat(81) }),
      hidden("password", "the value has 81 characters; at most 80 are allowed"),
    );
    assert.deepEqual(told({ pasword: "opensesame" }), hidden("pasword", "there is no such property; did you mean password?"));
    assert.deepEqual(told({ password: "x".repeat(80) }), []);
  });

  it("several mistakes are told together", () =>
    assert.deepEqual(
      eipProblems({ address: "10.0.0.300", protocol: "arp", priority: 1.5 }).map(({ propertyPath }) => propertyPath),
      ["protocol", "priority", "address"],
    ));

  it("what is not known yet is no mistake", () => {
    const args: readonly (readonly [(args: KnownArgs) => Problem[], KnownArgs])[] = [
      [eipProblems, { address: unknown, addresses: unknown, exclude: [unknown] }],
      [eipProblems, { address: "10.0.0.1", exclude: unknown, protocol: unknown }],
      [bgpConfProblems, { as: unknown, routerId: unknown, listenAddresses: [unknown] }],
      [bgpPeerProblems, { conf: unknown, timers: unknown, nodeSelector: unknown }],
      [
        bgpPeerProblems,
        peer({ peerAs: unknown }, { nodeSelector: { matchExpressions: [{ key: "a", operator: "In", values: unknown }] } }),
      ],
      [bgpPeerProblems, peer({}, { timers: { config: { holdTime: unknown, keepaliveInterval: "90" } } })],
      [exposedServiceProblems, { selector: unknown, ports: unknown, address: unknown, ipFamilies: unknown, name: unknown }],
      [exposedServiceProblems, page({ address: "fd00::1", ipFamilies: [unknown] })],
      [
        exposedServiceProblems,
        page({
          ports: [
            { name: "a", port: 80 },
            { name: "b", port: 80, protocol: unknown },
          ],
        }),
      ],
      [loadBalancerProblems, { image: unknown, podCidrs: [unknown] }],
    ];
    for (const [find, known] of args) assert.deepEqual(find(known), []);
  });
});
