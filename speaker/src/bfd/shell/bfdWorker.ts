import { randomInt } from "node:crypto";
import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { type Address, addressFromBytes, formatAddress, isLinkLocal, sameAddress } from "../../net/address.ts";
import type { LivenessNews, LivenessTarget } from "../../ports/liveness.ts";
import type { LivenessOrders } from "../../shell/livenessLine.ts";
import {
  clearWakeup,
  close,
  type Datagram,
  DatagramReader,
  interfaceIndex,
  pollReadable,
  runInShortTurns,
} from "../../shell/sys.ts";
import { decodePacket, diagnostics, encodePacket } from "../packet.ts";
import { detectionTime, type Event, newSession, type Session, step, transmitInterval } from "../session.ts";
import type { BfdThreadData, FromBfd } from "./protocol.ts";
import { openReceiver, openSender, type ports, type Sender } from "./sockets.ts";

/**
 * The thread that does BFD. It blocks in poll(2) until a packet comes or the next timer is due: nothing that other threads do makes
 * a neighbour look dead, and what waits in a socket is read before a timer may expire.
 */
const { port, home, wakeup } = workerData as BfdThreadData;
const tell = (message: FromBfd): void => home.postMessage(message);
/** Longer than this nothing waits, in milliseconds. */
const longestPause = 1000;
/** A message of ours that could not go out is told once in so long, in milliseconds. */
const complaintPause = 10_000;

interface Watched {
  readonly target: LivenessTarget;
  readonly sender: Sender;
  session: Session;
  since: string;
}

const watched = new Map<string, Watched>();
const receivers = new Map<string, number>();
const reader = new DatagramReader();
const dropped: Record<string, number> = {};
let complainedAt = Number.NEGATIVE_INFINITY;

