import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { engineEnvironment, root } from "./engine.ts";

/** The plugin under the real engine, without any cluster: what a program in another language gets. */
const home = mkdtempSync(join(tmpdir(), "berth-plugin-test-"));
const env = engineEnvironment(home);
after(() => rmSync(home, { recursive: true, force: true }));

function preview(program: string): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "previewRemote.ts"), program, home], {
    encoding: "utf8",
    env,
    timeout: 60_000,
  });
  return { code: status, output: stdout + stderr };
}

describe("the plugin pulumi-resource-berth", () => {
  it("serves the static schema", () => {
    const { stdout, status, stderr } = spawnSync(
      "pulumi",
      ["package", "get-schema", join(root, "provider/bin/pulumi-resource-berth")],
      { encoding: "utf8", env, maxBuffer: 1 << 26 },
    );
    assert.equal(status, 0, stderr);
    const served = JSON.parse(stdout) as { readonly resources: object };
    const written = JSON.parse(readFileSync(join(root, "provider/schema.json"), "utf8")) as { readonly resources: object };
    assert.deepEqual(Object.keys(served.resources).sort(), Object.keys(written.resources).sort());
  });

  it("previews every component without a cluster, and shows no password", () => {
    const { code, output } = preview("every");
    assert.equal(code, 0, output);
    for (const type of ["berth:index:LoadBalancer", "kubernetes:network.kubesphere.io/v1alpha2:Eip", "kubernetes:core/v1:Secret"])
      assert.ok(output.includes(type), `${type} is not in:\n${output}`);
    assert.doesNotMatch(output, /opensesame/);
  });
});
