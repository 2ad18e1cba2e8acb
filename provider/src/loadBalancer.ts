import { loadBalancerClass } from "@berth/api/annotations";
import { crds } from "@berth/api/crds";
import { apiextensions, apps, core, policy, rbac } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checked, typeToken } from "./component.ts";
import type { loadBalancerArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";
import { controllerPort, defaultNamespace, labels, speakerPort } from "./manifests/names.ts";
import { controllerClusterRules, controllerRules, speakerClusterRules, speakerRules } from "./manifests/rbac.ts";
import { controllerSpec, speakerSpec, type WorkloadOptions } from "./manifests/workloads.ts";

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

  constructor(name: string, args: LoadBalancerArgs, options: pulumi.ComponentResourceOptions = {}) {
    super(typeToken("LoadBalancer"), name, args, options);
    const resolved = checked("LoadBalancer", name, args, () => []) as pulumi.Output<Plain>;
    const namespace = resolved.apply((known) => known.namespace ?? defaultNamespace);
    const definitions = args.installCrds === false ? [] : this.#definitions(name, args.keepCrds !== false);
    const home =
      args.createNamespace === false
        ? []
        : [new core.v1.Namespace(`${name}-namespace`, { metadata: { name: namespace, labels: labels() } }, { parent: this })];
    const within = { parent: this, dependsOn: [...home, ...definitions] };
    const rights = [
      ...this.#rights(name, "controller", namespace, controllerClusterRules, controllerRules, within),
      ...this.#rights(name, "speaker", namespace, speakerClusterRules, speakerRules, within),
    ];
    const running = { parent: this, dependsOn: [...home, ...definitions, ...rights] };
    const workload = resolved.apply(workloadOptions);
    const metadata = (component: "controller" | "speaker") => ({
      name: `berth-${component}`,
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
    for (const [component, port] of [
      ["controller", controllerPort],
      ["speaker", speakerPort],
    ] as const) {
      const spec = { clusterIP: "None", selector: labels(component), ports: [{ name: "http", port, targetPort: port }] };
      new core.v1.Service(
        `${name}-${component}-metrics`,
        {
          metadata: {
            name: `berth-${component}-metrics`,
            namespace,
            labels: labels(component),
            annotations: { "pulumi.com/skipAwait": "true" },
          },
          spec,
        },
        running,
      );
    }
    this.namespace = namespace;
    this.registerOutputs({ namespace });
  }

  /** One child for each CustomResourceDefinition. They stay when the component goes, unless it was asked otherwise: with them would go every object of theirs. */
  #definitions(name: string, isKept: boolean): pulumi.Resource[] {
    return crds().map((crd) => {
      const spec = crd.spec as pulumi.Unwrap<apiextensions.v1.CustomResourceDefinitionArgs["spec"]>;
      return new apiextensions.v1.CustomResourceDefinition(
        `${name}-${crd.metadata.name}`,
        { metadata: { name: crd.metadata.name }, spec },
        { parent: this, retainOnDelete: isKept },
      );
    });
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
      list.map(({ apiGroups, resources, verbs }) => ({
        apiGroups: [...apiGroups],
        resources: [...resources],
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

/** The arguments when everything is known. */
type Plain = { readonly image: string } & { readonly namespace?: string } & Partial<WorkloadOptions>;

function workloadOptions(args: Plain): WorkloadOptions {
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
  };
}
