import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Announcer } from "../../src/announce/announcer.ts";
import type { ClusterView } from "../../src/announce/view.ts";
import type { PeerFacts } from "../../src/bgp/facts.ts";
import { createBgpAnnouncer } from "../../src/bgp/shell/announcer.ts";
import { openLog } from "../../src/shell/log.ts";
import { connected, messagesOf } from "./wire.ts";

/** The messages of the case files, sent over TCP to a running speaker: what it answers, and what it believes afterwards. */
interface Case {
  readonly name: string;
  readonly hex: string;
  readonly caps: {
    readonly state: string;
    readonly local_as: number;
    readonly peer_as: number;
    readonly as4: boolean;
    readonly extended_message: boolean;
    readonly add_path?: readonly string[];
    readonly extended_next_hop?: boolean;
    readonly role?: string;
  };
  readonly expect: {
    readonly outcome: string;
    readonly type?: string;
    readonly notification?: { readonly code: number; readonly subcode: readonly number[]; readonly data?: string };
    readonly announce?: readonly PathName[];
    readonly withdraw?: readonly (string | PathName)[];
  };
  /** Where the outcome does not say how many routes are left. */
  readonly live?: { readonly routes: number };
}
interface PathName {
  readonly prefix: string;
  readonly path_id?: number;
}

const cases = ["messages", "rules"].flatMap((name) =>
  readFileSync(new URL(`../bgp-cases/${name}.jsonl`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Case),
);
const marker = "ff".repeat(16);
const keepalive = `${marker}001304`;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
const hasPaths = ({ add_path: families = [] }: Case["caps"], family: string): boolean => families.includes(family);

/** An OPEN of the peer: both families, route refresh with its marks, and what the case is about. */
function openOf(caps: Case["caps"]): string {
  const { peer_as: as, as4, extended_message: isLong } = caps;
  const paths = [hasPaths(caps, "ipv4/unicast") ? "00010102" : "", hasPaths(caps, "ipv6/unicast") ? "00020102" : ""].join("");
  const capabilities = [
    "01040001000101040002000102004600",
    isLong ? "0600" : "",
    as4 ? `4104${hex(as, 8)}` : "",
    paths === "" ? "" : `45${hex(paths.length / 2, 2)}${paths}`,
  ].join("");
  const length = capabilities.length / 2;
  return `${marker}${hex(31 + length, 4)}0104${hex(as, 4)}005a0a000001${hex(length + 2, 2)}02${hex(length, 2)}${capabilities}`;
}

/** The identifier of the path that every test begins with. */
const firstPath = 99;

/** A route that every test begins with, from outside or inside. */
function routeOf(caps: Case["caps"]): string {
  const { local_as: local, peer_as: peer, as4 } = caps;
  const path = local === peer ? "400200" : as4 ? `4002060201${hex(peer, 8)}` : `4002040201${hex(peer, 4)}`;
  const own = local === peer ? "40050400000064" : "";
  const attributes = `40010100${path}4003040a000001${own}`;
  const id = hasPaths(caps, "ipv4/unicast") ? hex(firstPath, 8) : "";
  const body = `0000${hex(attributes.length / 2, 4)}${attributes}${id}18cb0071`;
  return `${marker}${hex(19 + body.length / 2, 4)}02${body}`;
}

function viewOf(caps: Case["caps"], listenPort: number): ClusterView {
  const object = { apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name: "default" } };
  const afiSafis = (["AFI_IP", "AFI_IP6"] as const).map((afi) => ({
    config: { family: { afi, safi: "SAFI_UNICAST" as const } },
    addPaths: { config: { receive: hasPaths(caps, afi === "AFI_IP" ? "ipv4/unicast" : "ipv6/unicast") } },
  }));
  const spec = { conf: { neighborAddress: "127.0.0.1", peerAs: caps.peer_as }, transport: { passiveMode: true }, afiSafis };
  return {
    nodeName: "node1",
    nodes: [{ name: "node1", labels: {}, internalAddresses: [{ family: 4, value: 0x0a636363n }], refusal: undefined }],
    addresses: [],
    bgpConf: { ...object, kind: "BgpConf", spec: { as: caps.local_as, listenPort, listenAddresses: ["127.0.0.1"] } },
    bgpPeers: [{ ...object, kind: "BgpPeer", spec }],
    passwords: new Map(),
  };
}

/** How many routes there should be in the end: the first, and what the case adds and takes. */
function routesAfter({ caps, expect: { announce = [], withdraw = [] }, live }: Case): number {
  const keyOf = (path: string | PathName): string =>
    typeof path === "string" ? path : `${path.prefix}${path.path_id === undefined ? "" : ` ${path.path_id}`}`;
  const first = hasPaths(caps, "ipv4/unicast") ? `203.0.113.0/24 ${firstPath}` : "203.0.113.0/24";
  const routes = new Set([first]);
  for (const path of withdraw) routes.delete(keyOf(path));
  for (const path of announce) routes.add(keyOf(path));
  return live?.routes ?? routes.size;
}

