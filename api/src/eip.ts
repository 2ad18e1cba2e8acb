import { eipBgp } from "./eipBgp.ts";
import { nodeSelector } from "./nodeSelector.ts";
import { type ApiObject, conditionsField, type Fields, type Infer, type Rule } from "./schema.ts";

/** The last octets that make an IPv4 netmask contiguous. */
const octet = "(255|254|252|248|240|224|192|128|0)";
const netmask = `^(255\\\\.255\\\\.255\\\\.${octet}|255\\\\.255\\\\.${octet}\\\\.0|255\\\\.${octet}\\\\.0\\\\.0|${octet}\\\\.0\\\\.0\\\\.0)$`;

const four = (text: string): string => `${text}.split('.').map(o, int(o))`;
const number = (text: string): string =>
  `${four(text)}[0] * 16777216 + ${four(text)}[1] * 65536 + ${four(text)}[2] * 256 + ${four(text)}[3]`;

const isRange = "self.split('-').size() == 2 && isIP(self.split('-')[0]) && isIP(self.split('-')[1])";
const isMasked = `self.split('/').size() == 2 && isIP(self.split('/')[0]) && ip(self.split('/')[0]).family() == 4 && self.split('/')[1].matches('${netmask}')`;
const forms = "an address (192.0.2.1), a CIDR (192.0.2.0/24, or 192.0.2.0/255.255.255.0), or a range (192.0.2.1-192.0.2.9)";

/**
 * Whether an IPv6 range is reversed. CEL has no numbers of 128 bits: the two ends agree up to some bit p, and the range is reversed when bit p
 * of its first end is 1, so that the network of p + 1 bits around it does not hold the start of the network of p bits. The API server
 * bounds the cost of a rule by the length of its strings, which it knows of "/0" to "/128" but not of string(p).
 */
const isReversed6 = ((): string => {
  const lengths = `[${Array.from({ length: 129 }, (_, length) => `'/${length}'`).join(",")}]`;
  const bits = `[${Array.from({ length: 128 }, (_, bit) => bit).join(",")}]`;
  const around = (index: string): string => `cidr(self.split('-')[0] + ${lengths}[${index}])`;
  const last = "self.split('-')[1]";
  return `${bits}.exists(p, ${around("p")}.containsIP(${last}) && !${around("p + 1")}.containsIP(${last}) && !${around("p + 1")}.containsIP(${around("p")}.masked().ip()))`;
})();

/** What one object can know of a text that names addresses. */
const addressRules: readonly Rule[] = [
  {
    rule: `isIP(self) || isCIDR(self) || (${isRange}) || (${isMasked})`,
    message: `must be ${forms}`,
    messageExpression: `'"' + self + '" is not ${forms.replaceAll("'", "")}'`,
  },
  {
    rule: `!(${isRange}) || ip(self.split('-')[0]).family() == ip(self.split('-')[1]).family()`,
    message: "both ends of a range must be of one family",
    messageExpression: `'"' + self + '" mixes IPv4 and IPv6; both ends of a range must be of one family'`,
  },
  {
    rule: `!(${isRange}) || ip(self.split('-')[0]).family() == 4 || ip(self.split('-')[1]).family() == 4 || !${isReversed6}`,
    message: "a range must start with its lower end",
    messageExpression: `'"' + self + '" is reversed; a range starts with its lower end'`,
  },
  {
    rule: `!(${isRange}) || ip(self.split('-')[0]).family() == 6 || ip(self.split('-')[1]).family() == 6 || ${number("self.split('-')[0]")} <= ${number("self.split('-')[1]")}`,
    message: "a range must start with its lower end",
    messageExpression: `'"' + self + '" is reversed; a range starts with its lower end'`,
  },
];

const addressText = { type: "string", doc: `One of: ${forms}.`, minLength: 2, maxLength: 80, rules: addressRules } as const;

/** What is wrong with a part of `interface`, as the end of a sentence that starts with it: for the API server, for previews and for nodes. */
export const interfaceProblems = {
  reach: "what follows can_reach: must be an IPv4 or IPv6 address",
  network: "what follows cidr: must be a network such as 192.0.2.0/24",
  name: "is no interface name: it holds a blank or a slash",
} as const;

