import type { Socket } from "node:net";
import { formatAddress } from "../../net/address.ts";
import { formatPrefix } from "../../net/prefix.ts";
import type { Logger } from "../../ports/logger.ts";
import { dial } from "../../shell/tcp.ts";
import type { PeerConfig } from "../desired.ts";
import type { PeerFacts } from "../facts.ts";
import type { UpdateMessage } from "../message.ts";
import { diffRoutes, encodeDiff, encodeTable, familyOfPrefix, type Routes } from "../ribOut.ts";
import { acceptedSession, type Effect, keepsAccepted, type Negotiated, newSession, type Step } from "../session.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";

/** One peer: a connection that we make, one that it makes, and what it was told. */
export class Peer implements ConnectionOwner {
  #config: PeerConfig;
  readonly #logger: Logger;
  readonly #dialled: Connection;
  #accepted: Connection | undefined;
  #established: { readonly connection: Connection; readonly negotiated: Negotiated } | undefined;
  #wanted: Routes = new Map();
  #told: Routes = new Map();
  readonly #received = new Set<string>();
  #since = new Date();
  #lastError = "";
  #flaps = 0;

  constructor(config: PeerConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#dialled = new Connection(newSession(config.session), this);
    if (!config.isPassive) this.#dialled.handle({ type: "start" });
  }

  get config(): PeerConfig {
    return this.#config;
  }

  get isEstablished(): boolean {
    return this.#established !== undefined;
  }

  /** Takes a configuration that needs no new session. */
  update(config: PeerConfig): void {
    this.#config = config;
  }

  /** Makes what the peer knows agree with these routes: at once when the session is up, else as soon as it is. */
  setRoutes(routes: Routes): void {
    this.#wanted = routes;
    if (this.#established === undefined) return;
    const { connection, negotiated } = this.#established;
    connection.write(encodeDiff(diffRoutes(this.#told, routes), negotiated));
    this.#told = routes;
  }

  /** Takes a connection that the peer made; refuses it when a session is up already. @see RFC 4271 §6.8 */
  accept(socket: Socket): void {
    if (this.#accepted !== undefined || this.#established !== undefined) {
      socket.destroy();
      return;
    }
    const first = acceptedSession(this.#config.session);
    const connection = new Connection(first.session, this);
    this.#accepted = connection;
    connection.accept(socket, first);
  }

  /** Ends everything. @param keepsRoutes says nothing, so that a peer that helps with restarts keeps our routes */
  close(subcode: number, reason: string, keepsRoutes: boolean): void {
    for (const connection of [this.#dialled, this.#accepted]) {
      connection?.handle(keepsRoutes ? { type: "stopForRestart" } : { type: "stop", subcode, reason });
      connection?.destroy();
    }
    this.#accepted = undefined;
  }

  facts(): PeerFacts {
    const { session } = this.#established?.connection ?? this.#accepted ?? this.#dialled;
    const negotiated = this.#established?.negotiated;
    return {
      name: this.#config.name,
      address: formatAddress(this.#config.address),
      peerAs: this.#config.session.peerAs,
      localAs: this.#config.session.localAs,
      state: session.state,
      since: this.#since.toISOString(),
      routesSent: [...this.#told.values()].filter((route) => negotiated?.families.includes(familyOfPrefix(route.prefix)) === true)
        .length,
      routesReceived: this.#received.size,
      holdTime: negotiated?.holdTime,
      families: negotiated?.families ?? [],
      peerIdentifier: negotiated === undefined ? undefined : formatAddress(negotiated.peerIdentifier),
      lastError: this.#lastError,
      flaps: this.#flaps,
    };
  }

  dial(): Socket {
    const { address, port, ttl, password } = this.#config;
    return dial({ address, port, ttl, password, localAddress: undefined });
  }

  onStep(connection: Connection, { session, reason }: Step): void {
    const fields = {
      event: "bgp",
      peer: this.#config.name,
      address: formatAddress(this.#config.address),
      direction: connection === this.#dialled ? "dialled" : "accepted",
      state: session.state,
    };
    this.#logger.debug(fields, reason);
  }

  onEffect(connection: Connection, effect: Effect): void {
    switch (effect.type) {
      case "opened":
        return this.#settleCollision(connection, effect.peerIdentifier.value);
      case "sessionUp":
        return this.#up(connection, effect.negotiated);
      case "sessionDown":
        return this.#down(connection, effect.notification);
      case "routes":
        return this.#receive(effect.update);
      case "sendTable":
        if (this.#established !== undefined) {
          const { negotiated } = this.#established;
          connection.write(
            encodeTable(new Map([...this.#told].filter(([, route]) => familyOfPrefix(route.prefix) === effect.family)), {
              ...negotiated,
              families: [effect.family],
            }),
          );
        }
        return;
      default:
        return;
    }
  }

  #settleCollision(connection: Connection, peerIdentifier: bigint): void {
    const other = connection === this.#dialled ? this.#accepted : this.#dialled;
    if (other === undefined || (other.session.state !== "OpenConfirm" && other.session.state !== "OpenSent")) return;
    const { bgpIdentifier } = this.#config.session;
    const winner = keepsAccepted(bgpIdentifier, { family: 4, value: peerIdentifier }) ? this.#accepted : this.#dialled;
    const loser = winner === connection ? other : connection;
    loser.handle({ type: "stop", subcode: 7, reason: "lost the collision of two connections" });
  }

  #up(connection: Connection, negotiated: Negotiated): void {
    this.#established = { connection, negotiated };
    this.#since = new Date();
    this.#received.clear();
    if (connection !== this.#dialled) {
      this.#dialled.handle({ type: "stop", subcode: 7, reason: "the peer's connection is up" });
      this.#dialled.destroy();
    }
    connection.write(encodeTable(this.#wanted, negotiated));
    this.#told = this.#wanted;
    this.#logger.info(
      {
        event: "sessionUp",
        peer: this.#config.name,
        address: formatAddress(this.#config.address),
        holdTime: negotiated.holdTime,
        families: negotiated.families,
      },
      "the session is up",
    );
  }

  #down(connection: Connection, notification: string | undefined): void {
    if (notification !== undefined) this.#lastError = notification;
    if (connection === this.#accepted) this.#accepted = undefined;
    if (this.#established?.connection !== connection) return;
    this.#established = undefined;
    this.#told = new Map();
    this.#received.clear();
    this.#since = new Date();
    this.#flaps++;
    this.#logger.warn(
      { event: "sessionDown", peer: this.#config.name, address: formatAddress(this.#config.address), cause: notification },
      notification ?? "the connection broke",
    );
    if (connection !== this.#dialled && !this.#config.isPassive) this.#dialled.handle({ type: "start" });
  }

  #receive(update: UpdateMessage): void {
    for (const prefix of update.withdrawn) this.#received.delete(formatPrefix(prefix));
    for (const { prefix } of update.announced) this.#received.add(formatPrefix(prefix));
  }
}
