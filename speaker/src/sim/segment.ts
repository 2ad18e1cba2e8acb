import { decodeFrame, encodeAnnouncements, encodeAnswer, encodeQuestion, type Neighbor } from "../layer2/frame.ts";
import { defaultTuning, type Effect, type Event, type Target, type Tuning } from "../layer2/model.ts";
import { Ownership } from "../layer2/ownership.ts";
import { type Address, formatAddress } from "../net/address.ts";
import { type Mac, parseMac } from "../net/mac.ts";

const link = "eth0";
/** What a socket's queue holds at most while its speaker is frozen. */
const queueLength = 4096;

/** One speaker on a simulated segment. */
interface SimulatedNode {
  readonly index: number;
  readonly mac: Mac;
  readonly own: Address;
  isLeaving: boolean;
  engine: Ownership | undefined;
  isFrozen: boolean;
  side: number;
  carrierChanges: number;
  isPlugged: boolean;
  targets: readonly Target[];
  /** What came while it was frozen. */
  waiting: Neighbor[];
}

/** A frame under way. */
interface Delivery {
  readonly at: number;
  readonly order: number;
  readonly to: SimulatedNode;
  readonly frame: Neighbor;
}

export interface SegmentOptions {
  readonly tuning?: Tuning;
  /** Frames go through the codec: slower, and as on the wire. */
  readonly isOnTheWire?: boolean;
}

/** Several speakers on one Ethernet segment under a virtual clock. Everything is decided by the given random numbers. */
export class Segment {
  readonly #random: () => number;
  readonly #options: SegmentOptions;
  readonly #nodes: SimulatedNode[];
  readonly #queue = new Deliveries();
  #now = 0;
  #order = 0;
  /** The share of frames that get lost, 0 to 1. */
  loss = 0;
  /** The most that a frame is under way, in milliseconds. */
  delay = 2;
  /** How many frames were sent. */
  sent = 0;
  /** Sees each frame that is sent: when, by which node, and what. */
  onSend: ((now: number, from: number, effect: Effect) => void) | undefined;

  /** @param random gives numbers from 0 to 1; the same ones give the same course of events */
  constructor(count: number, random: () => number, options: SegmentOptions = {}) {
    this.#random = random;
    this.#options = options;
    this.#nodes = Array.from({ length: count }, (_, index) => ({
      index,
      mac: macOf(index),
      own: { family: 4 as const, value: 0xac1e000bn + BigInt(index) },
      isLeaving: false,
      engine: undefined,
      isFrozen: false,
      side: 0,
      carrierChanges: 0,
      isPlugged: true,
      targets: [],
      waiting: [],
    }));
  }

  get now(): number {
    return this.#now;
  }

  /** Starts a speaker that knows nothing but what it should serve. */
  start(index: number, targets: readonly Target[]): void {
    const node = this.#node(index);
    const seed = Math.floor(this.#random() * 2 ** 32);
    node.engine = new Ownership(this.#options.tuning ?? defaultTuning, seed);
    node.isFrozen = false;
    node.isLeaving = false;
    node.waiting = [];
    node.targets = targets;
    this.#useLinks(node);
    const nodes = new Map(this.#nodes.map((one) => [one.mac, `node${one.index + 1}`]));
    this.#handle(node, { type: "speakers", now: this.#now, nodes, cluster: 7 });
    this.#handle(node, { type: "desired", now: this.#now, targets });
  }

  /** Changes what a running speaker should serve. */
  want(index: number, targets: readonly Target[]): void {
    const node = this.#node(index);
    node.targets = targets;
    this.#handle(node, { type: "desired", now: this.#now, targets });
  }

  /** The speaker dies: nothing more comes from it. */
  crash(index: number): void {
    this.#node(index).engine = undefined;
  }

  /** The speaker is stopped, or goes on. What came meanwhile is still there. */
  freeze(index: number, isFrozen: boolean): void {
    const node = this.#node(index);
    if (node.isFrozen === isFrozen) return;
    node.isFrozen = isFrozen;
    if (isFrozen) return;
    if (node.isLeaving) this.#handle(node, { type: "leave", now: this.#now });
    // As the thread does: what has come is read before what is due is done.
    for (const frame of node.waiting.splice(0)) this.#handle(node, { type: "frame", now: this.#now, link, frame });
    this.#handle(node, { type: "tick", now: this.#now });
  }

  /** The speaker stops as planned. */
  leave(index: number): void {
    const node = this.#node(index);
    node.isLeaving = true;
    if (!node.isFrozen) this.#handle(node, { type: "leave", now: this.#now });
  }

  isLeaving(index: number): boolean {
    return this.#node(index).isLeaving;
  }

  /** Pulls a node's cable, or plugs it in. The node notices. */
  plug(index: number, isPlugged: boolean): void {
    const node = this.#node(index);
    if (node.isPlugged === isPlugged) return;
    node.isPlugged = isPlugged;
    node.carrierChanges++;
    this.#useLinks(node);
  }

  /** Puts a node on one side of a cut. Sides do not hear each other. */
  setSide(index: number, side: number): void {
    this.#node(index).side = side;
  }

  isRunning(index: number): boolean {
    const node = this.#node(index);
    return node.engine !== undefined && !node.isFrozen && node.isPlugged && !node.isLeaving;
  }

  sideOf(index: number): number {
    return this.#node(index).side;
  }

  /** The nodes that answer for an address. */
  owners(address: string): number[] {
    return this.#nodes
      .filter((node) => !node.isFrozen && node.isPlugged && node.engine?.get(address, link)?.role === "owner")
      .map((node) => node.index);
  }

  /** How many addresses a node owns. */
  ownedBy(index: number): number {
    return this.#node(index).engine?.ownedCount ?? 0;
  }

  /** Why a node is what it is to an address. */
  because(index: number, address: string): string | undefined {
    return this.#node(index).engine?.get(address, link)?.because;
  }

  /** A host that is no speaker says something to all. */
  say(frame: Neighbor): void {
    for (const node of this.#nodes) this.#send(node, frame);
  }

  /** Lets time pass: from one thing that is due to the next. */
  run(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      let next = this.#queue.next();
      let due: SimulatedNode | undefined;
      for (const node of this.#nodes) {
        if (node.engine === undefined || node.isFrozen) continue;
        const at = node.engine.nextDueAt();
        if (at < next) {
          next = at;
          due = node;
        }
      }
      if (next > end) break;
      this.#now = Math.max(this.#now, next);
      if (due !== undefined) this.#handle(due, { type: "tick", now: this.#now });
      else this.#deliver(this.#queue.take());
    }
    this.#now = end;
  }

  #deliver(delivery: Delivery | undefined): void {
    if (delivery === undefined) return;
    const { to, frame } = delivery;
    if (to.engine === undefined || !to.isPlugged) return;
    if (!to.isFrozen) this.#handle(to, { type: "frame", now: this.#now, link, frame });
    else if (to.waiting.length < queueLength) to.waiting.push(frame);
  }

  #useLinks(node: SimulatedNode): void {
    const { mac, isPlugged, carrierChanges } = node;
    this.#handle(node, { type: "links", now: this.#now, links: [{ name: link, mac, isUp: isPlugged, carrierChanges }] });
  }

  #node(index: number): SimulatedNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new RangeError(`there is no node ${index}`);
    return node;
  }

  #handle(node: SimulatedNode, event: Event): void {
    if (node.engine === undefined) return;
    for (const effect of node.engine.handle(event)) this.#perform(node, effect);
  }

  #perform(from: SimulatedNode, effect: Effect): void {
    if (effect.type === "changed" || effect.type === "conflict" || effect.type === "fabric") return;
    this.onSend?.(this.#now, from.index, effect);
    this.sent++;
    if (!from.isPlugged) return;
    const to = effect.type === "ask" ? effect.to : effect.type === "answer" ? effect.asker.mac : undefined;
    const frame = this.#options.isOnTheWire === true ? throughTheWire(effect, from) : directly(effect, from);
    if (frame === undefined) return;
    for (const node of this.#nodes) {
      if (node !== from && node.side === from.side && (to === undefined || to === node.mac)) this.#send(node, frame);
    }
  }

  #send(to: SimulatedNode, frame: Neighbor): void {
    if (this.loss > 0 && this.#random() < this.loss) return;
    this.#queue.add({ at: this.#now + this.#random() * this.delay, order: this.#order++, to, frame });
  }
}

