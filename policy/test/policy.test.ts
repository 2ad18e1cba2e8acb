import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BgpConf, BgpPeer, Eip, type EipArgs } from "@berth/pulumi";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { engineEnvironment, root } from "../../provider/test/engine.ts";

/**
 * The policy pack with the real engine. Language hosts of today start a pack with Pulumi's own runner, `run-policy-pack`, in its directory;
 * the old one of the lab cannot. So the pack's runtime has a name here that no host has, for which the engine takes an analyzer plugin from
 * the PATH, and that does the same.
 */
const home = mkdtempSync(join(tmpdir(), "berth-policy-"));
const pack = join(home, "pack");
const runtime = "lab-node";
before(() => {
  mkdirSync(pack);
  const description = readFileSync(join(root, "policy/PulumiPolicy.yaml"), "utf8");
  assert.match(description, /^runtime: nodejs$/m);
  writeFileSync(join(pack, "PulumiPolicy.yaml"), description.replace("runtime: nodejs", `runtime: ${runtime}`));
  const run = `exec "${process.execPath}" "${join(root, "node_modules/@pulumi/pulumi/cmd/run-policy-pack")}" "$1" .`;
  const script = `#!/bin/sh\ncd "${join(root, "policy")}" && ${run}\n`;
  writeFileSync(join(home, `pulumi-analyzer-policy-${runtime}`), script, { mode: 0o755 });
  const env = engineEnvironment(home);
  Object.assign(process.env, env, { PATH: [home, env["PATH"]].join(delimiter) });
});
after(() => rmSync(home, { recursive: true, force: true }));

/** Previews a program under the pack. @returns whether the engine lets it pass, and what it says */
async function preview(program: () => void, config?: object): Promise<{ readonly isAllowed: boolean; readonly said: string }> {
  const stack = await LocalWorkspace.createOrSelectStack({
    stackName: "policy",
    projectName: "policy",
    program: async () => program(),
  });
  const file = join(home, "config.json");
  if (config !== undefined) writeFileSync(file, JSON.stringify(config));
  let said = "";
  const onOutput = (text: string): void => {
    said += text;
  };
  const policies = { policyPacks: [pack], ...(config === undefined ? {} : { policyPackConfigs: [file] }) };
  const isAllowed = await stack.preview({ ...policies, onOutput, onError: onOutput, color: "never" }).then(
    () => true,
    () => false,
  );
  return { isAllowed, said };
}
/** The rules that a preview breaks. */
const broken = (said: string): string[] =>
  [...said.matchAll(/\[mandatory\] +(\S+) +\(.*:(\S+: \S+)\)/g)].map(([, rule, who]) => `${rule} ${who}`).sort();

const pool = (args: EipArgs) => () => void new Eip("office", args);
const peer = (args: object) => () => {
  new BgpConf("default", { as: 65000 });
  new BgpPeer("router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 }, ...args });
};

describe("the policy pack under the engine", () => {
  it("lets a program pass that keeps every rule", async () => {
    const { isAllowed, said } = await preview(() => {
      pool({ address: "10.0.0.0/24", perNamespaceLimit: 5 })();
      peer({ password: pulumi.secret("opensesame") })();
    });
    assert.ok(isAllowed, said);
    assert.match(said, /✅ berth@v0\.1\.0/);
  });

  it("stops a pool that is public, and one without a quota, and says what would be right", async () => {
    const { isAllowed, said } = await preview(pool({ address: "192.0.2.0/24" }));
    assert.ok(!isAllowed, said);
    assert.deepEqual(broken(said), ["pools-are-private Eip: office", "pools-have-quotas Eip: office"]);
    assert.match(
      said,
      /Eip "office": 192\.0\.2\.0-192\.0\.2\.255 of 192\.0\.2\.0\/24 is in no allowed network .*; take addresses of those/,
    );
    assert.match(said, /Eip "office" has no perNamespaceLimit; give the most addresses that one namespace may have/);
  });

  it("stops an external peer whose session is not signed", async () => {
    const { isAllowed, said } = await preview(peer({}));
    assert.ok(!isAllowed, said);
    assert.deepEqual(broken(said), ["external-peers-are-signed BgpPeer: router"]);
    assert.match(said, /BgpPeer "router" is external \(AS 65001\) and its session is not signed; give it a password/);
  });

  it("goes by the organisation's configuration", async () => {
    const config = { "pools-are-private": { allowedNetworks: ["192.0.2.0/24"] }, "pools-have-quotas": { highest: 3 } };
    const { isAllowed, said } = await preview(pool({ address: "192.0.2.0/24", perNamespaceLimit: 4 }), config);
    assert.ok(!isAllowed, said);
    assert.deepEqual(broken(said), ["pools-have-quotas Eip: office"]);
    assert.match(said, /perNamespaceLimit 4 is more than 3, which is the most here/);
  });
});
