import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { type Address, formatAddress } from "../../net/address.ts";
import type { Mac } from "../../net/mac.ts";
import { Batch, clearWakeup, pollReadable, SysError } from "../../shell/sys.ts";
import { AddressCounter } from "../addressCounter.ts";
import type { Heartbeat } from "../datagram.ts";
import type { ContenderFact } from "../facts.ts";
import { type DropReason, decodeFrame, dropReasons, encodeAnnouncements, encodeAnswer, encodeQuestion } from "../frame.ts";
import type { LinkView } from "../links.ts";
import { type Contender, defaultTuning, type Effect, type Event, type Target } from "../model.ts";
import { Ownership } from "../ownership.ts";
import { QuickAnswers } from "../quick.ts";
import { HeartbeatSockets } from "./heartbeatSockets.ts";
import { KernelLinks } from "./kernelLinks.ts";
import { LinkSockets } from "./linkSockets.ts";
import type { FromWorker, SpeakerLink, ToWorker } from "./protocol.ts";

/** Frames that one system call reads, and how many such calls one interface gets before others have their turn. */
const batchSize = 64;
const batchesInTurn = 8;
const slotLength = 256;
/** Changes of interfaces are gathered for so long, in milliseconds, and the kernel is not asked more often than that. */
const linkQuiet = 5;
const linkPause = 50;
/** Multicast groups are joined so many at a time, so often: a thousand make no burst. */
const joinCount = 10;
const joinInterval = 20;
/** Facts are told at most this often; counters alone once a second. */
const factsInterval = 20;
const countersInterval = 1000;
const longestWait = 1000;

/**
 * The thread that answers ARP and NDP. It blocks in poll(2) over a wake-up, the packet sockets and rtnetlink, so that nothing
 * the main thread does can delay an answer. Ownership is decided here, for the same reason.
 */
export class Layer2Thread {
  readonly #port: MessagePort;
  readonly #wakeup: number;
  readonly #engine: Ownership;
  readonly #kernel = new KernelLinks();
  readonly #heartbeats: HeartbeatSockets;
  readonly #open = new Map<string, LinkSockets>();
  readonly #received = new Batch(batchSize, slotLength);
  readonly #replies = new Batch(batchSize, QuickAnswers.length);
  /** Every reason is there from the start: Prometheus sees the first increase of a counter only if it saw the counter before. */
  readonly #dropped = new Map(Object.keys(dropReasons).map((reason) => [reason as DropReason, 0]));
  readonly #counts = new AddressCounter();
  #counters = { questions: 0, answers: 0, announcements: 0, probes: 0, conflicts: 0 };
  #links: readonly LinkView[] = [];
  #toldLinks = "";
  #targets: readonly Target[] = [];
  #destinations: readonly Address[] = [];
  #speakers = new Map<Mac, SpeakerLink>();
  #linksDueAt = 0;
  #linksReadAt = 0;
  #joinAt = Number.POSITIVE_INFINITY;
  #reportAt = 0;
  #countersAt = 0;
  #isEnding = false;
  readonly #saidAt = new Map<string, number>();

  constructor(port: MessagePort, wakeup: number, seed: number) {
    this.#port = port;
    this.#wakeup = wakeup;
    this.#engine = new Ownership(defaultTuning, seed);
    this.#heartbeats = new HeartbeatSockets((text) => this.#tell("warn", "layer2Problem", text));
  }

