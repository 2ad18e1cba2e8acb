import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { type EngineEvent, LocalWorkspace } from "@pulumi/pulumi/automation/index.js";

/** The state of a stack that the package's first schema made, previewed with the package of today: what an upgrade does to whoever has it. */
const root = dirname(dirname(import.meta.dirname));
const home = mkdtempSync(join(tmpdir(), "berth-upgrade-test-"));
after(() => rmSync(home, { recursive: true, force: true }));

class Remote extends pulumi.ComponentResource {
  constructor(type: string, name: string, inputs: pulumi.Inputs, options: pulumi.ComponentResourceOptions = {}) {
    super(`berth:index:${type}`, name, inputs, options, true);
  }
}

interface RecordedState {
  readonly version: number;
  readonly deployment: { readonly resources: readonly { readonly urn: string; readonly retainOnDelete?: boolean }[] };
}

/** The program that the state was recorded with, word for word. */
async function program(): Promise<void> {
  const loadBalancer = new Remote("LoadBalancer", "berth", { image: "example/berth:1" });
  const installed = { dependsOn: [loadBalancer] };
  new Remote("Eip", "pool", { address: "192.0.2.0/24", protocol: "layer2", isDefault: true, waitForReady: false }, installed);
  new Remote("BgpConf", "conf", { as: 65000, waitForReady: false }, installed);
  const conf = { neighborAddress: "172.30.0.1", peerAs: 65001 };
  new Remote("BgpPeer", "router", { conf, password: pulumi.secret("opensesame"), waitForReady: false }, installed);
  new Remote(
    "ExposedService",
    "page",
    {
      namespace: "default",
      selector: { app: "page" },
      ports: [{ port: 80, targetPort: 8080 }],
      eip: "pool",
      awaitAddress: false,
    },
    installed,
  );
}

const isPulumis = (process.env["BERTH_KUBERNETES_PLUGIN"] ?? "") !== "";
/** What a Kubernetes plugin wrote can be read by that one alone. */
const recorded = isPulumis ? "state-0.1.0-pulumis-plugin.json" : "state-0.1.0.json";

describe("a stack made with the first schema", () => {
  it("previews with the package of today without a replacement, and deletes nothing from the cluster", {
    timeout: 120_000,
  }, async () => {
    const paths = ["provider/bin", "lab/kubernetes-plugin", ".lab/bin", "node_modules/.bin"].map((path) => join(root, path));
    process.env["PATH"] = [...paths, process.env["PATH"]].join(delimiter);
    const envVars = {
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${home}`,
      PULUMI_CONFIG_PASSPHRASE: "upgrade",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      KUBECONFIG: join(home, "none"),
    };
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: "upgrade", projectName: "upgrade", program },
      { envVars },
    );
    const state = JSON.parse(readFileSync(join(import.meta.dirname, "upgrade", recorded), "utf8")) as RecordedState;
    await stack.importStack(state);
    const planned: string[] = [];
    const onEvent = ({ resourcePreEvent }: EngineEvent): void => {
      if (resourcePreEvent !== undefined) planned.push(`${resourcePreEvent.metadata.op} ${resourcePreEvent.metadata.urn}`);
    };
    await stack.preview({ onEvent });
    assert.ok(planned.length >= 30, `the state has 30 resources; the preview saw ${planned.length}`);
    // What is retained is only forgotten by the engine: the object stays in the cluster.
    const retained = new Set(
      state.deployment.resources.flatMap(({ urn, retainOnDelete }) => (retainOnDelete === true ? [urn] : [])),
    );
    const isForgotten = (step: string): boolean => step.startsWith("delete ") && retained.has(step.slice("delete ".length));
    assert.deepEqual(
      planned
        .filter((step) => !isForgotten(step))
        .filter((step) => /^(replace|delete|create-replacement|delete-replaced|read-replacement|discard)/.test(step)),
      [],
    );
  });
});
