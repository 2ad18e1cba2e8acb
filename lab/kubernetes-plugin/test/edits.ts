import { bgpPeerArgs, eipArgs } from "../../../provider/src/fields.ts";
import type { Make } from "./doors.ts";
import type { Program, Step } from "./engine.ts";

/** Edits of the arguments of Berth's components, for tests with the real engine and a real API server. */

export type Component = "Eip" | "BgpConf" | "BgpPeer" | "ExposedService";

/** One argument that gets another value, and what that changes in the cluster. */
export interface Edit {
  readonly component: Component;
  readonly argument: string;
  readonly value: unknown;
  /** The places of the one object that change; none: nothing in the cluster does. */
  readonly paths: readonly string[];
  /** What the component has before, beside what all of its kind have. */
  readonly base?: object;
  readonly isReplacing?: boolean;
}

const annotation = (key: string): string => `metadata.annotations["${key}"]`;
const edit = (
  component: Component,
  argument: string,
  value: unknown,
  paths: readonly string[],
  more: Partial<Edit> = {},
): Edit => ({
  component,
  argument,
  value,
  paths,
  ...more,
});
const identity = { isReplacing: true };
const waits = ["pulumi.com/skipAwait", "pulumi.com/timeoutSeconds", "pulumi.com/waitFor"].map(annotation);

/** What all objects of ours have beside their fields. `adopt` decides what the child is: it is for objects that are there already. */
const common = (component: Component): Edit[] => [
  edit(component, "name", "another", ["metadata.name"], identity),
  edit(component, "labels", { team: "network" }, ["metadata.labels"]),
  edit(component, "annotations", { "example.com/team": "network" }, [annotation("example.com/team")]),
  edit(component, "waitForReady", true, waits),
  edit(component, "timeoutSeconds", 5, []),
];

const conf = (argument: string, value: unknown): Edit => edit("BgpConf", argument, value, [`spec.${argument}`]);
const service = (argument: string, value: unknown, path: string, more: Partial<Edit> = {}): Edit =>
  edit("ExposedService", argument, value, [path], more);

export const edits: readonly Edit[] = [
  ...common("Eip"),
  edit("Eip", "isDefault", true, [annotation("eip.openelb.kubesphere.io/is-default-eip")]),
  ...common("BgpPeer"),
  ...common("BgpConf"),
  conf("as", 65001),
  conf("asPerRack", { a: 65002 }),
  conf("routerId", "172.30.0.9"),
  conf("listenPort", 1179),
  conf("listenAddresses", ["172.30.0.9"]),
  conf("families", [0]),
  conf("useMultiplePaths", true),
  conf("gracefulRestart", { enabled: true }),
  conf("policy", "policy"),
  conf("nextHops", "all"),
  service("name", "another", "metadata.name", identity),
  service("namespace", "kube-public", "metadata.namespace", identity),
  service("selector", { app: "other" }, "spec.selector.app"),
  service("ports", [{ port: 81 }], "spec.ports[0]"),
  service("eip", "office", annotation("eip.openelb.kubesphere.io/v1alpha2")),
  service("address", "10.1.0.7", annotation("eip.openelb.kubesphere.io/v1alpha1")),
  service("sharingKey", "key", annotation("berth.dev/sharing-key")),
  service("shareWithNamespaces", ["shop"], annotation("berth.dev/share-with-namespaces"), { base: { sharingKey: "key" } }),
  service("hostname", "page.example.com", annotation("external-dns.alpha.kubernetes.io/hostname")),
  service("externalTrafficPolicy", "Local", "spec.externalTrafficPolicy"),
  service("ipFamilyPolicy", "PreferDualStack", "spec.ipFamilyPolicy"),
  service("ipFamilies", ["IPv4"], "spec.ipFamilies"),
  service("loadBalancerClass", "berth.dev/berth", "spec.loadBalancerClass", identity),
  service("labels", { team: "network" }, "metadata.labels"),
  service("annotations", { "example.com/team": "network" }, annotation("example.com/team")),
  service("sessionAffinity", "ClientIP", "spec.sessionAffinity"),
  service("allocateLoadBalancerNodePorts", false, "spec.allocateLoadBalancerNodePorts"),
  edit("ExposedService", "awaitAddress", true, waits),
  edit("ExposedService", "timeoutSeconds", 5, []),
];

/** Arguments that are tried elsewhere: `berth.test.ts` has the fields and the password, `loadBalancer.test.ts` what is adopted. */
export const elsewhere: Readonly<Record<Component, readonly string[]>> = {
  Eip: [...Object.keys(eipArgs).filter((name) => name in berthFields("Eip")), "adopt"],
  BgpConf: ["adopt"],
  BgpPeer: [...Object.keys(bgpPeerArgs).filter((name) => name in berthFields("BgpPeer")), "adopt", "password", "namespace"],
  ExposedService: [],
};

function berthFields(component: "Eip" | "BgpPeer"): object {
  const own = ["name", "labels", "annotations", "waitForReady", "timeoutSeconds", "adopt", "isDefault", "password", "namespace"];
  const all: object = component === "Eip" ? eipArgs : bgpPeerArgs;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !own.includes(name)));
}

const base = (one: Edit, index: number): object => ({
  name: `${one.component.toLowerCase()}-${index}`,
  ...{
    Eip: { address: `10.${index}.0.0/24`, waitForReady: false },
    BgpConf: { as: 65000, waitForReady: false },
    BgpPeer: { conf: { neighborAddress: `172.30.1.${index}`, peerAs: 65001 }, waitForReady: false },
    ExposedService: { namespace: "default", selector: { app: "page" }, ports: [{ port: 80 }], awaitAddress: false },
  }[one.component],
  ...one.base,
});

const nameOf = ({ component, argument }: Edit): string => `${component}-${argument}`.toLowerCase();
/** Peers want the one BgpConf named "default", and BgpConf's own edits many of other names: two programs. */
export const groups: readonly (readonly Edit[])[] = [
  edits.filter(({ component }) => component !== "BgpPeer"),
  edits.filter(({ component }) => component === "BgpPeer"),
];
/** What a group of edits declares, before and after. */
export const program =
  (make: Make, group: readonly Edit[], isEdited: boolean): Program =>
  () => {
    if (group.some(({ component }) => component === "BgpPeer")) make("BgpConf", "conf", { as: 65000, waitForReady: false });
    for (const [index, one] of group.entries())
      make(one.component, nameOf(one), { ...base(one, index), ...(isEdited ? { [one.argument]: one.value } : {}) });
    return {};
  };

/** In what a preview does for an edit is not what the edit is about; undefined when all of it is. */
export function strangeOf(one: Edit, steps: readonly Step[]): string | undefined {
  const children = steps.filter(({ op, type, name }) => op !== "same" && type.startsWith("kubernetes:") && name === nameOf(one));
  const paths = [...new Set(children.flatMap((step) => step.paths))].sort();
  const isAbout = paths.every((path) => one.paths.some((expected) => path.startsWith(expected)));
  const isChanging = paths.length > 0 === one.paths.length > 0;
  const isReplaced = children.some(({ op }) => op.includes("replace"));
  if (isAbout && isChanging && isReplaced === (one.isReplacing === true)) return undefined;
  return `${nameOf(one)}: ${[...new Set(children.map(({ op }) => op))].join(", ")} of ${paths.join(", ")}`;
}
