import { loadBalancerClass } from "@berth/api/annotations";
import { apiVersion, crds } from "@berth/api/crds";
import { apiextensions, apps, core, policy, rbac } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { adopting, isReference, orElse, typeToken } from "./component.ts";
import type { loadBalancerArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";
import { judge } from "./judge.ts";
import { consolePort, defaultNamespace, labels, namespaceLabels, speakerMetricsPort } from "./manifests/names.ts";
import {
  controllerClusterRules,
  controllerRules,
  metricsReaderRules,
  speakerClusterRules,
  speakerRules,
  viewerRules,
} from "./manifests/rbac.ts";
import { controllerDefaults, controllerSpec, speakerDefaults, speakerSpec, type WorkloadOptions } from "./manifests/workloads.ts";

/** The arguments of a LoadBalancer. */
export type LoadBalancerArgs = ArgsOf<typeof loadBalancerArgs>;

/**
 * Berth itself: CustomResourceDefinitions, rights, the controller and one speaker on each node. Everything else depends on it:
 * give it as `dependsOn` to Eips, BgpConfs, BgpPeers and ExposedServices, so that they come after it and go before it.
 *
 * @example
 * ```ts
 * const loadBalancer = new berth.LoadBalancer("berth", { image: "example/berth:0.1.0" });
 * ```
 */
export class LoadBalancer extends pulumi.ComponentResource {
  /** The namespace that Berth is installed in. */
  declare readonly namespace: pulumi.Output<string>;

  /** The version of the API that the CustomResourceDefinitions serve: `network.kubesphere.io/v1alpha2`. */
  declare readonly apiVersion: pulumi.Output<string>;

  constructor(name: string, args: LoadBalancerArgs, options: pulumi.ComponentResourceOptions = {}) {
    if (isReference(options)) {
      super(typeToken("LoadBalancer"), name, { namespace: undefined, apiVersion: undefined }, options);
      return;
    }
    super(typeToken("LoadBalancer"), name, args, options);
    const verdict = judge(this, "LoadBalancer", name, args, options);
    const namespace = pulumi.output(orElse(args.namespace, defaultNamespace));
    const definitions = args.installCrds === false ? [] : this.#definitions(name, args, verdict.child());
    const home =
      args.createNamespace === false
        ? []
        : [
            new core.v1.Namespace(
              `${name}-namespace`,
              { metadata: { name: namespace, labels: namespaceLabels() } },
              verdict.child(),
            ),
          ];
    const within = verdict.child(...home, ...definitions);
    const rights = [
      ...this.#rights(name, "controller", namespace, controllerClusterRules, controllerRules, within),
      ...this.#rights(name, "speaker", namespace, speakerClusterRules, speakerRules, within),
      ...this.#viewer(name, namespace, within),
    ];
    const running = verdict.child(...home, ...definitions, ...rights);
    const workload = pulumi.output(args as unknown as PlainWorkloadArgs).apply(workloadOptions);
    const metadata = (component: "controller" | "speaker", suffix = "") => ({
      name: `berth-${component}${suffix}`,
      namespace,
      labels: labels(component),
    });
    new apps.v1.Deployment(
      `${name}-controller`,
      { metadata: metadata("controller"), spec: workload.apply(controllerSpec) },
      running,
    );
    new policy.v1.PodDisruptionBudget(
      `${name}-controller`,
      { metadata: metadata("controller"), spec: { maxUnavailable: 1, selector: { matchLabels: labels("controller") } } },
      running,
    );
    new apps.v1.DaemonSet(`${name}-speaker`, { metadata: metadata("speaker"), spec: workload.apply(speakerSpec) }, running);
    new core.v1.Service(
      `${name}-console`,
      {
        metadata: { ...metadata("controller"), name: "berth-console", annotations: { "pulumi.com/skipAwait": "true" } },
        spec: { selector: labels("controller"), ports: [{ name: "https", port: 443, targetPort: consolePort }] },
      },
      running,
    );
    if (args.metrics !== false) {
      for (const [component, port] of metricsPorts) {
        new core.v1.Service(
          `${name}-${component}-metrics`,
          {
            metadata: { ...metadata(component, "-metrics"), annotations: { "pulumi.com/skipAwait": "true" } },
            spec: { clusterIP: "None", selector: labels(component), ports: [{ name: "https", port, targetPort: port }] },
          },
          running,
        );
      }
    }
    this.namespace = namespace;
    this.apiVersion = pulumi.output(apiVersion);
    this.registerOutputs(verdict.outputs(() => ({ namespace, apiVersion: this.apiVersion })));
  }

  /**
   * One child for each CustomResourceDefinition. Those that are kept are patches, under an owner's name of Berth's own: they make what
   * is not there, take over what an earlier LoadBalancer left, and stay when the component goes, and with them every Eip of the cluster.
   */
  #definitions(name: string, args: LoadBalancerArgs, options: pulumi.CustomResourceOptions): pulumi.Resource[] {
    return crds().map((crd) => {
      const spec = crd.spec as pulumi.Unwrap<apiextensions.v1.CustomResourceDefinitionArgs["spec"]>;
      const child = `${name}-${crd.metadata.name}`;
      const annotations = { "pulumi.com/patchFieldManager": "berth", ...(args.adopt === true ? adopting : {}) };
      return args.keepCrds === false && args.adopt !== true
        ? new apiextensions.v1.CustomResourceDefinition(child, { metadata: { name: crd.metadata.name }, spec }, options)
        : new apiextensions.v1.CustomResourceDefinitionPatch(
            child,
            { metadata: { name: crd.metadata.name, annotations }, spec },
            { ...options, retainOnDelete: true },
          );
    });
  }

  /**
   * Who may look: an account whose tokens open the page, and the role to bind to others; a role for those who collect metrics alone.
   * Neither may see an object of the cluster itself.
   */
  #viewer(name: string, namespace: pulumi.Output<string>, options: pulumi.CustomResourceOptions): pulumi.Resource[] {
    const apiGroup = "rbac.authorization.k8s.io";
    const account = "berth-viewer";
    const metadata = { name: account, labels: labels() };
    const plain = (list: readonly { readonly nonResourceURLs: readonly string[]; readonly verbs: readonly string[] }[]) =>
      list.map(({ nonResourceURLs, verbs }) => ({ nonResourceURLs: [...nonResourceURLs], verbs: [...verbs] }));
    const subjects = [{ kind: "ServiceAccount", name: account, namespace }];
    const automountServiceAccountToken = false;
    return [
      new core.v1.ServiceAccount(
        `${name}-viewer`,
        { metadata: { ...metadata, namespace }, automountServiceAccountToken },
        options,
      ),
      new rbac.v1.ClusterRole(`${name}-viewer`, { metadata, rules: plain(viewerRules) }, options),
      new rbac.v1.ClusterRole(
        `${name}-metrics-reader`,
        { metadata: { ...metadata, name: "berth-metrics-reader" }, rules: plain(metricsReaderRules) },
        options,
      ),
      new rbac.v1.ClusterRoleBinding(
        `${name}-viewer`,
        { metadata, roleRef: { apiGroup, kind: "ClusterRole", name: account }, subjects },
        options,
      ),
    ];
  }

  #rights(
    name: string,
    component: "controller" | "speaker",
    namespace: pulumi.Output<string>,
    clusterRules: typeof controllerClusterRules,
    rules: typeof controllerRules,
    options: pulumi.CustomResourceOptions,
  ): pulumi.Resource[] {
    const account = `berth-${component}`;
    const subjects = [{ kind: "ServiceAccount", name: account, namespace }];
    const apiGroup = "rbac.authorization.k8s.io";
    const plain = (list: typeof rules) =>
      list.map(({ apiGroups, resources, resourceNames, verbs }) => ({
        apiGroups: [...apiGroups],
        resources: [...resources],
        ...(resourceNames === undefined ? {} : { resourceNames: [...resourceNames] }),
        verbs: [...verbs],
      }));
    const clusterWide = { name: account, labels: labels(component) };
    const local = { ...clusterWide, namespace };
    return [
      new core.v1.ServiceAccount(`${name}-${component}`, { metadata: local }, options),
      new rbac.v1.ClusterRole(`${name}-${component}`, { metadata: clusterWide, rules: plain(clusterRules) }, options),
      new rbac.v1.ClusterRoleBinding(
        `${name}-${component}`,
        { metadata: clusterWide, roleRef: { apiGroup, kind: "ClusterRole", name: account }, subjects },
        options,
      ),
      new rbac.v1.Role(`${name}-${component}`, { metadata: local, rules: plain(rules) }, options),
      new rbac.v1.RoleBinding(
        `${name}-${component}`,
        { metadata: local, roleRef: { apiGroup, kind: "Role", name: account }, subjects },
        options,
      ),
    ];
  }
}

