import { gracefulRestartFields, maxAsn } from "./bgpConf.ts";
import { nodeSelector } from "./nodeSelector.ts";
import { type ApiObject, conditionsField, type Fields, type Infer, quoted, type Rule } from "./schema.ts";

const digits = (what: string, highest: number) =>
  ({
    type: "string",
    doc: `${what} In seconds, as a string of digits, 0 to ${highest}.`,
    maxLength: 10,
    rules: [
      {
        rule: `self == '' || (self.matches('^[0-9]{1,9}$') && int(self) <= ${highest})`,
        message: `must be a string of digits from "0" to "${highest}"`,
      },
    ],
  }) as const;

const family = {
  type: "object",
  doc: "The address family.",
  fields: {
    afi: { type: "string", doc: "AFI_IP or AFI_IP6.", enum: ["AFI_IP", "AFI_IP6"] },
    safi: { type: "string", doc: "SAFI_UNICAST.", enum: ["SAFI_UNICAST"] },
  },
} as const;

/** Rules over several fields of BgpPeer.spec. */
export const bgpPeerRules: readonly Rule[] = [
  {
    rule: "!has(self.ttlSecurity) || !has(self.ttlSecurity.enabled) || !self.ttlSecurity.enabled || !has(self.ebgpMultihop) || !has(self.ebgpMultihop.enabled) || !self.ebgpMultihop.enabled",
    message: "ttlSecurity and ebgpMultihop exclude each other; for a peer that is further away lower ttlSecurity.ttlMin",
  },
];

