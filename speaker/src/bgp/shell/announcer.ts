import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { AnnouncementFact, Announcer } from "../../announce/announcer.ts";
import type { ClusterView } from "../../announce/view.ts";
import { formatAddress } from "../../net/address.ts";
import type { Logger } from "../../ports/logger.ts";
import type { LivenessLine } from "../../shell/livenessLine.ts";
import { type AdmissionCounts, noAdmissions } from "../admission.ts";
import { type AddressDecision, noDecisions, offeredRoutes, partOf } from "../decide.ts";
import { type DesiredBgp, desiredBgp } from "../desired.ts";
import { idleFacts, type PeerFacts, refusedFacts } from "../facts.ts";
import type { PeerConfig } from "../peerConfig.ts";
import { parseRibQuery, type RibPage, type RibQuery, readPage } from "../ribQuery.ts";
import { offeredEntry } from "../ribView.ts";
import { packRoutes, textOf } from "../routeTable.ts";
import type { FromWorker, Orders, ToWorker, WorkerOptions } from "./protocol.ts";

/** A planned stop waits at most this much longer than routers may take, in milliseconds. */
const closeMilliseconds = 2000;

/** So long the BGP thread may take to show its routes, in milliseconds. */
const lookMilliseconds = 5000;

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
  /** Starts what watches neighbours, when the first peer wants it. Without it peers are not watched. */
  readonly startLiveness?: () => RunningLiveness;
}

/** A line to what watches neighbours, and how it ends. */
interface RunningLiveness {
  readonly line: LivenessLine;
  close(): Promise<void>;
}

/** Announces addresses by BGP from this node. */
export function createBgpAnnouncer(options: BgpOptions, ports: Ports): Announcer {
  return new BgpAnnouncer(options, ports);
}

/** Whether a peer gets any route of a decision. */
function isTold({ name, outbound }: PeerConfig, decision: AddressDecision): boolean {
  if ("refusal" in decision) return false;
  return decision.paths.some((terms) => (terms.peers?.includes(name) ?? true) && (terms.isOwn || outbound.nextHops === "all"));
}

function noSession(configured: readonly PeerConfig[], decision: AddressDecision): string {
  if (configured.length === 0) return "no BgpPeer that can be used selects this node";
  return configured.some((config) => isTold(config, decision))
    ? "no session is up"
    : "no BgpPeer of this node is among spec.bgp.peers of the Eip";
}

/** Equal for equal orders. */
function digestOf({ routes: { octets, terms }, ...rest }: Orders): string {
  return createHash("sha256")
    .update(octets)
    .update(textOf([rest, terms]))
    .digest("base64");
}

/** The half of BGP that lives in the main thread: makes orders of views, and keeps the last facts that the thread of the sessions told. */
class BgpAnnouncer implements Announcer {
  readonly #options: BgpOptions;
  readonly #logger: Logger;
  readonly #onNews: () => void;
  readonly #worker: Worker;
  readonly #closed: Promise<void>;
  readonly #facts = new Map<string, PeerFacts>();
  #connections: AdmissionCounts = noAdmissions;
  #desired: DesiredBgp | undefined;
  /** The digest of the orders that were given last: there is no need to give the same ones again. */
  #ordered = "";
  #isClosing = false;
  readonly #looks = new Map<number, (page: RibPage) => void>();
  #lastLook = 0;
  readonly #startLiveness: (() => RunningLiveness) | undefined;
  #liveness: RunningLiveness | undefined;

