import {
  type DropReason,
  decodeFrame,
  encodeAnnouncements,
  encodeAnswer,
  encodeQuestion,
  type Neighbor,
} from "../layer2/frame.ts";
import { defaultTuning, type Effect, type Event, type Ownership, type Target } from "../layer2/model.ts";
import { newOwnership, step } from "../layer2/ownership.ts";
import { formatAddress } from "../net/address.ts";
import { type Mac, parseMac } from "../net/mac.ts";

/** One speaker on a simulated segment. */
interface SimulatedNode {
  readonly index: number;
  readonly mac: Mac;
  state: Ownership | undefined;
  isFrozen: boolean;
  side: number;
  readonly waiting: { readonly at: number; readonly frame: Uint8Array }[];
  targets: readonly Target[];
}

/** Several speakers on one Ethernet segment under a virtual clock. Everything is decided by the given random numbers. */
export class Segment {
  readonly #random: () => number;
  readonly #nodes: SimulatedNode[];
  #now = 0;
  /** The share of frames that get lost, 0 to 1. */
  loss = 0;

  /** @param random gives numbers from 0 to 1; the same ones give the same course of events */
  constructor(count: number, random: () => number) {
    this.#random = random;
    this.#nodes = Array.from({ length: count }, (_, index) => ({
      index,
      mac: macOf(index),
      state: undefined,
      isFrozen: false,
      side: 0,
      waiting: [],
      targets: [],
    }));
  }

  get now(): number {
    return this.#now;
  }

  /** Starts a speaker that knows nothing but what it should serve. */
  start(index: number, targets: readonly Target[]): void {
    const node = this.#node(index);
    node.state = newOwnership(defaultTuning, Math.floor(this.#random() * 2 ** 32));
    node.isFrozen = false;
    node.waiting.length = 0;
    node.targets = targets;
    const address = { family: 4 as const, value: 0xac1e000bn + BigInt(index) };
    this.#handle(node, {
      type: "desired",
      now: this.#now,
      targets,
      links: [{ name: "eth0", mac: node.mac, addresses: [address] }],
    });
  }

  /** A speaker dies without a word. */
  crash(index: number): void {
    this.#node(index).state = undefined;
  }

  /** A speaker is stopped, and later goes on where it was. */
  freeze(index: number, isFrozen: boolean): void {
    this.#node(index).isFrozen = isFrozen;
  }

  /** A speaker is asked to stop in an orderly way. */
  leave(index: number): void {
    this.#handle(this.#node(index), { type: "leave", now: this.#now });
  }

  /** Puts a node on one side of a cut; nodes hear only those on their own. */
  setSide(index: number, side: number): void {
    this.#node(index).side = side;
  }

  isRunning(index: number): boolean {
    const node = this.#node(index);
    return node.state !== undefined && !node.isFrozen;
  }

  sideOf(index: number): number {
    return this.#node(index).side;
  }

  /** The running nodes that answer for an address. */
  owners(address: string): number[] {
    return this.#nodes
      .filter((node) => this.isRunning(node.index) && node.state?.held.get(address)?.role === "owner")
      .map((node) => node.index);
  }

  /** Lets time pass in steps of 25 ms, as the thread does. */
  run(milliseconds: number): void {
    for (const end = this.#now + milliseconds; this.#now < end; ) {
      this.#now += 25;
      for (const node of this.#nodes) {
        if (node.state === undefined || node.isFrozen) continue;
        const due = node.waiting.filter((entry) => entry.at <= this.#now);
        node.waiting.splice(0, node.waiting.length, ...node.waiting.filter((entry) => entry.at > this.#now));
        for (const { frame } of due) {
          const read: Neighbor | { readonly drop: DropReason } = decodeFrame(frame);
          if (!("drop" in read)) this.#handle(node, { type: "frame", now: this.#now, link: "eth0", frame: read });
        }
        this.#handle(node, { type: "tick", now: this.#now });
      }
    }
  }

  #node(index: number): SimulatedNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`there is no node ${index}`);
    return node;
  }

  #handle(node: SimulatedNode, event: Event): void {
    if (node.state === undefined) return;
    const result = step(node.state, event);
    node.state = result.state;
    for (const effect of result.effects) for (const frame of framesOf(effect, node)) this.#transmit(node, frame);
  }

  #transmit(from: SimulatedNode, frame: Uint8Array): void {
    const to = frame.subarray(0, 6);
    const isGroup = ((to[0] ?? 0) & 1) === 1;
    for (const node of this.#nodes) {
      const isMeant = isGroup || [...to].map((octet) => octet.toString(16).padStart(2, "0")).join(":") === node.mac;
      if (node === from || node.side !== from.side || !isMeant || this.#random() < this.loss) continue;
      if (node.waiting.length < 4096) node.waiting.push({ at: this.#now + this.#random() * 10, frame });
    }
  }
}

function macOf(index: number): Mac {
  const mac = parseMac(`02:be:00:00:00:${(index + 1).toString(16).padStart(2, "0")}`);
  if (mac === undefined) throw new RangeError(`no Ethernet address for node ${index}`);
  return mac;
}

function framesOf(effect: Effect, node: SimulatedNode): Uint8Array[] {
  const own = { family: 4 as const, value: 0xac1e000bn + BigInt(node.index) };
  switch (effect.type) {
    case "ask":
      return [encodeQuestion(effect.address, node.mac, effect.to === undefined ? undefined : own, effect.to, effect.note)];
    case "answer":
      return [encodeAnswer(effect.address, node.mac, effect.asker, effect.note)];
    case "announce":
      return encodeAnnouncements(effect.address, node.mac, effect.note);
    case "changed":
    case "conflict":
      return [];
    default:
      throw new TypeError(`unknown effect for ${formatAddress((effect as { address: { family: 4; value: bigint } }).address)}`);
  }
}
