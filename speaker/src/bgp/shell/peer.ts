import type { Socket } from "node:net";
import { type Address, formatAddress, isLinkLocal, parseAddress, sameAddress } from "../../net/address.ts";
import type { Logger } from "../../ports/logger.ts";
import { dial, setTcpOptions, type TcpOptions } from "../../shell/tcp.ts";
import { type Admission, type Allowance, spend } from "../admission.ts";
import type { Receiver } from "../eligible.ts";
import { encodeMessage } from "../encode.ts";
import { configuredFacts, type PeerFacts } from "../facts.ts";
import { familyOf, type RouteFamily, wireFamily } from "../family.ts";
import { acceptedSession } from "../fsm/step.ts";
import type { UpdateMessage } from "../message.ts";
import { type Negotiated, openOf } from "../open.ts";
import { overLink } from "../overLink.ts";
import type { PeerConfig } from "../peerConfig.ts";
import { RibIn } from "../ribIn.ts";
import { encodeMarkers, type Routes } from "../ribOut.ts";
import { type RibEntry, receivedEntry, toldEntry } from "../ribView.ts";
import { type Effect, keepsAccepted, newSession, type SessionConfig, type Step } from "../session.ts";
import { noRoutes, type SharedUpdates } from "../sharedUpdates.ts";
import { Connection, type ConnectionOwner, encodedOpen } from "./connection.ts";
import type { PortTtls } from "./listeners.ts";
import type { Recorder } from "./recorder.ts";

/** What a peer needs of the world besides sockets. */
export interface PeerWorld {
  readonly logger: Logger;
  /** What peers that are told the same share. */
  readonly updates: SharedUpdates;
  /** Is called whenever `facts` would say something new. */
  readonly onChange: (peer: Peer) => void;
  readonly recorder: Recorder | undefined;
  /** Does something soon that sessions on their way up need not wait for. */
  readonly later: (act: () => void) => void;
  /** The router on a link, once it was heard. */
  readonly neighbour: (link: string) => Address | undefined;
  /** What the peer of this name had left of its connections, when a new configuration begins a new session. */
  readonly allowance: Allowance;
  /** Milliseconds before it is dialled for the first time; who connects is taken at once. */
  readonly pause: number;
}

/** On a link where there may be no IPv4 addresses, IPv4 routes may have an IPv6 next hop. @see RFC 8950 §4 */
function sessionOf({ session, interface: link }: PeerConfig): SessionConfig {
  return link === undefined ? session : { ...session, extendedNextHop: true };
}

/** The connection whose session is up, and what was agreed on. */
interface Established {
  readonly connection: Connection;
  readonly negotiated: Negotiated;
}

/** One peer: a connection that we make, one that it makes, and what it was told. */
export class Peer implements ConnectionOwner {
  readonly recorder: Recorder | undefined;
  #config: PeerConfig;
  /** A configuration that needs another one makes another peer. */
  readonly #session: SessionConfig;
  readonly #addressText: string;
  readonly #updates: SharedUpdates;
  readonly #logger: Logger;
  readonly #onChange: (peer: Peer) => void;
  readonly #neighbour: PeerWorld["neighbour"];
  readonly #later: PeerWorld["later"];
  readonly #dialled: Connection;
  /** The connection that the peer made last, while it is not established or is the one that is. */
  #accepted: Connection | undefined;
  #established: Established | undefined;
  #wanted: Routes = noRoutes;
  #told: Routes = noRoutes;
  readonly #ribIn = new RibIn();
  /** Ends what is kept of a peer that restarts. */
  #staleTimer: NodeJS.Timeout | undefined;
  #isRestarting = true;
  /** How many connections the peer may still make now. */
  #allowance: Allowance;
  /** Where an unnumbered peer connected from, which may be before its router advertised itself. */
  #connectedFrom: Address | undefined;
  #since = new Date();
  #lastError = "";
  /** Whether the last error says why a session ended that is still down: attempts that come to nothing since then say less. */
  #isWorseKnown = false;
  #flaps = 0;
  #isClosing = false;
  /** The time before an attempt after an error on a connection that the peer made. */
  #again: NodeJS.Timeout | undefined;
  /** The time before the first attempt. */
  readonly #pause: NodeJS.Timeout | undefined;

