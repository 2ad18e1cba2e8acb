import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Announcer } from "../../src/announce/announcer.ts";
import type { ClusterView } from "../../src/announce/view.ts";
import type { PeerFacts } from "../../src/bgp/facts.ts";
import { createBgpAnnouncer } from "../../src/bgp/shell/announcer.ts";
import { parseAddress } from "../../src/net/address.ts";
import { openLog } from "../../src/shell/log.ts";
import { connected, messagesOf } from "./wire.ts";

/** Two connections between one peer and us, in every order that a router brings about. The test is the router, 127.0.0.1. */
const marker = "ff".repeat(16);
const keepalive = Buffer.from(`${marker}001304`, "hex");
/** AS 65001, hold time 90, identifier 172.30.0.1 or 1.1.1.1; with graceful restart (RFC 4724) or without. */
const open = (identifier: string, restart = ""): Buffer => {
  const capabilities = `01040001000141040000fde9${restart}`;
  const length = capabilities.length / 2;
  const header = `${marker}${(31 + length).toString(16).padStart(4, "0")}0104fde9005a${identifier}`;
  return Buffer.from(
    `${header}${(length + 2).toString(16).padStart(2, "0")}02${length.toString(16).padStart(2, "0")}${capabilities}`,
    "hex",
  );
};
const high = "ac1e0001";
const low = "01010101";
const graceful = "4006007800010180";

let announcer: Announcer | undefined;
let server: Server | undefined;
const sockets: Socket[] = [];
let ports = 21_900;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await announcer?.close();
  server?.close();
  [announcer, server] = [undefined, undefined];
});

const facts = (): PeerFacts => (announcer!.status().facts["peers"] as PeerFacts[])[0]!;
async function eventually(claim: string, holds: () => boolean): Promise<void> {
  const until = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < until, claim);
    await sleep(10);
  }
}

