import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { PeerFacts } from "../../src/bgp/facts.ts";
import { createBgpAnnouncer } from "../../src/bgp/shell/announcer.ts";
import { openLog } from "../../src/shell/log.ts";

const port = 21_880;
const object = { apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name: "default" } };
const announcer = createBgpAnnouncer({ drainMilliseconds: 0 }, { logger: openLog("error", {}) });
const router = new Worker(new URL("./routerThread.ts", import.meta.url), { workerData: { port } });

after(async () => {
  await announcer.close();
  await router.terminate();
});

/** Does what a very large watch does: nothing else runs on this thread meanwhile. */
function readLargeJson(milliseconds: number): number {
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => ({ metadata: { name: `pod-${index}` }, spec: {} })));
  const until = Date.now() + milliseconds;
  let rounds = 0;
  for (; Date.now() < until; rounds++) JSON.parse(text);
  return rounds;
}

describe("a main thread that reads JSON for eight seconds on end", () => {
  it("delays no KEEPALIVE: a session with a hold time of six seconds stays up", async () => {
    announcer.apply({
      nodeName: "node1",
      nodes: [{ name: "node1", labels: {}, internalAddresses: [{ family: 4, value: 0x0a636363n }], refusal: undefined }],
      addresses: [],
      bgpConf: { ...object, kind: "BgpConf", spec: { as: 65000, listenPort: port, listenAddresses: ["127.0.0.1"] } },
      bgpPeers: [
        {
          ...object,
          kind: "BgpPeer",
          spec: { conf: { neighborAddress: "127.0.0.1", peerAs: 65001 }, transport: { passiveMode: true } },
        },
      ],
      passwords: new Map(),
    });
    assert.deepEqual(await once(router, "message"), ["up"]);
    const facts = (): PeerFacts | undefined => (announcer.status().facts["peers"] as PeerFacts[])[0];
    for (let tries = 0; facts()?.state !== "Established" && tries < 600; tries++) await sleep(50);
    const before = facts();
    assert.deepEqual([before?.state, before?.holdTime], ["Established", 6]);
    assert.ok(readLargeJson(8000) > 10);
    router.postMessage("how long?");
    const [answer] = (await once(router, "message")) as [{ readonly longest?: number }];
    assert.ok(answer.longest !== undefined && answer.longest < 6000, `between two messages: ${JSON.stringify(answer)}`);
    await sleep(100);
    assert.deepEqual([facts()?.state, facts()?.since, facts()?.flaps], ["Established", before?.since, 0]);
  });
});
