import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterView } from "../../src/announce/view.ts";
import type { PeerFacts } from "../../src/bgp/facts.ts";
import { createBgpAnnouncer } from "../../src/bgp/shell/announcer.ts";
import { openLog } from "../../src/shell/log.ts";
import { connected, messagesOf } from "./wire.ts";

/** The messages of the case files, sent over TCP to a running speaker: what it answers, and what it believes afterwards. */
interface Case {
  readonly name: string;
  readonly hex: string;
  readonly caps: { readonly state: string; readonly local_as: number; readonly peer_as: number; readonly as4: boolean };
  readonly expect: {
    readonly outcome: string;
    readonly type?: string;
    readonly notification?: { readonly code: number; readonly subcode: readonly number[]; readonly data?: string };
    readonly announce?: readonly { readonly prefix: string }[];
  };
}

const file = new URL("../bgp-cases/messages.jsonl", import.meta.url);
const cases = readFileSync(file, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Case);
const marker = "ff".repeat(16);
const keepalive = `${marker}001304`;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** An OPEN of the peer: both families, route refresh with its marks, and AS numbers of four octets where the case says so. */
function openOf({ peer_as: as, as4 }: Case["caps"]): string {
  const capabilities = `01040001000101040002000102004600${as4 ? `4104${hex(as, 8)}` : ""}`;
  const length = capabilities.length / 2;
  return `${marker}${hex(31 + length, 4)}0104${hex(as, 4)}005a0a000001${hex(length + 2, 2)}02${hex(length, 2)}${capabilities}`;
}

/** A route that every test begins with, from outside or inside. */
function routeOf({ local_as: local, peer_as: peer, as4 }: Case["caps"]): string {
  const path = local === peer ? "400200" : as4 ? `4002060201${hex(peer, 8)}` : `4002040201${hex(peer, 4)}`;
  const own = local === peer ? "40050400000064" : "";
  const attributes = `40010100${path}4003040a000001${own}`;
  const body = `0000${hex(attributes.length / 2, 4)}${attributes}18cb0071`;
  return `${marker}${hex(19 + body.length / 2, 4)}02${body}`;
}

function viewOf({ local_as: as, peer_as: peerAs }: Case["caps"], listenPort: number): ClusterView {
  const object = { apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name: "default" } };
  const afiSafis = (["AFI_IP", "AFI_IP6"] as const).map((afi) => ({
    config: { family: { afi, safi: "SAFI_UNICAST" as const } },
  }));
  const spec = { conf: { neighborAddress: "127.0.0.1", peerAs }, transport: { passiveMode: true }, afiSafis };
  return {
    nodeName: "node1",
    nodes: [{ name: "node1", labels: {}, internalAddresses: [{ family: 4, value: 0x0a636363n }], refusal: undefined }],
    addresses: [],
    bgpConf: { ...object, kind: "BgpConf", spec: { as, listenPort, listenAddresses: ["127.0.0.1"] } },
    bgpPeers: [{ ...object, kind: "BgpPeer", spec }],
    passwords: new Map(),
  };
}

/** What the speaker does not believe yet of what it should after a case; "" when it does. */
function disbelief({ caps, expect: { outcome, type, announce, notification } }: Case, facts: PeerFacts): string {
  if (notification !== undefined) return "";
  if (type === "NOTIFICATION")
    return facts.state !== "Established" && facts.lastError.startsWith("received ") ? "" : `${facts.state}, ${facts.lastError}`;
  const state = type === "OPEN" ? "OpenConfirm" : "Established";
  if (facts.state !== state) return `${facts.state} instead of ${state}`;
  if (caps.state === "opensent") return "";
  const routes = new Set([
    ...(outcome === "treat-as-withdraw" ? [] : ["203.0.113.0/24"]),
    ...(announce ?? []).map((path) => path.prefix),
  ]);
  return facts.routesReceived === routes.size ? "" : `${facts.routesReceived} routes instead of ${[...routes].join(", ")}`;
}

/** Sends a case to a speaker of its own. @returns the NOTIFICATION that it answered with, and what it wrongly believes in the end */
async function run(one: Case, port: number): Promise<{ readonly notification?: string; readonly disbelief: string }> {
  const announcer = createBgpAnnouncer({ drainMilliseconds: 0 }, { logger: openLog("error", {}) });
  announcer.apply(viewOf(one.caps, port));
  const facts = (): PeerFacts => (announcer.status().facts["peers"] as PeerFacts[])[0]!;
  // Facts come from another thread, a moment after what they tell of.
  const settled = async (): Promise<{ readonly disbelief: string }> => {
    const until = Date.now() + 3000;
    while (disbelief(one, facts()) !== "" && Date.now() < until) await sleep(20);
    return { disbelief: disbelief(one, facts()) };
  };
  const socket = await connected(port);
  const messages = messagesOf(socket);
  const send = (text: string): boolean => socket.write(Buffer.from(text, "hex"));
  try {
    assert.equal((await messages.read())?.[0], 1, "an OPEN comes first");
    if (one.caps.state !== "opensent") {
      send(openOf(one.caps) + keepalive + routeOf(one.caps));
      assert.equal((await messages.read())?.[0], 4, "a KEEPALIVE answers ours");
    }
    send(one.hex);
    // What was asked for last is answered last: after that, everything before it was taken.
    if (one.caps.state !== "opensent") send(`${marker}00170500010001`);
    for (;;) {
      const message = await messages.read();
      if (message === undefined) return await settled();
      const [type, body] = message;
      if (type === 3) return { notification: body, ...(await settled()) };
      if (one.caps.state === "opensent" ? type === 4 : type === 5 && body === "00010201") return await settled();
    }
  } finally {
    socket.destroy();
    await announcer.close();
  }
}

describe("real messages, sent over TCP to a running speaker", () => {
  let port = 21_790;
  for (const one of cases) {
    const { outcome, notification } = one.expect;
    it(`${one.name}: ${outcome}`, async () => {
      const seen = await run(one, port++);
      assert.equal(seen.disbelief, "");
      if (notification === undefined) return assert.equal(seen.notification, undefined);
      assert.ok(seen.notification !== undefined, "a NOTIFICATION comes");
      assert.equal(Number.parseInt(seen.notification.slice(0, 2), 16), notification.code);
      assert.ok(notification.subcode.includes(Number.parseInt(seen.notification.slice(2, 4), 16)), seen.notification);
      if (notification.data !== undefined) assert.equal(seen.notification.slice(4), notification.data);
    });
  }
});
