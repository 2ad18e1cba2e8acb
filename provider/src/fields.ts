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
  adopt: {
    type: "boolean",
    plain: true,
    doc: "Take over an object of this name that is in the cluster already, with the fields given here. An object taken over stays when this resource is deleted. Default false: an object that is there already is a mistake.",
  },
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
    doc: "TCP-MD5 password (RFC 2385), at most 80 characters. It becomes a Secret in Berth's namespace, never a field of the BgpPeer.",
    secret: true,
    minLength: 1,
    maxLength: 80,
  },
  namespace: { type: "string", doc: "The namespace that Berth is installed in, for the Secret. Default berth-system." },
  bgpConf: {
    type: "string",
    doc: 'The name of the BgpConf, when it is not in this program but in the cluster already: "default". Default: this program has one.',
    enum: ["default"],
  },
} as const satisfies Fields;

/** What the containers of a workload may use. */
const resources = (doc: string) =>
  ({
    type: "object",
    doc,
    fields: {
      requests: {
        type: "map",
        doc: "What is kept free for the container, such as {cpu: 50m, memory: 96Mi}.",
        values: { type: "string", doc: "A quantity." },
      },
      limits: {
        type: "map",
        doc: "The most that the container gets, such as {memory: 512Mi}.",
        values: { type: "string", doc: "A quantity." },
      },
    },
  }) as const;

const labelMap = (doc: string) => ({ type: "map", doc, values: { type: "string", doc: "A value." } }) as const;

const tolerations = (doc: string) =>
  ({
    type: "array",
    doc,
    items: {
      type: "object",
      doc: "One taint that is tolerated.",
      fields: {
        key: { type: "string", doc: "The key of the taint. Absent with Exists: every taint." },
        operator: { type: "string", doc: "How the value is compared. Default Equal.", enum: ["Equal", "Exists"] },
        value: { type: "string", doc: "The value of the taint, for Equal." },
        effect: { type: "string", doc: "The effect. Default: all.", enum: ["NoSchedule", "PreferNoSchedule", "NoExecute"] },
        tolerationSeconds: { type: "integer", doc: "For NoExecute: how long, in seconds. Default: for ever." },
      },
    },
  }) as const;

const cidrs = (what: string, example: string) =>
  ({
    type: "array",
    doc: `The networks that Kubernetes takes the addresses of ${what} from, such as ${example}. Given here, a pool with one of their addresses fails the preview.`,
    maxItems: 64,
    items: { type: "string", doc: "A CIDR." },
  }) as const;

