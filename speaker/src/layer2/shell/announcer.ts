import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { AnnouncementFact, Announcer, ProtocolFacts } from "../../announce/announcer.ts";
import type { ClusterView } from "../../announce/view.ts";
import { formatAddress } from "../../net/address.ts";
import type { Logger } from "../../ports/logger.ts";
import { openWakeup, wake } from "../../shell/sys.ts";
import type { AddressCounts } from "../addressCounter.ts";
import { type Decision, desiredLayer2, destinations, type OwnLinks } from "../desired.ts";
import { announcementFact, type ContenderFact } from "../facts.ts";
import { Orders } from "../order.ts";
import { publish, publishedLinks } from "../published.ts";
import { sha256 } from "../sha256.ts";
import type { Counters, FromWorker, SpeakerLink, ToWorker } from "./protocol.ts";

/** A planned stop waits at most this long for others to take over, and longer the more addresses go. */
const handOverMilliseconds = 2200;
const handOverPerAddress = 2;

export interface Layer2Options {
  readonly workerFile: URL;
}

/** Announces addresses by ARP and NDP from this node. */
export function createLayer2Announcer(
  options: Layer2Options,
  ports: { readonly logger: Logger; readonly onNews: () => void },
): Announcer {
  return new Layer2Announcer(options, ports);
}

class Layer2Announcer implements Announcer {
  readonly #logger: Logger;
  readonly #onNews: () => void;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #wakeup: number;
  readonly #facts = new Map<string, ContenderFact>();
  readonly #orders = new Orders();
  #view: ClusterView | undefined;
  #own: OwnLinks | undefined;
  #sentDesired = "";
  #sentSpeakers = "";
  #decisions: readonly Decision[] = [];
  readonly #counts = new Map<string, AddressCounts>();
  #counters: Counters = { questions: 0, answers: 0, announcements: 0, probes: 0, conflicts: 0, dropped: {} };

  constructor(options: Layer2Options, { logger, onNews }: { readonly logger: Logger; readonly onNews: () => void }) {
    this.#logger = logger;
    this.#onNews = onNews;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#wakeup = openWakeup();
    this.#worker = new Worker(options.workerFile, {
      workerData: { port: port2, wakeup: this.#wakeup, seed: randomInt(2 ** 32 - 1) },
      transferList: [port2],
    });
    this.#worker.on("error", (error: unknown) => {
      this.#logger.error(
        { event: "layer2ThreadFailed", error: error instanceof Error ? error.stack : String(error) },
        "the Layer2 thread failed; this process ends so that it is started anew",
      );
      process.exit(1);
    });
    this.#port.on("message", (message: FromWorker) => this.#hear(message));
  }

  apply(view: ClusterView): void {
    this.#view = view;
    this.#update();
  }

  status(): ReturnType<Announcer["status"]> {
    const used = new Set(this.#decisions.flatMap(({ targets }) => targets.map(({ link }) => link)));
    const links = this.#own?.links.filter(({ name, networks }) => networks.length > 0 || used.has(name));
    const published = links === undefined ? undefined : publish(links, this.#own?.egress ?? new Map());
    const announcements = (): AnnouncementFact[] => this.#decisions.map((decision) => announcementFact(decision, this.#facts));
    const facts = (): ProtocolFacts => ({
      addresses: [...this.#facts.values()],
      counters: this.#counters,
      counts: Object.fromEntries(this.#counts),
      links: this.#own?.links.map(({ name }) => name),
    });
    return {
      get announcements() {
        return announcements();
      },
      get facts() {
        return facts();
      },
      ...(published === undefined ? {} : { published }),
    };
  }

  /** Lets the next in line take over each address, then falls silent. */
  async close(): Promise<void> {
    this.#post({ type: "leave" });
    const owned = (): number => [...this.#facts.values()].filter((fact) => fact.role === "owner").length;
    const hasOthers = this.#decisions.some(({ targets }) => targets.some((target) => target.candidates > 1 || target.standsBack));
    const end = Date.now() + (hasOthers ? handOverMilliseconds + owned() * handOverPerAddress : 0);
    while (owned() > 0 && Date.now() < end) await sleep(20);
    const ended = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#post({ type: "end" });
    await Promise.race([ended, sleep(1000)]);
  }

  #update(): void {
    if (this.#view === undefined || this.#own === undefined) return;
    this.#decisions = desiredLayer2(this.#view, this.#own, this.#orders);
    const held = new Set(this.#decisions.map(({ address }) => formatAddress(address)));
    for (const address of this.#counts.keys()) if (!held.has(address)) this.#counts.delete(address);
    this.#tellSpeakers(this.#view);
    const targets = this.#decisions.flatMap((decision) => decision.targets);
    const message: ToWorker = { type: "desired", targets, destinations: destinations(this.#view) };
    const key = keyOf(message);
    if (key === this.#sentDesired) return;
    this.#sentDesired = key;
    this.#post(message);
  }

  /** The thread knows speakers by their Ethernet addresses: who took over from whom, and who is no foreign host. */
  #tellSpeakers(view: ClusterView): void {
    const links = view.nodes.flatMap((node): SpeakerLink[] =>
      (publishedLinks(node)?.links ?? []).map(({ mac, addresses }) => ({ mac, node: node.name, addresses })),
    );
    const own = (this.#own?.links ?? []).map(({ mac, addresses }) => ({ mac, node: view.nodeName, addresses }));
    const cluster = view.clusterId === undefined ? 0 : Number.parseInt(sha256(view.clusterId).slice(0, 8), 16);
    const message: ToWorker = { type: "speakers", links: [...links, ...own], cluster };
    const key = keyOf(message);
    if (key === this.#sentSpeakers) return;
    this.#sentSpeakers = key;
    this.#post(message);
  }

  #post(message: ToWorker): void {
    this.#port.postMessage(message);
    wake(this.#wakeup);
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        return;
      case "links":
        this.#own = { links: message.links, egress: message.egress };
        this.#update();
        return this.#onNews();
      case "facts":
        for (const fact of message.changed) this.#facts.set(fact.key, fact);
        for (const key of message.gone) this.#facts.delete(key);
        this.#counters = message.counters;
        for (const [address, counts] of message.counted) this.#counts.set(address, counts);
        if (message.changed.length > 0 || message.gone.length > 0) this.#onNews();
        return;
      case "event":
        return this.#logger[message.level]({ event: message.event, ...message.fields }, message.text);
      default:
        message satisfies never;
    }
  }
}

/** A text that is the same for equal messages. */
function keyOf(message: ToWorker): string {
  return JSON.stringify(message, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}
