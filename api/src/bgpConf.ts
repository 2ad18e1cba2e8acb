import { type ApiObject, conditionsField, type Fields, type Infer } from "./schema.ts";

/** The highest AS number. @see RFC 6793 §3 */
export const maxAsn = 4294967295;

/** Graceful restart as OpenELB has it, on BgpConf and BgpPeer. @see RFC 4724 §3 */
export const gracefulRestartFields = {
  enabled: { type: "boolean", doc: "Offer graceful restart: the router keeps our routes while a speaker restarts." },
  restartTime: {
    type: "integer",
    doc: "Seconds within which a restarted speaker is back. Default: the hold time.",
    minimum: 0,
    maximum: 4095,
  },
  helperOnly: { type: "boolean", doc: "Only help a restarting peer; do not ask for help." },
  deferralTime: {
    type: "integer",
    doc: "Seconds that a restarted speaker waits for the End-of-RIB of its peers. Default 360.",
    minimum: 0,
    maximum: 65535,
  },
  notificationEnabled: { type: "boolean", doc: "Keep routes after a NOTIFICATION too (RFC 8538)." },
  longlivedEnabled: { type: "boolean", doc: "Offer long-lived graceful restart (RFC 9494)." },
  staleRoutesTime: {
    type: "integer",
    doc: "Seconds that routes of a restarting peer are kept.",
    minimum: 0,
    maximum: 4294967295,
  },
  peerRestartTime: { type: "integer", doc: "A report in GoBGP; without effect here.", minimum: 0, maximum: 4294967295 },
  peerRestarting: { type: "boolean", doc: "A report in GoBGP; without effect here." },
  localRestarting: { type: "boolean", doc: "A report in GoBGP; without effect here." },
  mode: { type: "string", doc: "A report in GoBGP; without effect here.", maxLength: 64 },
} as const satisfies Fields;

/** The fields of BgpConf.spec. Only the object named "default" counts. */
export const bgpConfSpec = {
  as: {
    type: "integer",
    doc: "The AS number of the speakers, 1 to 4294967295. 0 or absent: BGP is off.",
    minimum: 0,
    maximum: maxAsn,
  },
  asPerRack: {
    type: "map",
    doc: "AS number by rack, for nodes that carry the label openelb.kubesphere.io/rack; others use `as`.",
    maxProperties: 4096,
    values: { type: "integer", doc: "An AS number.", minimum: 0, maximum: maxAsn },
  },
  routerId: {
    type: "string",
    doc: "The BGP Identifier of every speaker, as an IPv4 address. Empty: the first IPv4 InternalIP of each node, which is what you want with more than one node.",
    maxLength: 15,
    rules: [
      {
        rule: "self == '' || (isIP(self) && ip(self).family() == 4 && self != '0.0.0.0')",
        message: "must be an IPv4 address other than 0.0.0.0, such as 172.30.0.11",
      },
    ],
  },
  listenPort: {
    type: "integer",
    doc: "TCP port that the speakers listen on. Default 179. -1: only dial.",
    minimum: -1,
    maximum: 65535,
  },
  listenAddresses: {
    type: "array",
    doc: "Addresses that the speakers listen on. Default: 0.0.0.0 and ::.",
    maxItems: 16,
    items: {
      type: "string",
      doc: "An address.",
      maxLength: 45,
      rules: [{ rule: "isIP(self)", message: "must be an IP address, such as 0.0.0.0" }],
    },
  },
  families: {
    type: "array",
    doc: "Address families by GoBGP's index: 0 is IPv4 unicast, 1 is IPv6 unicast. Empty: both.",
    maxItems: 2,
    items: { type: "integer", doc: "0 or 1.", minimum: 0, maximum: 1 },
  },
  useMultiplePaths: {
    type: "boolean",
    doc: "Without effect, and a note in Accepted says so: our routes never compete with each other.",
  },
  gracefulRestart: { type: "object", doc: "Graceful restart for all peers.", fields: gracefulRestartFields },
  policy: {
    type: "string",
    doc: "Name of a ConfigMap in Berth's namespace with a GoBGP policy (TOML) under the key gobgp.conf. What changes routes on their way out is taken; anything else in it is refused, with a condition that names it.",
    maxLength: 253,
  },
  nextHops: {
    type: "string",
    doc: "What peers are told of each address: `self`, the node of the speaker (default; routers spread traffic by plain ECMP), or `all`, every node that serves it (for routers with ADD-PATH that peer with few speakers).",
    enum: ["", "self", "all"],
  },
} as const satisfies Fields;

/** The fields of BgpConf.status. */
export const bgpConfStatus = {
  nodesConfStatus: {
    type: "map",
    doc: "What each node uses.",
    values: {
      type: "object",
      doc: "One node.",
      fields: {
        routerId: { type: "string", doc: "Its BGP Identifier." },
        as: { type: "integer", doc: "Its AS number.", minimum: 0, maximum: maxAsn },
      },
    },
  },
  conditions: conditionsField,
} as const satisfies Fields;

export type BgpConfSpec = Infer<typeof bgpConfSpec>;
export type BgpConfStatus = Infer<typeof bgpConfStatus>;

/** What the speakers are to BGP. Cluster-scoped; only "default" counts. */
export type BgpConf = ApiObject<"BgpConf", BgpConfSpec, BgpConfStatus>;