function complain(message: string): void {
  if (performance.now() - complainedAt < complaintPause) return;
  complainedAt = performance.now();
  tell({ type: "problem", message });
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const kindOf = ({ options }: LivenessTarget): keyof typeof ports => (options.minimumTtl === undefined ? "single" : "multi");

function handle(one: Watched, event: Event): void {
  const before = one.session;
  const { session, effects } = step(before, event);
  one.session = session;
  let isLost = false;
  let isNews = session.desiredMinTx !== before.desiredMinTx || detectionTime(session) !== detectionTime(before);
  for (const effect of effects) {
    if (effect.type === "changed") {
      one.since = new Date().toISOString();
      isLost ||= effect.isLost;
      isNews = true;
      continue;
    }
    try {
      one.sender.send(encodePacket(effect.packet));
    } catch (error) {
      complain(`BFD to ${formatAddress(one.target.address)}: ${words(error)}`);
    }
  }
  if (isNews) report(one, isLost);
}

function report({ target, session, since }: Watched, isLost: boolean): void {
  const { remote } = session;
  const news: LivenessNews = {
    isLost,
    facts: {
      name: target.name,
      state: session.state,
      reason: session.reason,
      since,
      transmitInterval: transmitInterval(session) ?? 0,
      detectionTime: detectionTime(session),
      remoteState: remote?.state ?? "",
      remoteDiagnostic: remote === undefined ? "" : (diagnostics[remote.diagnostic] ?? String(remote.diagnostic)),
    },
  };
  port.postMessage(news);
}

const random = (): number => Math.random();

/** A number that no session of this node has. */
function newDiscriminator(): number {
  for (;;) {
    const number = randomInt(1, 2 ** 32);
    if (![...watched.values()].some(({ session }) => session.discriminator === number)) return number;
  }
}

/** What of a target is made of sockets: when it changes, the session begins anew. */
const pathOf = ({ address, localAddress, interface: link, options }: LivenessTarget): string =>
  [address, localAddress].map((one) => (one === undefined ? "" : formatAddress(one))).join(" ") +
  ` ${link ?? ""} ${options.minimumTtl ?? "single"}`;

function watch(targets: readonly LivenessTarget[]): void {
  for (const [name, one] of watched) {
    const wanted = targets.find((target) => target.name === name);
    if (wanted !== undefined && pathOf(wanted) === pathOf(one.target)) continue;
    handle(one, { type: "stop", now: performance.now() });
    close(one.sender.fd);
    watched.delete(name);
  }
  useReceivers(targets);
  for (const target of targets) {
    const one = watched.get(target.name);
    if (one === undefined) begin(target);
    else if (JSON.stringify(one.session.options) !== JSON.stringify(target.options))
      handle(one, { type: "options", now: performance.now(), random: random(), options: target.options });
  }
}

function begin(target: LivenessTarget): void {
  try {
    const sender = openSender(target, randomInt(2 ** 30));
    const session = newSession(newDiscriminator(), target.options, performance.now());
    const one = { target, sender, session, since: new Date().toISOString() };
    watched.set(target.name, one);
    report(one, false);
  } catch (error) {
    complain(`BFD to ${formatAddress(target.address)} cannot begin: ${words(error)}`);
  }
}

/** Opens the ports that targets need, and closes the rest. */
function useReceivers(targets: readonly LivenessTarget[]): void {
  const wanted = new Set(targets.map((target) => `${target.address.family} ${kindOf(target)}`));
  for (const [key, fd] of receivers) {
    if (wanted.has(key)) continue;
    close(fd);
    receivers.delete(key);
  }
  for (const key of wanted) {
    if (receivers.has(key)) continue;
    const [family, kind] = key.split(" ") as ["4" | "6", keyof typeof ports];
    try {
      receivers.set(key, openReceiver(family === "4" ? 4 : 6, kind));
    } catch (error) {
      complain(
        `BFD cannot listen for packets (${kind} hop, IPv${family}): ${words(error)}; is another BFD daemon running on this node?`,
      );
    }
  }
}

/** The session that a packet belongs to: by the number that we gave it, at first by the sender's address. @see RFC 5880 §6.8.6 */
function sessionOf({ from, interfaceIndex: index }: Datagram, yourDiscriminator: number, kind: string): Watched | undefined {
  const address: Address = addressFromBytes(from.length >= 28 ? from.subarray(8, 24) : from.subarray(4, 8));
  for (const one of watched.values()) {
    if (kindOf(one.target) !== kind || !sameAddress(one.target.address, address)) continue;
    if (yourDiscriminator !== 0 && one.session.discriminator !== yourDiscriminator) continue;
    const link = one.target.interface;
    if (link === undefined || !isLinkLocal(address) || interfaceIndex(link) === index) return one;
  }
  return undefined;
}

const drop = (why: string): void => {
  dropped[why] = (dropped[why] ?? 0) + 1;
};

function take(datagram: Datagram, kind: string): void {
  const decoded = decodePacket(datagram.octets);
  if ("drop" in decoded) return drop(decoded.drop);
  const one = sessionOf(datagram, decoded.packet.yourDiscriminator, kind);
  if (one === undefined) return drop("unknownSession");
  // One hop: what was forwarded has a lower TTL than it was sent with. @see RFC 5881 §5
  if (datagram.ttl < (one.target.options.minimumTtl ?? 255)) return drop("ttlTooLow");
  handle(one, { type: "packet", now: performance.now(), random: random(), packet: decoded.packet });
}

function drain(key: string, fd: number): void {
  const [, kind = ""] = key.split(" ");
  for (let count = 0; count < 512; count++) {
    const datagram = reader.read(fd);
    if (datagram === undefined) return;
    take(datagram, kind);
  }
}

/** @returns false when the thread should end */
function takeMessages(): boolean {
  clearWakeup(wakeup);
  for (
    let received = receiveMessageOnPort(port as MessagePort);
    received !== undefined;
    received = receiveMessageOnPort(port as MessagePort)
  )
    watch((received.message as LivenessOrders).targets);
  return receiveMessageOnPort(home) === undefined;
}

function pause(): number {
  let next = performance.now() + longestPause;
  for (const { session } of watched.values()) next = Math.min(next, session.transmitAt ?? next, session.expiresAt ?? next);
  return Math.max(0, Math.ceil(next - performance.now()));
}

runInShortTurns();
for (let isRunning = true; isRunning; ) {
  const open = [...receivers];
  const readable = pollReadable([wakeup, ...open.map(([, fd]) => fd)], pause());
  for (const [index, [key, fd]] of open.entries()) {
    if (readable[index + 1] !== true) continue;
    try {
      drain(key, fd);
    } catch (error) {
      complain(`BFD: ${words(error)}`);
    }
  }
  if (readable[0] === true) isRunning = takeMessages();
  for (const one of watched.values()) handle(one, { type: "tick", now: performance.now(), random: random() });
}
watch([]);
port.close();
home.close();
