import { defaultEipAnnotation } from "@berth/api/annotations";
import * as pulumi from "@pulumi/pulumi";

/** Programs as data, each with the mistakes that a preview of it must tell. One component a row; a row depends on the one before it. */
export interface Case {
  readonly name: string;
  readonly program: () => readonly (readonly [
    component: string,
    name: string,
    args: Readonly<Record<string, unknown>>,
    cluster?: string,
  ])[];
  /** What is told; nothing for a program that is right. */
  readonly told: readonly {
    readonly component: string;
    readonly name: string;
    readonly path: string;
    readonly value?: string;
    readonly reason: string;
    /** A secret that the value at the path is or holds, and that must not be shown. */
    readonly hides?: string;
  }[];
}

/** A value that comes later, but is known in a preview; and one that is not known before `up`. */
const later = (value: string): pulumi.Output<string> =>
  pulumi.output(new Promise<string>((resolve) => setTimeout(resolve, 20, value)));
const notYet = pulumi.output(pulumi.unknown);

const pool = (address: unknown, rest: object = {}) => ({ address, ...rest });
const page = (rest: object) => ({ selector: { app: "page" }, ports: [{ port: 80 }], ...rest });
const peer = (address: string, peerAs: number, rest: object = {}) => ({ conf: { neighborAddress: address, peerAs }, ...rest });
const berth = (rest: object = {}) => ({ image: "example/berth:1", ...rest });
const racks = (...values: string[]) => ({ matchExpressions: [{ key: "rack", operator: "In", values }] });
const conf = ["BgpConf", "conf", { as: 65000 }] as const;

const secondDefault: Case["told"] = [
  {
    component: "Eip",
    name: "lab",
    path: "isDefault",
    value: "true",
    reason: 'true: Eip "office" is the default one already; only one can be',
  },
];

