import { gracefulRestartFields, maxAsn } from "./bgpConf.ts";
import { nodeSelector } from "./nodeSelector.ts";
import { type ApiObject, conditionsField, type Fields, type Infer } from "./schema.ts";

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

/** The fields of BgpPeer.spec: OpenELB's, which are GoBGP's, and optional ones of ours. */
export const bgpPeerSpec = {
  conf: {
    type: "object",
    doc: "Who the peer is.",
    required: true,
    fields: {
      neighborAddress: {
        type: "string",
        doc: "The address of the peer, IPv4 or IPv6.",
        required: true,
        maxLength: 45,
        rules: [
          {
            rule: "isIP(self)",
            message: "must be an IP address, such as 172.30.0.1",
            messageExpression: `'"' + self + '" is not an IP address, such as 172.30.0.1'`,
          },
        ],
      },
      peerAs: { type: "integer", doc: "The AS number of the peer.", required: true, minimum: 1, maximum: maxAsn },
      localAs: { type: "integer", doc: "Our AS number towards this peer. Default: BgpConf's.", minimum: 0, maximum: maxAsn },
      authPassword: {
        type: "string",
        doc: "TCP-MD5 password in clear (RFC 2385). passwordSecretRef is the better way.",
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
      peerGroup: { type: "string", doc: "Accepted for OpenELB's sake; not used.", maxLength: 64 },
      peerType: {
        type: "integer",
        doc: "0 internal, 1 external. Follows from the AS numbers; not used.",
        minimum: 0,
        maximum: 1,
      },
      removePrivateAs: {
        type: "string",
        doc: "Accepted for OpenELB's sake: our paths hold our own AS alone.",
        enum: ["", "NONE", "ALL", "REPLACE"],
      },
      routeFlapDamping: { type: "boolean", doc: "Accepted for OpenELB's sake; we install no routes." },
      sendCommunity: { type: "integer", doc: "Accepted for OpenELB's sake.", minimum: 0, maximum: 3 },
      allowOwnAs: { type: "integer", doc: "Accepted for OpenELB's sake; we install no routes.", minimum: 0, maximum: 255 },
      replacePeerAs: { type: "boolean", doc: "Accepted for OpenELB's sake." },
      neighborInterface: { type: "string", doc: "The interface of a link-local peer.", maxLength: 15 },
      vrf: { type: "string", doc: "Accepted for OpenELB's sake; not used.", maxLength: 15 },
      adminDown: { type: "boolean", doc: "Hold the session down." },
    },
  },
  ebgpMultihop: {
    type: "object",
    doc: "For an external peer that is more than one hop away.",
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
          minimumAdvertisementInterval: digits("Accepted for OpenELB's sake; changes are sent at once.", 65535),
        },
      },
    },
  },
  transport: {
    type: "object",
    doc: "The TCP connection.",
    fields: {
      mtuDiscovery: { type: "boolean", doc: "Accepted for OpenELB's sake; the kernel does it." },
      passiveMode: { type: "boolean", doc: "Wait for the peer to connect; never dial." },
      remoteAddress: { type: "string", doc: "Accepted for OpenELB's sake; neighborAddress is dialled.", maxLength: 45 },
      remotePort: { type: "integer", doc: "The peer's TCP port. Default 179.", minimum: 0, maximum: 65535 },
      tcpMss: { type: "integer", doc: "Accepted for OpenELB's sake.", minimum: 0, maximum: 65535 },
    },
  },
  gracefulRestart: {
    type: "object",
    doc: "Graceful restart with this peer; overrides BgpConf's.",
    fields: gracefulRestartFields,
  },
  afiSafis: {
    type: "array",
    doc: "Address families of the session. Absent: the family of neighborAddress, with add-path.",
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
  nodeSelector: nodeSelector("The nodes that peer with it, a Kubernetes LabelSelector. Absent: all."),
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
