/** What goes into a bug report: one row for each collection that is read from the cluster. Secrets are not among them. */
export interface Collected {
  /** The name of the file in the archive. */
  readonly file: string;
  readonly path: string;
}

const own = "/apis/network.kubesphere.io/v1alpha2";

/** Every collection that a bug report has. @param namespace where Berth is installed */
export function collections(namespace: string): readonly Collected[] {
  const within = (prefix: string, plural: string): string => `${prefix}/namespaces/${namespace}/${plural}`;
  return [
    { file: "objects/eips.json", path: `${own}/eips` },
    { file: "objects/bgpconfs.json", path: `${own}/bgpconfs` },
    { file: "objects/bgppeers.json", path: `${own}/bgppeers` },
    { file: "objects/serviceannouncements.json", path: "/apis/berth.dev/v1alpha1/serviceannouncements" },
    { file: "objects/services.json", path: "/api/v1/services" },
    { file: "objects/endpointslices.json", path: "/apis/discovery.k8s.io/v1/endpointslices" },
    { file: "objects/nodes.json", path: "/api/v1/nodes" },
    { file: "objects/namespaces.json", path: "/api/v1/namespaces" },
    { file: "objects/crds.json", path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions" },
    { file: "berth/pods.json", path: within("/api/v1", "pods") },
    { file: "berth/deployments.json", path: within("/apis/apps/v1", "deployments") },
    { file: "berth/daemonsets.json", path: within("/apis/apps/v1", "daemonsets") },
    { file: "berth/configmaps.json", path: within("/api/v1", "configmaps") },
    { file: "berth/leases.json", path: within("/apis/coordination.k8s.io/v1", "leases") },
    { file: "berth/events.json", path: within("/api/v1", "events") },
    { file: "objects/events.json", path: "/api/v1/events" },
  ];
}

const ownGroups = new Set(["network.kubesphere.io", "berth.dev"]);
const ownKinds = new Set(["Service", "Eip", "BgpPeer", "BgpConf", "Node"]);

/** What of a collection belongs into the report: definitions of others and events of other kinds do not. */
export function relevant(file: string, items: readonly unknown[]): readonly unknown[] {
  return items.filter((item) => {
    const { spec, involvedObject } = item as {
      readonly spec?: { readonly group?: string };
      readonly involvedObject?: { readonly kind?: string };
    };
    if (file === "objects/crds.json") return ownGroups.has(spec?.group ?? "");
    if (file === "objects/events.json") return ownKinds.has(involvedObject?.kind ?? "");
    return true;
  });
}

/** What the archive says of itself: where it comes from, what is in it, what could not be had. */
export function readme(at: string, files: readonly string[], missing: readonly string[]): string {
  return [
    `Berth's bug report of ${at}.`,
    "",
    "No Secret was read into it. Passwords of peers, tokens, keys, values of variables and of foreign annotations are replaced by ***,",
    "in objects as in logs. Names and addresses of Services, nodes and routers are in it: look through it before you give it away.",
    "",
    ...(missing.length === 0 ? [] : ["What could not be had:", ...missing.map((text) => `  ${text}`), ""]),
    "Files:",
    ...files.map((file) => `  ${file}`),
    "",
  ].join("\n");
}
