import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { parseAddress } from "../../net/address.ts";
import {
  attachFilter,
  bind,
  clearWakeup,
  close,
  constants,
  interfaceIndex,
  pollReadable,
  receive,
  send,
  setSocketOption,
  socket,
} from "../../shell/sys.ts";
import { decodeFrame, encodeAnnouncements, encodeAnswer, encodeQuestion } from "../frame.ts";
import { defaultTuning, type Effect, type Event, type Link } from "../model.ts";
import { facts, newOwnership, step } from "../ownership.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/**
 * The thread that answers ARP and NDP. It blocks in poll(2) over a wake-up and the packet sockets, so that nothing the main
 * thread does can delay an answer. Ownership is decided here, for the same reason.
 */
const { port, wakeup, nonce } = workerData as { readonly port: MessagePort; readonly wakeup: number; readonly nonce: number };
const tickMilliseconds = 25;
const say = (message: FromWorker): void => port.postMessage(message);
const counters = { questions: 0, answers: 0, announcements: 0, probes: 0, dropped: {} as Record<string, number> };

/** The packet sockets of one interface. */
interface Sockets {
  readonly link: Link;
  readonly index: number;
  readonly arp: number;
  readonly ndp: number;
}

const open = new Map<string, Sockets>();
let state = newOwnership(defaultTuning, nonce);
let isDirty = false;
let reportedAt = 0;
const buffer = new Uint8Array(2048);

/** Passes Neighbor Solicitations and Advertisements with hop limit 255, drops all other IPv6 in the kernel. */
const ndpFilter = [
  [0x30, 0, 0, 20],
  [0x15, 0, 6, 58],
  [0x30, 0, 0, 21],
  [0x15, 0, 4, 255],
  [0x30, 0, 0, 54],
  [0x15, 1, 0, 135],
  [0x15, 0, 1, 136],
  [0x06, 0, 0, 0xffff],
  [0x06, 0, 0, 0],
] as const;

function packetSocket(index: number, protocol: number): number {
  const fd = socket(constants.AF_PACKET, constants.SOCK_RAW | constants.SOCK_NONBLOCK, 0);
  if (protocol === constants.ETH_P_IPV6) {
    attachFilter(fd, ndpFilter);
    const membership = new Uint8Array(16);
    const view = new DataView(membership.buffer);
    view.setInt32(0, index, true);
    view.setUint16(4, constants.PACKET_MR_ALLMULTI, true);
    setSocketOption(fd, constants.SOL_PACKET, constants.PACKET_ADD_MEMBERSHIP, membership);
  }
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, constants.AF_PACKET, true);
  view.setUint16(2, protocol, false);
  view.setInt32(4, index, true);
  bind(fd, address);
  return fd;
}

/** Opens sockets on the interfaces that are wanted, and closes those on interfaces that are not, or were made anew. */
function useLinks(links: readonly Link[]): void {
  for (const [name, sockets] of open) {
    const link = links.find((candidate) => candidate.name === name);
    if (link !== undefined && interfaceIndex(name) === sockets.index) continue;
    close(sockets.arp);
    close(sockets.ndp);
    open.delete(name);
  }
  for (const link of links) {
    const existing = open.get(link.name);
    const index = interfaceIndex(link.name);
    if (existing !== undefined) open.set(link.name, { ...existing, link });
    else if (index !== undefined)
      open.set(link.name, {
        link,
        index,
        arp: packetSocket(index, constants.ETH_P_ARP),
        ndp: packetSocket(index, constants.ETH_P_IPV6),
      });
  }
}

function handle(event: Event): void {
  const result = step(state, event);
  state = result.state;
  for (const effect of result.effects) perform(effect);
}