export const mistakes: readonly Case[] = [
  {
    name: "a malformed address",
    program: () => [["Eip", "wrong", pool("10.0.0.300")]],
    told: [
      {
        component: "Eip",
        name: "wrong",
        path: "address",
        value: "10.0.0.300",
        reason:
          '"10.0.0.300" is not an address (192.0.2.1), a CIDR (192.0.2.0/24 or 192.0.2.0/255.255.255.0) or a range (192.0.2.1-192.0.2.9)',
      },
    ],
  },
  {
    name: "a reversed range, known later",
    program: () => [["Eip", "wrong", pool(later("10.0.0.9-10.0.0.1"))]],
    told: [
      {
        component: "Eip",
        name: "wrong",
        path: "address",
        value: "10.0.0.9-10.0.0.1",
        reason: '"10.0.0.9-10.0.0.1" is reversed; a range starts with its lower end',
      },
    ],
  },
  {
    name: "addresses that no Service can have, unless they are excluded",
    program: () => [
      ["Eip", "wide", pool("10.0.0.0/8", { addresses: ["ff00::/120"] })],
      ["Eip", "whole", pool("127.0.0.0-128.0.0.9", { exclude: ["127.0.0.0/8"] })],
    ],
    told: [
      {
        component: "Eip",
        name: "wide",
        path: "address",
        reason: "ff00::-ff00::ff can belong to no Service (multicast); take it out, or put it into exclude",
      },
    ],
  },
  {
    name: "an interface towards a name, after ones that are right",
    program: () => [
      ["Eip", "good", pool("10.0.3.1", { protocol: "layer2", interface: "eth*, vlan.7,can_reach: 10.0.0.1,cidr:fd00::/64" })],
      ["Eip", "gateway", pool("10.0.0.1", { protocol: "layer2", interface: "eth0, can_reach:router" })],
    ],
    told: [
      {
        component: "Eip",
        name: "gateway",
        path: "interface",
        reason: '"can_reach:router": what follows can_reach: must be an IPv4 or IPv6 address',
      },
    ],
  },
  {
    name: "an interface in no network",
    program: () => [["Eip", "network", pool("10.0.0.1", { protocol: "layer2", interface: "cidr:10.0.0.1" })]],
    told: [
      {
        component: "Eip",
        name: "network",
        path: "interface",
        reason: '"cidr:10.0.0.1": what follows cidr: must be a network such as 192.0.2.0/24',
      },
    ],
  },
  {
    name: "an interface with a slash",
    program: () => [["Eip", "slash", pool("10.0.0.1", { protocol: "layer2", interface: "eth/0" })]],
    told: [
      {
        component: "Eip",
        name: "slash",
        path: "interface",
        reason: '"eth/0" is no interface name: it holds a blank or a slash',
      },
    ],
  },
  {
    name: "pools that overlap",
    program: () => [
      ["Eip", "office", pool("192.0.2.0/27")],
      ["Eip", "lab", pool("192.0.2.128/25", { addresses: ["192.0.2.20-192.0.2.40"] })],
    ],
    told: [
      {
        component: "Eip",
        name: "lab",
        path: "addresses[0]",
        value: "192.0.2.20-192.0.2.40",
        reason:
          '"192.0.2.20-192.0.2.40" shares 192.0.2.20-192.0.2.31 with Eip "office"; take them out of one of the two, or put them into its exclude',
      },
    ],
  },
  {
    name: "pools that overlap through an output",
    program: () => [
      ["Eip", "office", pool("2001:db8::/64")],
      ["Eip", "lab", pool(later("2001:db8::ff"))],
    ],
    told: [
      {
        component: "Eip",
        name: "lab",
        path: "address",
        value: "2001:db8::ff",
        reason:
          '"2001:db8::ff" shares 2001:db8::ff with Eip "office"; take them out of one of the two, or put them into its exclude',
      },
    ],
  },
  {
    name: "a second default pool",
    program: () => [
      ["Eip", "office", pool("192.0.2.1", { isDefault: true })],
      ["Eip", "lab", pool("192.0.2.2", { isDefault: true })],
    ],
    told: secondDefault,
  },
  {
    name: "a second default pool, by the annotation",
    program: () => [
      ["Eip", "office", pool("192.0.2.1", { annotations: { [defaultEipAnnotation]: later("true") } })],
      ["Eip", "lab", pool("192.0.2.2", { annotations: { [defaultEipAnnotation]: later("True") } })],
    ],
    told: [
      {
        component: "Eip",
        name: "lab",
        path: `annotations["${defaultEipAnnotation}"]`,
        value: "True",
        reason: '"True": Eip "office" is the default one already, this one is not; remove the annotation from one of them',
      },
    ],
  },
  {
    name: "a second default pool, by the argument beside the annotation",
    program: () => [
      ["Eip", "office", pool("192.0.2.1", { annotations: { [defaultEipAnnotation]: "true" } })],
      ["Eip", "lab", pool("192.0.2.2", { isDefault: true })],
    ],
    told: secondDefault,
  },
  {
    name: "a family that the named pool lacks",
    program: () => [
      ["Eip", "office", pool("192.0.2.0/24")],
      ["ExposedService", "page", page({ eip: later("office"), ipFamilies: ["IPv6"] })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "page",
        path: "ipFamilies[0]",
        value: "IPv6",
        reason: '"IPv6": Eip "office" has no IPv6 address; ask for IPv4 alone, or name an Eip with addresses of that family',
      },
    ],
  },
  {
    name: "two families of a pool with one",
    program: () => [
      ["Eip", "office", pool("2001:db8::/64")],
      ["ExposedService", "page", page({ eip: "office", ipFamilyPolicy: "RequireDualStack" })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "page",
        path: "ipFamilyPolicy",
        value: "RequireDualStack",
        reason:
          '"RequireDualStack": Eip "office" has no IPv4 address; ask for IPv6 alone, or name an Eip with addresses of that family',
      },
    ],
  },
  {
    name: "an aggregate that is wider than an entry of addresses",
    program: () => [
      [
        "Eip",
        "office",
        pool("192.0.2.0/24", { addresses: ["198.51.100.0/26", "2001:db8::/64"], bgp: { aggregationLength: 25 } }),
      ],
    ],
    told: [
      {
        component: "Eip",
        name: "office",
        path: "bgp.aggregationLength",
        value: "25",
        reason:
          '25: the addresses of addresses[0], "198.51.100.0/26", are announced on their own, such as 198.51.100.0/32 instead of 198.51.100.0/25: the network is not wholly in the pool, and routers would send what is not ours; use a longer aggregationLength, or put the whole network into the pool',
      },
    ],
  },
  {
    name: "an IPv6 aggregate with a hole in it",
    program: () => [
      ["Eip", "office", pool("2001:db8::/64", { protocol: "bgp", exclude: ["2001:db8::1"], bgp: { aggregationLengthV6: 64 } })],
    ],
    told: [
      {
        component: "Eip",
        name: "office",
        path: "bgp.aggregationLengthV6",
        value: "64",
        reason:
          '64: the addresses of address, "2001:db8::/64", are announced on their own, such as 2001:db8::/128 instead of 2001:db8::/64: the network is not wholly in the pool, and routers would send what is not ours; use a longer aggregationLengthV6, or put the whole network into the pool',
      },
    ],
  },
  {
    name: "two pools of one name",
    program: () => [
      ["Eip", "office", pool("192.0.2.1")],
      ["Eip", "lab", pool("192.0.2.2", { name: "office" })],
    ],
    told: [
      {
        component: "Eip",
        name: "lab",
        path: "name",
        value: "office",
        reason: '"office" is the name of Eip "office" too; give one of them another name',
      },
    ],
  },
  {
    name: "a pool in the Service CIDR",
    program: () => [
      ["LoadBalancer", "berth", berth({ podCidrs: ["10.244.0.0/16"], serviceCidrs: ["10.96.0.0/12"] })],
      ["Eip", "lan", pool("10.97.0.0/24", { protocol: "layer2" })],
    ],
    told: [
      {
        component: "Eip",
        name: "lan",
        path: "address",
        value: "10.97.0.0/24",
        reason:
          '"10.97.0.0/24" has 10.97.0.0-10.97.0.255 of the Service CIDR 10.96.0.0/12 (LoadBalancer "berth"), which Kubernetes gives away itself; take addresses of your own network',
      },
    ],
  },
  {
    name: "a pool in the Pod CIDR, declared before Berth",
    program: () => [
      ["Eip", "lan", pool("10.244.3.0/24", { protocol: "layer2" })],
      ["LoadBalancer", "berth", berth({ podCidrs: ["10.244.0.0/16"] })],
    ],
    told: [
      {
        component: "LoadBalancer",
        name: "berth",
        path: "podCidrs[0]",
        value: "10.244.0.0/16",
        reason:
          '"10.244.0.0/16" is the Pod CIDR, and Eip "lan" has 10.244.3.0-10.244.3.255 of it; give the Eip addresses of your own network',
      },
    ],
  },
  {
    name: "two load balancers in one cluster",
    program: () => [
      ["LoadBalancer", "berth", berth()],
      ["LoadBalancer", "again", berth()],
    ],
    told: [
      {
        component: "LoadBalancer",
        name: "again",
        path: "name",
        reason: 'LoadBalancer "berth" is in this cluster already; one is enough, and two hinder each other',
      },
    ],
  },
  {
    name: "an address outside every pool",
    program: () => [
      ["Eip", "office", pool("192.0.2.10-192.0.2.40")],
      ["Eip", "lab", pool("198.51.100.0/24")],
      ["ExposedService", "page", page({ address: "192.0.2.99" })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "page",
        path: "address",
        value: "192.0.2.99",
        reason:
          '"192.0.2.99" is in no Eip of this program (office: 192.0.2.10-192.0.2.40; lab: 198.51.100.0/24); take an address of one of them, or name the Eip that has it as eip if another program declares it',
      },
    ],
  },
  {
    name: "an address outside the pool that is named",
    program: () => [
      ["Eip", "office", pool("192.0.2.10-192.0.2.40")],
      ["Eip", "lab", pool("198.51.100.0/24")],
      ["ExposedService", "page", page({ eip: later("office"), address: later("198.51.100.7") })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "page",
        path: "address",
        value: "198.51.100.7",
        reason: '"198.51.100.7" is not in Eip "office" (192.0.2.10-192.0.2.40); take an address of it, or name another Eip',
      },
    ],
  },
  {
    name: "an excluded address",
    program: () => [
      ["Eip", "office", pool("192.0.2.0/24", { exclude: ["192.0.2.1-192.0.2.9"] })],
      ["ExposedService", "page", page({ eip: "office", address: "192.0.2.5" })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "page",
        path: "address",
        value: "192.0.2.5",
        reason: '"192.0.2.5" is excluded from Eip "office"; take another address, or take it out of exclude',
      },
    ],
  },
  {
    name: "an address of a disabled pool",
    program: () => [
      ["Eip", "office", pool("192.0.2.0/24", { disable: true })],
      ["ExposedService", "page", page({ address: "192.0.2.5" })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "page",
        path: "address",
        value: "192.0.2.5",
        reason:
          '"192.0.2.5" is in Eip "office", which is disabled and gives no address; take an address of another Eip, enable this one, or leave address out: a Service keeps what it holds',
      },
    ],
  },
  {
    name: "two Services on one address without a sharing key",
    program: () => [
      ["ExposedService", "page", page({ address: "192.0.2.5" })],
      ["ExposedService", "dns", page({ address: "192.0.2.5", ports: [{ port: 53, protocol: "UDP" }] })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "dns",
        path: "address",
        value: "192.0.2.5",
        reason:
          '"192.0.2.5" is asked for by ExposedService "page" too, and they have no sharingKey in common; give both the same one, or one of them another address',
      },
    ],
  },
  {
    name: "two Services on one address with clashing ports",
    program: () => [
      ["ExposedService", "page", page({ address: "192.0.2.5", sharingKey: "k" })],
      [
        "ExposedService",
        "shop",
        page({
          address: later("192.0.2.5"),
          sharingKey: "k",
          ports: [
            { name: "a", port: 8080 },
            { name: "b", port: 80 },
          ],
        }),
      ],
    ],
    told: [
      {
        component: "ExposedService",
        name: "shop",
        path: "ports[1].port",
        value: "80",
        reason:
          '80/TCP of 192.0.2.5 belongs to ExposedService "page" already, which has the same sharingKey; take another port, or another address',
      },
    ],
  },
  {
    name: "two Services on one address with different traffic policies",
    program: () => [
      ["ExposedService", "page", page({ address: "192.0.2.5", sharingKey: "k" })],
      [
        "ExposedService",
        "shop",
        page({ address: "192.0.2.5", sharingKey: "k", ports: [{ port: 81 }], externalTrafficPolicy: "Local" }),
      ],
    ],
    told: [
      {
        component: "ExposedService",
        name: "shop",
        path: "externalTrafficPolicy",
        value: "Local",
        reason: '"Local" is not that of ExposedService "page", which shares 192.0.2.5; both need the same',
      },
    ],
  },
  {
    name: "Local policy on an aggregate",
    program: () => [
      ["Eip", "office", pool("192.0.2.0/24", { bgp: { aggregationLength: 24 } })],
      ["ExposedService", "page", page({ eip: "office", externalTrafficPolicy: "Local" })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "page",
        path: "externalTrafficPolicy",
        value: "Local",
        reason:
          '"Local" cannot be kept with Eip "office", which is announced as /24 by every node; take Cluster, or an Eip without aggregation',
      },
    ],
  },
  {
    name: "a keepalive above the hold time",
    program: () => [
      conf,
      ["BgpPeer", "router", peer("172.30.0.1", 65001, { timers: { config: { holdTime: "9", keepaliveInterval: "10" } } })],
    ],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "timers.config.keepaliveInterval",
        value: "10",
        reason: '"10" is not below the hold time of 9 seconds; a third of it is usual: "3"',
      },
    ],
  },
  {
    name: "multihop to the speakers' own AS",
    program: () => [conf, ["BgpPeer", "router", peer("172.30.0.1", 65000, { ebgpMultihop: { enabled: true } })]],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "ebgpMultihop.enabled",
        value: "true",
        reason:
          'true is for external peers, and conf.peerAs 65000 is the speakers\' own (BgpConf "conf"); remove it, or correct conf.peerAs',
      },
    ],
  },
  {
    name: "a peer type that contradicts the AS numbers",
    program: () => [conf, ["BgpPeer", "router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001, peerType: 0 } }]],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "conf.peerType",
        value: "0",
        reason:
          '0 says internal, but conf.peerAs is 65001 and the speakers are AS 65000 (BgpConf "conf"); leave it out, it follows from the AS numbers',
      },
    ],
  },
  {
    name: "two peers with one address on the same nodes",
    program: () => [
      conf,
      ["BgpPeer", "router", peer("172.30.0.1", 65001, { nodeSelector: { matchLabels: { rack: "a" } } })],
      ["BgpPeer", "again", peer("172.30.0.1", 65001)],
    ],
    told: [
      {
        component: "BgpPeer",
        name: "again",
        path: "conf.neighborAddress",
        value: "172.30.0.1",
        reason:
          '"172.30.0.1" is the address of BgpPeer "router" too, on the same nodes; a node has one session with a router: remove one of them, or give them nodeSelectors that no node fulfils both of',
      },
    ],
  },
  {
    name: "a peer without a BgpConf",
    program: () => [["BgpPeer", "router", peer("172.30.0.1", 65001)]],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "conf",
        reason:
          'there is no BgpConf in this program, so the speakers have no AS number; declare one, or say bgpConf: "default" if there is one in the cluster',
      },
    ],
  },
  {
    name: "a BgpConf that does not count",
    program: () => [
      ["BgpConf", "conf", { as: 65000, name: "mine" }],
      ["BgpPeer", "router", peer("172.30.0.1", 65001)],
    ],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "conf",
        reason: 'only the BgpConf named "default" counts, and this program has "mine"; leave its name out',
      },
    ],
  },
  {
    name: "a BgpConf without an AS",
    program: () => [
      ["BgpConf", "conf", { listenPort: 179 }],
      ["BgpPeer", "router", peer("172.30.0.1", 65001)],
    ],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "conf",
        reason: 'BgpConf "conf" has no as, so BGP is off; give it the AS number of the speakers',
      },
    ],
  },
  {
    name: "a peer that is to connect where nobody listens",
    program: () => [
      ["BgpConf", "conf", { as: 65000, listenPort: -1 }],
      ["BgpPeer", "router", { ...peer("172.30.0.1", 65001), transport: { passiveMode: true } }],
    ],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "transport.passiveMode",
        reason: 'true waits for the peer, and BgpConf "conf" listens on no port (listenPort -1); change one of them',
      },
    ],
  },
  {
    name: "a node selector operator that there is not",
    program: () => [
      conf,
      [
        "BgpPeer",
        "router",
        peer("172.30.0.1", 65001, { nodeSelector: { matchExpressions: [{ key: "rack", operator: "Equals", values: ["a"] }] } }),
      ],
    ],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "nodeSelector.matchExpressions[0].operator",
        value: "Equals",
        reason: '"Equals" is not one of "In", "NotIn", "Exists", "DoesNotExist"',
      },
    ],
  },
  {
    name: "an address within a secret that is malformed",
    program: () => [["Eip", "hidden", pool(pulumi.secret("203.0.113.77-203.0.113.7"))]],
    told: [
      {
        component: "Eip",
        name: "hidden",
        path: "address",
        reason: '"[secret]" is reversed; a range starts with its lower end',
        hides: "203.0.113.77",
      },
    ],
  },
  {
    name: "a password under a name that there is not",
    program: () => [conf, ["BgpPeer", "router", peer("172.30.0.1", 65001, { pasword: "opensesame" })]],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "pasword",
        reason: "there is no such property; did you mean password?",
        hides: "opensesame",
      },
    ],
  },
  {
    name: "a mistake in an argument that holds a secret",
    program: () => [["BgpPeer", "router", { conf: pulumi.secret({ neighborAddress: "203.0.113.77", peerAs: 65001 }) }]],
    told: [
      {
        component: "BgpPeer",
        name: "router",
        path: "conf",
        reason:
          'there is no BgpConf in this program, so the speakers have no AS number; declare one, or say bgpConf: "default" if there is one in the cluster',
        hides: "203.0.113.77",
      },
    ],
  },
  {
    name: "peers with one address on nodes of a rack that both name",
    program: () => [
      conf,
      ["BgpPeer", "router", peer("2001:db8::1", 65001, { nodeSelector: racks("a", "b") })],
      ["BgpPeer", "again", peer("2001:db8:0::1", 65002, { nodeSelector: racks("b", "c") })],
    ],
    told: [
      {
        component: "BgpPeer",
        name: "again",
        path: "conf.neighborAddress",
        value: "2001:db8:0::1",
        reason:
          '"2001:db8::1" is the address of BgpPeer "router" too, on the same nodes; a node has one session with a router: remove one of them, or give them nodeSelectors that no node fulfils both of',
      },
    ],
  },
  {
    name: "Local policy on an aggregate of the default pool",
    program: () => [
      ["Eip", "office", pool("2001:db8::/64", { isDefault: true, bgp: { aggregationLengthV6: 64 } })],
      ["ExposedService", "page", page({ externalTrafficPolicy: later("Local") })],
    ],
    told: [
      {
        component: "ExposedService",
        name: "page",
        path: "externalTrafficPolicy",
        value: "Local",
        reason:
          '"Local" cannot be kept with Eip "office", which is announced as /64 by every node; take Cluster, or an Eip without aggregation',
      },
    ],
  },
];

