/** The rights of the controller and the speaker: the least that works. Pure. */

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Only objects of these names. */
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const own = "network.kubesphere.io";
const reports = { apiGroups: ["berth.dev"], resources: ["serviceannouncements"] } as const;
/** Whose token it is, and whether that user may look: asked of the API server for who wants to see the page, metrics or state. */
const reviews: readonly Rule[] = [
  { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
  { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
];
const read = ["get", "list", "watch"] as const;

/** What the controller may do in the whole cluster. */
export const controllerClusterRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["services", "namespaces", "nodes"], verbs: read },
  { apiGroups: [own], resources: ["eips", "bgpconfs", "bgppeers"], verbs: read },
  { apiGroups: [""], resources: ["services/status"], verbs: ["update"] },
  { apiGroups: [own], resources: ["eips/status", "bgpconfs/status", "bgppeers/status"], verbs: ["patch"] },
  { ...reports, verbs: ["list", "watch", "delete"] },
  // Takes OpenELB's finalizers off objects that are being deleted; nothing else of them is written.
  { apiGroups: [""], resources: ["services"], verbs: ["patch"] },
  { apiGroups: [own], resources: ["eips", "bgpconfs", "bgppeers"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create"] },
  // For the page: the pods behind a Service.
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
  ...reviews,
];

/** What a person needs to look at the page, at what speakers know, and at the metrics. */
export const viewerRules = [{ nonResourceURLs: ["/console", "/metrics", "/state"], verbs: ["get"] }] as const;

/** What a collector needs to read the metrics. */
export const metricsReaderRules = [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }] as const;

/** What the controller may do in Berth's own namespace: the election of a leader, and seeing which speakers are well. */
export const controllerRules: readonly Rule[] = [
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"] },
  { apiGroups: [""], resources: ["configmaps"], verbs: read },
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
  // The page asks speakers with a token that may see what Berth shows, not with the controller's own.
  { apiGroups: [""], resources: ["serviceaccounts/token"], resourceNames: ["berth-viewer"], verbs: ["create"] },
];

/** What a speaker may do in the whole cluster: read, and say what it did. */
export const speakerClusterRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["services", "nodes"], verbs: read },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  { apiGroups: [own], resources: ["eips", "bgpconfs", "bgppeers"], verbs: read },
  { apiGroups: [own], resources: ["bgpconfs/status", "bgppeers/status"], verbs: ["patch"] },
  { ...reports, verbs: ["list", "watch", "create", "update", "delete"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create"] },
  ...reviews,
];

/**
 * What a speaker may do in Berth's own namespace: read the passwords of BGP peers and the policy, those that an object names; and tell
 * the other speakers of its node's interfaces.
 */
export const speakerRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["secrets", "configmaps"], verbs: read },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["list", "watch", "create", "patch"] },
];
