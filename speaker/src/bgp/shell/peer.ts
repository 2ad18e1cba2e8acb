import type { Socket } from "node:net";
import { formatAddress } from "../../net/address.ts";
import { formatPrefix } from "../../net/prefix.ts";
import type { Logger } from "../../ports/logger.ts";
import { dial } from "../../shell/tcp.ts";
import { encodeMessage } from "../encode.ts";
import type { PeerFacts } from "../facts.ts";
import { type RouteFamily, wireFamily } from "../family.ts";
import type { Path, UpdateMessage } from "../message.ts";
import type { Negotiated } from "../open.ts";
import type { PeerConfig } from "../peerConfig.ts";
import { diffRoutes, encodeDiff, encodeTable, pathsFor, type Routes } from "../ribOut.ts";
import { acceptedSession, type Effect, keepsAccepted, newSession, type Step } from "../session.ts";
import { asNumbers } from "../update.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";

/** One peer: a connection that we make, one that it makes, and what it was told. */
export class Peer implements ConnectionOwner {
  #config: PeerConfig;
  readonly #logger: Logger;
  readonly #onChange: (peer: Peer) => void;
  readonly #dialled: Connection;
  /** The connection that the peer made last, while it is not established or is the one that is. */
  #accepted: Connection | undefined;
  #established: { readonly connection: Connection; readonly negotiated: Negotiated } | undefined;
  #wanted: Routes = new Map();
  #told: Routes = new Map();
  readonly #received = new Set<string>();
  #since = new Date();
  #lastError = "";
  #flaps = 0;
  #isClosing = false;

  /** @param onChange is called whenever `facts` would say something new */
  constructor(config: PeerConfig, logger: Logger, onChange: (peer: Peer) => void) {
    this.#config = config;
    this.#logger = logger;
    this.#onChange = onChange;
    this.#dialled = new Connection(newSession(config.session), this);
    this.#start();
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
    this.#flush();
  }

  /**
   * Takes a connection that the peer made. While a session is up it is turned away; but a peer that restarts gracefully has
   * lost the session that we still see, and its new OPEN says so.
   * @see RFC 4271 §6.8, RFC 4724 §4.2
   */
  accept(socket: Socket): void {
    if (this.#isClosing || (this.#established !== undefined && this.#established.negotiated.peerGracefulRestart === undefined)) {
      socket.end(encodeMessage({ type: "notification", code: 6, subcode: 7, data: new Uint8Array(0) }));
      socket.resume();
      return;
    }
    // The newer of two connections that wait is the one that the peer still knows of.
    if (this.#accepted !== undefined && this.#accepted !== this.#established?.connection)
      this.#accepted.handle({ type: "stop", subcode: 7, reason: "the peer connected once more" });
    const first = acceptedSession(this.#config.session);
    const connection = new Connection(first.session, this);
    this.#accepted = connection;
    connection.accept(socket, first);
  }

  /** Ends everything. @param keepsRoutes says nothing, so that a peer that helps with restarts keeps our routes */
  close(subcode: number, reason: string, keepsRoutes: boolean): void {
    this.#isClosing = true;
    for (const connection of new Set([this.#dialled, this.#accepted, this.#established?.connection])) {
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
      peerAs: negotiated?.peerAs ?? (typeof this.#config.session.peerAs === "number" ? this.#config.session.peerAs : 0),
      localAs: this.#config.session.localAs,
      state: session.state,
      since: this.#since.toISOString(),
      routesSent: negotiated === undefined ? 0 : countOf(this.#told, negotiated.families),
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
    this.#onChange(this);
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
        return this.#sendAgain(connection, effect.family, effect.isMarked);
      default:
        return;
    }
  }

  onDrain(connection: Connection): void {
    if (connection === this.#established?.connection) this.#flush();
  }

  #start(): void {
    if (!this.#isClosing) this.#dialled.handle({ type: this.#config.isPassive ? "startPassive" : "start" });
  }

  /** Tells the peer what changed. While it does not read, changes wait and become one difference. */
  #flush(): void {
    if (this.#established === undefined || this.#established.connection.isBlocked) return;
    const { connection, negotiated } = this.#established;
    const wanted = pathsFor(this.#wanted, negotiated.addPathSend);
    const difference = diffRoutes(this.#told, wanted);
    this.#told = wanted;
    this.#onChange(this);
    connection.write(encodeDiff(difference, negotiated.families, negotiated));
  }

  /** The table once more, between the marks of RFC 7313 when the peer knows them. */
  #sendAgain(connection: Connection, family: RouteFamily, isMarked: boolean): void {
    if (connection !== this.#established?.connection) return;
    const { negotiated } = this.#established;
    const mark = (subtype: number): Uint8Array[] =>
      isMarked ? [encodeMessage({ type: "routeRefresh", ...wireFamily(family), subtype })] : [];
    const all = encodeDiff({ announce: [...this.#told.values()], withdraw: [] }, [family], negotiated);
    connection.write([...mark(1), ...all, ...mark(2)]);
  }

  #settleCollision(connection: Connection, peerIdentifier: bigint): void {
    const old = this.#established?.connection;
    if (old !== undefined && old !== connection) {
      // Only a peer that restarts gracefully gets so far. Its old connection is dead, and nothing is said on it.
      old.handle({ type: "tcpFails", reason: "the peer restarted and connected anew" });
      return;
    }
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
    this.#told = pathsFor(this.#wanted, negotiated.addPathSend);
    connection.write(encodeTable(this.#told, negotiated.families, negotiated));
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
    if (this.#established?.connection === connection) {
      this.#established = undefined;
      this.#told = new Map();
      this.#received.clear();
      this.#since = new Date();
      this.#flaps++;
      this.#logger.warn(
        { event: "sessionDown", peer: this.#config.name, address: formatAddress(this.#config.address), cause: notification },
        notification ?? "the connection broke",
      );
    }
    // Dialling stopped for the peer's connection; with that gone it goes on.
    if (connection !== this.#dialled && this.#established === undefined && this.#accepted === undefined) this.#start();
  }

  #receive(update: UpdateMessage): void {
    for (const path of update.withdrawn) this.#received.delete(keyOf(path));
    const isLooped = asNumbers(update.attributes.asPath ?? []).includes(this.#config.session.localAs);
    for (const path of update.announced) {
      if (isLooped) this.#received.delete(keyOf(path));
      else this.#received.add(keyOf(path));
    }
  }
}

const keyOf = ({ prefix, pathId }: Path): string => `${formatPrefix(prefix)} ${pathId ?? ""}`;

/** How many routes of each family a table has: counted once, however often it is asked for. */
const counts = new WeakMap<Routes, Map<RouteFamily, number>>();

function countOf(routes: Routes, families: readonly RouteFamily[]): number {
  let byFamily = counts.get(routes);
  if (byFamily === undefined) {
    byFamily = new Map();
    for (const { destination } of routes.values()) byFamily.set(destination.family, (byFamily.get(destination.family) ?? 0) + 1);
    counts.set(routes, byFamily);
  }
  return families.reduce((sum, family) => sum + (byFamily.get(family) ?? 0), 0);
}
