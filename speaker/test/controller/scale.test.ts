import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { crds } from "@berth/api/crds";
import { KubeConfig } from "@kubernetes/client-node";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import type { Service } from "../../src/kubernetes/objects.ts";
import { Api } from "../../src/kubernetes/shell/api.ts";
import { type Controller, runController } from "../../src/kubernetes/shell/controller.ts";

/** The controller on a real API server: a thousand Services, two controllers, one of which dies. */
const count = 1000;
let server: ApiServer;
let api: Api;
const controllers: Controller[] = [];
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function start(identity: string): Controller {
  const options = {
    namespace: "default",
    identity,
    scope: { loadBalancerClasses: [], handlesClassless: true },
    restPeriod: 60_000,
    sharesUnconditionally: false,
    elects: true,
  };
  const controller = runController(api, options, silent);
  controllers.push(controller);
  return controller;
}

async function services(): Promise<readonly Service[]> {
  return ((await api.send("GET", "/api/v1/namespaces/default/services")) as { readonly items: readonly Service[] }).items.filter(
    (one) => one.spec.type === "LoadBalancer",
  );
}
const addressOf = (one: Service): string => one.status?.loadBalancer?.ingress?.[0]?.ip ?? "";

async function until(claim: string, seconds: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `${claim}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function create(from: number, to: number): Promise<void> {
  const names = Array.from({ length: to - from }, (_, index) => `s${from + index}`);
  for (let at = 0; at < names.length; at += 100) {
    await Promise.all(
      names.slice(at, at + 100).map((name) =>
        api.send("POST", "/api/v1/namespaces/default/services", {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name },
          spec: { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] },
        }),
      ),
    );
  }
}

before(async () => {
  server = await startApiServer();
  assert.equal(
    server.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: crds() })).code,
    0,
  );
  server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=20s"]);
  const eip = {
    apiVersion: "network.kubesphere.io/v1alpha2",
    kind: "Eip",
    metadata: { name: "office", annotations: { "eip.openelb.kubesphere.io/is-default-eip": "true" } },
    spec: { address: "10.8.0.0/16" },
  };
  assert.equal(server.kubectl(["create", "-f", "-"], JSON.stringify(eip)).code, 0);
  const config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  api = new Api(config);
  await create(0, count);
});
after(async () => {
  for (const controller of controllers) await controller.close().catch(() => undefined);
  server.stop();
});

describe(`${count} Services that were there before the controller`, { timeout: 120_000 }, () => {
  it("all hold addresses of their own within five seconds of its leadership", async () => {
    const controller = start("first");
    await until("leadership", 20, () => controller.isLeader());
    await until("all addresses", 5, async () => (await services()).every((one) => addressOf(one) !== ""));
    assert.equal(new Set((await services()).map(addressOf)).size, count);
  });

  it("keep them when another controller takes over, which serves new Services within the Lease's fifteen seconds and a little", async () => {
    const before = new Map((await services()).map((one) => [one.metadata.name, addressOf(one)]));
    start("second");
    await controllers[0]?.close();
    await create(count, count + 50);
    await until("the new Services' addresses", 20, async () => (await services()).every((one) => addressOf(one) !== ""));
    const now = await services();
    assert.equal(new Set(now.map(addressOf)).size, count + 50);
    for (const one of now) if (before.has(one.metadata.name)) assert.equal(addressOf(one), before.get(one.metadata.name));
  });

  it("are counted in the Eip's status, which stays small", async () => {
    await until(
      "the count",
      10,
      async () =>
        ((await api.send("GET", "/apis/network.kubesphere.io/v1alpha2/eips/office")) as { status?: { usage?: number } }).status
          ?.usage ===
        count + 50,
    );
    assert.ok(JSON.stringify(await api.send("GET", "/apis/network.kubesphere.io/v1alpha2/eips/office")).length < 100_000);
  });
});