function perform(effect: Effect): void {
  switch (effect.type) {
    case "ask": {
      const link = open.get(effect.link)?.link;
      const isProbe = effect.to === undefined;
      const own = link?.addresses.find((address) => address.family === effect.address.family);
      if (link === undefined) return;
      counters.probes++;
      return transmit(
        effect.link,
        [encodeQuestion(effect.address, link.mac, isProbe ? undefined : own, effect.to, effect.note)],
        effect.address.family,
      );
    }
    case "answer": {
      const mac = open.get(effect.link)?.link.mac;
      if (mac === undefined) return;
      counters.answers++;
      return transmit(effect.link, [encodeAnswer(effect.address, mac, effect.asker, effect.note)], effect.address.family);
    }
    case "announce": {
      const mac = open.get(effect.link)?.link.mac;
      if (mac === undefined) return;
      counters.announcements++;
      return transmit(effect.link, encodeAnnouncements(effect.address, mac, effect.note), effect.address.family);
    }
    case "changed":
    case "conflict":
      isDirty = true;
      return say({ type: "happened", effect });
    default:
      return effect satisfies never;
  }
}

function transmit(name: string, frames: readonly Uint8Array[], family: 4 | 6): void {
  const sockets = open.get(name);
  if (sockets === undefined) return;
  for (const frame of frames) {
    try {
      send(family === 4 ? sockets.arp : sockets.ndp, frame);
    } catch (error) {
      say({ type: "problem", message: `${name}: ${error instanceof Error ? error.message : String(error)}` });
    }
  }
}

/** Reads what an interface has, at most so much that other work is not kept waiting. */
function drain(name: string, fd: number): void {
  for (let count = 0; count < 512; count++) {
    let length: number | undefined;
    try {
      length = receive(fd, buffer);
    } catch {
      return;
    }
    if (length === undefined) return;
    const frame = decodeFrame(buffer.subarray(0, Math.min(length, buffer.length)));
    if ("drop" in frame) counters.dropped[frame.drop] = (counters.dropped[frame.drop] ?? 0) + 1;
    else {
      if (frame.kind === "question") counters.questions++;
      handle({ type: "frame", now: performance.now(), link: name, frame });
    }
  }
}

/** @returns false when the thread should end */
function takeMessages(): boolean {
  clearWakeup(wakeup);
  for (let received = receiveMessageOnPort(port); received !== undefined; received = receiveMessageOnPort(port)) {
    const message = received.message as ToWorker;
    switch (message.type) {
      case "desired": {
        const targets = message.targets.flatMap(({ address, ...rest }) => {
          const parsed = parseAddress(address);
          return parsed === undefined ? [] : [{ ...rest, address: parsed }];
        });
        try {
          useLinks(message.links);
        } catch (error) {
          say({ type: "problem", message: error instanceof Error ? error.message : String(error) });
        }
        handle({ type: "desired", now: performance.now(), targets, links: message.links });
        isDirty = true;
        break;
      }
      case "leave":
        handle({ type: "leave", now: performance.now() });
        break;
      case "end":
        return false;
      default:
        message satisfies never;
    }
  }
  return true;
}

function report(): void {
  const now = performance.now();
  if (!isDirty && now - reportedAt < 1000) return;
  isDirty = false;
  reportedAt = now;
  say({
    type: "facts",
    facts: facts(state).map((fact) => ({ ...fact, since: performance.timeOrigin + fact.since })),
    counters: { ...counters, dropped: { ...counters.dropped } },
  });
}

say({ type: "ready" });
for (let isRunning = true; isRunning; ) {
  const sockets = [...open];
  const readable = pollReadable([wakeup, ...sockets.flatMap(([, { arp, ndp }]) => [arp, ndp])], tickMilliseconds);
  if (readable[0] === true) isRunning = takeMessages();
  for (const [index, [name, { arp, ndp }]] of sockets.entries()) {
    if (readable[1 + index * 2] === true) drain(name, arp);
    if (readable[2 + index * 2] === true) drain(name, ndp);
  }
  handle({ type: "tick", now: performance.now() });
  report();
}
for (const { arp, ndp } of open.values()) {
  close(arp);
  close(ndp);
}
port.close();
