import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Address, formatAddress, isLinkLocal, parseAddress } from "../../net/address.ts";
import type { Liveness, LivenessFacts, LivenessTarget } from "../../ports/liveness.ts";
import type { Logger } from "../../ports/logger.ts";
import { type Admission, type AdmissionCounts, type Allowance, fullAllowance } from "../admission.ts";
import type { PeerFacts } from "../facts.ts";
import { gracefulShutdownCommunity } from "../iana.ts";
import { type Offer, tableFor, tableKey } from "../outbound.ts";
import { needsNewSession, type PeerConfig } from "../peerConfig.ts";
import { noPolicy } from "../policy/model.ts";
import type { Routes } from "../ribOut.ts";
import type { RibEntry } from "../ribView.ts";
import { emptyTable } from "../routeTable.ts";
import { noRoutes, SharedUpdates } from "../sharedUpdates.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import { Listeners, type PortTtls } from "./listeners.ts";
import { Neighbours } from "./neighbours.ts";
import { Peer } from "./peer.ts";
import type { Orders, WorkerOptions } from "./protocol.ts";
import { Recorder } from "./recorder.ts";

/**
 * How long we wait, in milliseconds, before we dial a peer whose session we have just ended for a new configuration. Routers clear the old
 * session first; FRR, of a neighbour that it knows by its network alone, at times never answers a connection that comes meanwhile.
 */
const resetPause = 1000;

/** Changes of facts are gathered for this long, in milliseconds, and for longer by this much for each peer that the report before was about. */
const gatherMilliseconds = 10;
const gatherPerPeer = 0.5;

/**
 * First tables are sent for so long in one turn of the event loop, one at least, and wait for so long while sessions are on their way up, in
 * milliseconds.
 */
const tablesPerTurn = 1;
const tablesWait = 100;

/** The routes of each peer; peers that are told the same share one table. */
function sharedRoutes(offer: Offer): (peer: PeerConfig) => Routes {
  const tables = new Map<string, Routes>();
  return (peer) => {
    const key = tableKey(peer, offer);
    const table = tables.get(key) ?? tableFor(peer, offer);
    tables.set(key, table);
    return table;
  };
}

/** The Cease subcode and the words that a session ends with; undefined when it goes on. @see RFC 4486 §3 */
function reasonToEnd(before: PeerConfig, wanted: PeerConfig | undefined): readonly [number, string] | undefined {
  if (wanted === undefined) return [3, "the peer is not configured any more"];
  if (wanted.isHeldDown) return [2, "the session is held down: adminDown is set"];
  return needsNewSession(before, wanted) ? [6, "the configuration of the session changed"] : undefined;
}

/** The links on which peers without an address are to be found. */
function linksOf(peers: readonly PeerConfig[]): ReadonlySet<string> {
  return new Set(peers.flatMap(({ address, interface: link }) => (address.value === 0n && link !== undefined ? [link] : [])));
}

/** The neighbour that is watched beside a session. @param found the address of the neighbour on a link, when it was heard */
function livenessTarget(
  { name, address: configured, localAddress, interface: link, bfd, isHeldDown }: PeerConfig,
  found: (link: string) => Address | undefined,
): LivenessTarget[] {
  const address = configured.value === 0n ? found(link ?? "") : configured;
  if (bfd === undefined || isHeldDown || address === undefined) return [];
  return [{ name, address, localAddress, interface: link, options: bfd }];
}

/** All sessions of this node, and the ports that peers connect to. */
export class Speaker {
  readonly #options: WorkerOptions;
  readonly #logger: Logger;
  readonly #report: (changed: readonly PeerFacts[]) => void;
  readonly #doorkeeper: Doorkeeper;
  readonly #peers = new Map<string, Peer>();
  readonly #updates = new SharedUpdates();
  readonly #changed = new Set<Peer>();
  /** How many peers the last report was about: while many sessions come up at once, their states on the way are nobody's news. */
  #reported = 0;
  /** Peers whose address says by itself who they are. */
  #byAddress: ReadonlyMap<string, Peer> = new Map();
  #reporting: NodeJS.Timeout | undefined;
  /** What is done when sessions on their way up had their turn. */
  readonly #waiting: (() => void)[] = [];
  #waitsSince = 0;
  /** Whether a session came nearer to being up since the last look. */
  #isBusy = false;
  #offer: Offer = { table: emptyTable, policy: noPolicy, communities: [] };
  readonly #listeners: Listeners;
  readonly #neighbours: Neighbours;
  #isClosing = false;
  #liveness: Liveness | undefined;
  #wanted: readonly PeerConfig[] = [];
  readonly #alive = new Map<string, LivenessFacts>();

