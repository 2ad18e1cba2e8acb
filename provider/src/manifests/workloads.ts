import { consolePort, controllerPort, labels, speakerMetricsPort, speakerPort } from "./names.ts";

/** How Berth's pods are configured; plain values. */
export interface WorkloadOptions {
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly logLevel: string;
  readonly loadBalancerClasses: readonly string[];
  readonly handleClassless: boolean;
  readonly layer2: boolean;
  readonly bgp: boolean;
  readonly controllerReplicas: number;
  readonly priorityClassName: string;
  /** Labels of the nodes that run speakers. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Names of Secrets. */
  readonly imagePullSecrets: readonly string[];
  /** How long a freed address rests, in seconds. */
  readonly restSeconds: number;
  readonly shareUnconditionally: boolean;
  /** How long routers may send traffic elsewhere before a speaker stops, in milliseconds. */
  readonly drainMilliseconds: number;
  readonly controllerResources: Resources;
  readonly controllerNodeSelector: Readonly<Record<string, string>>;
  /** Besides those of control planes. */
  readonly controllerTolerations: readonly Toleration[];
  readonly speakerResources: Resources;
  /** Of speakers, besides those of control planes and of nodes that are not ready. */
  readonly tolerations: readonly Toleration[];
  /** Names of others that metrics have besides Berth's. */
  readonly metricNames: readonly string[];
  /** The Secret with the certificate of the page and of the metrics; empty: each process makes one that only proves itself. */
  readonly certificateSecret: string;
  readonly podLabels: Readonly<Record<string, string>>;
  readonly podAnnotations: Readonly<Record<string, string>>;
}

/** What a container asks for and gets at most: quantities by resource. */
interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

/** What a controller gets when nobody says otherwise. On a busy node the request is its weight: with little, a thousand Services wait for it. */
export const controllerDefaults: Resources = { requests: { cpu: "250m", memory: "96Mi" }, limits: { memory: "512Mi" } };
/**
 * What a speaker gets when nobody says otherwise. It uses little of it: on a busy node the request is the weight with which it gets a core,
 * and one that waits for a third of a second for its turn looks dead to the other nodes.
 */
export const speakerDefaults: Resources = { requests: { cpu: "250m", memory: "96Mi" }, limits: { memory: "512Mi" } };

const environment = [
  { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  { name: "BERTH_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
];

function scopeFlags({ logLevel, loadBalancerClasses, handleClassless, metricNames }: WorkloadOptions): string[] {
  return [
    ...(metricNames.length > 0 ? [`--metric-names=${metricNames.join(",")}`] : []),
    `--log-level=${logLevel}`,
    `--load-balancer-classes=${loadBalancerClasses.join(",")}`,
    `--handle-classless=${handleClassless}`,
  ];
}

function probes(port: number) {
  return {
    livenessProbe: { httpGet: { path: "/healthz", port }, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
    readinessProbe: { httpGet: { path: "/readyz", port }, periodSeconds: 2, timeoutSeconds: 2 },
  };
}

/** Where the certificate is mounted. */
const certificates = "/certificates";

/** The volume of the certificate, and where it is mounted. */
function certificateVolume({ certificateSecret }: WorkloadOptions) {
  if (certificateSecret === "") return { volumes: {}, mounts: {} };
  const name = "certificate";
  return {
    volumes: { volumes: [{ name, secret: { secretName: certificateSecret } }] },
    mounts: { volumeMounts: [{ name, mountPath: certificates, readOnly: true }] },
  };
}

const controlPlanes: readonly Toleration[] = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"].map(
  (key) => ({
    key,
    operator: "Exists",
  }),
);

/** What both kinds of pods have. */
function podMetadata(component: "controller" | "speaker", { podLabels, podAnnotations }: WorkloadOptions) {
  const annotations = Object.keys(podAnnotations).length > 0 ? { annotations: { ...podAnnotations } } : {};
  return { labels: { ...podLabels, ...labels(component) }, ...annotations };
}

function pullSecrets({ imagePullSecrets }: WorkloadOptions) {
  return imagePullSecrets.length > 0 ? { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) } : {};
}

function nodeSelectors(labels: Readonly<Record<string, string>>) {
  return Object.keys(labels).length > 0 ? { nodeSelector: { ...labels } } : {};
}

function quantities({ requests, limits }: Resources) {
  return {
    ...(requests === undefined ? {} : { requests: { ...requests } }),
    ...(limits === undefined ? {} : { limits: { ...limits } }),
  };
}

/** The spec of the controller's Deployment: replicas on different nodes where there are several, one of them leads. */
export function controllerSpec(options: WorkloadOptions) {
  return {
    replicas: options.controllerReplicas,
    selector: { matchLabels: labels("controller") },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
    template: {
      metadata: podMetadata("controller", options),
      spec: {
        ...pullSecrets(options),
        ...nodeSelectors(options.controllerNodeSelector),
        ...certificateVolume(options).volumes,
        serviceAccountName: "berth-controller",
        priorityClassName: options.priorityClassName,
        terminationGracePeriodSeconds: 10,
        tolerations: [...controlPlanes, ...options.controllerTolerations],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: labels("controller") },
          },
        ],
        securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "controller",
            image: options.image,
            imagePullPolicy: options.imagePullPolicy,
            args: [
              "controller",
              ...scopeFlags(options),
              `--http-address=0.0.0.0:${controllerPort}`,
              `--console-port=${consolePort}`,
              `--rest-seconds=${options.restSeconds}`,
              `--share-unconditionally=${options.shareUnconditionally}`,
              ...(options.certificateSecret === "" ? [] : [`--console-certificate=${certificates}`]),
            ],
            ...certificateVolume(options).mounts,
            env: environment,
            ports: [
              { name: "http", containerPort: controllerPort },
              { name: "console", containerPort: consolePort },
            ],
            resources: quantities(options.controllerResources),
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
            ...probes(controllerPort),
          },
        ],
      },
    },
  };
}