  constructor(config: PeerConfig, world: PeerWorld) {
    this.#config = config;
    this.recorder = world.recorder;
    this.#updates = world.updates;
    this.#logger = world.logger;
    this.#onChange = world.onChange;
    this.#neighbour = world.neighbour;
    this.#later = world.later;
    this.#allowance = world.allowance;
    this.#session = sessionOf(config);
    this.#addressText = formatAddress(config.address);
    // Many peers may connect at once, and want an answer: what they are told is made before they do.
    for (const isRestarting of [true, false]) encodedOpen(openOf(this.#session, isRestarting));
    this.#dialled = new Connection(newSession(this.#session), this);
    if (world.pause === 0) this.#start();
    else this.#pause = setTimeout(() => this.#startUnlessConnected(), world.pause);
  }

  get config(): PeerConfig {
    return this.#config;
  }

  /** How many connections the peer may still make. */
  get allowance(): Allowance {
    return this.#allowance;
  }

  get isEstablished(): boolean {
    return this.#established !== undefined;
  }

  /** Whether the peer was not spoken to since this speaker was started. @see RFC 4724 §4.1 */
  get isRestarting(): boolean {
    return this.#isRestarting;
  }

  /** Whether the peer keeps our routes when the connection ends without a word. @see RFC 4724 §4.2 */
  get keepsOurRoutes(): boolean {
    const isAskedTo = (this.#config.session.gracefulRestart?.families.length ?? 0) > 0;
    return isAskedTo && (this.#established === undefined || this.#established.negotiated.peerGracefulRestart !== undefined);
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
   * @param now milliseconds of a clock that does not go back
   * @param inherited what the connection is sure to have from its port
   * @returns what became of it: whoever calls ends it unless it was taken
   * @see RFC 4271 §6.8, RFC 4724 §4.2
   */
  accept(socket: Socket, now: number, inherited?: PortTtls): Admission {
    if (this.#isClosing) return "NotUsable";
    if (this.#established !== undefined && this.#established.negotiated.peerGracefulRestart === undefined) return "SessionUp";
    const allowance = spend(this.#allowance, now);
    if (allowance === undefined) return "TooMany";
    this.#allowance = allowance;
    if (!this.#prepare(socket, inherited)) return "NotUsable";
    if (this.#isUnnumbered) this.#connectedFrom = parseAddress((socket.remoteAddress ?? "").replace(/%.*$/, ""));
    // The newer of two connections that wait is the one that the peer still knows of.
    if (this.#accepted !== undefined && this.#accepted !== this.#established?.connection)
      this.#accepted.handle({ type: "openCollisionDump" });
    const first = acceptedSession(this.#session, this.#isRestarting);
    const connection = new Connection(first.session, this);
    this.#accepted = connection;
    connection.accept(socket, first);
    return "Taken";
  }

  /** Sets on a connection that the peer made what is set on ours before they are made, and is not set on the port. */
  #prepare(socket: Socket, inherited: PortTtls | undefined): boolean {
    const { ttl, minimumTtl = 0, tcpMss } = this.#config;
    if (tcpMss === undefined && inherited?.ttl === ttl && inherited?.minimumTtl === minimumTtl) return true;
    // Node has no other way to the descriptor of a connection that it accepted.
    const fd = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd;
    if (fd === undefined || fd < 0) return false;
    try {
      setTcpOptions(fd, this.#config.address.family, { ...this.#tcpOptions(), device: undefined });
      return true;
    } catch (error) {
      this.#lastError = `the connection of the peer cannot be used: ${error instanceof Error ? error.message : String(error)}`;
      return false;
    }
  }

  /** The neighbour was lost: the session ends at once, and the next attempt is made. */
  lose(reason: string): void {
    for (const connection of [this.#established?.connection, this.#accepted, this.#dialled])
      if (connection !== undefined && connection.session.state !== "Idle") connection.handle({ type: "bfdDown", reason });
  }

  /** Ends everything. @param keepsRoutes says nothing, so that a peer that helps with restarts keeps our routes */
  close(subcode: number, reason: string, keepsRoutes: boolean): void {
    this.#isClosing = true;
    clearTimeout(this.#pause);
    clearTimeout(this.#again);
    for (const connection of new Set([this.#dialled, this.#accepted, this.#established?.connection])) {
      connection?.handle(keepsRoutes ? { type: "stopForRestart" } : { type: "stop", subcode, reason });
      connection?.destroy();
    }
    this.#accepted = undefined;
    clearTimeout(this.#staleTimer);
    this.recorder?.close();
  }

  facts(): PeerFacts {
    const { session } = this.#established?.connection ?? this.#accepted ?? this.#dialled;
    const negotiated = this.#established?.negotiated;
    return {
      ...configuredFacts(this.#config),
      ...(this.#isUnnumbered ? { address: formatAddress(this.#address ?? this.#config.address) } : {}),
      peerAs: negotiated?.peerAs ?? (typeof this.#config.session.peerAs === "number" ? this.#config.session.peerAs : 0),
      state: session.state,
      since: this.#since.toISOString(),
      routesSent: negotiated === undefined ? 0 : this.#told.sizeOf(negotiated.families),
      routesReceived: this.#ribIn.size,
      routesStale: this.#ribIn.stale,
      routesPassedOver: this.#ribIn.passedOver,
      routesRefused: this.#ribIn.refused,
      holdTime: negotiated?.holdTime,
      families: negotiated?.families ?? [],
      peerIdentifier: negotiated === undefined ? undefined : formatAddress(negotiated.peerIdentifier),
      lastError: this.#lastError,
      flaps: this.#flaps,
    };
  }

  /** The routes that the peer announced, or that it was told. */
  *look(direction: "in" | "out"): Generator<RibEntry> {
    const { name } = this.#config;
    if (direction === "in") {
      for (const route of this.#ribIn.routes()) yield receivedEntry(name, route);
      return;
    }
    const families = this.#established?.negotiated.families ?? [];
    for (const route of this.#told.values()) if (families.includes(route.destination.family)) yield toldEntry(name, route);
  }

  /** Whether connections from an address, on an interface where it is link-local, are this peer's. */
  isAt(remote: Address, zone: string | undefined): boolean {
    const { address, interface: link } = this.#config;
    if (isLinkLocal(remote) && link !== undefined && zone !== link) return false;
    return this.#isUnnumbered ? isLinkLocal(remote) && zone === link : sameAddress(remote, address);
  }

  /** The router on the link of an unnumbered peer was heard: there is somebody to dial. */
  neighbourFound(): void {
    if (this.#dialled.session.state === "Active" && !this.#config.isPassive)
      this.#dialled.handle({ type: "connectRetryTimerExpires" });
  }

  dial(): Socket {
    const { interface: zone, port, localAddress, password } = this.#config;
    const address = this.#address;
    if (address === undefined) throw new Error(`no router has been heard on ${zone} yet; it has to send Router Advertisements`);
    return dial({ address, zone, port, localAddress, password, ...this.#tcpOptions() });
  }

  get #isUnnumbered(): boolean {
    return this.#config.interface !== undefined && this.#config.address.value === 0n;
  }

  /** Where the peer is; undefined while an unnumbered one was not heard. */
  get #address(): Address | undefined {
    const { address, interface: link } = this.#config;
    return this.#isUnnumbered && link !== undefined ? (this.#neighbour(link) ?? this.#connectedFrom) : address;
  }

  #tcpOptions(): TcpOptions {
    const { ttl, minimumTtl, tcpMss, bindDevice } = this.#config;
    return { ttl, minimumTtl, maxSegment: tcpMss, device: bindDevice };
  }

  onStep(connection: Connection, { session, reason }: Step): void {
    this.#onChange(this);
    if (this.#logger.isLevelEnabled?.("debug") === false) return;
    const fields = {
      event: "bgp",
      peer: this.#config.name,
      address: this.#addressText,
      direction: connection === this.#dialled ? "dialled" : "accepted",
      state: session.state,
    };
    this.#logger.debug(fields, reason);
  }

  onEffect(connection: Connection, effect: Effect): void {
    switch (effect.type) {
      case "opened":
        return this.#settleCollision(connection, effect.peerIdentifier);
      case "sessionUp":
        return this.#up(connection, effect.negotiated);
      case "sessionDown":
        return this.#down(connection, effect);
      case "routes":
        return this.#receive(connection, effect.update);
      case "refresh":
        return effect.at === "begin" ? this.#ribIn.beginRefresh(effect.family) : this.#ribIn.dropStale([effect.family]);
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

  #startUnlessConnected(): void {
    if (this.#established === undefined && this.#accepted === undefined) this.#start();
  }

  /** What the peer should know, in the form that was agreed on. */
  #pathsFor(connection: Connection, { addPathSend, hasExtendedNextHop }: Negotiated): Routes {
    const paths = this.#updates.pathsFor(this.#wanted, addPathSend);
    const { address, interface: link, outbound } = this.#config;
    // Who asks for our own end asks the kernel: not for peers that can have no link-local one.
    const own = link === undefined && !isLinkLocal(address) ? undefined : connection.localAddress;
    const isOwn = own !== undefined && isLinkLocal(own) && outbound.nextHops === "self";
    return isOwn ? overLink(paths, own, hasExtendedNextHop) : paths;
  }

  /** Tells the peer what changed. While it does not read, changes wait and become one difference. */
  #flush(): void {
    if (this.#established?.connection.isBlocked === false) this.#tell(this.#established);
  }

  /** The first table of a session, and what says that this was all. @see RFC 4724 §3 */
  #tellAll(connection: Connection): void {
    if (connection === this.#established?.connection)
      this.#tell(this.#established, encodeMarkers(this.#established.negotiated.families));
  }

  #tell({ connection, negotiated }: Established, behind: readonly Uint8Array[] = []): void {
    const wanted = this.#pathsFor(connection, negotiated);
    const messages = this.#updates.between(this.#told, wanted, negotiated.families, negotiated);
    this.#told = wanted;
    this.#onChange(this);
    connection.write([...messages, ...behind]);
  }

  /** The table once more, between the marks of RFC 7313 when the peer knows them. */
  #sendAgain(connection: Connection, family: RouteFamily, isMarked: boolean): void {
    if (connection !== this.#established?.connection) return;
    const { negotiated } = this.#established;
    const mark = (subtype: number): Uint8Array[] =>
      isMarked ? [encodeMessage({ type: "routeRefresh", ...wireFamily(family), subtype })] : [];
    const all = this.#updates.whole(this.#told, [family], negotiated);
    connection.write([...mark(1), ...all, ...mark(2)]);
  }

  #settleCollision(connection: Connection, identifier: Address): void {
    const old = this.#established?.connection;
    if (old !== undefined && old !== connection) {
      // Only a peer that restarts gracefully gets so far. Its old connection is dead, and nothing is said on it.
      old.handle({ type: "tcpFails", reason: "the peer restarted and connected anew" });
      return;
    }
    const other = connection === this.#dialled ? this.#accepted : this.#dialled;
    if (other === undefined || (other.session.state !== "OpenConfirm" && other.session.state !== "OpenSent")) return;
    const { bgpIdentifier, localAs } = this.#config.session;
    const as = connection.session.negotiated?.peerAs ?? 0;
    const isTheirs = keepsAccepted({ identifier: bgpIdentifier, as: localAs }, { identifier, as });
    const winner = isTheirs ? this.#accepted : this.#dialled;
    const loser = winner === connection ? other : connection;
    loser.handle({ type: "openCollisionDump" });
  }

  #up(connection: Connection, negotiated: Negotiated): void {
    this.#established = { connection, negotiated };
    this.#since = new Date();
    this.#isRestarting = false;
    this.#isWorseKnown = false;
    this.#peerIsBack(negotiated);
    if (connection !== this.#dialled) {
      this.#dialled.handle({ type: "openCollisionDump" });
      this.#dialled.destroy();
    }
    this.#later(() => this.#tellAll(connection));
    this.#logger.info(
      {
        event: "sessionUp",
        peer: this.#config.name,
        address: this.#addressText,
        holdTime: negotiated.holdTime,
        families: negotiated.families,
      },
      "the session is up",
    );
  }

  /** What a peer that restarted keeps, and what it lost. @see RFC 4724 §4.2 */
  #peerIsBack({ families, peerGracefulRestart }: Negotiated): void {
    clearTimeout(this.#staleTimer);
    const kept = (peerGracefulRestart?.families ?? []).filter(({ flags }) => (flags & forwardingKept) !== 0).map(familyOf);
    this.#ribIn.dropStale(allFamilies.filter((family) => !families.includes(family) || !kept.includes(family)));
    this.#dropStaleAfter(peerGracefulRestart?.restartTime ?? 0);
  }

  #dropStaleAfter(restartTime: number): void {
    if (this.#ribIn.stale === 0) return;
    this.#staleTimer = setTimeout(() => {
      this.#ribIn.dropStale(allFamilies);
      this.#onChange(this);
    }, restartTime * 1000);
  }

  /** Keeps what the peer announced until it is back, or forgets it. */
  #peerIsGone({ peerGracefulRestart }: Negotiated, keepsRoutes: boolean): void {
    if (!keepsRoutes || peerGracefulRestart === undefined) return this.#ribIn.clear();
    this.#ribIn.markStale(peerGracefulRestart.families.map(familyOf).filter((family) => family !== undefined));
    this.#dropStaleAfter(peerGracefulRestart.restartTime);
  }

  #down(connection: Connection, { cause, attempt, keepsRoutes }: Extract<Effect, { readonly type: "sessionDown" }>): void {
    if (cause !== undefined) {
      this.#lastError = cause;
      this.#isWorseKnown = true;
    }
    if (attempt !== undefined && connection === this.#dialled && !this.#isWorseKnown) this.#lastError = attempt;
    if (connection === this.#accepted) this.#accepted = undefined;
    if (this.#established?.connection === connection) {
      this.#peerIsGone(this.#established.negotiated, keepsRoutes);
      this.#established = undefined;
      this.#told = noRoutes;
      this.#since = new Date();
      this.#flaps++;
      this.#logger.warn(
        { event: "sessionDown", peer: this.#config.name, address: this.#addressText, cause },
        cause ?? "the connection broke",
      );
    }
    // Dialling stopped for the peer's connection; with that gone it goes on. After an error not at once: two that do not get on
    // would dial each other as fast as the network is.
    if (connection === this.#dialled) return;
    if (cause === undefined || this.#config.isPassive) return this.#startUnlessConnected();
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      this.#startUnlessConnected();
    }, this.#config.session.connectRetry);
  }

  #receive(connection: Connection, update: UpdateMessage): void {
    if (connection !== this.#established?.connection) return;
    const { peerAs, role, families } = this.#established.negotiated;
    const { localAs, bgpIdentifier } = this.#config.session;
    const { allowOwnAs } = this.#config;
    const receiver: Receiver = { localAs, peerAs, bgpIdentifier: bgpIdentifier.value, role, allowOwnAs };
    this.#ribIn.take(update, receiver);
    if (this.#ribIn.takesMore()) for (const family of families) connection.handle({ type: "askForRoutes", family });
  }
}

/** The flag of a family that says that packets were forwarded all the time. @see RFC 4724 §3 */
const forwardingKept = 0x80;
const allFamilies: readonly RouteFamily[] = ["ipv4/unicast", "ipv6/unicast"];
