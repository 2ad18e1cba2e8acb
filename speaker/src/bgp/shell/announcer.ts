import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { AnnouncementFact, Announcer } from "../../announce/announcer.ts";
import type { ClusterView } from "../../announce/view.ts";
import { formatAddress } from "../../net/address.ts";
import type { Logger } from "../../ports/logger.ts";
import { offeredRoutes } from "../decide.ts";
import { type DesiredBgp, desiredBgp } from "../desired.ts";
import { idleFacts, type PeerFacts } from "../facts.ts";
import { packRoutes, sameTable, textOf } from "../routeTable.ts";
import type { FromWorker, Orders, ToWorker, WorkerOptions } from "./protocol.ts";

/** A planned stop waits at most this much longer than routers may take, in milliseconds. */
const closeMilliseconds = 2000;

export interface BgpOptions {
  /** How long routers may send traffic elsewhere, after they were asked to, before routes are withdrawn on a planned stop; in milliseconds. */
  readonly drainMilliseconds: number;
  /** The file of the BGP thread; default: the one beside this module. */
  readonly workerFile?: URL;
  /** Where what happens to sessions is written down as JSON lines, one file a peer; absent where it is not. */
  readonly recordDirectory?: string;
}

/** What the announcer needs of the world. `onNews` is called when `status` has news. */
interface Ports {
  readonly logger: Logger;
  readonly onNews?: () => void;
}

/** Announces addresses by BGP from this node. */
export function createBgpAnnouncer(options: BgpOptions, ports: Ports): Announcer {
  return new BgpAnnouncer(options, ports);
}

/** The half of BGP that lives in the main thread: makes orders of views, and keeps the last facts that the thread of the sessions told. */
class BgpAnnouncer implements Announcer {
  readonly #options: BgpOptions;
  readonly #logger: Logger;
  readonly #onNews: () => void;
  readonly #worker: Worker;
  readonly #closed: Promise<void>;
  readonly #facts = new Map<string, PeerFacts>();
  #desired: DesiredBgp | undefined;
  #orders: Orders | undefined;
  #isClosing = false;

  constructor(options: BgpOptions, { logger, onNews }: Ports) {
    this.#options = options;
    this.#logger = logger;
    this.#onNews = onNews ?? (() => undefined);
    const workerData: WorkerOptions = {
      drainMilliseconds: options.drainMilliseconds,
      logsDebug: logger.isLevelEnabled?.("debug") ?? true,
      ...(options.recordDirectory === undefined ? {} : { recordDirectory: options.recordDirectory }),
    };
    this.#worker = new Worker(options.workerFile ?? new URL("./bgpWorker.ts", import.meta.url), { workerData });
    this.#closed = new Promise((resolve) => {
      this.#worker.on("message", (message: FromWorker) => {
        if (message.type === "closed") resolve();
        else this.#hear(message);
      });
    });
    this.#worker.on("error", (error: unknown) => {
      this.#logger.error(
        { event: "bgpThreadFailed", error: error instanceof Error ? error.stack : String(error) },
        "the BGP thread failed; this process ends so that it is started anew",
      );
      process.exit(1);
    });
  }

  apply(view: ClusterView): void {
    if (this.#isClosing) return;
    const desired = desiredBgp(view);
    this.#desired = desired;
    const { listenPort, listenAddresses, peers, policy, decisions } = desired;
    const before = this.#orders;
    const orders = { listenPort, listenAddresses, peers, policy, routes: packRoutes(offeredRoutes(decisions)) };
    const rest = (one: Orders): string => textOf([one.listenPort, one.listenAddresses, one.peers, one.policy]);
    if (before !== undefined && rest(before) === rest(orders) && sameTable(before.routes, orders.routes)) return;
    this.#orders = orders;
    this.#post({ type: "orders", orders });
  }

  status(): ReturnType<Announcer["status"]> {
    const peers = (this.#desired?.peers ?? []).map((config) => this.#facts.get(config.name) ?? idleFacts(config));
    const up = peers.filter((peer) => peer.state === "Established").map((peer) => peer.address);
    const off = this.#desired?.refusal;
    const announcements = (this.#desired?.decisions ?? []).map((decision): AnnouncementFact => {
      const refusal =
        "refusal" in decision
          ? decision.refusal
          : (off ??
            (up.length > 0
              ? undefined
              : { reason: "NoSession", message: peers.length === 0 ? "no BgpPeer selects this node" : "no session is up" }));
      const isAnnouncing = refusal === undefined;
      return {
        address: formatAddress(decision.address),
        protocol: "bgp",
        isAnnouncing,
        via: isAnnouncing ? up : [],
        refusal,
        because: isAnnouncing ? `next hop for ${up.join(", ")}` : "",
      };
    });
    return { announcements, facts: { peers, refusedPeers: this.#desired?.refusedPeers ?? [], refusal: off } };
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#post({ type: "close" });
    const gone = new Promise((resolve) => this.#worker.once("exit", resolve));
    await Promise.race([this.#closed, sleep(this.#options.drainMilliseconds + closeMilliseconds, undefined, { ref: false })]);
    await Promise.race([gone, sleep(closeMilliseconds, undefined, { ref: false })]);
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: Exclude<FromWorker, { type: "closed" }>): void {
    switch (message.type) {
      case "facts":
        for (const facts of message.peers) this.#facts.set(facts.name, facts);
        return this.#onNews();
      case "log":
        return this.#logger[message.level](message.fields, message.message);
      default:
        return message satisfies never;
    }
  }
}
