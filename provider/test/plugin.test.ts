import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";

/** The plugin under the real engine, without any cluster: what a program in another language gets. */
const root = dirname(dirname(import.meta.dirname));
const home = mkdtempSync(join(tmpdir(), "berth-plugin-test-"));
const envVars = {
  PATH: [
    join(root, "provider/bin"),
    join(root, "lab/kubernetes-plugin"),
    join(root, ".lab/bin"),
    join(root, "node_modules/.bin"),
    process.env["PATH"],
  ].join(delimiter),
  PULUMI_HOME: home,
  PULUMI_BACKEND_URL: `file://${home}`,
  PULUMI_CONFIG_PASSPHRASE: "test",
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
  KUBECONFIG: join(home, "none"),
};
Object.assign(process.env, { PATH: envVars.PATH, PULUMI_HOME: home });
after(() => rmSync(home, { recursive: true, force: true }));

/** A component of the package as an SDK of any language registers it: by its type and its inputs. */
class Remote extends pulumi.ComponentResource {
  constructor(type: string, name: string, inputs: pulumi.Inputs) {
    super(`berth:index:${type}`, name, inputs, {}, true);
  }
}

async function preview(program: () => Promise<void>): Promise<{ readonly isOk: boolean; readonly output: string }> {
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: `test${Math.floor(performance.now())}`, projectName: "test", program },
    { envVars },
  );
  let output = "";
  try {
    await stack.preview({ onOutput: (text) => (output += text), onError: (text) => (output += text) });
    return { isOk: true, output };
  } catch (error) {
    return { isOk: false, output: output + String(error) };
  }
}

describe("the plugin pulumi-resource-berth", () => {
  it("serves the static schema", () => {
    const { stdout, status, stderr } = spawnSync(
      "pulumi",
      ["package", "get-schema", join(root, "provider/bin/pulumi-resource-berth")],
      { encoding: "utf8", env: { ...process.env, ...envVars }, maxBuffer: 1 << 26 },
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      Object.keys((JSON.parse(stdout) as { resources: object }).resources).sort(),
      Object.keys(
        (JSON.parse(readFileSync(join(root, "provider/schema.json"), "utf8")) as { resources: object }).resources,
      ).sort(),
    );
  });

  it("previews every component without a cluster", { timeout: 120_000 }, async () => {
    const { isOk, output } = await preview(async () => {
      new Remote("LoadBalancer", "berth", { image: "example/berth:1" });
      new Remote("Eip", "pool", { address: "192.0.2.0/24" });
      new Remote("BgpConf", "conf", { as: 4200000001 });
      new Remote("BgpPeer", "router", {
        conf: { neighborAddress: "172.30.0.1", peerAs: 65001 },
        password: pulumi.secret("opensesame"),
      });
      new Remote("ExposedService", "page", { selector: { app: "page" }, ports: [{ port: 80 }] });
    });
    assert.ok(isOk, output);
    for (const type of ["berth:index:LoadBalancer", "kubernetes:network.kubesphere.io/v1alpha2:Eip", "kubernetes:core/v1:Secret"])
      assert.ok(output.includes(type), `${type} is not in:\n${output}`);
    assert.doesNotMatch(output, /opensesame/);
  });

  it("fails preview on a malformed Eip with the property path, the value and what would be right", {
    timeout: 120_000,
  }, async () => {
    const { isOk, output } = await preview(async () => {
      new Remote("Eip", "wrong", { address: "10.0.0.300" });
    });
    assert.ok(!isOk);
    assert.match(
      output,
      /property address with value '10\.0\.0\.300' has a problem: "10\.0\.0\.300" is not an address \(192\.0\.2\.1\), a CIDR/,
    );
  });
});
