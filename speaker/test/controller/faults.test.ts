import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import type { Api } from "../../src/kubernetes/shell/api.ts";
import { type Fault, type FaultyApi, startFaultyApi } from "./faultyApi.ts";
import {
  addressesOf,
  apiOf,
  type ControllerProcess,
  createServices,
  installCrds,
  kill,
  recordHistory,
  services,
  startController,
  until,
} from "./harness.ts";

/** Controllers in processes of their own, on a real API server that errs, stalls and loses answers. */
let server: ApiServer;
let faulty: FaultyApi;
let api: Api;
const running: ControllerProcess[] = [];

async function start(kubeconfig: string, podName: string): Promise<ControllerProcess> {
  const controller = await startController(kubeconfig, { POD_NAME: podName });
  running.push(controller);
  return controller;
}

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const hasAll = async (): Promise<boolean> => {
  const all = await services(api);
  return addressesOf(all).size === all.length;
};

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
  faulty = await startFaultyApi(server.kubeconfig);
});
after(async () => {
  for (const one of running) await kill(one, "SIGKILL");
  faulty.close();
  server.stop();
});

describe("kill -9 of the leader while it gives a thousand addresses", { timeout: 180_000 }, () => {
  it("gives no address twice, takes none away, and the second replica leads within fifteen seconds and finishes", async () => {
    const first = await start(server.kubeconfig, "first");
    await until("the first leads", 20, () => first.isLeader());
    const second = await start(server.kubeconfig, "second");
    await until("the second is ready", 20, () => second.log().includes("leads") || fetchOk(second));
    const history = recordHistory(api);
    const creating = createServices(api, names("k", 1000));
    await until("some have an address", 60, () => history.served() > 200);
    await kill(first, "SIGKILL");
    const killedAt = Date.now();
    await creating;
    const before = addressesOf(await services(api));
    assert.ok(before.size < 1000, "the leader was killed too late to be in the middle");
    await until("the second leads", 15, () => second.isLeader());
    const seconds = (Date.now() - killedAt) / 1000;
    assert.ok(seconds <= 15, `the second led after ${seconds} s`);
    await until("all have an address", 15, hasAll);
    const now = addressesOf(await services(api));
    for (const [name, address] of before) assert.equal(now.get(name), address, `${name} was moved`);
    for (const [name, seen] of history.byService) assert.ok(seen.length <= 1, `${name} had ${seen.join(", ")}`);
    history.close();
    await kill(second, "SIGTERM");
  });
});

async function fetchOk(controller: ControllerProcess): Promise<boolean> {
  return fetch(`http://127.0.0.1:${controller.port}/readyz`).then(
    (response) => response.ok,
    () => false,
  );
}

describe("two controllers that were started with the same name", { timeout: 120_000 }, () => {
  it("are told apart: one leads, the other waits, and takes over when the first dies", async () => {
    const pair = [await start(server.kubeconfig, "twin"), await start(server.kubeconfig, "twin")];
    await until("one leads", 20, async () => (await Promise.all(pair.map((one) => one.isLeader()))).includes(true));
    for (let look = 0; look < 40; look++) {
      const leaders = (await Promise.all(pair.map((one) => one.isLeader()))).filter(Boolean).length;
      assert.ok(leaders <= 1, "both lead");
      await sleep(100);
    }
    await createServices(api, names("twin", 50));
    await until("all have an address", 10, hasAll);
    const leader = (await pair[0]?.isLeader()) === true ? pair[0] : pair[1];
    const other = leader === pair[0] ? pair[1] : pair[0];
    assert.ok(leader !== undefined && other !== undefined);
    await kill(leader, "SIGKILL");
    await until("the other leads", 15, () => other.isLeader());
    await kill(other, "SIGTERM");
  });
});

/** Every third write meets the fault; the Lease is left alone unless the case is about it. */
function everyThird(fault: Fault, isMet: (path: string) => boolean): (method: string, path: string) => Fault {
  let count = 0;
  return (method, path) => (method !== "GET" && isMet(path) && count++ % 3 === 0 ? fault : "pass");
}
const isService = (path: string): boolean => path.includes("/services/");

describe("an API server that errs", { timeout: 300_000 }, () => {
  let controller: ControllerProcess;
  before(async () => {
    controller = await start(faulty.kubeconfig, "unlucky");
    await until("it leads", 30, () => controller.isLeader());
  });

  const cases: readonly (readonly [name: string, fault: Fault])[] = [
    ["409 Conflict", { status: 409 }],
    ["429 Too Many Requests with Retry-After", { status: 429, retryAfter: 1 }],
    ["500 Internal Server Error", { status: 500 }],
    ["an answer that is lost", "loseAnswer"],
  ];
  for (const [index, [name, fault]] of cases.entries()) {
    it(`${name}: every Service gets one address, once, without a restart`, async () => {
      const history = recordHistory(api);
      const before = faulty.faults();
      faulty.inject(everyThird(fault, isService));
      await createServices(api, names(`f${index}`, 60));
      await until("all have an address", 60, hasAll);
      faulty.inject(() => "pass");
      assert.ok(faulty.faults() - before >= 20, "the fault was not met");
      for (const [service, seen] of history.byService) assert.equal(seen.length, 1, `${service} had ${seen.join(", ")}`);
      history.close();
      assert.equal(controller.child.exitCode, null);
    });
  }

  it("429 to everything: asks no more often than it was told to, and recovers", async () => {
    let asked = 0;
    faulty.inject((method, path) => {
      if (method === "GET" || !isService(path)) return "pass";
      asked++;
      return { status: 429, retryAfter: 3 };
    });
    await createServices(api, names("busy", 200));
    await sleep(5000);
    faulty.inject(() => "pass");
    assert.ok(asked > 0 && asked <= 3 * 64, `${asked} writes in five seconds`);
    await until("all have an address", 20, hasAll);
  });

  it("a stall of 30 s that carries out late what was sent: no address twice, none moved, recovery without a restart", async () => {
    const history = recordHistory(api);
    faulty.inject(() => ({ stall: 30_000 }));
    const stalledAt = Date.now();
    await createServices(api, names("late", 40));
    const rival = await start(server.kubeconfig, "lucky");
    await until("the other controller leads", 30, () => rival.isLeader());
    assert.equal(await controller.isLeader(), false);
    await until("all have an address", 15, hasAll);
    await sleep(Math.max(0, stalledAt + 31_000 - Date.now()));
    faulty.inject(() => "pass");
    await sleep(2000);
    addressesOf(await services(api));
    for (const [service, seen] of history.byService) assert.ok(seen.length <= 1, `${service} had ${seen.join(", ")}`);
    history.close();
    await kill(rival, "SIGTERM");
    await until("the first leads again", 30, () => controller.isLeader());
    await createServices(api, names("after", 20));
    await until("all have an address", 10, hasAll);
    assert.equal(controller.child.exitCode, null);
  });
});
