import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import * as berth from "../../../provider/src/index.ts";
import { createEngine, type Engine, type Project } from "./engine.ts";

/** Makes a component of Berth's. */
export type Make = (
  component: keyof typeof classes,
  name: string,
  args: object,
  options?: pulumi.ComponentResourceOptions,
) => pulumi.Resource;

class Remote extends pulumi.ComponentResource {
  constructor(component: string, name: string, inputs: pulumi.Inputs, options: pulumi.ComponentResourceOptions) {
    super(`berth:index:${component}`, name, inputs, options, true);
  }
}
const { LoadBalancer, BgpConf, BgpPeer, Eip, ExposedService } = berth;
const classes = { LoadBalancer, BgpConf, BgpPeer, Eip, ExposedService };

/** The ways to a component: the class of the npm library, and the plugin behind what a generated SDK registers. */
export const doors: Readonly<Record<"library" | "plugin", Make>> = {
  library: (component, name, args, options = {}) =>
    new (
      classes[component] as unknown as new (
        name: string,
        args: object,
        options: pulumi.ComponentResourceOptions,
      ) => pulumi.Resource
    )(name, args, options),
  plugin: (component, name, args, options = {}) => new Remote(component, name, args, options),
};

/** What the tests of a suite work with; there once its hooks have run. */
export interface TestCluster {
  readonly api: ApiServer;
  readonly engine: Engine;
}

/** Starts a cluster and an engine before the tests of the suite that this is called in, and ends them after. @param project for programs on the disk */
export function useCluster(start: () => Promise<ApiServer>, project?: Project): TestCluster {
  const cluster: { api?: ApiServer; engine?: Engine } = {};
  before(async () => {
    cluster.api = await start();
    cluster.engine = await createEngine(cluster.api.kubeconfig, project);
  });
  after(() => {
    cluster.engine?.remove();
    cluster.api?.stop();
  });
  return cluster as TestCluster;
}

/** An API server that knows nothing of Berth, with a garbage collector. */
export async function startEmptyCluster(): Promise<ApiServer> {
  const server = await startApiServer();
  await server.collectGarbage();
  return server;
}

/** An API server that knows Berth's kinds, with a garbage collector that does too. */
export async function startCluster(): Promise<ApiServer> {
  const server = await startApiServer();
  const crds = readFileSync(join(dirname(dirname(dirname(import.meta.dirname))), "api/crds.yaml"), "utf8");
  const { code, stderr } = server.kubectl(["apply", "-f", "-"], crds);
  assert.equal(code, 0, stderr);
  const established = server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=120s"]);
  assert.equal(established.code, 0, established.stderr);
  await server.collectGarbage();
  return server;
}
