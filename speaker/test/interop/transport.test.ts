import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { BgpPeer } from "@berth/api/bgpPeer";
import { desiredBgp } from "../../src/bgp/desired.ts";
import type { PeerConfig } from "../../src/bgp/peerConfig.ts";
import { packRoutes } from "../../src/bgp/routeTable.ts";
import { Speaker } from "../../src/bgp/shell/speaker.ts";
import { parseAddress } from "../../src/net/address.ts";
import { openLog } from "../../src/shell/log.ts";
import { bindPort, type DialOptions, dial, setSignature } from "../../src/shell/tcp.ts";
import { messagesOf } from "./wire.ts";

/** What the kernel demands on connections to and from the router 127.0.0.1, which is the test. */
const local = parseAddress("127.0.0.1")!;
const object = { apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name: "default" } };
const sockets: Socket[] = [];
let speaker: Speaker | undefined;
let server: Server | undefined;
let ports = 21_700;

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await speaker?.close();
  server?.close();
  [speaker, server] = [undefined, undefined];
});

/** A speaker with one peer, 127.0.0.1, that is configured with more than an object of the cluster says. */
function speak(more: Partial<PeerConfig>): { readonly port: number; apply(changed: Partial<PeerConfig>): void } {
  const port = ports++;
  const peer: BgpPeer = { ...object, kind: "BgpPeer", spec: { conf: { neighborAddress: "127.0.0.1", peerAs: 65001 } } };
  const [config] = desiredBgp({
    nodeName: "node1",
    nodes: [{ name: "node1", labels: {}, internalAddresses: [{ family: 4, value: 0x0a636363n }], refusal: undefined }],
    addresses: [],
    bgpConf: { ...object, kind: "BgpConf", spec: { as: 65000 } },
    bgpPeers: [peer],
    passwords: new Map(),
  }).peers;
  assert.ok(config !== undefined);
  const made = new Speaker({ drainMilliseconds: 0, logsDebug: false }, openLog("error", {}), () => undefined);
  speaker = made;
  const apply = (changed: Partial<PeerConfig>): void =>
    made.apply({
      listenPort: port,
      listenAddresses: ["127.0.0.1"],
      peers: [{ ...config, isPassive: true, ...more, ...changed }],
      routes: packRoutes([]),
      policy: { stages: [] },
    });
  apply({});
  return { port, apply };
}

const plain: Omit<DialOptions, "port"> = {
  address: local,
  zone: undefined,
  localAddress: undefined,
  password: undefined,
  ttl: undefined,
  minimumTtl: undefined,
  maxSegment: undefined,
  device: undefined,
};

/** Whether an OPEN comes when we connect: waited for as long as a slow machine takes where it should come, and for two seconds else. */
async function isSpokenTo(options: DialOptions, isWanted: boolean): Promise<boolean> {
  const socket = dial(options);
  sockets.push(socket);
  socket.on("error", () => undefined);
  const first = messagesOf(socket).read();
  return (await Promise.race([first, sleep(isWanted ? 30_000 : 2000, undefined, { ref: false })]))?.[0] === 1;
}

describe("TCP-MD5 on connections that a peer makes (RFC 2385)", () => {
  it("takes the one with the right password, and none with a wrong one or without", async () => {
    const { port } = speak({ password: "opensesame" });
    const seen = await Promise.all(
      ["opensesame", "wrong", undefined].map((password) => isSpokenTo({ ...plain, port, password }, password === "opensesame")),
    );
    assert.deepEqual(seen, [true, false, false]);
  });
  it("follows a change of the password on the port that is listened on", async () => {
    const { port, apply } = speak({ password: "old" });
    assert.equal(await isSpokenTo({ ...plain, port, password: "old" }, true), true);
    apply({ password: "new" });
    const seen = await Promise.all(
      ["new", "old"].map((password) => isSpokenTo({ ...plain, port, password }, password === "new")),
    );
    assert.deepEqual(seen, [true, false]);
    apply({ password: undefined });
    assert.equal(await isSpokenTo({ ...plain, port }, true), true);
  });
});

describe("a connection that we make from a device, a VRF's or another", () => {
  it("goes by that device", async () => {
    const { port } = speak({});
    assert.equal(await isSpokenTo({ ...plain, port, device: "lo" }, true), true);
  });
  it("is not made where there is no such device", () =>
    assert.throws(() => dial({ ...plain, port: 179, device: "red0" }), /ENODEV|no such device/i));
});

describe("TCP-MD5 on connections that we make", () => {
  it("is signed, so that a router that demands it answers", async () => {
    const fd = bindPort(local, undefined, 0);
    setSignature(fd, local, "opensesame");
    const accepted = new Promise<Socket>((resolve) => {
      server = createServer((socket) => {
        sockets.push(socket);
        resolve(socket);
      });
    });
    await new Promise<void>((resolve) => server!.listen({ fd }, resolve));
    const address = server!.address();
    assert.ok(typeof address === "object" && address !== null);
    speak({ isPassive: false, port: address.port, password: "opensesame" });
    const first = await Promise.race([
      accepted.then((socket) => messagesOf(socket).read()),
      sleep(30_000, undefined, { ref: false }),
    ]);
    assert.equal(first?.[0], 1);
  });
});

describe("the Generalized TTL Security Mechanism (RFC 5082)", () => {
  it("takes a peer whose packets come with 255, and nobody whose packets come with 64", async () => {
    const { port } = speak({ ttl: 255, minimumTtl: 255 });
    const seen = await Promise.all([255, 64].map((ttl) => isSpokenTo({ ...plain, port, ttl }, ttl === 255)));
    assert.deepEqual(seen, [true, false]);
  });
  it("sends 255 itself, in the answer to the first packet and behind it", async () => {
    const { port } = speak({ ttl: 255, minimumTtl: 255 });
    assert.equal(await isSpokenTo({ ...plain, port, ttl: 255, minimumTtl: 255 }, true), true);
  });
  it("demands no more of the port than of all its peers", async () => {
    const { port, apply } = speak({ ttl: 255, minimumTtl: 255 });
    assert.equal(await isSpokenTo({ ...plain, port, ttl: 64 }, false), false);
    apply({ ttl: undefined, minimumTtl: undefined });
    assert.equal(await isSpokenTo({ ...plain, port, ttl: 64 }, true), true);
  });
});

describe("the TTL of connections that a peer makes", () => {
  it("is what the peer's configuration says, from the first packet on and after it changed", async () => {
    const { port, apply } = speak({ ttl: 5 });
    const arrives = (minimumTtl: number, isWanted: boolean) => isSpokenTo({ ...plain, port, minimumTtl }, isWanted);
    assert.deepEqual([await arrives(5, true), await arrives(6, false)], [true, false]);
    apply({ ttl: 9 });
    assert.deepEqual([await arrives(9, true), await arrives(10, false)], [true, false]);
    apply({ ttl: undefined });
    assert.equal(await arrives(64, true), true);
  });
});

describe("a port that somebody else has", () => {
  it("is listened on as soon as it is free", async () => {
    const port = ports;
    const other = createServer();
    await new Promise<void>((resolve) => other.listen({ host: "127.0.0.1", port }, resolve));
    speak({});
    await sleep(200);
    await new Promise((resolve) => other.close(resolve));
    let isSpoken = false;
    for (let attempt = 0; attempt < 100 && !isSpoken; attempt++) {
      isSpoken = await isSpokenTo({ ...plain, port }, false);
      if (!isSpoken) await sleep(200);
    }
    assert.ok(isSpoken);
  });
});
