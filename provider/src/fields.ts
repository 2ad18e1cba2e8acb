import { loadBalancerClass } from "@berth/api/annotations";
import { bgpConfSpec } from "@berth/api/bgpConf";
import { bgpPeerSpec } from "@berth/api/bgpPeer";
import { eipSpec } from "@berth/api/eip";
import type { Fields } from "@berth/api/schema";

/** The arguments of the components: one definition each, from which the TypeScript types and the Pulumi schema come. */

/** What every component around one object of ours has besides the object's own fields. */
const common = {
  name: { type: "string", doc: "The name of the object in the cluster. Default: the name of the resource." },
  labels: { type: "map", doc: "Labels of the object.", values: { type: "string", doc: "A value." } },
  annotations: { type: "map", doc: "Annotations of the object.", values: { type: "string", doc: "A value." } },
  waitForReady: {
    type: "boolean",
    doc: "Wait until Berth says that the object is Ready. Default true; turn it off where no controller runs yet.",
  },
  timeoutSeconds: { type: "integer", doc: "How long to wait, in seconds. Default 120.", minimum: 1 },
} as const satisfies Fields;

export const eipArgs = {
  ...eipSpec,
  ...common,
  isDefault: { type: "boolean", doc: "Makes this the pool of Services that name none." },
} as const satisfies Fields;

export const bgpConfArgs = { ...bgpConfSpec, ...common } as const satisfies Fields;

export const bgpPeerArgs = {
  ...bgpPeerSpec,
  ...common,
  password: {
    type: "string",
    doc: "TCP-MD5 password (RFC 2385). It becomes a Secret in Berth's namespace, never a field of the BgpPeer.",
    secret: true,
  },
  namespace: { type: "string", doc: "The namespace that Berth is installed in, for the Secret. Default berth-system." },
} as const satisfies Fields;

export const loadBalancerArgs = {
  namespace: { type: "string", doc: "The namespace that Berth is installed in. Default berth-system." },
  createNamespace: { type: "boolean", doc: "Whether to make the namespace. Default true." },
  installCrds: {
    type: "boolean",
    doc: "Whether to install the CustomResourceDefinitions. Default true; false where another stack owns them.",
  },
  keepCrds: {
    type: "boolean",
    doc: "Keep the CustomResourceDefinitions, and with them every Eip and BgpPeer of the cluster, when this resource is deleted. Default true.",
  },
  image: { type: "string", doc: "The image of controller and speaker.", required: true },
  imagePullPolicy: {
    type: "string",
    doc: "When the image is pulled. Default IfNotPresent.",
    enum: ["Always", "IfNotPresent", "Never"],
  },
  logLevel: { type: "string", doc: "How much is logged. Default info.", enum: ["error", "warn", "info", "debug"] },
  loadBalancerClasses: {
    type: "array",
    doc: `Classes of Services that Berth serves. Default: ${loadBalancerClass}.`,
    items: { type: "string", doc: "A class." },
  },
  handleClassless: {
    type: "boolean",
    doc: "Whether Berth serves Services without a class. Default true; false beside another implementation.",
  },
  layer2: { type: "boolean", doc: "Whether speakers answer ARP and NDP. Default true." },
  bgp: { type: "boolean", doc: "Whether speakers peer with routers. Default true." },
  controllerReplicas: { type: "integer", doc: "How many controllers stand by; one of them leads. Default 2.", minimum: 1 },
  priorityClassName: { type: "string", doc: "The priority of the pods. Default system-cluster-critical." },
  nodeSelector: {
    type: "map",
    doc: "Labels of the nodes that run speakers. Default: every Linux node.",
    values: { type: "string", doc: "A value." },
  },
} as const satisfies Fields;

export const exposedServiceArgs = {
  name: { type: "string", doc: "The name of the Service. Default: the name of the resource." },
  namespace: { type: "string", doc: "The namespace of the Service. Default: that of the Kubernetes provider." },
  selector: { type: "map", doc: "Labels of the pods that serve.", required: true, values: { type: "string", doc: "A value." } },
  ports: {
    type: "array",
    doc: "What is served.",
    required: true,
    items: {
      type: "object",
      doc: "One port.",
      fields: {
        name: { type: "string", doc: "Its name; needed when there are several." },
        port: { type: "integer", doc: "The port on the address.", required: true, minimum: 1, maximum: 65535 },
        targetPort: { type: "integer", doc: "The port of the pods. Default: the same.", minimum: 1, maximum: 65535 },
        protocol: { type: "string", doc: "Default TCP.", enum: ["TCP", "UDP", "SCTP"] },
      },
    },
  },
  eip: {
    type: "string",
    doc: "The name of the Eip to take the address from. Default: the one bound to the namespace, else the default one.",
  },
  address: { type: "string", doc: "The address to take. Default: a free one." },
  sharingKey: { type: "string", doc: "Services with the same key may share an address when their ports do not clash." },
  externalTrafficPolicy: {
    type: "string",
    doc: "Local: only nodes with a ready pod announce, and the client's address is kept. Default Cluster.",
    enum: ["Cluster", "Local"],
  },
  ipFamilyPolicy: {
    type: "string",
    doc: "One family or two. Default SingleStack.",
    enum: ["SingleStack", "PreferDualStack", "RequireDualStack"],
  },
  ipFamilies: {
    type: "array",
    doc: "The families, the more wanted first.",
    items: { type: "string", doc: "A family.", enum: ["IPv4", "IPv6"] },
  },
  loadBalancerClass: { type: "string", doc: "The class, in clusters where Berth does not serve Services without one." },
  labels: { type: "map", doc: "Labels of the Service.", values: { type: "string", doc: "A value." } },
  annotations: { type: "map", doc: "Annotations of the Service.", values: { type: "string", doc: "A value." } },
  awaitAddress: { type: "boolean", doc: "Wait until the Service has its address. Default true." },
  timeoutSeconds: { type: "integer", doc: "How long to wait, in seconds. Default 300.", minimum: 1 },
} as const satisfies Fields;