/** Programs that look like a mistake and are none. */
export const rightPrograms: readonly Case[] = [
  {
    name: "pools side by side, a hole that another fills, and the same pools in another cluster",
    program: () => [
      ["Eip", "a", pool("192.0.2.0/25")],
      ["Eip", "b", pool("192.0.2.128/25", { exclude: ["192.0.2.200-192.0.2.209"] })],
      ["Eip", "c", pool("192.0.2.200-192.0.2.209")],
      ["Eip", "other-a", pool("192.0.2.0/24", { name: "a" }), "other"],
    ],
    told: [],
  },
  {
    name: "what is not known before up",
    program: () => [
      conf,
      ["Eip", "a", pool("192.0.2.0/25")],
      ["Eip", "b", pool(notYet)],
      ["Eip", "c", pool("192.0.2.0/24", { exclude: [notYet] })],
      ["ExposedService", "page", page({ address: "198.51.100.1" })],
      ["ExposedService", "shop", page({ address: notYet, eip: "a" })],
      ["BgpPeer", "router", peer("172.30.0.1", 65001, { nodeSelector: notYet })],
      ["BgpPeer", "again", peer("172.30.0.1", 65001)],
    ],
    told: [],
  },
  {
    name: "the pools, the BgpConf and Berth itself in another program",
    program: () => [
      ["ExposedService", "page", page({ address: "192.0.2.5", eip: "office" })],
      ["ExposedService", "shop", page({ address: "192.0.2.6" })],
      ["BgpPeer", "router", peer("172.30.0.1", 65001, { bgpConf: "default" })],
    ],
    told: [],
  },
  {
    name: "a pool here and a Service that names one of another program",
    program: () => [
      ["Eip", "lab", pool("198.51.100.0/24")],
      ["ExposedService", "page", page({ address: "192.0.2.5", eip: "office" })],
    ],
    told: [],
  },
  {
    name: "Services and peers before what they need",
    program: () => [
      ["ExposedService", "page", page({ address: "192.0.2.5" })],
      ["BgpPeer", "router", peer("172.30.0.1", 65001)],
      ["Eip", "office", pool("192.0.2.0/24")],
      conf,
    ],
    told: [],
  },
  {
    name: "Services that may share, peers with one address on different nodes, racks with AS numbers of their own",
    program: () => [
      ["BgpConf", "conf", { as: 65000, asPerRack: { a: 65001 } }],
      ["Eip", "office", pool("192.0.2.0/24")],
      ["ExposedService", "tcp", page({ address: "192.0.2.5", sharingKey: "dns", ports: [{ port: 53 }] })],
      ["ExposedService", "udp", page({ address: "192.0.2.5", sharingKey: "dns", ports: [{ port: 53, protocol: "UDP" }] })],
      ["BgpPeer", "a", peer("172.30.0.1", 65001, { nodeSelector: { matchLabels: { rack: "a" } } })],
      ["BgpPeer", "b", peer("172.30.0.1", 65001, { nodeSelector: { matchLabels: { rack: "b" } } })],
      [
        "BgpPeer",
        "c",
        peer("172.30.0.1", 65001, { nodeSelector: { matchExpressions: [{ key: "rack", operator: "DoesNotExist" }] } }),
      ],
    ],
    told: [],
  },
  {
    name: "Local policy on addresses that are not in an aggregate",
    program: () => [
      ["Eip", "lan", pool("192.0.2.0/25", { protocol: "layer2", bgp: { aggregationLength: 25 } })],
      ["Eip", "routed", pool("192.0.2.128/25", { addresses: ["2001:db8::/64"], bgp: { aggregationLengthV6: 64 } })],
      ["Eip", "mine", pool("198.51.100.0/24", { isDefault: true, bgp: { aggregationLength: 24 }, namespaces: ["mine"] })],
      ["ExposedService", "a", page({ eip: "lan", externalTrafficPolicy: "Local" })],
      ["ExposedService", "b", page({ address: "192.0.2.129", externalTrafficPolicy: "Local" })],
      ["ExposedService", "c", page({ eip: "routed", ipFamilies: ["IPv4"], externalTrafficPolicy: "Local" })],
      ["ExposedService", "d", page({ externalTrafficPolicy: "Local" })],
    ],
    told: [],
  },
  {
    name: "an annotation that says no, and another default pool of another cluster",
    program: () => [
      ["Eip", "office", pool("192.0.2.1", { isDefault: true })],
      ["Eip", "lab", pool("192.0.2.2", { isDefault: true, annotations: { [defaultEipAnnotation]: "false" } })],
      ["Eip", "yard", pool("192.0.2.3", { annotations: { [defaultEipAnnotation]: notYet } })],
      ["Eip", "far", pool("192.0.2.4", { annotations: { [defaultEipAnnotation]: "true" } }), "other"],
    ],
    told: [],
  },
  {
    name: "families that the pool has, that are only preferred, that the cluster chooses, or that an address of another pool has",
    program: () => [
      ["Eip", "both", pool("192.0.2.0/25", { addresses: ["2001:db8::/64"] })],
      ["Eip", "four", pool("192.0.2.128/25")],
      ["Eip", "later", pool("198.51.100.0/24", { addresses: [notYet] })],
      ["ExposedService", "a", page({ eip: "both", ipFamilyPolicy: "RequireDualStack" })],
      ["ExposedService", "b", page({ eip: "four", ipFamilyPolicy: "PreferDualStack", ipFamilies: ["IPv6", "IPv4"] })],
      ["ExposedService", "c", page({ eip: "four" })],
      ["ExposedService", "d", page({ eip: "later", ipFamilies: ["IPv6"] })],
      ["ExposedService", "e", page({ eip: "four", ipFamilies: [notYet] })],
      ["ExposedService", "f", page({ eip: "elsewhere", ipFamilies: ["IPv6"] })],
    ],
    told: [],
  },
  {
    name: "aggregates that the entries of a pool make together, that some of an entry are in, or that are not for BGP",
    program: () => [
      [
        "Eip",
        "halves",
        pool("192.0.2.0/25", { addresses: ["192.0.2.128/26", "192.0.2.192/26"], bgp: { aggregationLength: 25 } }),
      ],
      ["Eip", "part", pool("198.51.100.10-198.51.100.40", { bgp: { aggregationLength: 28 } })],
      [
        "Eip",
        "lan",
        pool("203.0.113.0/28", { addresses: ["203.0.113.32/30"], protocol: "layer2", bgp: { aggregationLength: 28 } }),
      ],
      ["Eip", "later", pool("10.0.0.0/24", { addresses: ["10.0.1.0/25", notYet], bgp: { aggregationLength: 24 } })],
      ["Eip", "alone", pool("10.1.0.7", { bgp: { aggregationLength: 32 } })],
    ],
    told: [],
  },
  {
    name: "peers with one address in two VRFs, on nodes that no selector has in common, and AS numbers of their own",
    program: () => [
      conf,
      ["BgpPeer", "red", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001, vrf: "red" }, nodeSelector: racks("a") }],
      ["BgpPeer", "blue", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001, vrf: "blue" }, nodeSelector: racks("a") }],
      ["BgpPeer", "one", peer("172.30.0.2", 65001, { nodeSelector: { matchLabels: { rack: "a", row: "1" } } })],
      ["BgpPeer", "two", peer("172.30.0.2", 65001, { nodeSelector: { matchLabels: { rack: "a", row: "2" } } })],
      [
        "BgpPeer",
        "own",
        { conf: { neighborAddress: "172.30.0.3", peerAs: 65000, localAs: 65009, peerType: 1 }, ebgpMultihop: { enabled: true } },
      ],
    ],
    told: [],
  },
];
