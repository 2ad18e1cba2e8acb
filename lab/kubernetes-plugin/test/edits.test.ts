import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apps, core } from "@pulumi/kubernetes";
import { bgpConfArgs, bgpPeerArgs, eipArgs, exposedServiceArgs } from "../../../provider/src/fields.ts";
import { doors, startCluster, startEmptyCluster, useCluster } from "./doors.ts";
import { type Component, edits, elsewhere, groups, program, strangeOf } from "./edits.ts";

/**
 * An edit of each argument of BgpConf and ExposedService, and of what Eip and BgpPeer have beside their fields, with the real engine and a
 * real API server: what changes is what the argument is about. `berth.test.ts` has each field of Eip and BgpPeer, `loadBalancer.test.ts`
 * each argument of LoadBalancer.
 */

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

for (const [door, make] of Object.entries(doors)) {
  describe(`the class of a Service through the ${door}`, { timeout: 600_000 }, () => {
    const cluster = useCluster(startCluster);

    it("gives way to another and to none: the Service is made anew, once", async () => {
      const page = (loadBalancerClass?: string) => () => {
        const backend = { namespace: "default", selector: { app: "page" }, ports: [{ port: 80 }] };
        make("ExposedService", "page", { ...backend, loadBalancerClass, awaitAddress: false });
        return {};
      };
      const first = await cluster.engine.up(page("example.com/one"));
      assert.ok(!first.failure, first.said);
      for (const loadBalancerClass of ["example.com/other", undefined]) {
        const planned = await cluster.engine.preview(page(loadBalancerClass));
        assert.ok(!planned.failure, planned.said);
        assert.deepEqual(planned.changes, { replace: 1, same: 1, update: 1 });
        const made = await cluster.engine.up(page(loadBalancerClass));
        assert.ok(!made.failure, made.said);
        const { stdout } = cluster.api.kubectl(["get", "service", "page", "-o", "jsonpath={.spec.loadBalancerClass}"]);
        assert.equal(stdout, loadBalancerClass ?? "");
      }
      const again = await cluster.engine.preview(page());
      assert.deepEqual(Object.keys(again.changes), ["same"], again.said);
    });
  });
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
