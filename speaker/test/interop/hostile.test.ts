import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type AdmissionCounts, connectionsAtOnce, connectionsPerSecond } from "../../src/bgp/admission.ts";
import type { PeerFacts } from "../../src/bgp/facts.ts";
import { nameOfError } from "../../src/bgp/iana.ts";
import { imageOptions } from "../imageOptions.ts";
import { mutated, type Random, randomFrom, segments } from "./mutations.ts";
import type { Line } from "./speakerProcess.ts";
import { messagesOf } from "./wire.ts";

/**
 * A peer that means harm, beside two that do not: 127.0.0.66 sends what nobody should, 127.0.0.2 and 127.0.0.3 must not notice.
 * BERTH_HOSTILE_SECONDS says how long messages are mutated; BERTH_HOSTILE_SEED repeats a run.
 */
const seconds = Number(process.env["BERTH_HOSTILE_SECONDS"] ?? 12);
const seed = Number(process.env["BERTH_HOSTILE_SEED"] ?? Date.now() % 0x7fffffff);
const port = 21_870;
const [hostile, stranger] = ["127.0.0.66", "127.0.0.77"];
/** Of all sessions, in seconds. */
const holdTime = 9;
/** How much memory an attack may cost, in megabytes: what a young heap takes by itself is most of it. */
const memoryRoom = 96;
const marker = "ff".repeat(16);
const keepalive = Buffer.from(`${marker}001304`, "hex");
const refresh = Buffer.from(`${marker}00170500010001`, "hex");
/** The same with something behind it. */
const longRefresh = Buffer.from(`${marker}001b050001000100000100`, "hex");
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

let speaker: ChildProcess;
let answers: Interface;
const sockets = new Set<Socket>();
const timers = new Set<NodeJS.Timeout>();

/** An OPEN with both families, route refresh with its marks, extended messages and four-octet AS numbers. */
function open(as: number, holdTime: number, identifier: string): Buffer {
  const capabilities = `010400010001010400020001020046000600${`4104${hex(as, 8)}`}`;
  const length = capabilities.length / 2;
  return Buffer.from(
    `${marker}${hex(31 + length, 4)}0104${hex(as, 4)}${hex(holdTime, 4)}${identifier}${hex(length + 2, 2)}02${hex(length, 2)}${capabilities}`,
    "hex",
  );
}

async function dial(from: string, staysOpen = false): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, localAddress: from, noDelay: true, allowHalfOpen: staysOpen });
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  return socket;
}