/** A speaker with identifier 10.99.99.99 that knows the router. @returns the port that it listens on, and its connections to us */
async function speaker(
  isPassive: boolean,
  addresses: readonly string[] = [],
): Promise<{ readonly port: number; readonly dialled: Socket[]; apply(holdTime: string): void }> {
  const dialled: Socket[] = [];
  const port = ports++;
  server = createServer((socket) => {
    sockets.push(socket);
    dialled.push(socket);
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const object = { apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name: "default" } };
  announcer = createBgpAnnouncer({ drainMilliseconds: 400 }, { logger: openLog("error", {}) });
  const view = (holdTime: string): ClusterView => ({
    nodeName: "node1",
    nodes: [{ name: "node1", labels: {}, internalAddresses: [{ family: 4, value: 0x0a636363n }], refusal: undefined }],
    addresses: addresses.map((text) => ({
      address: parseAddress(text)!,
      eip: { ...object, kind: "Eip", spec: { address: text } },
      services: ["ns/s"],
      localOnly: false,
      endpointsByNode: new Map([["node1", 1]]),
    })),
    bgpConf: { ...object, kind: "BgpConf", spec: { as: 65000, listenPort: port, listenAddresses: ["127.0.0.1"] } },
    bgpPeers: [
      {
        ...object,
        kind: "BgpPeer",
        spec: {
          conf: { neighborAddress: "127.0.0.1", peerAs: 65001 },
          transport: { passiveMode: isPassive, remotePort: address.port },
          timers: { config: { connectRetry: "1", holdTime } },
        },
      },
    ],
    passwords: new Map(),
  });
  const made = announcer;
  const apply = (holdTime: string): void => made.apply(view(holdTime));
  apply("90");
  return { port, dialled, apply };
}
async function dial(port: number): Promise<Socket> {
  const socket = await connected(port);
  sockets.push(socket);
  return socket;
}

describe("two connections to one peer (RFC 4271 §6.8)", () => {
  for (const [name, identifier, keepsTheirs] of [
    ["the peer's, when its identifier is higher", high, true],
    ["our own, when the peer's identifier is lower", low, false],
  ] as const) {
    it(`keep ${name}`, async () => {
      const { port, dialled } = await speaker(false);
      const theirs = await dial(port);
      await eventually("the speaker dials", () => dialled.length > 0);
      const ours = dialled[0]!;
      const [fromTheirs, fromOurs] = [messagesOf(theirs), messagesOf(ours)];
      for (const messages of [fromTheirs, fromOurs]) assert.equal((await messages.read())?.[0], 1);
      for (const socket of [theirs, ours]) socket.write(open(identifier));
      const [kept, lost] = keepsTheirs ? [fromTheirs, fromOurs] : [fromOurs, fromTheirs];
      const answers = [await kept.read(), await lost.read()];
      if (answers[1]?.[0] === 4) answers[1] = await lost.read();
      assert.deepEqual(answers, [
        [4, ""],
        [3, "0607"],
      ]);
      (keepsTheirs ? theirs : ours).write(keepalive);
      await eventually("the session is up", () => facts().state === "Established");
    });
  }

  it("are dialled again when the one that was kept ends before it is up", async () => {
    const { port, dialled } = await speaker(false);
    const theirs = await dial(port);
    await eventually("the speaker dials", () => dialled.length === 1);
    for (const socket of [theirs, dialled[0]!]) socket.write(open(high));
    await eventually("its own connection is given up", () => facts().state === "OpenConfirm");
    await sleep(50);
    theirs.destroy();
    await eventually("the speaker dials once more", () => dialled.length >= 2);
  });
});

describe("a router that does not get on with us", () => {
  it("is not dialled for each connection that it makes", async () => {
    const { port, dialled } = await speaker(false);
    server?.on("connection", (socket: Socket) => socket.end(Buffer.from(`${marker}0015030202`, "hex")));
    const began = performance.now();
    const wrongAs = Buffer.from(`${marker}001d0104fdea005a${high}00`, "hex");
    for (let round = 0; round < 20; round++) {
      const theirs = await dial(port);
      const messages = messagesOf(theirs);
      theirs.write(wrongAs);
      let message = await messages.read();
      while (message !== undefined && message[0] !== 3) message = await messages.read();
      assert.equal(message?.[1], "0202");
    }
    await sleep(100);
    const seconds = (performance.now() - began) / 1000;
    assert.ok(dialled.length <= 3 + 2 * seconds, `dialled ${dialled.length} times in ${seconds.toFixed(1)} s`);
  });
});

describe("a router that cannot be reached", () => {
  it("is the last error, with the kernel's word for it", async () => {
    const { dialled } = await speaker(false);
    await eventually("the speaker dials", () => dialled.length > 0);
    server?.close();
    dialled[0]?.destroy();
    await eventually("it is refused", () => facts().lastError.startsWith("connect ECONNREFUSED 127.0.0.1:"));
  });

  it("does not hide why the session ended", async () => {
    const { dialled } = await speaker(false);
    await eventually("the speaker dials", () => dialled.length > 0);
    const ours = dialled[0]!;
    server?.close();
    ours.write(Buffer.from(`${marker}001503${"0603"}`, "hex"));
    await eventually("the NOTIFICATION is read", () => facts().lastError.startsWith("received Cease/Peer De-configured (6/3)"));
    await eventually("it dials again, and nobody is there", () => facts().state === "Active" || facts().state === "Connect");
    await sleep(200);
    assert.match(facts().lastError, /^received Cease/);
  });
});

describe("a peer that connects while its session is up", () => {
  const establish = async (port: number, restart: string): Promise<Socket> => {
    const socket = await dial(port);
    socket.write(Buffer.concat([open(high, restart), keepalive]));
    await eventually("the session is up", () => facts().state === "Established");
    return socket;
  };

  it("is turned away with Cease/Connection Collision Resolution, and its session stays", async () => {
    const { port } = await speaker(true);
    await establish(port, "");
    const { since } = facts();
    assert.deepEqual(await messagesOf(await dial(port)).read(), [3, "0607"]);
    assert.deepEqual([facts().state, facts().since], ["Established", since]);
  });

  it("has restarted when it restarts gracefully: the old connection ends without a word (RFC 4724 §4.2)", async () => {
    const { port } = await speaker(true);
    const old = messagesOf(await establish(port, graceful));
    const again = await dial(port);
    again.write(Buffer.concat([open(high, graceful), keepalive]));
    for (let message = await old.read(); message !== undefined; message = await old.read()) assert.notEqual(message[0], 3);
    await eventually("the new session is up", () => facts().state === "Established" && facts().flaps === 1);
  });
});

describe("a session that a new configuration ends", () => {
  it("is told why, and dialled again when the router had a second to clear it", async () => {
    const { dialled, apply } = await speaker(false);
    await eventually("the speaker dials", () => dialled.length === 1);
    const messages = messagesOf(dialled[0]!);
    dialled[0]!.write(Buffer.concat([open(high), keepalive]));
    await eventually("the session is up", () => facts().state === "Established");
    const changed = performance.now();
    apply("30");
    let last = await messages.read();
    for (let next = last; next !== undefined; next = await messages.read()) last = next;
    assert.deepEqual([last?.[0], last?.[1].slice(0, 4)], [3, "0606"]);
    await eventually("the speaker dials again", () => dialled.length === 2);
    assert.ok(performance.now() - changed >= 999);
  });
});

describe("a peer that we only wait for", () => {
  it("is never dialled, and shown as Active", async () => {
    const { dialled } = await speaker(true);
    await eventually("it waits", () => facts().state === "Active");
    await sleep(1500);
    assert.deepEqual([facts().state, dialled.length], ["Active", 0]);
  });
});

describe("a planned stop (RFC 8326, RFC 9003)", () => {
  it("asks for other paths first, waits, withdraws, and then says goodbye with a reason", async () => {
    const { port } = await speaker(true, ["192.0.2.1"]);
    const socket = await dial(port);
    const messages = messagesOf(socket);
    socket.write(Buffer.concat([open(high), keepalive]));
    const next = async (): Promise<string> => {
      const [type, body] = (await messages.read()) ?? [0, ""];
      return type === 4 ? next() : `${type} ${body}`;
    };
    assert.match(await next(), /^1 /);
    const attributes = "40010100" + "4002060201" + "0000fde8" + "4003040a636363";
    assert.equal(await next(), `2 00000014${attributes}20c0000201`);
    assert.equal(await next(), "2 00000000", "End-of-RIB");
    const asked = performance.now();
    const closing = announcer!.close();
    assert.equal(await next(), `2 0000001b${attributes}c00804ffff000020c0000201`);
    assert.equal(await next(), "2 000520c00002010000");
    assert.ok(performance.now() - asked >= 399, "routers have time");
    const text = Buffer.from("the speaker stops");
    assert.equal(await next(), `3 0602${text.length.toString(16)}${text.toString("hex")}`);
    await closing;
  });
});