/** The fields of BgpPeer.spec: OpenELB's, which are GoBGP's, and optional ones of ours. */
export const bgpPeerSpec = {
  conf: {
    type: "object",
    doc: "Who the peer is.",
    required: true,
    rules: [
      {
        rule: "(has(self.neighborAddress) && self.neighborAddress != '') || (has(self.neighborInterface) && self.neighborInterface != '')",
        message:
          "neighborAddress is missing: the peer's address, such as 172.30.0.1; or neighborInterface, for a peer without one",
      },
      {
        rule: "(has(self.peerAs) && self.peerAs > 0) != (has(self.dynamicAs) && self.dynamicAs != '')",
        message: "give one of peerAs, the peer's AS number, and dynamicAs, internal or external",
      },
      {
        rule: "!has(self.passwordSecretRef) || !has(self.authPassword) || self.authPassword == ''",
        message: "give one of authPassword and passwordSecretRef, not both",
      },
    ],
    fields: {
      neighborAddress: {
        type: "string",
        doc: "The address of the peer, IPv4 or IPv6. Absent: the neighbour on neighborInterface, by its link-local address (unnumbered).",
        maxLength: 45,
        rules: [
          {
            rule: "self == '' || isIP(self)",
            message: "must be an IP address, such as 172.30.0.1",
            messageExpression: quoted("is not an IP address, such as 172.30.0.1"),
          },
        ],
      },
      peerAs: { type: "integer", doc: "The AS number of the peer.", minimum: 0, maximum: maxAsn },
      dynamicAs: {
        type: "string",
        doc: "Instead of peerAs: internal takes a peer of our own AS, external one of any other.",
        enum: ["", "internal", "external"],
      },
      role: {
        type: "string",
        doc: "What we are to an external peer, compared with what it says that it is. RFC 9234. Default: nothing is said.",
        enum: ["", "provider", "rs", "rs-client", "customer", "peer"],
      },
      localAs: {
        type: "integer",
        doc: "Our AS number towards this peer; the path holds it alone. Default: BgpConf's.",
        minimum: 0,
        maximum: maxAsn,
      },
      authPassword: {
        type: "string",
        doc: "TCP-MD5 password in clear (RFC 2385). Works, with a warning in the condition Accepted: who can read the object can read it. passwordSecretRef is the better way.",
        maxLength: 80,
        secret: true,
      },
      passwordSecretRef: {
        type: "object",
        doc: "The Secret in Berth's namespace that holds the TCP-MD5 password (RFC 2385).",
        fields: {
          name: { type: "string", doc: "The name of the Secret.", required: true, minLength: 1, maxLength: 253 },
          key: { type: "string", doc: "The key in it. Default: password.", maxLength: 253 },
        },
      },
      description: { type: "string", doc: "For people.", maxLength: 256 },
      peerGroup: { type: "string", doc: "Without effect, and a note in Accepted says so: there are no groups.", maxLength: 64 },
      peerType: {
        type: "integer",
        doc: "0 internal, 1 external. Follows from the AS numbers; one that says otherwise is noted in Accepted.",
        minimum: 0,
        maximum: 1,
      },
      removePrivateAs: {
        type: "string",
        doc: "ALL takes private AS numbers that a policy put into the path out of it, REPLACE puts ours in their place; our own AS stays. Default NONE.",
        enum: ["", "NONE", "ALL", "REPLACE"],
      },
      routeFlapDamping: {
        type: "boolean",
        doc: "Without effect, and a note in Accepted says so: routes of peers are never used.",
      },
      sendCommunity: {
        type: "integer",
        doc: "Which communities the peer is sent: 0 standard and large, 1 extended, 2 all, 3 none. Default: all.",
        minimum: 0,
        maximum: 3,
      },
      allowOwnAs: {
        type: "integer",
        doc: "How often our own AS may be in the path of a route of the peer before the route counts as looped. Default 0.",
        minimum: 0,
        maximum: 255,
      },
      replacePeerAs: { type: "boolean", doc: "Where the peer's own AS is in a path that we send, ours takes its place." },
      neighborInterface: {
        type: "string",
        doc: "The interface of a link-local peer. Without neighborAddress the peer is the neighbour on it (unnumbered; IPv4 routes go with an IPv6 next hop, RFC 8950).",
        maxLength: 15,
      },
      vrf: {
        type: "string",
        doc: "The VRF of the node, by the name of its device, that the connection is made in.",
        maxLength: 15,
      },
      adminDown: { type: "boolean", doc: "Hold the session down: the peer is told Administrative Shutdown." },
    },
  },
  ebgpMultihop: {
    type: "object",
    doc: "For an external peer that is more than one hop away. Without it our packets to an external peer have TTL 1.",
    fields: {
      enabled: { type: "boolean", doc: "Allow more than one hop." },
      multihopTtl: { type: "integer", doc: "The TTL of our packets. Default 255 when enabled.", minimum: 0, maximum: 255 },
    },
  },
  timers: {
    type: "object",
    doc: "Timers of the session.",
    fields: {
      config: {
        type: "object",
        doc: "What we ask for.",
        rules: [
          {
            rule: "!has(self.holdTime) || self.holdTime in ['', '0'] || !self.holdTime.matches('^[0-9]{1,9}$') || int(self.holdTime) >= 3",
            message: 'holdTime must be "0" or at least "3" seconds (RFC 4271 §4.2)',
          },
        ],
        fields: {
          connectRetry: digits("Time between attempts to connect. Default 120, of which failed first attempts need less.", 65535),
          holdTime: digits(
            "Time without a message after which the session is down; the lower of both sides' counts. Default 90; 0 is never.",
            65535,
          ),
          keepaliveInterval: digits("Time between our KEEPALIVEs. Default: a third of the hold time.", 65535),
          minimumAdvertisementInterval: digits(
            "Without effect, and a note in Accepted says so: changes are sent at once.",
            65535,
          ),
        },
      },
    },
  },
  transport: {
    type: "object",
    doc: "The TCP connection.",
    fields: {
      mtuDiscovery: {
        type: "boolean",
        doc: "Path MTU discovery: the kernel does it; false is noted in Accepted as without effect.",
      },
      passiveMode: { type: "boolean", doc: "Wait for the peer to connect; never dial." },
      remoteAddress: { type: "string", doc: "Must be neighborAddress, when it is given.", maxLength: 45 },
      remotePort: { type: "integer", doc: "The peer's TCP port. Default 179.", minimum: 0, maximum: 65535 },
      tcpMss: { type: "integer", doc: "The longest TCP segment, in octets. 0: the kernel's choice.", minimum: 0, maximum: 65535 },
      localAddress: {
        type: "string",
        doc: "The address of the node that the connection comes from. Default: the kernel's choice.",
        maxLength: 45,
        rules: [
          {
            rule: "self == '' || isIP(self)",
            message: "must be an IP address of the nodes",
            messageExpression: quoted("is not an IP address"),
          },
        ],
      },
      bindInterface: {
        type: "string",
        doc: "The interface that the connection is bound to. Not together with conf.vrf.",
        maxLength: 15,
      },
    },
  },
  gracefulRestart: {
    type: "object",
    doc: "Graceful restart with this peer; overrides BgpConf's.",
    fields: gracefulRestartFields,
  },
  afiSafis: {
    type: "array",
    doc: "Address families of the session. Absent: the family of neighborAddress, with up to 10 paths by ADD-PATH; with neighborInterface alone both families.",
    maxItems: 4,
    items: {
      type: "object",
      doc: "One family.",
      fields: {
        config: {
          type: "object",
          doc: "Which family.",
          fields: { family, enabled: { type: "boolean", doc: "Whether it is in use." } },
        },
        addPaths: {
          type: "object",
          doc: "ADD-PATH (RFC 7911).",
          fields: {
            config: {
              type: "object",
              doc: "What we ask for.",
              fields: {
                receive: { type: "boolean", doc: "Accept more than one path for a prefix." },
                sendMax: { type: "integer", doc: "Paths sent for one prefix, at most.", minimum: 0, maximum: 255 },
              },
            },
          },
        },
        mpGracefulRestart: {
          type: "object",
          doc: "Graceful restart of this family.",
          fields: {
            config: {
              type: "object",
              doc: "What we ask for.",
              fields: { enabled: { type: "boolean", doc: "Whether it is on." } },
            },
          },
        },
      },
    },
  },
  nodeSelector: nodeSelector("The nodes that peer with it, a Kubernetes LabelSelector, followed live. Absent: all."),
  bfd: {
    type: "object",
    doc: "Bidirectional Forwarding Detection beside the session: a dead neighbour is noticed in a fraction of a second. RFC 5880, 5881, 5883.",
    fields: {
      enabled: { type: "boolean", doc: "Whether it is on. Default true when `bfd` is there." },
      receiveInterval: {
        type: "integer",
        doc: "The shortest pause between the peer's packets that we take, in milliseconds. Default 300.",
        minimum: 10,
        maximum: 60000,
      },
      transmitInterval: {
        type: "integer",
        doc: "The pause between our packets, in milliseconds. Default 300.",
        minimum: 10,
        maximum: 60000,
      },
      detectMultiplier: {
        type: "integer",
        doc: "So many packets missing, and the neighbour is down. Default 3.",
        minimum: 2,
        maximum: 255,
      },
      passiveMode: { type: "boolean", doc: "Say nothing before the peer does. Default false." },
      minimumTtl: {
        type: "integer",
        doc: "With ebgpMultihop, or an internal peer on another network: packets with a lower TTL are dropped. Default 254.",
        minimum: 1,
        maximum: 254,
      },
    },
  },
  ttlSecurity: {
    type: "object",
    doc: "Packets that come from further away are dropped by the kernel. Needs the same at the peer. RFC 5082.",
    rules: [
      {
        rule: "!has(self.ttlMin) || self.ttlMin == 0 || (has(self.enabled) && self.enabled)",
        message: "ttlMin means nothing while enabled is not true",
      },
    ],
    fields: {
      enabled: { type: "boolean", doc: "Whether it is on." },
      ttlMin: { type: "integer", doc: "The lowest TTL that is taken. Default 255: one hop.", minimum: 0, maximum: 255 },
    },
  },
  nextHops: {
    type: "string",
    doc: "What this peer is told of each address: `self`, this node alone, or `all`, every node that serves it. Default: BgpConf's.",
    enum: ["", "self", "all"],
  },
} as const satisfies Fields;