/** The fields of Eip.spec: OpenELB's, with its defaults, and optional ones of ours. */
export const eipSpec = {
  address: {
    ...addressText,
    doc: `The addresses of this pool: ${forms}. Host bits of a CIDR are cleared; the first and the last address of a CIDR belong to the pool.`,
    required: true,
  },
  addresses: {
    type: "array",
    doc: "More addresses of this pool, each in a form that `address` has. Families may be mixed between entries.",
    maxItems: 64,
    items: addressText,
  },
  exclude: {
    type: "array",
    doc: "Addresses never handed out, each in a form that `address` has.",
    maxItems: 64,
    items: addressText,
  },
  protocol: {
    type: "string",
    doc: "How the addresses are announced: bgp (also when empty), or layer2 (ARP and NDP). vip, OpenELB's keepalived mode, is served by layer2.",
    enum: ["bgp", "layer2", "vip", ""],
  },
  interface: {
    type: "string",
    doc: "Layer2: where the addresses are announced, comma separated: an interface name, a glob (eth*), can_reach:<address> (the interface by which the node's kernel sends there), or cidr:<prefix> (the interface with an address in it). Empty: the interfaces on the address's segment.",
    maxLength: 253,
    rules: [
      {
        rule: "self.split(',').all(part, !part.trim().startsWith('can_reach:') || isIP(part.trim().substring(10).trim()))",
        message: interfaceProblems.reach,
        messageExpression: `'"' + self + '": ${interfaceProblems.reach}'`,
      },
      {
        rule: "self.split(',').all(part, !part.trim().startsWith('cidr:') || isCIDR(part.trim().substring(5).trim()))",
        message: interfaceProblems.network,
        messageExpression: `'"' + self + '": ${interfaceProblems.network}'`,
      },
      {
        rule: "self.split(',').all(part, part.trim().startsWith('cidr:') || !part.trim().matches('[[:space:]/]'))",
        message: "an interface name has no blank and no slash",
        messageExpression: `'"' + self + '" ${interfaceProblems.name}'`,
      },
    ],
  },
  nodeSelector: nodeSelector("Layer2: the nodes that may announce the addresses, a Kubernetes LabelSelector. Absent: all."),
  preferredNodes: {
    type: "array",
    doc: "Layer2: nodes that come before others to announce the addresses. A node's weight is the sum of those of the entries that it fits. An owner keeps an address when a node of more weight comes back.",
    maxItems: 32,
    items: {
      type: "object",
      doc: "Nodes and their weight.",
      fields: {
        weight: { type: "integer", doc: "More comes first.", required: true, minimum: 1, maximum: 100 },
        nodeSelector: { ...nodeSelector("The nodes, a Kubernetes LabelSelector."), required: true },
      },
    },
  },
  conflictPolicy: {
    type: "string",
    doc: "Layer2: what is done when a foreign host claims an address of this pool. defend, the default: go on, and tell the network again, at most every ten seconds (RFC 5227). yield: leave the address to that host for as long as it uses it.",
    enum: ["defend", "yield"],
  },
  disable: { type: "boolean", doc: "No address of this pool is handed out any more; Services that hold one keep it." },
  usingKnownIPs: {
    type: "boolean",
    doc: "As in OpenELB 0.3: false never hands out IPv4 addresses that end in .0 or .255, true does, also with avoidBuggyIPs. Absent: avoidBuggyIPs decides.",
  },
  avoidBuggyIPs: {
    type: "boolean",
    doc: "Never hand out IPv4 addresses that end in .0 or .255, which some old equipment drops.",
  },
  autoAssign: {
    type: "boolean",
    doc: "false: the pool is used only by Services that name it or one of its addresses. Default true.",
  },
  priority: {
    type: "integer",
    doc: "Among pools bound to a Service's namespace, the lower number is asked first.",
    minimum: -2147483648,
    maximum: 2147483647,
  },
  namespaces: {
    type: "array",
    doc: "Namespaces that this pool is bound to, by name.",
    maxItems: 1024,
    items: { type: "string", doc: "A namespace.", maxLength: 63 },
  },
  namespaceSelector: {
    type: "map",
    doc: "Binds this pool to namespaces that carry all these labels; {} binds it to every namespace.",
    maxProperties: 64,
    values: { type: "string", doc: "The value of the label.", maxLength: 63 },
  },
  serviceSelectors: {
    type: "array",
    doc: "Binds this pool to Services that carry all labels of one of these entries, in the namespaces that it is bound to.",
    maxItems: 32,
    items: {
      type: "object",
      doc: "Labels that must all be there.",
      fields: {
        matchLabels: {
          type: "map",
          doc: "Labels and their values.",
          required: true,
          maxProperties: 64,
          values: { type: "string", doc: "The value of the label.", maxLength: 63 },
        },
      },
    },
  },
  restrict: {
    type: "boolean",
    doc: "The binding to namespaces and Services holds for Services that name this pool or one of its addresses, too.",
  },
  perNamespaceLimit: {
    type: "integer",
    doc: "At most so many addresses of this pool for the Services of one namespace.",
    minimum: 1,
    maximum: 1000000,
  },
  bgp: eipBgp,
} as const satisfies Fields;

const shorter = (family: 4 | 6, field: string): Rule => ({
  rule: `!has(self.bgp) || !has(self.bgp.${field}) || !isCIDR(self.address) || cidr(self.address).ip().family() != ${family} || cidr(self.address).prefixLength() <= self.bgp.${field}`,
  message: `bgp.${field} is shorter than the prefix of address: routers would be told of addresses outside the pool; make it as long or longer`,
});

/** Rules over several fields of Eip.spec. */
export const eipRules: readonly Rule[] = [shorter(4, "aggregationLength"), shorter(6, "aggregationLengthV6")];

/** The fields of Eip.status. A report made from the Services; nothing is decided by it. */
export const eipStatus = {
  occupied: { type: "boolean", doc: "Whether every address is in use." },
  usage: { type: "integer", doc: "How many addresses are in use." },
  poolSize: {
    type: "integer",
    doc: "How many addresses the pool has; 9007199254740991 when it has more. poolSizeText is exact.",
  },
  poolSizeText: { type: "string", doc: "How many addresses the pool has, exact at any size." },
  used: {
    type: "map",
    doc: 'Addresses in use and who uses them, "namespace/service[;namespace/service…]"; the first thousand.',
    values: { type: "string", doc: "Services." },
  },
  firstIP: { type: "string", doc: "The lowest address of the pool." },
  lastIP: { type: "string", doc: "The highest address of the pool." },
  ready: { type: "boolean", doc: "Whether the pool is in use: the status of the condition Ready." },
  v4: { type: "boolean", doc: "Whether the pool has IPv4 addresses." },
  conditions: conditionsField,
} as const satisfies Fields;

export type EipSpec = Infer<typeof eipSpec>;
export type EipStatus = Infer<typeof eipStatus>;

/** A pool of addresses. Cluster-scoped. */
export type Eip = ApiObject<"Eip", EipSpec, EipStatus>;
