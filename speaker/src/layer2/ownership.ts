import { formatAddress } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import { shareOf, surplusOf } from "./balance.ts";
import {
  ask,
  type Context,
  doubt,
  due,
  hear,
  type Move,
  newContender,
  offer,
  ownerGone,
  release,
  restart,
  resume,
  retarget,
  suspend,
} from "./contender.ts";
import { Flow } from "./flow.ts";
import type { Neighbor } from "./frame.ts";
import {
  type Contender,
  contenderKey,
  type Effect,
  type Event,
  type Link,
  type Role,
  type Target,
  type Tuning,
} from "./model.ts";
import { noteOfOurs } from "./note.ts";
import { Schedule } from "./schedule.ts";

/**
 * The ownership of every address on one node. Deterministic: the same events give the same effects. Decisions about one address are
 * pure functions (contender.ts); this class holds the tables in place, so that a frame costs no more with a thousand addresses
 * than with one.
 */
export class Ownership {
  readonly #tuning: Tuning;
  readonly #contenders = new Map<string, Contender>();
  readonly #schedule = new Schedule();
  readonly #flows = new Map<string, Flow>();
  /** The keys of the addresses that this node owns, by interface. */
  readonly #owned = new Map<string, Set<string>>();
  readonly #beaconTurn = new Map<string, number>();
  /** By interface: since when nothing has changed there, and what a node's mean share was when it was last looked at. */
  readonly #balance = new Map<string, { calmFrom: number; mean: number; turn: number }>();
  readonly #changed = new Set<string>();
  readonly #roles: { readonly target: Target; readonly role: Role | undefined }[] = [];
  #links: ReadonlyMap<string, Link> = new Map();
  #speakers: ReadonlyMap<Mac, string> = new Map();
  #isLeaving = false;
  /** A number made of the cluster's identity; 0 when it is not known. */
  #cluster = 0;
  #random: number;
  #slot = 0;
  #now = 0;

  /** @param seed a random number of 32 bits: where this node's nonces begin */
  constructor(tuning: Tuning, seed: number) {
    this.#tuning = tuning;
    this.#random = seed | 1;
  }

  /** Advances by one event. Total. @returns what is to be done, in order */
  handle(event: Event): Effect[] {
    const effects: Effect[] = [];
    const late = event.now - this.#schedule.next();
    this.#now = event.now;
    if (late > this.#tuning.probeInterval * (this.#tuning.misses - 1)) this.#wakeUp(late, effects);
    switch (event.type) {
      case "desired":
        this.#want(event.targets, effects);
        break;
      case "speakers":
        this.#speakers = event.nodes;
        this.#cluster = event.cluster;
        break;
      case "links":
        this.#useLinks(event.links, effects);
        break;
      case "tick":
        break;
      case "frame":
        this.#hear(event.link, event.frame, effects);
        break;
      case "udpAnswer": {
        const flow = this.#flows.get(flowKey(event.mac, event.link));
        if (flow?.knows(event.nonce) === true) flow.live(event.now);
        break;
      }
      case "leave":
        this.#leave();
        break;
      default:
        event satisfies never;
    }
    // A frame costs its own work alone; what is due is done by ticks.
    if (event.type !== "frame" && event.type !== "udpAnswer") this.#doDue(effects);
    return effects;
  }

  /** When `tick` is wanted next. */
  nextDueAt(): number {
    return this.#schedule.next();
  }

  /** Everything that is known of every address. */
  contenders(): IterableIterator<Contender> {
    return this.#contenders.values();
  }

  get(address: string, link: string): Contender | undefined {
    return this.#contenders.get(contenderKey(address, link));
  }

  /** The keys of addresses that are not what they were when this was last asked, and forgets them. A key without a contender is gone. */
  takeChanged(): string[] {
    const keys = [...this.#changed];
    this.#changed.clear();
    return keys;
  }

  /** Whether `takeChanged` has something. */
  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** The addresses whose role is another than when this was last asked, with the new one; undefined for those that are gone. */
  takeRoles(): { readonly target: Target; readonly role: Role | undefined }[] {
    return this.#roles.splice(0);
  }

  byKey(key: string): Contender | undefined {
    return this.#contenders.get(key);
  }

  /** How many addresses this node owns. */
  get ownedCount(): number {
    let count = 0;
    for (const keys of this.#owned.values()) count += keys.size;
    return count;
  }

  #context(link: string): Context {
    return {
      now: this.#now,
      tuning: this.#tuning,
      mac: this.#links.get(link)?.mac ?? ("" as Mac),
      cluster: this.#cluster,
      isLeaving: this.#isLeaving,
      nonce: this.#nonce,
      slot: this.#nextSlot,
      nodeOf: this.#nodeOf,
      hasRoom: () => (this.#owned.get(link)?.size ?? 0) < Math.floor(this.#balance.get(link)?.mean ?? 0),
    };
  }

  readonly #nonce = (): number => {
    // xorshift32: unlike for each node, and the same in a replay. @see RFC 3971 §5.3.2 for what a nonce is for
    let next = this.#random;
    next ^= next << 13;
    next ^= next >>> 17;
    next ^= next << 5;
    this.#random = next;
    return next >>> 0;
  };

  readonly #nextSlot = (after: number): number => {
    this.#slot = Math.max(this.#slot, this.#now) + this.#tuning.spacing;
    return this.#slot - this.#tuning.spacing + after;
  };

  readonly #nodeOf = (mac: Mac): string | undefined => this.#speakers.get(mac);

  /** Puts an address's new state in its place, and what follows from it into the tables. */
  #put(move: Move, effects: Effect[]): void {
    const { next } = move;
    const before = this.#contenders.get(next.key);
    for (const effect of move.effects) effects.push(effect);
    if (before === next) return;
    this.#contenders.set(next.key, next);
    if (before?.role !== next.role) this.#roles.push({ target: next.target, role: next.role });
    const isOffered = before?.handsOverUntil !== undefined;
    if (
      ((before?.role === "owner") !== (next.role === "owner") && !isOffered) ||
      before?.target.candidates !== next.target.candidates
    )
      this.#stir(next.target.link);
    if (before?.dueAt !== next.dueAt) this.#schedule.set(next.key, next.dueAt);
    if (
      before?.role !== next.role ||
      before.target !== next.target ||
      before.conflict !== next.conflict ||
      before.owner !== next.owner
    )
      this.#changed.add(next.key);
    this.#count(next.target.link, next.key, next.role === "owner");
    this.#follow(before, next);
    if (next.target.standsBack && next.role !== "owner") this.#forget(next);
  }