  /** Runs until the main thread says `end`. */
  run(): void {
    this.#say({ type: "ready" });
    while (!this.#isEnding) {
      const sockets = [...this.#open.values()];
      const fds = [this.#wakeup, this.#kernel.events, ...this.#heartbeats.fds, ...sockets.flatMap(({ arp, ndp }) => [arp, ndp])];
      const readable = pollReadable(fds, this.#patience());
      if (readable[0] === true) this.#takeMessages();
      if (readable[1] === true) this.#kernelChanged();
      const firstSocket = 2 + this.#heartbeats.fds.length;
      if (readable.slice(2, firstSocket).includes(true)) this.#drainHeartbeats();
      for (const [index, one] of sockets.entries()) {
        if (readable[firstSocket + index * 2] === true) this.#drain(one, one.arp);
        if (readable[firstSocket + index * 2 + 1] === true) this.#drain(one, one.ndp);
      }
      this.#doDue();
    }
    for (const one of this.#open.values()) one.close();
    this.#heartbeats.close();
    this.#kernel.close();
    this.#port.close();
  }

  /** How long nothing is due, in whole milliseconds. */
  #patience(): number {
    const reports = this.#reportAt === 0 ? this.#countersAt : this.#reportAt;
    const next = Math.min(this.#engine.nextDueAt(), this.#linksDueAt, this.#joinAt, reports);
    return Math.max(0, Math.min(longestWait, Math.ceil(next - performance.now())));
  }

  #doDue(): void {
    const now = performance.now();
    if (now >= this.#linksDueAt) this.#readLinks();
    if (now >= this.#joinAt) this.#join();
    if (now >= this.#engine.nextDueAt()) this.#handle({ type: "tick", now });
    if (this.#reportAt !== 0 ? now >= this.#reportAt : now >= this.#countersAt) this.#report();
  }

  #takeMessages(): void {
    clearWakeup(this.#wakeup);
    for (let received = receiveMessageOnPort(this.#port); received !== undefined; received = receiveMessageOnPort(this.#port)) {
      const message = received.message as ToWorker;
      const now = performance.now();
      switch (message.type) {
        case "desired": {
          const key = message.destinations.map(formatAddress).join();
          if (key !== this.#destinations.map(formatAddress).join()) this.#linksDueAt = now;
          this.#destinations = message.destinations;
          this.#targets = message.targets;
          this.#counts.keep(message.targets.map(({ address }) => formatAddress(address)));
          this.#useLinks();
          this.#handle({ type: "desired", now, targets: message.targets });
          // Only now: what was given up had to be said over the sockets that it was announced on.
          this.#closeUnused();
          break;
        }
        case "speakers":
          this.#speakers = new Map(message.links.map((link) => [link.mac, link]));
          this.#handle({
            type: "speakers",
            now,
            nodes: new Map(message.links.map(({ mac, node }) => [mac, node])),
            cluster: message.cluster,
          });
          break;
        case "leave":
          this.#handle({ type: "leave", now });
          break;
        case "end":
          this.#handle({ type: "desired", now, targets: [] });
          this.#isEnding = true;
          break;
        default:
          message satisfies never;
      }
    }
  }

  #kernelChanged(): void {
    this.#kernel.drain();
    const now = performance.now();
    if (this.#linksDueAt === Number.POSITIVE_INFINITY)
      this.#linksDueAt = Math.max(now + linkQuiet, this.#linksReadAt + linkPause);
  }

  /** Asks the kernel for interfaces and routes, and makes everything follow. */
  #readLinks(): void {
    this.#linksReadAt = performance.now();
    this.#linksDueAt = Number.POSITIVE_INFINITY;
    this.#links = this.#kernel.read();
    const egress = this.#kernel.egress(this.#destinations, this.#links);
    const told = JSON.stringify([this.#links, [...egress]], (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    if (told === this.#toldLinks) return;
    this.#toldLinks = told;
    this.#useLinks();
    this.#closeUnused();
    this.#say({ type: "links", links: this.#links, egress });
  }

  /** Opens sockets on the interfaces that are wanted, again when one was made anew, and tells the ownership. */
  #useLinks(): void {
    const byLink = Map.groupBy(this.#targets, ({ link }) => link);
    for (const [name, targets] of byLink) {
      const link = this.#links.find((candidate) => candidate.name === name);
      const sockets = this.#open.get(name);
      if (link === undefined) continue;
      this.#attempt(name, () => {
        if (sockets !== undefined && sockets.index === link.index) sockets.link = link;
        else {
          sockets?.close();
          this.#open.delete(name);
          const fresh = new LinkSockets(link);
          this.#open.set(name, fresh);
          for (const { role, target } of this.#engine.contenders())
            if (target.link === name) fresh.quick.set(target.address, role === "owner");
        }
        this.#open.get(name)?.hold(targets.map(({ address }) => address));
      });
    }
    if ([...this.#open.values()].some((one) => one.isJoining)) this.#joinAt = Math.min(this.#joinAt, performance.now());
    const links = this.#links
      .filter(({ name }) => byLink.has(name))
      .map(({ name, mac, isUp, carrierChanges }) => ({ name, mac, isUp: isUp && this.#open.has(name), carrierChanges }));
    this.#handle({ type: "links", now: performance.now(), links });
  }

  #closeUnused(): void {
    const wanted = new Set(this.#targets.map(({ link }) => link));
    for (const [name, sockets] of this.#open) {
      if (wanted.has(name) && this.#links.some((link) => link.name === name)) continue;
      sockets.close();
      this.#open.delete(name);
    }
  }

  #join(): void {
    let isJoining = false;
    for (const [name, sockets] of this.#open) {
      this.#attempt(name, () => {
        const problem = sockets.join(joinCount);
        if (problem !== undefined) this.#tell("warn", "layer2Problem", problem);
      });
      isJoining ||= sockets.isJoining;
    }
    this.#joinAt = isJoining ? performance.now() + joinInterval : Number.POSITIVE_INFINITY;
  }

  /** Reads what an interface has, at most so much that other work is not kept waiting. */
  #drain(sockets: LinkSockets, fd: number): void {
    for (let turn = 0; turn < batchesInTurn; turn++) {
      let count: number;
      try {
        count = this.#received.receive(fd);
      } catch (error) {
        // The interface went down or away: rtnetlink says which.
        if (error instanceof SysError) return this.#kernelChanged();
        throw error;
      }
      let replies = 0;
      for (let index = 0; index < count; index++) {
        const frame = this.#received.slot(index);
        const length = this.#received.length(index);
        if (sockets.quick.answer(frame, length, this.#replies.slot(replies))) replies++;
        else this.#take(sockets.link.name, frame.subarray(0, length));
      }
      if (replies > 0) {
        this.#counters.questions += replies;
        this.#attempt(sockets.link.name, () => {
          this.#counters.answers += this.#replies.send(fd, replies, QuickAnswers.length);
        });
      }
      if (count < batchSize) return;
    }
  }

  #take(link: string, octets: Uint8Array): void {
    const frame = decodeFrame(octets);
    if ("drop" in frame) return this.#drop(frame.drop);
    if (this.#engine.get(formatAddress(frame.target), link) === undefined) return this.#drop("Unheld");
    if (frame.kind === "question") {
      this.#counters.questions++;
      this.#counts.add(formatAddress(frame.target), "questions");
    }
    this.#handle({ type: "frame", now: performance.now(), link, frame });
  }

  #drop(reason: DropReason, count = 1): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + count);
  }

  /** Answers a question that came over UDP, or takes an answer. */
  #drainHeartbeats(): void {
    this.#attempt("UDP", () =>
      this.#heartbeats.drain((heartbeat): Heartbeat | undefined => {
        const { note, mac, address } = heartbeat;
        if (note.kind === "alive") {
          for (const link of this.#open.keys())
            this.#handle({ type: "udpAnswer", now: performance.now(), link, mac, nonce: note.nonce });
          return undefined;
        }
        const link = [...this.#open.values()].find((sockets) => sockets.link.mac === mac)?.link.name;
        const isOwner = link !== undefined && this.#engine.get(formatAddress(address), link)?.role === "owner";
        return note.kind === "probe" && isOwner ? { ...heartbeat, note: { ...note, kind: "alive" } } : undefined;
      }),
    );
  }

  #handle(event: Event): void {
    for (const effect of this.#engine.handle(event)) this.#perform(effect);
    for (const { role, target } of this.#engine.takeRoles())
      this.#open.get(target.link)?.quick.set(target.address, role === "owner");
    if (this.#engine.hasChanges && this.#reportAt === 0) this.#reportAt = performance.now() + factsInterval;
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "ask": {
        const sockets = this.#open.get(effect.link);
        if (sockets === undefined) return;
        this.#counters.probes++;
        const own = sockets.link.addresses.find(({ family }) => family === effect.address.family);
        const from = effect.to === undefined ? undefined : own;
        this.#transmit(
          sockets,
          [encodeQuestion(effect.address, sockets.link.mac, from, effect.to, effect.note)],
          effect.address.family,
        );
        if (effect.overUdp === true && effect.to !== undefined) this.#askOverUdp(effect.to, effect);
        return;
      }
      case "answer": {
        const sockets = this.#open.get(effect.link);
        if (sockets === undefined) return;
        this.#counters.answers++;
        this.#counts.add(formatAddress(effect.address), "answers");
        const frame = encodeAnswer(effect.address, sockets.link.mac, effect.asker, effect.note);
        return this.#transmit(sockets, [frame], effect.address.family);
      }
      case "announce": {
        const sockets = this.#open.get(effect.link);
        if (sockets === undefined) return;
        this.#counters.announcements++;
        this.#counts.add(formatAddress(effect.address), "gratuitous");
        const frames = encodeAnnouncements(effect.address, sockets.link.mac, effect.note);
        return this.#transmit(sockets, frames, effect.address.family);
      }
      case "changed": {
        const { address, link, role, reason } = effect;
        const level = effect.from === "owner" || role === "owner" || role === "yielded" ? "info" : "debug";
        return this.#tell(level, "ownership", reason, { address: formatAddress(address), interface: link, role: role ?? "none" });
      }
      case "conflict": {
        this.#counters.conflicts++;
        const { address, link, mac, policy, reason } = effect;
        return this.#tell("warn", "conflict", reason, { address: formatAddress(address), interface: link, mac, policy });
      }
      case "fabric":
        return this.#tell("warn", "fabricAnswers", effect.reason, { interface: effect.link, mac: effect.mac });
      default:
        return effect satisfies never;
    }
  }

  #askOverUdp(mac: Mac, { address, note, link }: Extract<Effect, { readonly type: "ask" }>): void {
    const to = this.#speakers.get(mac)?.addresses[0];
    if (to !== undefined) return this.#attempt(link, () => this.#heartbeats.send(to, { note, mac, address }));
    this.#tell("warn", "layer2Problem", `${mac} on ${link} cannot be asked over UDP: no address of that node is known`);
  }

  #transmit(sockets: LinkSockets, frames: readonly Uint8Array[], family: 4 | 6): void {
    for (const frame of frames) this.#attempt(sockets.link.name, () => sockets.send(frame, family));
  }

  /** Does what the kernel may refuse; a refusal is told, once a second for each sentence. */
  #attempt(name: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.#tell("warn", "layer2Problem", `${name}: ${error.message}`);
    }
  }

  #tell(level: "debug" | "info" | "warn", event: string, text: string, fields: Readonly<Record<string, string>> = {}): void {
    const now = performance.now();
    if (event === "layer2Problem") {
      if (now - (this.#saidAt.get(text) ?? -countersInterval) < countersInterval) return;
      if (this.#saidAt.size > 100) this.#saidAt.clear();
      this.#saidAt.set(text, now);
    }
    this.#say({ type: "event", level, event, text, fields });
  }

  #say(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  #report(): void {
    const now = performance.now();
    this.#reportAt = 0;
    this.#countersAt = now + countersInterval;
    for (const sockets of this.#open.values()) {
      const lost = sockets.takeOverruns();
      if (lost > 0) this.#drop("Overrun", lost);
      for (const [address, count] of sockets.quick.takeAnswered())
        for (const what of ["questions", "answers"] as const) this.#counts.add(formatAddress(address), what, count);
    }
    const keys = this.#engine.takeChanged();
    const contenders = keys.map((key) => this.#engine.byKey(key));
    this.#say({
      type: "facts",
      changed: contenders.flatMap((contender) => (contender === undefined ? [] : [this.#factOf(contender)])),
      gone: keys.filter((_, index) => contenders[index] === undefined),
      counters: { ...this.#counters, dropped: Object.fromEntries(this.#dropped) },
      counted: this.#counts.takeChanged(),
    });
  }

  #factOf(contender: Contender): ContenderFact {
    const { key, target, role, since, because, owner, conflict } = contender;
    const instant = (at: number): number => Math.round(performance.timeOrigin + at);
    const isCurrent = conflict !== undefined && (role === "owner" || role === "yielded");
    return {
      key,
      address: formatAddress(target.address),
      link: target.link,
      role,
      since: instant(since),
      because,
      owner: owner === undefined ? undefined : (this.#speakers.get(owner)?.node ?? owner),
      rank: target.rank,
      candidates: target.candidates,
      conflict: isCurrent ? { mac: conflict.mac, since: instant(conflict.since), policy: target.policy } : undefined,
    };
  }
}
