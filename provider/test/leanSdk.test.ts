import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import monitorService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/resource_pb.js";
import settings from "@pulumi/pulumi/runtime/settings.js";
import state from "@pulumi/pulumi/runtime/state.js";
import { isConnected } from "../src/engines.ts";
import { leanSdk } from "../src/leanSdk.ts";
import { currentRun } from "../src/program.ts";

/** An engine that counts who asks it what it can. @param at where it listens; anywhere unless said */
async function startEngine(at = "127.0.0.1:0"): Promise<{ readonly address: string; asked(): number; stop(): void }> {
  let asked = 0;
  const server = new grpc.Server();
  server.addService((monitorService as unknown as { ResourceMonitorService: grpc.ServiceDefinition }).ResourceMonitorService, {
    getDeploymentInfo: (_: unknown, callback: grpc.sendUnaryData<object>) => {
      asked++;
      const answer = new (messages as unknown as { DeploymentInfo: new () => Answer }).DeploymentInfo();
      answer.setSupportedfeaturesList([transforms]);
      callback(null, answer);
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(at, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const stop = (): void => server.forceShutdown();
  after(stop);
  return { address: `127.0.0.1:${port}`, asked: () => asked, stop };
}

interface Answer {
  setSupportedfeaturesList(features: readonly number[]): void;
}

const { RESOURCE_MONITOR_FEATURE_TRANSFORMS: transforms } = (
  messages as unknown as { ResourceMonitorFeature: { RESOURCE_MONITOR_FEATURE_TRANSFORMS: number } }
).ResourceMonitorFeature;

interface Inside {
  withLocalStorage<T>(act: () => Promise<T>): Promise<T>;
  getStore(): {
    readonly supportsTransforms: boolean;
    readonly supportsSecrets: boolean;
    readonly settings: { readonly engine?: unknown };
  };
  awaitFeatureSupport(): Promise<void>;
}

/** One component's piece of the SDK, as the SDK's server makes it for each. */
function construct(address: string) {
  const { withLocalStorage, getStore } = state as unknown as Inside;
  return withLocalStorage(async () => {
    settings.resetOptions("project", "stack", 4, "127.0.0.1:1", address, true, "organization");
    await (settings as unknown as Inside).awaitFeatureSupport();
    return { client: settings.getMonitor(), store: getStore(), run: currentRun() };
  });
}

describe("Pulumi's SDK in the plugin", () => {
  leanSdk();

  it("asks the engine of a run once what it can, and all components of the run know", async () => {
    const engine = await startEngine();
    const [first, second] = await Promise.all([construct(engine.address), construct(engine.address)]);
    const third = await construct(engine.address);
    assert.equal(engine.asked(), 1);
    for (const { store, client } of [first, second, third]) {
      assert.deepEqual([store.supportsTransforms, store.supportsSecrets], [true, false]);
      assert.ok(client !== undefined && client === first.client);
    }
  });

  it("asks the engine of another run again", async () => {
    const [one, other] = await Promise.all([startEngine(), startEngine()]);
    await construct(one.address);
    await construct(other.address);
    assert.deepEqual([one.asked(), other.asked()], [1, 1]);
  });

  it("takes another engine at the address of one that is gone for another run", async () => {
    const one = await startEngine();
    const [first, second] = [await construct(one.address), await construct(one.address)];
    assert.ok(first.run !== undefined && first.run === second.run);
    one.stop();
    while (isConnected(first.client)) await setTimeout(10);
    const other = await startEngine(one.address);
    const third = await construct(other.address);
    assert.equal(other.asked(), 1);
    assert.ok(third.run !== undefined && third.run !== first.run);
  });

  it("asks again where the engine did not answer", async () => {
    await assert.rejects(construct("127.0.0.1:1"));
    await assert.rejects(construct("127.0.0.1:1"));
  });

  it("keeps debug messages of the SDK to itself", async () => {
    const { withLocalStorage, getStore } = state as unknown as Inside;
    await withLocalStorage(async () => {
      // Nobody listens at this address: a message to it would be an error, and would keep the component waiting.
      settings.resetOptions("project", "stack", 4, "127.0.0.1:1", "127.0.0.1:1", true, "organization");
      await pulumi.log.debug("registering");
      assert.equal(getStore().settings.engine, undefined);
    });
  });
});