export const loadBalancerArgs = {
  namespace: { type: "string", doc: "The namespace that Berth is installed in. Default berth-system." },
  createNamespace: { type: "boolean", plain: true, doc: "Whether to make the namespace. Default true." },
  installCrds: {
    type: "boolean",
    plain: true,
    doc: "Whether to install the CustomResourceDefinitions. Default true; false where another stack owns them.",
  },
  keepCrds: {
    type: "boolean",
    plain: true,
    doc: "Keep the CustomResourceDefinitions, and with them every Eip and BgpPeer of the cluster, when this resource is deleted; the next LoadBalancer takes them over again. Default true.",
  },
  adopt: {
    type: "boolean",
    plain: true,
    doc: "Take over CustomResourceDefinitions that others installed, such as OpenELB's. The objects that there are stay as they are. Default false: foreign definitions are a mistake.",
  },
  image: { type: "string", doc: "The image of controller and speaker.", required: true },
  imagePullPolicy: {
    type: "string",
    doc: "When the image is pulled. Default IfNotPresent.",
    enum: ["Always", "IfNotPresent", "Never"],
  },
  imagePullSecrets: {
    type: "array",
    doc: "Names of Secrets in Berth's namespace that the image is pulled with.",
    items: { type: "string", doc: "The name of a Secret." },
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
  restSeconds: {
    type: "integer",
    doc: "How long a freed address rests before a Service gets it that did not ask for it, in seconds. Default 60.",
    minimum: 0,
    maximum: 86400,
  },
  shareUnconditionally: {
    type: "boolean",
    doc: "As OpenELB did: a Service that names an address in use gets it, whatever the ports. Default false.",
  },
  drainMilliseconds: {
    type: "integer",
    doc: "How long routers may send traffic elsewhere before a speaker stops as planned, in milliseconds. Default 1000.",
    minimum: 0,
    maximum: 25000,
  },
  metrics: {
    type: "boolean",
    plain: true,
    doc: "Whether to make the headless Services berth-controller-metrics and berth-speaker-metrics, from which Prometheus finds the pods. Default true.",
  },
  metricNames: {
    type: "array",
    doc: "Names that metrics have besides those that begin with berth_, for dashboards that are there already: openelb, metallb. Default: none.",
    maxItems: 2,
    items: { type: "string", doc: "Whose names.", enum: ["openelb", "metallb"] },
  },
  certificateSecret: {
    type: "string",
    doc: "The name of a Secret of type kubernetes.io/tls in Berth's namespace: the certificate of the page and of the metrics. Default: each pod makes one at its start, which proves nothing but itself.",
  },
  controllerReplicas: {
    type: "integer",
    doc: "How many controllers stand by; one of them leads. Default 2.",
    minimum: 1,
    maximum: 9,
  },
  controllerResources: resources(
    "What a controller may use. Default: requests of 250m CPU and 96Mi, at most 512Mi. The request is what a controller gets on a busy node, where thousands of Services may wait for their address.",
  ),
  controllerNodeSelector: labelMap("Labels of the nodes that may run controllers. Default: every node."),
  controllerTolerations: tolerations("Taints that controllers tolerate, besides those of control planes."),
  speakerResources: resources(
    "What a speaker may use. Default: requests of 250m CPU and 96Mi, at most 512Mi. The request is what a speaker gets on a busy node: one that has to wait for a core looks dead to the others.",
  ),
  nodeSelector: labelMap("Labels of the nodes that run speakers. Default: every Linux node."),
  tolerations: tolerations("Taints that speakers tolerate, besides those of control planes and of nodes that are not ready yet."),
  priorityClassName: { type: "string", doc: "The priority of the pods. Default system-cluster-critical." },
  podLabels: labelMap("More labels of the pods of controller and speaker."),
  podAnnotations: labelMap("Annotations of the pods of controller and speaker."),
  podCidrs: cidrs("pods", "10.244.0.0/16"),
  serviceCidrs: cidrs("Services inside the cluster", "10.96.0.0/12"),
} as const satisfies Fields;

export const exposedServiceArgs = {
  name: { type: "string", doc: "The name of the Service. Default: the name of the resource." },
  namespace: { type: "string", doc: "The namespace of the Service. Default: that of the Kubernetes provider." },
  selector: {
    type: "map",
    doc: "Labels of the pods that serve. Instead of it: service or deployment.",
    values: { type: "string", doc: "A value." },
  },
  ports: {
    type: "array",
    doc: "What is served. Default with service: its ports; with deployment: the ports of its containers.",
    maxItems: 100,
    items: {
      type: "object",
      doc: "One port.",
      fields: {
        name: { type: "string", doc: "Its name; needed when there are several." },
        port: { type: "integer", doc: "The port on the address.", required: true, minimum: 1, maximum: 65535 },
        targetPort: { type: "integer", doc: "The port of the pods. Default: the same.", minimum: 1, maximum: 65535 },
        targetPortName: { type: "string", doc: "The port of the pods by its name, instead of targetPort.", maxLength: 15 },
        nodePort: {
          type: "integer",
          doc: "The port on every node. Default: one that Kubernetes chooses.",
          minimum: 1,
          maximum: 65535,
        },
        appProtocol: { type: "string", doc: "What is spoken, for proxies, such as http or kubernetes.io/h2c." },
        protocol: { type: "string", doc: "Default TCP.", enum: ["TCP", "UDP", "SCTP"] },
      },
    },
  },
  eip: {
    type: "string",
    doc: "The name of the Eip to take the address from. Default: the one bound to the namespace, else the default one.",
  },
  address: {
    type: "string",
    doc: "The address to take; with two families two of them, comma separated. Default: a free one.",
  },
  sharingKey: { type: "string", doc: "Services with the same key may share an address when their ports do not clash." },
  shareWithNamespaces: {
    type: "array",
    doc: "Namespaces whose Services may share the address, too, with the same key; each must name the other's.",
    items: { type: "string", doc: "A namespace." },
  },
  hostname: {
    type: "string",
    doc: "The DNS name of the address. It goes into url, and as an annotation to external-dns.",
    maxLength: 253,
  },
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
  sessionAffinity: {
    type: "string",
    doc: "ClientIP: one client always gets the same pod. Default None.",
    enum: ["None", "ClientIP"],
  },
  allocateLoadBalancerNodePorts: { type: "boolean", doc: "Whether Kubernetes opens a port on every node, too. Default true." },
  awaitAddress: {
    type: "boolean",
    doc: "Wait until the Service has its address and a node announces it. Default true; turn it off where Berth does not run yet.",
  },
  timeoutSeconds: { type: "integer", doc: "How long to wait, in seconds. Default 300.", minimum: 1 },
} as const satisfies Fields;
