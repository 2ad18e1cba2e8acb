import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apps, core } from "@pulumi/kubernetes";
import { bgpConfArgs, bgpPeerArgs, eipArgs, exposedServiceArgs } from "../../../provider/src/fields.ts";
import { doors, type Make, startCluster, startEmptyCluster, useCluster } from "./doors.ts";
import type { Program, Step } from "./engine.ts";

/**
 * An edit of each argument of BgpConf and ExposedService, and of what Eip and BgpPeer have beside their fields, with the real engine and a
 * real API server: what changes is what the argument is about. `berth.test.ts` has each field of Eip and BgpPeer, `loadBalancer.test.ts`
 * each argument of LoadBalancer.
 */

type Component = "Eip" | "BgpConf" | "BgpPeer" | "ExposedService";

interface Edit {
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

const edits: readonly Edit[] = [
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
const elsewhere: Readonly<Record<Component, readonly string[]>> = {
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
const groups: readonly (readonly Edit[])[] = [
  edits.filter(({ component }) => component !== "BgpPeer"),
  edits.filter(({ component }) => component === "BgpPeer"),
];
const program =
  (make: Make, group: readonly Edit[], isEdited: boolean): Program =>
  () => {
    if (group.some(({ component }) => component === "BgpPeer")) make("BgpConf", "conf", { as: 65000, waitForReady: false });
    for (const [index, one] of group.entries())
      make(one.component, nameOf(one), { ...base(one, index), ...(isEdited ? { [one.argument]: one.value } : {}) });
    return {};
  };

describe("the edits", () => {
  it("have every argument of every component", () => {
    const all = { Eip: eipArgs, BgpConf: bgpConfArgs, BgpPeer: bgpPeerArgs, ExposedService: exposedServiceArgs };
    for (const [component, args] of Object.entries(all) as [Component, object][]) {
      const tried = edits.filter((one) => one.component === component).map(({ argument }) => argument);
      const missing = Object.keys(args).filter((name) => !tried.includes(name) && !elsewhere[component].includes(name));
      assert.deepEqual(missing, [], component);
    }
  });
});

for (const [door, make] of Object.entries(doors)) {
  describe(`an edit through the ${door}`, { timeout: 600_000 }, () => {
    const cluster = useCluster(startCluster);

    it(`of each of ${edits.length} arguments changes what it is about, and replaces only where identity changes`, async () => {
      for (const group of groups) {
        const made = await cluster.engine.up(program(make, group, false));
        assert.ok(!made.failure, made.said.slice(-4000));
        const { steps, failure, said } = await cluster.engine.preview(program(make, group, true));
        assert.ok(!failure, said.slice(-4000));
        assert.deepEqual(
          group.flatMap((one) => strangeOf(one, steps) ?? []),
          [],
        );
      }
    });
  });
}

/** In what a preview does for an edit is not what the edit is about; undefined when all of it is. */
function strangeOf(one: Edit, steps: readonly Step[]): string | undefined {
  const children = steps.filter(({ op, type, name }) => op !== "same" && type.startsWith("kubernetes:") && name === nameOf(one));
  const paths = [...new Set(children.flatMap((step) => step.paths))].sort();
  const isAbout = paths.every((path) => one.paths.some((expected) => path.startsWith(expected)));
  const isChanging = paths.length > 0 === one.paths.length > 0;
  const isReplaced = children.some(({ op }) => op.includes("replace"));
  if (isAbout && isChanging && isReplaced === (one.isReplacing === true)) return undefined;
  return `${nameOf(one)}: ${[...new Set(children.map(({ op }) => op))].join(", ")} of ${paths.join(", ")}`;
}

describe("the backends of an ExposedService", { timeout: 600_000 }, () => {
  const cluster = useCluster(startEmptyCluster);

  for (const [door, make] of Object.entries(doors))
    it(`are labels, a Service or a Deployment through the ${door}; the last two give namespace, labels and ports`, async () => {
      const labels = { app: "page", door };
      const template = {
        metadata: { labels },
        spec: { containers: [{ name: "page", image: "example/page:1", ports: [{ containerPort: 8080, name: "web" }] }] },
      };
      const outcome = await cluster.engine.up(() => {
        const metadata = { namespace: "kube-public", annotations: { "pulumi.com/skipAwait": "true" } };
        const deployment = new apps.v1.Deployment(`work-${door}`, {
          metadata,
          spec: { selector: { matchLabels: labels }, template },
        });
        const inside = new core.v1.Service(`inside-${door}`, {
          metadata,
          spec: { selector: labels, ports: [{ port: 80, targetPort: "web", name: "http" }] },
        });
        const quiet = { awaitAddress: false };
        make("ExposedService", `selected-${door}`, {
          namespace: "kube-public",
          selector: labels,
          ports: [{ port: 80 }],
          ...quiet,
        });
        make("ExposedService", `service-${door}`, { service: inside, ...quiet });
        make("ExposedService", `deployment-${door}`, { deployment, ...quiet });
        return {};
      });
      assert.ok(!outcome.failure, outcome.said.slice(-4000));
      const made = (name: string): unknown => {
        const { stdout } = cluster.api.kubectl(["get", "service", "-n", "kube-public", `${name}-${door}`, "-o", "json"]);
        const { spec } = JSON.parse(stdout) as {
          readonly spec: {
            readonly selector: object;
            readonly ports: readonly { readonly port: number; readonly targetPort: unknown }[];
          };
        };
        return { selector: spec.selector, ports: spec.ports.map(({ port, targetPort }) => [port, targetPort]) };
      };
      assert.deepEqual(made("selected"), { selector: labels, ports: [[80, 80]] });
      assert.deepEqual(made("service"), { selector: labels, ports: [[80, "web"]] });
      assert.deepEqual(made("deployment"), { selector: labels, ports: [[8080, 8080]] });
    });
});