const tell = (line: Line): boolean | undefined => speaker.stdin?.write(`${JSON.stringify(line)}\n`);
async function status(): Promise<{ readonly peers: readonly PeerFacts[]; readonly connections: AdmissionCounts }> {
  const answer = new Promise<string>((resolve) => answers.once("line", resolve));
  speaker.stdin?.write("status\n");
  return JSON.parse(await answer) as Awaited<ReturnType<typeof status>>;
}
const peers = async (): Promise<readonly PeerFacts[]> => (await status()).peers;
const factsOf = async (address: string): Promise<PeerFacts> => (await peers()).find((one) => one.address === address)!;
const memory = (): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${speaker.pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
const descriptors = (): number => readdirSync(`/proc/${speaker.pid}/fd`).length;

async function eventually(claim: string, within: number, holds: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + within * 1000;
  while (!(await holds())) {
    assert.ok(performance.now() < until, `${claim}, within ${within} s; the speaker says ${JSON.stringify(await peers())}`);
    await sleep(50);
  }
}

/** A peer that behaves: its session is up, and whatever ends it is remembered. */
class GoodPeer {
  readonly address: string;
  readonly #identifier: string;
  ending = "";
  /** The longest time, in milliseconds, for which it did not get to say that it is there. */
  silence = 0;

  constructor(address: string, identifier: string) {
    this.address = address;
    this.#identifier = identifier;
  }

  async start(): Promise<void> {
    [this.ending, this.silence] = ["", 0];
    const socket = await dial(this.address);
    const messages = messagesOf(socket);
    socket.write(Buffer.concat([open(65001, holdTime, this.#identifier), keepalive]));
    let last = performance.now();
    const timer = setInterval(() => {
      this.silence = Math.max(this.silence, performance.now() - last);
      last = performance.now();
      socket.write(keepalive);
    }, 1000);
    timers.add(timer);
    void (async () => {
      for (let message = await messages.read(); message !== undefined; message = await messages.read())
        if (message[0] === 3) this.ending = `NOTIFICATION ${message[1]}`;
      clearInterval(timer);
      this.ending ||= "closed";
    })();
    await eventually(`${this.address} is up`, 60, async () => (await factsOf(this.address)).state === "Established");
  }
}

const good = [new GoodPeer("127.0.0.2", "0a000002"), new GoodPeer("127.0.0.3", "0a000003")];
const spec = (neighborAddress: string, peerAs: number): Line["peers"][number] => ({
  conf: { neighborAddress, peerAs },
  transport: { passiveMode: true },
  timers: { config: { holdTime: String(holdTime) } },
  afiSafis: (["AFI_IP", "AFI_IP6"] as const).map((afi) => ({ config: { family: { afi, safi: "SAFI_UNICAST" } } })),
});
const line = (addresses: readonly string[]): Line => ({
  as: 65000,
  listenPort: port,
  peers: [...good.map(({ address }) => spec(address, 65001)), spec(hostile, 65066)],
  addresses,
});

/** Sessions of good peers are the ones that they were, and memory and descriptors are what they were. */
async function nobodyNoticed(baseline: { readonly memory: number; readonly descriptors: number }): Promise<void> {
  for (const one of good) {
    const { address, ending, silence } = one;
    // The machine may not let this process run for so long: then the speaker was right, and a new session begins.
    if (ending === "NOTIFICATION 0400" && silence > (holdTime - 1) * 1000) {
      await one.start();
      continue;
    }
    assert.equal(ending, "", `the session of ${address}, which was silent for ${Math.round(silence)} ms at most`);
    assert.equal((await factsOf(address)).state, "Established", address);
  }
  await eventually("connections are closed", 60, async () => descriptors() <= baseline.descriptors + 4);
  assert.ok(memory() < baseline.memory + memoryRoom, `${memory().toFixed(0)} MB, ${baseline.memory.toFixed(0)} MB before`);
}

interface HostileSession {
  readonly socket: Socket;
  readonly messages: ReturnType<typeof messagesOf>;
  /** What broke the connection, where something did. */
  readonly broke: () => string;
}

/** A new session of the hostile peer, up. While the speaker still sees the one before, it says so, and is asked again. */
async function hostileSession(hold = holdTime): Promise<HostileSession> {
  for (let tries = 0; tries < 1500; tries++) {
    const socket = await dial(hostile);
    const messages = messagesOf(socket);
    let broke = "";
    socket.on("error", (error) => {
      broke = error.message;
    });
    socket.write(Buffer.concat([open(65066, hold, "0a000042"), keepalive]));
    let message = await messages.read();
    while (message?.[0] === 1) message = await messages.read();
    if (message?.[0] === 4) return { socket, messages, broke: () => broke };
    assert.ok(
      ["0607", "0605"].includes(message?.[1] ?? ""),
      `a new session is taken, collides, or is one too many: ${message} ${broke}`,
    );
    socket.destroy();
    await sleep(20);
  }
  throw new Error("the speaker takes no new session");
}

const seeds = readFileSync(new URL("../bgp-cases/messages.jsonl", import.meta.url), "utf8")
  .split("\n")
  .filter((text) => text !== "")
  .map((text) => Buffer.from((JSON.parse(text) as { readonly hex: string }).hex, "hex"));

/** A NOTIFICATION of ours is not answered: the speaker's last error says what it was. */
async function tookNotification(octets: Buffer): Promise<string | undefined> {
  // One that was cut takes its code from what comes behind it.
  const [code = 0, subcode = 0] = Buffer.concat([octets, refresh]).subarray(19);
  const name = nameOfError(code, subcode);
  for (let tries = 0; octets[18] === 3 && tries < 1500; tries++) {
    if ((await factsOf(hostile)).lastError.startsWith(`received ${name}`)) return "takes our NOTIFICATION";
    await sleep(20);
  }
  return undefined;
}

/**
 * A NOTIFICATION may be lost on a peer that does not read for a second: the connection is closed by then, and what it writes breaks it before it reads.
 * On a machine that stood still for so long, the speaker says what it sent.
 */
async function missed(milliseconds: number): Promise<string | undefined> {
  if (milliseconds < 900) return undefined;
  return /^sent ([^:]+):/.exec((await factsOf(hostile)).lastError)?.[1];
}

/** How often the speaker is asked for the table: a mutated message may well ask, too, and every question has its answer. */
function questionsIn(octets: Buffer): number {
  let count = 0;
  for (let at = 0, length = 0; at + 19 <= octets.length; at += length) {
    length = octets.readUInt16BE(at + 16);
    if (length < 19) break;
    // What is behind the family would be filters (RFC 5291), which nobody agreed on: the question counts.
    if (octets.subarray(at + 18, Math.min(at + 23, at + length)).equals(refresh.subarray(18))) count++;
  }
  return count;
}

/** Sends octets in random segments, then asks for the table. @returns what became of it, by name; undefined when the session ended without one */
async function outcome({ socket, messages }: HostileSession, octets: Buffer, random: Random): Promise<string | undefined> {
  const began = performance.now();
  for (const segment of segments(octets, random)) {
    socket.write(segment);
    if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write(refresh);
  let answersToCome = questionsIn(Buffer.concat([octets, refresh]));
  // Octets that promise more than there is are waited for; a KEEPALIVE's worth of time says so.
  const late = sleep(300).then(() => "waits for the rest of a message" as const);
  for (;;) {
    const message = await Promise.race([messages.read(), late]);
    if (typeof message === "string") {
      socket.destroy();
      return message;
    }
    if (message === undefined) return (await tookNotification(octets)) ?? (await missed(performance.now() - began));
    const [type, body] = message;
    if (type === 3) {
      socket.destroy();
      return nameOfError(Number.parseInt(body.slice(0, 2), 16), Number.parseInt(body.slice(2, 4), 16));
    }
    if (type === 5 && body.startsWith("00010201") && --answersToCome === 0) return "goes on";
  }
}

before(async () => {
  // Without the image's options the young heaps of two threads may be as large as all of memoryRoom.
  speaker = spawn(process.execPath, [...imageOptions, join(import.meta.dirname, "speakerProcess.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  assert.ok(speaker.stdout !== null);
  answers = createInterface({ input: speaker.stdout });
  tell(line(["192.0.2.1", "192.0.2.2"]));
  await eventually("the speaker listens", 60, async () => {
    const socket = await dial(stranger);
    const isUp = !socket.connecting && socket.readyState !== "closed";
    socket.destroy();
    return isUp;
  });
  for (const one of good) await one.start();
});

after(() => {
  speaker.kill("SIGKILL");
  for (const timer of timers) clearInterval(timer);
  for (const socket of sockets) socket.destroy();
});

describe("a hostile peer beside good ones", () => {
  it("may ask for the table itself: no answer to it is taken for one to what comes behind", async () => {
    const session = await hostileSession();
    const random = randomFrom(seed);
    const cease = Buffer.from(`${marker}0015030602`, "hex");
    assert.equal(await outcome(session, Buffer.concat([refresh, longRefresh]), random), "goes on");
    assert.equal(await outcome(session, keepalive, random), "goes on");
    assert.equal(await outcome(session, cease, random), "takes our NOTIFICATION");
  });

  it(`may send mutated messages in random segments for ${seconds} s: each has a named outcome`, async (t) => {
    const random = randomFrom(seed);
    const baseline = { memory: memory(), descriptors: descriptors() };
    const counts = new Map<string, number>();
    const began = performance.now();
    const until = began + seconds * 1000;
    let session = await hostileSession();
    let sent = 0;
    const samples: string[] = [];
    for (; performance.now() < until; sent++) {
      const second = Math.round((performance.now() - began) / 1000);
      if (second >= (samples.length * seconds) / 20) {
        samples.push(`${second} s: ${memory().toFixed(0)} MB, ${descriptors()} descriptors`);
        assert.ok(memory() < baseline.memory + memoryRoom, samples.join("; "));
      }
      const octets = mutated(seeds[Math.floor(random() * seeds.length)] ?? keepalive, random);
      const name = await outcome(session, octets, random);
      const words = `seed ${seed}, message ${sent}: ${octets.toString("hex")}; ${session.broke()}; ${(await factsOf(hostile)).lastError}`;
      assert.ok(name !== undefined, `the session ended without a word; ${words}`);
      assert.ok(!name.startsWith("Unknown") && !/^[^/]*\(\d+\/[1-9]\d*\)$/.test(name), `${name} is no name; ${words}`);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (name !== "goes on") session = await hostileSession();
    }
    session.socket.destroy();
    t.diagnostic(`seed ${seed}, ${sent} messages: ${JSON.stringify(Object.fromEntries(counts))}`);
    t.diagnostic(samples.join("; "));
    assert.ok(counts.size >= 4 && sent > seconds, `${sent} messages came to ${counts.size} outcomes`);
    await nobodyNoticed(baseline);
  });

  it("may send a message octet by octet: its session ends at the hold time, all others go on", async () => {
    const baseline = { memory: memory(), descriptors: descriptors() };
    const { socket, messages } = await hostileSession(3);
    const slow = Buffer.concat([Buffer.from(`${marker}ffff02`, "hex"), Buffer.alloc(200)]);
    let at = 0;
    const timer = setInterval(() => {
      if (socket.writable && at < slow.length) socket.write(slow.subarray(at, ++at));
    }, 50);
    timers.add(timer);
    const started = performance.now();
    let notification: string | undefined;
    for (
      let message = await messages.read();
      message !== undefined && notification === undefined;
      message = await messages.read()
    )
      if (message[0] === 3) notification = message[1];
    clearInterval(timer);
    socket.destroy();
    assert.equal(notification, "0400");
    assert.ok(
      performance.now() - started < 20_000,
      "it ends at the hold time, which is three seconds, or soon after on a slow machine",
    );
    await nobodyNoticed(baseline);
  });

  it("may connect five thousand times, as may a stranger: connections end, memory and descriptors stay bounded", async (t) => {
    const baseline = { memory: memory(), descriptors: descriptors() };
    const { connections: before } = await status();
    const began = performance.now();
    const outcomes = new Map<string, number>();
    const attempt = async (from: string, index: number): Promise<void> => {
      const socket = await dial(from);
      const messages = messagesOf(socket);
      // A third says nothing, a third begins as one should, a third writes what is no BGP.
      if (index % 3 === 1) socket.write(open(65066, holdTime, "0a000042").subarray(0, 1 + (index % 40)));
      if (index % 3 === 2) socket.write("GET / HTTP/1.1\r\nHost: speaker\r\n\r\n");
      // Who is no peer is turned away at once, which on a slow machine may be later; to a peer nothing more may ever come.
      const patience = from === stranger ? 20_000 : 200;
      const first = await Promise.race([messages.read(), sleep(patience, "silence" as const, { ref: false })]);
      socket.destroy();
      const name = first === "silence" ? first : first === undefined ? "closed" : first[0] === 1 ? "OPEN" : `type ${first[0]}`;
      const key = `${from === hostile ? "peer" : "stranger"}: ${name}`;
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    };
    for (const from of [stranger, hostile])
      for (let round = 0; round < 50; round++) await Promise.all(Array.from({ length: 100 }, (_, index) => attempt(from, index)));
    const elapsed = (performance.now() - began) / 1000;
    t.diagnostic(JSON.stringify(Object.fromEntries(outcomes)));
    assert.equal(outcomes.get("stranger: closed"), 5000, "a stranger gets no word");
    const allowed = connectionsAtOnce + connectionsPerSecond * (elapsed + 1);
    const begun = outcomes.get("peer: OPEN") ?? 0;
    assert.ok(begun <= allowed, `${begun} sessions began in ${elapsed.toFixed(1)} s, ${allowed.toFixed(0)} may`);
    await eventually("every connection is counted, by what became of it", 60, async () => {
      const { connections } = await status();
      const counted = (name: keyof AdmissionCounts): number => connections[name] - before[name];
      const all = (Object.keys(connections) as (keyof AdmissionCounts)[]).reduce((sum, name) => sum + counted(name), 0);
      // A connection that is gone before it is looked at has no address any more.
      return all === 10_000 && counted("UnknownSource") >= 5000 && counted("TooMany") > 0 && counted("Taken") <= allowed;
    });
    await nobodyNoticed(baseline);
    (await hostileSession()).socket.destroy();
  });

  for (const [whose, from] of [
    ["that has no session", hostile],
    ["whose session is up", "127.0.0.2"],
  ] as const)
    it(`may connect a thousand times and never hang up, as a peer ${whose}: nothing is kept of it`, async () => {
      const baseline = { memory: memory(), descriptors: descriptors() };
      const held = await Promise.all(Array.from({ length: 1000 }, () => dial(from, true)));
      await nobodyNoticed(baseline);
      for (const socket of held) socket.destroy();
    });

  it("may stop reading while twenty thousand routes come and go: what is owed to it does not pile up", async () => {
    const { socket } = await hostileSession();
    timers.add(setInterval(() => socket.write(keepalive), 1000));
    socket.pause();
    const many = Array.from({ length: 20_000 }, (_, index) => `100.64.${index >>> 8}.${index & 255}`);
    const wantedBy = async (count: number): Promise<void> =>
      eventually(`good peers have ${count} routes`, 60, async () =>
        (await peers()).filter(({ address }) => address !== hostile).every(({ routesSent }) => routesSent === count),
      );
    const rounds = async (count: number): Promise<void> => {
      for (let round = 0; round < count; round++)
        for (const addresses of [many, []]) {
          tell(line(addresses));
          await wantedBy(addresses.length);
        }
    };
    // Heaps find their size in the first rounds; what piles up would grow in the later ones just as much.
    await rounds(4);
    const baseline = { memory: memory(), descriptors: descriptors() };
    await rounds(6);
    await nobodyNoticed(baseline);
  });
});