/** Frames under way, the earliest first: a heap. */
class Deliveries {
  readonly #heap: Delivery[] = [];

  next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  add(delivery: Delivery): void {
    const heap = this.#heap;
    let at = heap.push(delivery) - 1;
    for (let parent = (at - 1) >> 1; at > 0; parent = (at - 1) >> 1) {
      const above = heap[parent];
      if (above === undefined || !isEarlier(delivery, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = delivery;
  }

  take(): Delivery | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const [left, right] = [heap[child], heap[child + 1]];
      const lower = left !== undefined && right !== undefined && isEarlier(right, left) ? child + 1 : child;
      const below = heap[lower];
      if (below === undefined || !isEarlier(below, last)) break;
      heap[at] = below;
      at = lower;
    }
    heap[at] = last;
    return first;
  }
}

const isEarlier = (a: Delivery, b: Delivery): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

function macOf(index: number): Mac {
  const mac = parseMac(`02:be:00:00:00:${(index + 1).toString(16).padStart(2, "0")}`);
  if (mac === undefined) throw new RangeError(`no Ethernet address for node ${index}`);
  return mac;
}

type Sent = Extract<Effect, { readonly type: "ask" | "answer" | "announce" }>;

/** What others make of what a node sends, without the detour over octets. */
function directly(effect: Sent, { mac, own }: SimulatedNode): Neighbor {
  const common = { target: effect.address, sender: mac, source: mac, note: effect.note };
  if (effect.type === "ask") return { ...common, kind: "question", senderAddress: effect.to === undefined ? undefined : own };
  return { ...common, kind: "statement", senderAddress: effect.address };
}

/** The same as octets and back. Of an announcement's two frames the first. */
function throughTheWire(effect: Sent, { mac, own }: SimulatedNode): Neighbor | undefined {
  const octets =
    effect.type === "ask"
      ? encodeQuestion(effect.address, mac, effect.to === undefined ? undefined : own, effect.to, effect.note)
      : effect.type === "answer"
        ? encodeAnswer(effect.address, mac, effect.asker, effect.note)
        : encodeAnnouncements(effect.address, mac, effect.note)[0];
  const read = octets === undefined ? undefined : decodeFrame(octets);
  if (read === undefined || "drop" in read)
    throw new TypeError(`a speaker sent what no speaker can read, about ${formatAddress(effect.address)}`);
  return read;
}
