import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { AnnouncementFact, Announcer, Conflict } from "../../announce/announcer.ts";
import type { ClusterView } from "../../announce/view.ts";
import { formatAddress, isLinkLocal, parseAddress } from "../../net/address.ts";
import { parseMac } from "../../net/mac.ts";
import { parsePrefix } from "../../net/prefix.ts";
import type { Logger } from "../../ports/logger.ts";
import { openWakeup, wake } from "../../shell/sys.ts";
import { type Decision, desiredLayer2, type LinkView } from "../desired.ts";
import { solicitedNode } from "../frame.ts";
import type { Counters, FromWorker, ToWorker } from "./protocol.ts";

/** Interfaces are looked at again this often, in milliseconds. */
const linkInterval = 500;
/** A planned stop waits at most this long for others to take over. */
const handOverMilliseconds = 2000;

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
  readonly #timer: NodeJS.Timeout;
  readonly #groups = new Map<string, Socket>();
  #view: ClusterView | undefined;
  #sent = "";
  #decisions: readonly Decision[] = [];
  #facts: Extract<FromWorker, { type: "facts" }>["facts"] = [];
  #counters: Counters = { questions: 0, answers: 0, announcements: 0, probes: 0, dropped: {} };
  readonly #conflicts = new Map<string, Conflict>();

  constructor(options: Layer2Options, { logger, onNews }: { readonly logger: Logger; readonly onNews: () => void }) {
    this.#logger = logger;
    this.#onNews = onNews;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#wakeup = openWakeup();
    this.#worker = new Worker(options.workerFile, {
      workerData: { port: port2, wakeup: this.#wakeup, nonce: randomInt(2 ** 32 - 1) },
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
    this.#timer = setInterval(() => this.#update(), linkInterval);
  }

  apply(view: ClusterView): void {
    this.#view = view;
    this.#update();
  }

  status(): ReturnType<Announcer["status"]> {
    const announcements = this.#decisions.map((decision): AnnouncementFact => {
      const address = formatAddress(decision.address);
      const fact = this.#facts.find((candidate) => candidate.address === address);
      const common = { address, protocol: "layer2" as const };
      if ("refusal" in decision) return { ...common, isAnnouncing: false, via: [], refusal: decision.refusal, because: "" };
      const isAnnouncing = fact?.role === "owner";
      const conflict = this.#conflicts.get(address);
      const because = [fact?.because ?? "not looked at yet", decision.warning].filter((text) => text !== undefined).join("; ");
      return {
        ...common,
        isAnnouncing,
        via: isAnnouncing ? decision.target.interfaces : [],
        refusal: undefined,
        because,
        ...(isAnnouncing && fact !== undefined ? { since: fact.since } : {}),
        ...(conflict === undefined ? {} : { conflict }),
      };
    });
    return { announcements, facts: { addresses: this.#facts, counters: this.#counters } };
  }

  /** Lets the next in line take over each address, then falls silent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#post({ type: "leave" });
    const owned = (): boolean => this.#facts.some((fact) => fact.role === "owner");
    const hasOthers = this.#decisions.some((decision) => "target" in decision && decision.target.candidates > 1);
    const end = Date.now() + (hasOthers ? handOverMilliseconds : 0);
    while (owned() && Date.now() < end) await sleep(20);
    this.#post({ type: "end" });
    for (const socket of this.#groups.values()) socket.close();
    await Promise.race([new Promise((resolve) => this.#worker.once("exit", resolve)), sleep(1000)]);
  }

  #update(): void {
    if (this.#view === undefined) return;
    const links = readLinks();
    this.#decisions = desiredLayer2(this.#view, links, undefined);
    const targets = this.#decisions.flatMap((decision) =>
      "target" in decision ? [{ ...decision.target, address: formatAddress(decision.address) }] : [],
    );
    const used = new Set(targets.flatMap((target) => target.interfaces));
    const usedLinks = links.filter((link) => used.has(link.name)).map(({ name, mac, addresses }) => ({ name, mac, addresses }));
    const key = JSON.stringify([targets, usedLinks], (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    if (key === this.#sent) return;
    this.#sent = key;
    this.#post({ type: "desired", targets, links: usedLinks });
    this.#joinGroups(targets);
  }

  #post(message: ToWorker): void {
    this.#port.postMessage(message);
    wake(this.#wakeup);
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        return;
      case "facts":
        this.#facts = message.facts;
        this.#counters = message.counters;
        return this.#onNews();
      case "happened": {
        const { effect } = message;
        const address = formatAddress(effect.address);
        if (effect.type === "changed") this.#logger.info({ event: "ownership", address, role: effect.role }, effect.reason);
        else {
          const known = this.#conflicts.get(address);
          const since = known?.mac === effect.mac ? known.since : Date.now();
          this.#conflicts.set(address, { mac: effect.mac, interface: effect.link, since });
          this.#onNews();
          this.#logger.warn({ event: "conflict", address, mac: effect.mac }, `a foreign host, ${effect.mac}, claims ${address}`);
        }
        return;
      }
      case "problem":
        return this.#logger.warn({ event: "layer2Problem" }, message.message);
      default:
        message satisfies never;
    }
  }

  /** Switches send questions about an IPv6 address only to those that joined its group. */
  #joinGroups(targets: readonly { readonly address: string; readonly interfaces: readonly string[] }[]): void {
    const wanted = new Set<string>();
    for (const { address, interfaces } of targets) {
      const parsed = parseAddress(address);
      if (parsed?.family !== 6) continue;
      for (const name of interfaces) wanted.add(`${formatAddress(solicitedNode(parsed))} ${name}`);
    }
    for (const [key, socket] of this.#groups) {
      if (wanted.has(key)) continue;
      socket.close();
      this.#groups.delete(key);
    }
    for (const key of wanted) {
      if (this.#groups.has(key)) continue;
      const [group = "", name = ""] = key.split(" ");
      const socket = createSocket("udp6");
      socket.on("error", (error) =>
        this.#logger.warn(
          { event: "groupFailed", group, interface: name, error: error.message },
          `cannot join ${group} on ${name}`,
        ),
      );
      socket.bind(0, () => {
        try {
          socket.addMembership(group, `::%${name}`);
        } catch (error) {
          this.#logger.warn(
            { event: "groupFailed", group, interface: name, error: String(error) },
            `cannot join ${group} on ${name}`,
          );
        }
      });
      this.#groups.set(key, socket);
    }
  }
}

/** The interfaces of this machine that are up and have addresses, with the networks that they are in. */
function readLinks(): LinkView[] {
  return Object.entries(networkInterfaces()).flatMap(([name, entries = []]): LinkView[] => {
    const mac = parseMac(entries[0]?.mac ?? "");
    if (mac === undefined || entries[0]?.internal === true) return [];
    const addresses = entries.flatMap((entry) => parseAddress(entry.address) ?? []);
    const networks = entries.flatMap((entry) => (entry.cidr === null ? [] : (parsePrefix(entry.cidr) ?? [])));
    return [
      {
        name,
        mac,
        addresses: [...addresses.filter((address) => !isLinkLocal(address)), ...addresses.filter(isLinkLocal)],
        networks,
      },
    ];
  });
}