  /**
   * @param report is told the facts of peers that changed, soon after they did
   * @param tell is told what became of connections to our port, soon after there were some
   */
  constructor(
    options: WorkerOptions,
    logger: Logger,
    report: (changed: readonly PeerFacts[]) => void,
    tell: (counts: AdmissionCounts) => void = () => undefined,
  ) {
    this.#doorkeeper = new Doorkeeper(logger, tell);
    this.#options = options;
    this.#logger = logger;
    this.#report = report;
    this.#listeners = new Listeners(logger, (socket, inherited) => this.#accept(socket, inherited));
    this.#neighbours = new Neighbours(logger, (link) => this.#found(link));
  }

  /** Has those neighbours watched that are to be: a session ends as soon as its neighbour is lost. @see RFC 5882 §4.2 */
  useLiveness(liveness: Liveness): void {
    this.#liveness = liveness;
    liveness.onNews(({ facts, isLost }) => {
      this.#alive.set(facts.name, facts);
      const peer = this.#peers.get(facts.name);
      if (peer === undefined) return;
      if (isLost) peer.lose(`BFD: ${facts.reason}`);
      this.#changes(peer);
    });
    this.#watch(this.#wanted);
  }

  /** Makes sessions and what they were told agree with the orders. */
  apply(orders: Orders): void {
    if (this.#isClosing) return;
    this.#offer = { table: orders.routes, policy: orders.policy, communities: [] };
    const reset = new Map<string, { readonly pause: number; readonly allowance: Allowance }>();
    for (const [name, peer] of this.#peers) {
      const wanted = orders.peers.find((candidate) => candidate.name === name);
      const why = reasonToEnd(peer.config, wanted);
      if (why === undefined) continue;
      reset.set(name, { pause: peer.isEstablished ? resetPause : 0, allowance: peer.allowance });
      peer.close(...why, wanted?.isHeldDown === false && peer.keepsOurRoutes);
      this.#peers.delete(name);
    }
    this.#listeners.apply(orders);
    this.#neighbours.apply(linksOf(orders.peers));
    this.#wanted = orders.peers;
    this.#watch(orders.peers);
    const routes = sharedRoutes(this.#offer);
    for (const config of orders.peers) {
      if (config.isHeldDown) continue;
      const peer = this.#peers.get(config.name) ?? this.#newPeer(config, reset.get(config.name));
      this.#peers.set(config.name, peer);
      peer.update(config);
      peer.setRoutes(routes(config));
    }
    this.#updates.forget();
    // Of two peers at one address, on two ports, the first one counts.
    const found = [...this.#peers.values()].filter(({ config: { address } }) => !isLinkLocal(address));
    this.#byAddress = new Map(found.reverse().map((peer) => [formatAddress(peer.config.address), peer]));
  }

  /** How many sessions are up. */
  get established(): number {
    let count = 0;
    for (const peer of this.#peers.values()) if (peer.isEstablished) count++;
    return count;
  }

  /** The routes that peers announced, or that they were told. @param peer the name of one alone */
  *look(direction: "in" | "out", peer: string | undefined): Generator<RibEntry> {
    for (const one of this.#peers.values()) if (peer === undefined || one.config.name === peer) yield* one.look(direction);
  }

  /** Asks routers to use other paths, waits, withdraws and says goodbye; with graceful restart only the connection ends, and routes stay. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#listeners.close();
    const peers = [...this.#peers.values()];
    const leaving = peers.filter((peer) => !peer.keepsOurRoutes);
    const routes = sharedRoutes({ ...this.#offer, communities: [gracefulShutdownCommunity] });
    for (const peer of leaving) peer.setRoutes(routes(peer.config));
    if (leaving.some((peer) => peer.isEstablished)) await sleep(this.#options.drainMilliseconds);
    for (const peer of leaving) peer.setRoutes(noRoutes);
    for (const peer of peers) peer.close(2, "the speaker stops", !leaving.includes(peer));
    this.#neighbours.close();
    this.#wanted = [];
    this.#watch([]);
    if (peers.length > 0) await sleep(100);
  }

  #found(link: string): void {
    for (const peer of this.#peers.values()) if (peer.config.interface === link) peer.neighbourFound();
    this.#watch(this.#wanted);
  }

  #newPeer(config: PeerConfig, { pause, allowance } = { pause: 0, allowance: fullAllowance }): Peer {
    const { recordDirectory } = this.#options;
    const recorder = recordDirectory === undefined ? undefined : new Recorder(recordDirectory, config.name);
    return new Peer(config, {
      logger: this.#logger,
      updates: this.#updates,
      onChange: (one) => this.#changes(one),
      later: (act) => this.#later(act),
      recorder,
      neighbour: (link) => this.#neighbours.at(link),
      pause,
      allowance,
    });
  }

  #watch(peers: readonly PeerConfig[]): void {
    const targets = peers.flatMap((peer) => livenessTarget(peer, (link) => this.#neighbours.at(link)));
    for (const name of this.#alive.keys()) if (!targets.some((target) => target.name === name)) this.#alive.delete(name);
    this.#liveness?.watch(targets);
  }

  #changes(peer: Peer): void {
    this.#isBusy ||= !peer.isEstablished;
    this.#changed.add(peer);
    this.#reporting ??= setTimeout(() => this.#reportChanged(), gatherMilliseconds + gatherPerPeer * this.#reported);
  }

  #reportChanged(): void {
    if (this.#isCrowded) {
      this.#reporting = setTimeout(() => this.#reportChanged(), gatherMilliseconds);
      return;
    }
    this.#reporting = undefined;
    this.#reported = this.#changed.size;
    this.#report(
      [...this.#changed]
        .filter((one) => this.#peers.get(one.config.name) === one)
        .map((one) => ({ ...one.facts(), bfd: this.#alive.get(one.config.name) })),
    );
    this.#changed.clear();
  }

  /** Whether tables wait for sessions on their way up, and have not waited for too long. */
  get #isCrowded(): boolean {
    return this.#waiting.length > 0 && performance.now() - this.#waitsSince < tablesWait;
  }

  /** Tables are sent when no session on its way up waits for an answer, or has waited for too long. */
  #later(act: () => void): void {
    if (this.#waiting.push(act) > 1) return;
    this.#waitsSince = performance.now();
    setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    const waits = this.#isBusy && this.#isCrowded;
    this.#isBusy = false;
    const end = performance.now() + tablesPerTurn;
    if (!waits)
      do this.#waiting.shift()?.();
      while (this.#waiting.length > 0 && performance.now() < end);
    if (this.#waiting.length > 0) setImmediate(() => this.#goOn());
  }

  /** The peer that connects from an address: found by that, or, where an address is only one's on a link, by looking at all. */
  #peerAt(text: string): Peer | undefined {
    const known = this.#byAddress.get(text);
    if (known !== undefined) return known;
    const [address = "", zone] = text.split("%");
    const remote = parseAddress(address);
    if (remote === undefined || !isLinkLocal(remote)) return undefined;
    return [...this.#peers.values()].find((one) => one.isAt(remote, zone));
  }

  /** Gives a connection to the peer that made it; nobody else gets as much as a word, or leaves anything behind. */
  #accept(socket: Socket, inherited: PortTtls | undefined): void {
    socket.on("error", () => socket.destroy());
    const peer = this.#peerAt(socket.remoteAddress ?? "");
    this.#doorkeeper.settle(socket, this.#admit(socket, inherited, peer), peer?.config.name);
  }

  #admit(socket: Socket, inherited: PortTtls | undefined, peer: Peer | undefined): Admission {
    if (peer === undefined) return "UnknownSource";
    return this.#listeners.checks(peer.config) ? peer.accept(socket, performance.now(), inherited) : "NotSigned";
  }
}
