import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseAddress } from "../../net/address.ts";
import type { Logger } from "../../ports/logger.ts";
import { type OfferedRoute, routesFor } from "../desired.ts";
import type { PeerFacts } from "../facts.ts";
import { gracefulShutdownCommunity } from "../iana.ts";
import { isInternalPeer } from "../open.ts";
import { needsNewSession, type PeerConfig } from "../peerConfig.ts";
import { type Routes, routesOf } from "../ribOut.ts";
import { unpackRoutes } from "../routeTable.ts";
import { Listeners } from "./listeners.ts";
import { Peer } from "./peer.ts";
import type { Orders, WorkerOptions } from "./protocol.ts";

/** Changes of facts are gathered for this long, in milliseconds. */
const gatherMilliseconds = 10;

/** The routes of each peer; peers that are told the same share one table. */
function sharedRoutes(offered: readonly OfferedRoute[], communities: readonly number[]): (peer: PeerConfig) => Routes {
  const tables = new Map<string, Routes>();
  return (peer) => {
    const key = isInternalPeer(peer.session) ? "internal" : String(peer.session.localAs);
    const table = tables.get(key) ?? routesOf(routesFor(peer, offered, communities));
    tables.set(key, table);
    return table;
  };
}

/** All sessions of this node, and the ports that peers connect to. */
export class Speaker {
  readonly #options: WorkerOptions;
  readonly #logger: Logger;
  readonly #report: (changed: readonly PeerFacts[]) => void;
  readonly #peers = new Map<string, Peer>();
  readonly #changed = new Set<Peer>();
  #reporting: NodeJS.Timeout | undefined;
  #offered: readonly OfferedRoute[] = [];
  readonly #listeners: Listeners;
  #isClosing = false;

  /** @param report is told the facts of peers that changed, soon after they did */
  constructor(options: WorkerOptions, logger: Logger, report: (changed: readonly PeerFacts[]) => void) {
    this.#options = options;
    this.#logger = logger;
    this.#report = report;
    this.#listeners = new Listeners(logger, (socket) => this.#accept(socket));
  }

  /** Makes sessions and what they were told agree with the orders. */
  apply(orders: Orders): void {
    if (this.#isClosing) return;
    this.#offered = unpackRoutes(orders.routes);
    for (const [name, peer] of this.#peers) {
      const wanted = orders.peers.find((candidate) => candidate.name === name);
      if (wanted !== undefined && !needsNewSession(peer.config, wanted)) continue;
      peer.close(
        wanted === undefined ? 3 : 6,
        wanted === undefined ? "the peer is not configured any more" : "the configuration of the session changed",
        wanted !== undefined && peer.keepsOurRoutes,
      );
      this.#peers.delete(name);
    }
    this.#listeners.apply(orders);
    const routes = sharedRoutes(this.#offered, []);
    for (const config of orders.peers) {
      const peer = this.#peers.get(config.name) ?? new Peer(config, this.#logger, (one) => this.#changes(one));
      this.#peers.set(config.name, peer);
      peer.update(config);
      peer.setRoutes(routes(config));
    }
  }

  /** Asks routers to use other paths, waits, withdraws and says goodbye; with graceful restart only the connection ends, and routes stay. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#listeners.close();
    const peers = [...this.#peers.values()];
    const leaving = peers.filter((peer) => !peer.keepsOurRoutes);
    const routes = sharedRoutes(this.#offered, [gracefulShutdownCommunity]);
    for (const peer of leaving) peer.setRoutes(routes(peer.config));
    if (leaving.some((peer) => peer.isEstablished)) await sleep(this.#options.drainMilliseconds);
    for (const peer of leaving) peer.setRoutes(new Map());
    for (const peer of peers) peer.close(2, "the speaker stops", !leaving.includes(peer));
    if (peers.length > 0) await sleep(100);
  }

  #changes(peer: Peer): void {
    this.#changed.add(peer);
    this.#reporting ??= setTimeout(() => {
      this.#reporting = undefined;
      this.#report([...this.#changed].filter((one) => this.#peers.get(one.config.name) === one).map((one) => one.facts()));
      this.#changed.clear();
    }, gatherMilliseconds);
  }

  /** Gives a connection to the peer that made it; nobody else gets as much as a word. */
  #accept(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    const [text = "", zone] = (socket.remoteAddress ?? "").split("%");
    const remote = parseAddress(text);
    const peer = remote === undefined ? undefined : [...this.#peers.values()].find((one) => one.isAt(remote, zone));
    if (peer === undefined || !this.#listeners.checks(peer.config)) socket.destroy();
    else peer.accept(socket);
  }
}