const metricsPorts = [
  ["controller", consolePort],
  ["speaker", speakerMetricsPort],
] as const;

/** What of the arguments the pods are made from, when everything is known. */
type PlainWorkloadArgs = { readonly image: string } & Partial<WorkloadOptions>;

function workloadOptions(args: PlainWorkloadArgs): WorkloadOptions {
  return {
    image: args.image,
    imagePullPolicy: args.imagePullPolicy ?? "IfNotPresent",
    logLevel: args.logLevel ?? "info",
    loadBalancerClasses: args.loadBalancerClasses ?? [loadBalancerClass],
    handleClassless: args.handleClassless ?? true,
    layer2: args.layer2 ?? true,
    bgp: args.bgp ?? true,
    controllerReplicas: args.controllerReplicas ?? 2,
    priorityClassName: args.priorityClassName ?? "system-cluster-critical",
    nodeSelector: args.nodeSelector ?? {},
    imagePullSecrets: args.imagePullSecrets ?? [],
    restSeconds: args.restSeconds ?? 60,
    shareUnconditionally: args.shareUnconditionally ?? false,
    drainMilliseconds: args.drainMilliseconds ?? 1000,
    controllerResources: args.controllerResources ?? controllerDefaults,
    controllerNodeSelector: args.controllerNodeSelector ?? {},
    controllerTolerations: args.controllerTolerations ?? [],
    speakerResources: args.speakerResources ?? speakerDefaults,
    tolerations: args.tolerations ?? [],
    metricNames: args.metricNames ?? [],
    certificateSecret: args.certificateSecret ?? "",
    podLabels: args.podLabels ?? {},
    podAnnotations: args.podAnnotations ?? {},
  };
}