  #forget(contender: Contender): void {
    const { link } = contender.target;
    if (contender.owner !== undefined) this.#unfollow(flowKey(contender.owner, link), contender.key);
    this.#contenders.delete(contender.key);
    this.#roles.push({ target: contender.target, role: undefined });
    this.#schedule.set(contender.key, Number.POSITIVE_INFINITY);
    this.#owned.get(link)?.delete(contender.key);
    this.#changed.add(contender.key);
  }

  /** Something changed on an interface: shares are not looked at for a while. */
  #stir(link: string): void {
    const balance = this.#balance.get(link);
    if (balance !== undefined) balance.calmFrom = this.#now;
    else this.#balance.set(link, { calmFrom: this.#now, mean: 0, turn: 0 });
    if (balance === undefined) this.#schedule.set(`balance ${link}`, this.#now + balanceLook);
  }

  /** Offers one address when this node has had more than its share for long enough. */
  #rebalance(key: string, link: string, effects: Effect[]): void {
    const balance = this.#balance.get(link);
    if (balance === undefined) return;
    const share = shareOf(this.#contenders.values(), link);
    balance.mean = share.mean;
    const surplus = surplusOf(share, this.#tuning);
    const isCalm = this.#now - balance.calmFrom >= this.#tuning.balanceAfter && !this.#isLeaving;
    const next = share.movable[balance.turn++ % Math.max(1, surplus)];
    if (surplus > 0 && isCalm && next !== undefined && next.handsOverUntil === undefined)
      this.#put(offer(next, this.#context(link)), effects);
    this.#schedule.set(key, this.#now + (surplus > 0 && isCalm ? this.#tuning.balanceEvery : balanceLook));
  }

  #count(link: string, key: string, isOwner: boolean): void {
    const keys = this.#owned.get(link);
    if (!isOwner) {
      keys?.delete(key);
      return;
    }
    if (keys !== undefined) keys.add(key);
    else this.#owned.set(link, new Set([key]));
    if (!this.#beaconTurn.has(link)) {
      this.#beaconTurn.set(link, 0);
      this.#schedule.set(`beacon ${link}`, this.#now + this.#tuning.beaconInterval);
    }
  }

  /** Keeps the flows to owners in step with who owns what. */
  #follow(before: Contender | undefined, next: Contender): void {
    const watched = (contender: Contender | undefined): string | undefined =>
      contender?.role === "standby" && contender.owner !== undefined && !contender.target.standsBack && !this.#isLeaving
        ? flowKey(contender.owner, contender.target.link)
        : undefined;
    const old = watched(before);
    const now = watched(next);
    if (old !== undefined && old !== now) this.#unfollow(old, next.key);
    if (now === undefined || next.owner === undefined) return;
    let flow = this.#flows.get(now);
    if (flow === undefined) {
      flow = new Flow(next.owner, next.target.link, this.#now);
      this.#flows.set(now, flow);
      this.#schedule.set(now, this.#now + this.#tuning.probeInterval * (0.5 + (this.#nonce() % 512) / 1024));
    }
    if (old !== now || before?.ownerRank !== next.ownerRank || before.target !== next.target) flow.put(next.key, position(next));
  }

  #unfollow(flow: string, key: string): void {
    const found = this.#flows.get(flow);
    found?.delete(key);
    if (found?.size !== 0) return;
    this.#flows.delete(flow);
    this.#schedule.set(flow, Number.POSITIVE_INFINITY);
  }

  #drop(contender: Contender, because: string, effects: Effect[]): void {
    const { address, link } = contender.target;
    if (contender.role === "owner") this.#put(release(contender, because, this.#context(link)), effects);
    else effects.push({ type: "changed", address, link, from: contender.role, role: undefined, reason: because });
    this.#forget(contender);
  }

  #want(targets: readonly Target[], effects: Effect[]): void {
    const wanted = new Set<string>();
    for (const target of targets) {
      const key = contenderKey(formatAddress(target.address), target.link);
      wanted.add(key);
      const context = this.#context(target.link);
      const before = this.#contenders.get(key);
      if (before !== undefined) {
        if (!sameTarget(before.target, target)) this.#put(retarget(before, target, context), effects);
        continue;
      }
      if (target.standsBack) continue;
      const contender = newContender(target, context);
      if (this.#links.get(target.link)?.isUp === true) this.#put({ next: contender, effects: [] }, effects);
      else this.#put(suspend(contender, `interface ${target.link} is not up`, context), effects);
    }
    for (const [key, contender] of [...this.#contenders])
      if (!wanted.has(key)) this.#drop(contender, "not wanted on this node any more", effects);
  }

  #useLinks(links: readonly Link[], effects: Effect[]): void {
    const before = this.#links;
    this.#links = new Map(links.map((link) => [link.name, link]));
    const patience = this.#tuning.probeInterval * (this.#tuning.misses - 1);
    for (const contender of [...this.#contenders.values()]) {
      const { link } = contender.target;
      const old = before.get(link);
      const now = this.#links.get(link);
      const context = this.#context(link);
      if (now?.isUp !== true) {
        const because = now === undefined ? `interface ${link} is gone` : `interface ${link} is down, or has no carrier`;
        if (contender.role !== "waiting") this.#put(suspend(contender, because, context), effects);
      } else if (contender.role === "waiting") {
        const wasBrief = contender.wasOwner && context.now - contender.since <= patience;
        if (wasBrief) this.#put(resume(contender, context), effects);
        else this.#put(restart(contender, `interface ${link} is up`, context), effects);
      } else if (contender.role === "owner" && (old?.mac !== now.mac || old.carrierChanges !== now.carrierChanges))
        this.#put({ next: { ...contender, dueAt: this.#nextSlot(0) }, effects: [] }, effects);
    }
  }

  /** This node slept: what it believed may be long out of date. An owner's tenure begins anew, what was asked counts for nothing. */
  #wakeUp(late: number, effects: Effect[]): void {
    const isLong = late > longSleep;
    for (const flow of this.#flows.values()) flow.settle();
    for (const contender of [...this.#contenders.values()]) {
      const context = this.#context(contender.target.link);
      if (contender.role === "owner") this.#put({ next: doubt(contender, context), effects: [] }, effects);
      else if (isLong && (contender.role === "claiming" || (contender.role === "seeking" && contender.sent > 0)))
        this.#put(restart(contender, "this node slept while it looked for the owner", context), effects);
    }
  }

  #hear(link: string, frame: Neighbor, effects: Effect[]): void {
    const own = this.#links.get(link)?.mac;
    if (own === undefined || frame.source === own || frame.sender === own) return;
    const key = contenderKey(formatAddress(frame.target), link);
    const contender = this.#contenders.get(key);
    if (contender === undefined) return;
    this.#hearFlow(contender, frame, effects);
    const context = this.#context(link);
    const kind = noteOfOurs(frame.note, this.#cluster)?.kind;
    const isStaying = contender.handsOverUntil === undefined && !contender.target.standsBack;
    const metRival = contender.role === "owner" && isStaying && (kind === "claim" || kind === "alive");
    this.#put(hear(contender, frame, context), effects);
    if (metRival && !this.#isLeaving) this.#sayAll(link, effects);
  }

  /** A sign of life of an owner that this node watches, or something that only looks like one. */
  #hearFlow(contender: Contender, frame: Neighbor, effects: Effect[]): void {
    const flow = this.#flows.get(flowKey(frame.sender, contender.target.link));
    if (flow === undefined) return;
    const note = noteOfOurs(frame.note, this.#cluster);
    if (note !== undefined) {
      const isEcho = note.kind === "alive" || note.kind === "leaving";
      if (isEcho ? flow.knows(note.nonce) : note.kind === "claim" || note.kind === "offer") flow.liveByArp(this.#now);
    } else if (frame.kind === "statement" && contender.owner === frame.sender && flow.hollow()) {
      const reason = `something on ${flow.link} answers for ${flow.mac}; whether that node lives is asked over UDP`;
      effects.push({ type: "fabric", link: flow.link, mac: flow.mac, reason });
    }
  }

  /** Two owners met: what else this node owns there is said soon, so that every other double is found too. */
  #sayAll(link: string, effects: Effect[]): void {
    for (const key of this.#owned.get(link) ?? []) {
      const contender = this.#contenders.get(key);
      if (contender === undefined || this.#now - contender.saidAt < 400 || contender.dueAt < this.#now + 400) continue;
      this.#put({ next: { ...contender, dueAt: this.#nextSlot(0) }, effects: [] }, effects);
    }
  }

  #leave(): void {
    if (this.#isLeaving) return;
    const owned = [...this.#owned.values()].flatMap((keys) => [...keys]);
    this.#isLeaving = true;
    for (const key of owned) {
      const contender = this.#contenders.get(key);
      if (contender === undefined) continue;
      const dueAt = this.#nextSlot(0);
      this.#put({ next: { ...contender, dueAt, handsOverUntil: dueAt + this.#tuning.handOver }, effects: [] }, []);
    }
    for (const [key, flow] of [...this.#flows]) for (const address of [...flow.keys]) this.#unfollow(key, address);
  }

  #doDue(effects: Effect[]): void {
    for (let key = this.#schedule.take(this.#now); key !== undefined; key = this.#schedule.take(this.#now)) {
      const contender = this.#contenders.get(key);
      if (contender !== undefined) {
        const move = due(contender, this.#context(contender.target.link));
        this.#put(move, effects);
        // `put` compares with what was due before, which has just been taken out.
        if (this.#contenders.has(key)) this.#schedule.set(key, move.next.dueAt);
        continue;
      }
      const flow = this.#flows.get(key);
      if (flow !== undefined) this.#watch(key, flow, effects);
      else if (key.startsWith("balance ")) this.#rebalance(key, key.slice(8), effects);
      else if (key.startsWith("beacon ")) this.#beacon(key, key.slice(7), effects);
    }
  }

  #watch(key: string, flow: Flow, effects: Effect[]): void {
    const { ask: asked, dueAt, dead } = flow.turn(this.#now, this.#tuning);
    this.#schedule.set(key, dueAt);
    const contender = asked === undefined ? undefined : this.#contenders.get(asked);
    if (contender !== undefined) {
      const effect = ask(contender, "probe", this.#context(flow.link), flow.mac);
      if (effect.type === "ask") {
        flow.sent(contender.key, effect.note.nonce);
        effects.push(flow.isOverUdp ? { ...effect, overUdp: true } : effect);
      }
    }
    const name = this.#speakers.get(flow.mac);
    const who = name === undefined ? flow.mac : `${name} (${flow.mac})`;
    for (const address of dead) {
      const lost = this.#contenders.get(address);
      if (lost !== undefined)
        this.#put(ownerGone(lost, `took over from ${who}, which stopped to answer`, this.#context(flow.link)), effects);
    }
  }

  /** An owner asks for one of its own addresses, in turn: other owners of it, and foreign hosts that use it, are found so. */
  #beacon(key: string, link: string, effects: Effect[]): void {
    this.#schedule.set(key, this.#now + this.#tuning.beaconInterval);
    const owned = this.#owned.get(link);
    if (owned === undefined || owned.size === 0 || this.#isLeaving) return;
    const turn = (this.#beaconTurn.get(link) ?? 0) % owned.size;
    this.#beaconTurn.set(link, turn + 1);
    let index = 0;
    for (const address of owned) {
      if (index++ !== turn) continue;
      const contender = this.#contenders.get(address);
      if (contender !== undefined && !contender.target.standsBack) effects.push(ask(contender, "claim", this.#context(link)));
      return;
    }
  }
}

/** After so many milliseconds of sleep a claim begins anew. After shorter ones what has come meanwhile is enough: it is read first. */
const longSleep = 2000;
/** How often shares are looked at, in milliseconds. */
const balanceLook = 5000;

const flowKey = (mac: Mac, link: string): string => `flow ${mac} ${link}`;

/** How many nodes are before this one to take an address over from its owner. */
function position({ target, ownerRank }: Contender): number {
  return target.rank > ownerRank ? target.rank - 1 : target.rank;
}

function sameTarget(a: Target, b: Target): boolean {
  return (
    a.rank === b.rank &&
    a.candidates === b.candidates &&
    a.policy === b.policy &&
    a.mayMove === b.mayMove &&
    a.standsBack === b.standsBack
  );
}