  constructor(options: BgpOptions, { logger, onNews, startLiveness }: Ports) {
    this.#startLiveness = startLiveness;
    this.#options = options;
    this.#logger = logger;
    this.#onNews = onNews ?? (() => undefined);
    const workerData: WorkerOptions = {
      drainMilliseconds: options.drainMilliseconds,
      logsDebug: logger.isLevelEnabled?.("debug") ?? true,
      ...(options.recordDirectory === undefined ? {} : { recordDirectory: options.recordDirectory }),
    };
    this.#worker = new Worker(options.workerFile ?? new URL("./bgpWorker.ts", import.meta.url), { workerData });
    logger.onLevel?.(() => this.#post({ type: "logsDebug", logsDebug: logger.isLevelEnabled?.("debug") ?? true }));
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
    const orders = {
      listenPort,
      listenAddresses,
      peers,
      policy,
      routes: packRoutes(offeredRoutes(decisions), decisions.announced),
    };
    const digest = digestOf(orders);
    if (digest === this.#ordered) return;
    this.#ordered = digest;
    if (this.#liveness === undefined && this.#startLiveness !== undefined && peers.some(({ bfd }) => bfd !== undefined)) {
      this.#liveness = this.#startLiveness();
      const { line } = this.#liveness;
      this.#worker.postMessage({ type: "liveness", line } satisfies ToWorker, [line.port]);
    }
    // The routes go over without a copy: with a hundred thousand of them it would be megabytes.
    this.#worker.postMessage({ type: "orders", orders } satisfies ToWorker, [orders.routes.octets.buffer]);
  }

  status(): ReturnType<Announcer["status"]> {
    const configured = this.#desired?.peers ?? [];
    const peers = configured.map((config) => (config.isHeldDown ? undefined : this.#facts.get(config.name)) ?? idleFacts(config));
    const isUp = new Map(peers.map((peer) => [peer.name, peer.state === "Established"]));
    const off = this.#desired?.refusal;
    const factOf = (decision: AddressDecision): AnnouncementFact => {
      const up = configured
        .filter((config) => isUp.get(config.name) === true && isTold(config, decision))
        .map(({ address }) => formatAddress(address));
      const refusal =
        "refusal" in decision
          ? decision.refusal
          : (off ?? (up.length > 0 ? undefined : { reason: "NoSession", message: noSession(configured, decision) }));
      const isAnnouncing = refusal === undefined;
      return {
        address: formatAddress(decision.address),
        protocol: "bgp",
        isAnnouncing,
        via: isAnnouncing ? up : [],
        refusal,
        because: isAnnouncing ? `next hop for ${up.join(", ")}${partOf(decision)}` : "",
      };
    };
    const { speaker, decisions = noDecisions, refusedPeers = [] } = this.#desired ?? {};
    return {
      get announcements() {
        return Array.from(decisions, factOf);
      },
      facts: {
        as: speaker?.as,
        routerId: speaker === undefined ? undefined : formatAddress(speaker.routerId),
        peers: [...peers, ...refusedPeers.map(refusedFacts)],
        refusedPeers,
        refusal: off,
        connections: this.#connections,
      },
    };
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#post({ type: "close" });
    const gone = new Promise((resolve) => this.#worker.once("exit", resolve));
    await Promise.race([this.#closed, sleep(this.#options.drainMilliseconds + closeMilliseconds, undefined, { ref: false })]);
    await Promise.race([gone, sleep(closeMilliseconds, undefined, { ref: false })]);
    await this.#liveness?.close();
  }

  /** The sessions of this node, or its routes: `local`, those that peers are told, those that peers announced. */
  async look(what: string): Promise<unknown> {
    if (what === "bgp/peers") return [...this.#facts.values()];
    const query = parseRibQuery(what);
    if (query === undefined) return undefined;
    const page = query.direction === "local" ? this.#lookLocal(query) : await this.#ask(query);
    // Without any parameter the answer is the routes alone, all of them, as it always was.
    return what.includes("?") ? page : page.rows;
  }

  #lookLocal(query: RibQuery): RibPage {
    const reading = readPage(offeredRoutes(this.#desired?.decisions ?? noDecisions).map(offeredEntry), query);
    for (;;) {
      const { done, value } = reading.next();
      if (done === true) return value;
    }
  }

  async #ask(query: RibQuery): Promise<RibPage> {
    const number = ++this.#lastLook;
    const seen = new Promise<RibPage>((resolve) => this.#looks.set(number, resolve));
    this.#post({ type: "look", number, query });
    const page = await Promise.race([seen, sleep(lookMilliseconds, undefined, { ref: false })]);
    this.#looks.delete(number);
    if (page === undefined) throw new Error("the BGP thread did not answer");
    return page;
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: Exclude<FromWorker, { type: "closed" }>): void {
    switch (message.type) {
      case "facts":
        for (const facts of message.peers) this.#facts.set(facts.name, facts);
        return this.#onNews();
      case "connections":
        this.#connections = message.counts;
        return;
      case "seen":
        return this.#looks.get(message.number)?.(message.page);
      case "log":
        for (const { level, fields, message: text } of message.lines) this.#logger[level](fields, text);
        return;
      default:
        return message satisfies never;
    }
  }
}
