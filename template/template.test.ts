import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

/** The same program yields the intended objects for each environment: what the sample stacks declare, under mocks. */
const root = dirname(import.meta.dirname);

interface Made {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>> & {
    readonly metadata?: { readonly name?: string; readonly annotations?: Readonly<Record<string, string>> };
  };
}

async function environment(name: string): Promise<Made[]> {
  const { config } = parse(readFileSync(join(root, `Pulumi.${name}.yaml`), "utf8")) as {
    readonly config: Readonly<Record<string, unknown>>;
  };
  const made: Made[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name: resource, inputs }) => {
        made.push({ type, name: resource, inputs });
        return { id: resource, state: { ...inputs, metadata: { name: resource, ...inputs.metadata } } };
      },
      call: () => ({}),
    },
    "berth",
    name,
  );
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    ),
  );
  await import(`./index.ts?environment=${name}`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  return made;
}

const named = (made: readonly Made[], kind: string): string[] =>
  made
    .filter(({ type }) => type.endsWith(`:${kind}`) && type.startsWith("kubernetes:network"))
    .map(({ inputs }) => inputs.metadata?.name ?? "")
    .sort();

describe("the environment template", () => {
  it("in dev has one Layer2 pool, which is the default, one controller and no BGP", async () => {
    const made = await environment("dev");
    assert.deepEqual([named(made, "Eip"), named(made, "BgpConf"), named(made, "BgpPeer")], [["lan"], [], []]);
    const pool = made.find(({ type }) => type.endsWith(":Eip") && type.startsWith("kubernetes:"));
    assert.deepEqual(pool?.inputs["spec"], { address: "192.168.1.240-192.168.1.249", protocol: "layer2" });
    assert.equal(pool?.inputs.metadata?.annotations?.["eip.openelb.kubesphere.io/is-default-eip"], "true");
    const controller = made.find(({ type }) => type === "kubernetes:apps/v1:Deployment");
    assert.equal((controller?.inputs["spec"] as { readonly replicas?: number } | undefined)?.replicas, 1);
    const speaker = made.find(({ type }) => type === "kubernetes:apps/v1:DaemonSet");
    assert.match(JSON.stringify(speaker?.inputs), /"--bgp=false"/);
  });

  it("in staging has a pool of each kind, with quotas, and one router", async () => {
    const made = await environment("staging");
    assert.deepEqual(
      [named(made, "Eip"), named(made, "BgpConf"), named(made, "BgpPeer")],
      [["lan", "routed"], ["default"], ["tor"]],
    );
    const limits = made
      .filter(({ type }) => type.endsWith(":Eip") && type.startsWith("kubernetes:"))
      .map(({ inputs }) => (inputs["spec"] as { perNamespaceLimit?: number }).perNamespaceLimit);
    assert.deepEqual(limits.sort(), [4, 8]);
  });

  it("in production has two routers on nodes of their own, and pools with quotas, one of them for partners alone", async () => {
    const made = await environment("production");
    assert.deepEqual(
      [named(made, "Eip"), named(made, "BgpPeer")],
      [
        ["partners", "routed"],
        ["tor-a", "tor-b"],
      ],
    );
    const partners = made.find(({ inputs }) => inputs.metadata?.name === "partners" && "spec" in inputs);
    assert.deepEqual(partners?.inputs["spec"], {
      address: "10.32.0.0/28",
      protocol: "bgp",
      namespaces: ["partners"],
      restrict: true,
      perNamespaceLimit: 14,
    });
    const controller = made.find(({ type }) => type === "kubernetes:apps/v1:Deployment");
    assert.equal((controller?.inputs["spec"] as { readonly replicas?: number } | undefined)?.replicas, 2);
  });
});
