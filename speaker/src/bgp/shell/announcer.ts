import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { AnnouncementFact, Announcer } from "../../announce/announcer.ts";
import type { ClusterView } from "../../announce/view.ts";
import { formatAddress, parseAddress } from "../../net/address.ts";
import type { Logger } from "../../ports/logger.ts";
import { type DesiredBgp, desiredBgp, offeredRoutes, routesFor } from "../desired.ts";
import { gracefulShutdownCommunity } from "../iana.ts";
import { isInternalPeer } from "../open.ts";
import { needsNewSession, type PeerConfig } from "../peerConfig.ts";
import { type Routes, routesOf } from "../ribOut.ts";
import { Peer } from "./peer.ts";

export interface BgpOptions {
  /** How long routers may send traffic elsewhere, after they were asked to, before routes are withdrawn on a planned stop; in milliseconds. */
  readonly drainMilliseconds: number;
}

/** Announces addresses by BGP from this node. */
export function createBgpAnnouncer(options: BgpOptions, ports: { readonly logger: Logger }): Announcer {
  return new BgpAnnouncer(options, ports.logger);
}

/** The routes of each peer; peers that are told the same share one table. */
function sharedRoutes(desired: DesiredBgp | undefined, communities: readonly number[]): (peer: PeerConfig) => Routes {
  const tables = new Map<string, Routes>();
  return (peer) => {
    const key = isInternalPeer(peer.session) ? "internal" : String(peer.session.localAs);
    const table = tables.get(key) ?? routesOf(routesFor(peer, offeredRoutes(desired?.decisions ?? []), communities));
    tables.set(key, table);
    return table;
  };
}

class BgpAnnouncer implements Announcer {
  readonly #options: BgpOptions;
  readonly #logger: Logger;
  readonly #peers = new Map<string, Peer>();
  #desired: DesiredBgp | undefined;
  #servers: readonly Server[] = [];
  #listening = "";
  #isClosing = false;

  constructor(options: BgpOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  apply(view: ClusterView): void {
    if (this.#isClosing) return;
    const desired = desiredBgp(view);
    this.#desired = desired;
    for (const [name, peer] of this.#peers) {
      const wanted = desired.peers.find((candidate) => candidate.name === name);
      if (wanted !== undefined && !needsNewSession(peer.config, wanted)) continue;
      peer.close(
        wanted === undefined ? 3 : 6,
        wanted === undefined ? "the peer is not configured any more" : "the configuration of the session changed",
        false,
      );
      this.#peers.delete(name);
    }
    this.#listen(desired);
    const routes = sharedRoutes(desired, []);
    for (const config of desired.peers) {
      const peer = this.#peers.get(config.name) ?? new Peer(config, this.#logger);
      this.#peers.set(config.name, peer);
      peer.update(config);
      peer.setRoutes(routes(config));
    }
  }

  status(): ReturnType<Announcer["status"]> {
    const peers = [...this.#peers.values()];
    const up = peers.filter((peer) => peer.isEstablished).map((peer) => formatAddress(peer.config.address));
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
    return {
      announcements,
      facts: { peers: peers.map((peer) => peer.facts()), refusedPeers: this.#desired?.refusedPeers ?? [], refusal: off },
    };
  }

  /** Asks routers to use other paths, waits, withdraws and says goodbye; with graceful restart only the connection ends, and routes stay. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const server of this.#servers) server.close();
    const peers = [...this.#peers.values()];
    const leaving = peers.filter((peer) => peer.config.session.gracefulRestart === undefined);
    const routes = sharedRoutes(this.#desired, [gracefulShutdownCommunity]);
    for (const peer of leaving) peer.setRoutes(routes(peer.config));
    if (leaving.some((peer) => peer.isEstablished)) await sleep(this.#options.drainMilliseconds);
    for (const peer of leaving) peer.setRoutes(new Map());
    for (const peer of peers) peer.close(2, "the speaker stops", !leaving.includes(peer));
    if (peers.length > 0) await sleep(100);
  }

  /** Opens the port for connections of peers. One that is taken is logged: dialling goes on. */
  #listen({ listenPort, listenAddresses }: DesiredBgp): void {
    const wanted = listenPort > 0 ? `${listenPort} ${listenAddresses.join(" ")}` : "";
    if (wanted === this.#listening) return;
    this.#listening = wanted;
    for (const server of this.#servers) server.close();
    this.#servers = wanted === "" ? [] : listenAddresses.map((host) => this.#server(host, listenPort));
  }

  #server(host: string, port: number): Server {
    const server = createServer((socket) => this.#accept(socket));
    server.on("error", (error) =>
      this.#logger.warn(
        { event: "listenFailed", host, port, error: error.message },
        `cannot listen on ${host} port ${port}; peers cannot connect there, dialling goes on`,
      ),
    );
    return server.listen({ host, port, ipv6Only: host.includes(":") });
  }

  #accept(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    const remote = parseAddress((socket.remoteAddress ?? "").replace(/%.*$/, ""));
    const peer = [...this.#peers.values()].find(
      ({ config }) => remote !== undefined && formatAddress(config.address) === formatAddress(remote),
    );
    if (peer === undefined || peer.config.password !== undefined) socket.destroy();
    else peer.accept(socket);
  }
}
