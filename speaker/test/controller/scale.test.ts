import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import type { Api } from "../../src/kubernetes/shell/api.ts";
import { type Controller, runController } from "../../src/kubernetes/shell/controller.ts";
import { addressOf, apiOf, createServices, installCrds, recordHistory, services, until } from "./harness.ts";

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

/** Starts a controller. @returns milliseconds from its leadership until every Service has an address */
async function timeToServe(): Promise<number> {
  const history = recordHistory(api);
  await until("the watch of the test", 30, () => history.byService.size === count);
  const controller = start("first");
  await until("leadership", 30, () => controller.isLeader());
  const ledAt = Date.now();
  await until("all addresses", 60, () => history.served() === count);
  history.close();
  return Date.now() - ledAt;
}

const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `s${from + index}`);

before(async () => {
  server = await startApiServer();
  installCrds(server);
  const eip = {
    apiVersion: "network.kubesphere.io/v1alpha2",
    kind: "Eip",
    metadata: { name: "office", annotations: { "eip.openelb.kubesphere.io/is-default-eip": "true" } },
    spec: { address: "10.8.0.0/16" },
  };
  assert.equal(server.kubectl(["create", "-f", "-"], JSON.stringify(eip)).code, 0);
  api = apiOf(server.kubeconfig);
});
after(async () => {
  for (const controller of controllers) await controller.close().catch(() => undefined);
  server.stop();
});

describe(`${count} Services that were there before the controller`, { timeout: 120_000 }, () => {
  // How long it takes is measured by `npm run bench -- allocate`: the machine has other work.
  it("all hold addresses of their own soon after it leads", async (test) => {
    await createServices(api, names(0, count));
    test.diagnostic(`it took ${await timeToServe()} ms from its leadership`);
    assert.equal(new Set((await services(api)).map(addressOf)).size, count);
  });

  it("keep them when another controller takes over, which serves new Services within the Lease's fifteen seconds and a little", async () => {
    const before = new Map((await services(api)).map((one) => [one.metadata.name, addressOf(one)]));
    start("second");
    await controllers[0]?.close();
    await createServices(api, names(count, count + 50));
    await until("the new Services' addresses", 20, async () => (await services(api)).every((one) => addressOf(one) !== ""));
    const now = await services(api);
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