/**
 * The spec of the speaker's DaemonSet: one on each node, in the node's own network, one after the other when it is updated.
 *
 * No surge: two speakers of one node would compete for its ports and answer with one Ethernet address. A speaker that is told to stop
 * lets another node take over each address first, drains its BGP sessions, and takes back what it reported: some seconds, so that
 * the grace period is never what ends it. A new one has some seconds to hear who owns what and to bring its sessions up before the next is stopped.
 */
export function speakerSpec(options: WorkloadOptions) {
  return {
    minReadySeconds: 5,
    selector: { matchLabels: labels("speaker") },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    template: {
      metadata: podMetadata("speaker", options),
      spec: {
        ...pullSecrets(options),
        ...certificateVolume(options).volumes,
        serviceAccountName: "berth-speaker",
        priorityClassName: options.priorityClassName,
        hostNetwork: true,
        dnsPolicy: "ClusterFirstWithHostNet",
        terminationGracePeriodSeconds: 30,
        nodeSelector: { "kubernetes.io/os": "linux", ...options.nodeSelector },
        tolerations: [
          ...controlPlanes,
          { key: "node.kubernetes.io/not-ready", operator: "Exists" },
          { key: "node.kubernetes.io/network-unavailable", operator: "Exists" },
          ...options.tolerations,
        ],
        containers: [
          {
            name: "speaker",
            image: options.image,
            imagePullPolicy: options.imagePullPolicy,
            args: [
              "speaker",
              ...scopeFlags(options),
              `--http-address=0.0.0.0:${speakerPort}`,
              `--metrics-address=0.0.0.0:${speakerMetricsPort}`,
              ...(options.certificateSecret === "" ? [] : [`--metrics-certificate=${certificates}`]),
              `--layer2=${options.layer2}`,
              `--bgp=${options.bgp}`,
              `--drain-milliseconds=${options.drainMilliseconds}`,
            ],
            env: environment,
            ...certificateVolume(options).mounts,
            ports: [
              { name: "http", containerPort: speakerPort },
              { name: "metrics", containerPort: speakerMetricsPort },
            ],
            resources: quantities(options.speakerResources),
            securityContext: {
              runAsUser: 0,
              runAsGroup: 0,
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"], add: ["NET_RAW", "NET_ADMIN", "NET_BIND_SERVICE"] },
            },
            ...probes(speakerPort),
          },
        ],
      },
    },
  };
}