const text = (doc: string) => ({ type: "string", doc }) as const;

/** The fields of BgpPeer.status, in OpenELB's shape. */
export const bgpPeerStatus = {
  nodesPeerStatus: {
    type: "map",
    doc: "The session of each node.",
    values: {
      type: "object",
      doc: "One node.",
      fields: {
        peerState: {
          type: "object",
          doc: "The session.",
          fields: {
            authPassword: text("Always empty: passwords are not copied into a status."),
            description: text("As configured."),
            localAs: { type: "integer", doc: "Our AS number.", minimum: 0, maximum: maxAsn },
            messages: {
              type: "object",
              doc: "Messages so far, as strings of digits.",
              fields: {
                received: { type: "map", doc: "By type.", values: text("A count.") },
                sent: { type: "map", doc: "By type.", values: text("A count.") },
              },
            },
            neighborAddress: text("The peer."),
            peerAs: { type: "integer", doc: "Its AS number.", minimum: 0, maximum: maxAsn },
            peerGroup: text("Not used."),
            peerType: { type: "integer", doc: "0 internal, 1 external." },
            queues: { type: "map", doc: "Messages waiting.", values: { type: "integer", doc: "A count." } },
            removePrivateAs: text("Not used."),
            routeFlapDamping: { type: "boolean", doc: "Not used." },
            sendCommunity: { type: "integer", doc: "Not used." },
            sessionState: text("IDLE, CONNECT, ACTIVE, OPENSENT, OPENCONFIRM or ESTABLISHED."),
            adminState: text("UP or DOWN."),
            outQ: { type: "integer", doc: "Messages waiting." },
            flops: { type: "integer", doc: "How often the session went down." },
            routerId: text("The peer's BGP Identifier."),
          },
        },
        timersState: {
          type: "object",
          doc: "Timers in force, in seconds as strings of digits.",
          fields: {
            connectRetry: text("Configured."),
            downtime: text("Since when the session is down."),
            holdTime: text("Configured."),
            keepaliveInterval: text("In force."),
            minimumAdvertisementInterval: text("Configured."),
            negotiatedHoldTime: text("In force."),
            uptime: text("Since when the session is up."),
          },
        },
        bfdState: text("UP, DOWN, INIT or ADMINDOWN; absent without BFD."),
        lastError: text("The last NOTIFICATION or failure, in words."),
      },
    },
  },
  conditions: conditionsField,
} as const satisfies Fields;

export type BgpPeerSpec = Infer<typeof bgpPeerSpec>;
export type BgpPeerStatus = Infer<typeof bgpPeerStatus>;

/** A router to peer with. Cluster-scoped. */
export type BgpPeer = ApiObject<"BgpPeer", BgpPeerSpec, BgpPeerStatus>;