/** What the speaker does not believe yet of what it should after a case; "" when it does. */
function disbelief(one: Case, facts: PeerFacts): string {
  const { type, notification } = one.expect;
  if (notification !== undefined) return facts.state === "Established" ? "Established" : "";
  if (type === "NOTIFICATION")
    return facts.state !== "Established" && facts.lastError.startsWith("received ") ? "" : `${facts.state}, ${facts.lastError}`;
  const isUp = one.caps.state === "established" || (one.caps.state === "openconfirm" && type === "KEEPALIVE");
  const state = isUp ? "Established" : "OpenConfirm";
  if (facts.state !== state) return `${facts.state} instead of ${state}`;
  if (one.caps.state !== "established" || facts.routesReceived === routesAfter(one)) return "";
  return `${facts.routesReceived} routes instead of ${routesAfter(one)}`;
}

/** Speakers by what they are configured with: a session costs little, a speaker does not. */
const speakers = new Map<string, { readonly announcer: Announcer; readonly port: number }>();
let ports = 21_500;

function speakerFor({ local_as, peer_as, add_path }: Case["caps"]): { readonly announcer: Announcer; readonly port: number } {
  const key = JSON.stringify([local_as, peer_as, add_path]);
  const known = speakers.get(key);
  if (known !== undefined) return known;
  const made = { announcer: createBgpAnnouncer({ drainMilliseconds: 0 }, { logger: openLog("error", {}) }), port: ports++ };
  speakers.set(key, made);
  return made;
}

after(() => Promise.all([...speakers.values()].map(({ announcer }) => announcer.close())));

/** Sends a case to a speaker. @returns the NOTIFICATION that it answered with, and what it wrongly believes in the end */
async function run(one: Case): Promise<{ readonly notification?: string; readonly disbelief: string }> {
  const { announcer, port } = speakerFor(one.caps);
  announcer.apply(viewOf(one.caps, port));
  const facts = (): PeerFacts => (announcer.status().facts["peers"] as PeerFacts[])[0]!;
  const until = async (holds: () => boolean): Promise<void> => {
    for (const end = Date.now() + 30_000; !holds() && Date.now() < end; ) await sleep(10);
  };
  // Facts come from another thread, a moment after what they tell of.
  const settled = async (): Promise<{ readonly disbelief: string }> => {
    await sleep(30);
    await until(() => disbelief(one, facts()) === "");
    return { disbelief: disbelief(one, facts()) };
  };
  const socket = await connected(port);
  const messages = messagesOf(socket);
  const send = (text: string): boolean => socket.write(Buffer.from(text, "hex"));
  try {
    assert.equal((await messages.read())?.[0], 1, "an OPEN comes first");
    const isUp = one.caps.state === "established";
    if (one.caps.state !== "opensent") {
      send(openOf(one.caps));
      if (isUp) send(keepalive + routeOf(one.caps));
      assert.equal((await messages.read())?.[0], 4, "a KEEPALIVE answers ours");
    }
    send(one.hex);
    // What was asked for last is answered last: after that, everything before it was taken.
    if (isUp) send(`${marker}00170500010001`);
    for (;;) {
      // Whoever waits for our KEEPALIVE, or got it, has nothing to answer to a message that is well.
      if (one.caps.state === "openconfirm" && one.expect.notification === undefined) return await settled();
      const message = await messages.read();
      if (message === undefined) return await settled();
      const [type, body] = message;
      if (type === 3) return { notification: body, ...(await settled()) };
      if (isUp ? type === 5 && body === "00010201" : type === 4) return await settled();
    }
  } finally {
    socket.destroy();
    await until(() => facts().state === "Active");
  }
}

/** What nothing in a BgpPeer can ask for here: an agreement about next hops needs a link-local peer. */
const isOffline = ({ caps }: Case): boolean => caps.extended_next_hop === true || caps.role !== undefined;

describe("messages, sent over TCP to a running speaker", () => {
  it("are nearly all", () => assert.ok(cases.filter(isOffline).length < 10 && cases.length > 220));
  for (const one of cases.filter((each) => !isOffline(each))) {
    const { outcome, notification } = one.expect;
    it(`${one.name}: ${outcome}`, async () => {
      const seen = await run(one);
      assert.equal(seen.disbelief, "");
      if (notification === undefined) return assert.equal(seen.notification, undefined);
      assert.ok(seen.notification !== undefined, "a NOTIFICATION comes");
      assert.equal(Number.parseInt(seen.notification.slice(0, 2), 16), notification.code);
      assert.ok(notification.subcode.includes(Number.parseInt(seen.notification.slice(2, 4), 16)), seen.notification);
      if (notification.data !== undefined) assert.equal(seen.notification.slice(4), notification.data);
    });
  }
});
