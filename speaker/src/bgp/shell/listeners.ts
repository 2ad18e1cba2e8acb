import { createServer, type Server, type Socket } from "node:net";
import { type Address, formatAddress, parseAddress } from "../../net/address.ts";
import type { Logger } from "../../ports/logger.ts";
import { bindPort, setSignature, setTcpOptions } from "../../shell/tcp.ts";
import type { PeerConfig } from "../peerConfig.ts";

/** A port that cannot be had is tried again after so many milliseconds: the speaker before us may still have it. */
const retryMilliseconds = 1000;

/** What peers connect to, and who they are. */
export interface Wanted {
  /** -1: nobody is to connect. */
  readonly listenPort: number;
  readonly listenAddresses: readonly string[];
  readonly peers: readonly PeerConfig[];
}

/** What every connection of a port has from it. */
export interface PortTtls {
  /** The TTL of our packets; undefined is the kernel's own. */
  readonly ttl: number | undefined;
  /** Packets with a lower TTL are dropped by the kernel; 0 drops none. */
  readonly minimumTtl: number;
}

/** Is given connections, and what they have from their port; undefined where that may differ from one to the other. */
export type OnConnection = (socket: Socket, inherited: PortTtls | undefined) => void;

/** The sockets that peers connect to. Passwords and TTLs are set on them before a peer's first packet counts. */
export class Listeners {
  readonly #logger: Logger;
  readonly #onConnection: OnConnection;
  #listeners: readonly Listener[] = [];
  #listening = "";

  constructor(logger: Logger, onConnection: OnConnection) {
    this.#logger = logger;
    this.#onConnection = onConnection;
  }

  /** Makes ports and what is demanded on them agree with what is wanted. */
  apply({ listenPort, listenAddresses, peers }: Wanted): void {
    const wanted = listenPort > 0 ? `${listenPort} ${listenAddresses.join(" ")}` : "";
    if (wanted !== this.#listening) {
      this.close();
      this.#listening = wanted;
      const addresses = wanted === "" ? [] : listenAddresses;
      this.#listeners = addresses.map((host) => new Listener(host, listenPort, peers, this.#logger, this.#onConnection));
    } else for (const listener of this.#listeners) listener.demand(peers);
  }

  /** Whether connections of a peer are checked for its password before they get here. */
  checks(peer: PeerConfig): boolean {
    return this.#listeners.filter(({ family }) => family === peer.address.family).every((listener) => listener.checks(peer));
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
    this.#listening = "";
  }
}

/** The number that gives an option back to the kernel. */
const kernelsOwn = -1;
const kernelTtls: PortTtls = { ttl: undefined, minimumTtl: 0 };

/** What all peers of a port want, or the most that all of them can do with. */
function ttlsFor(peers: readonly PeerConfig[]): PortTtls {
  const minimums = peers.map(({ minimumTtl }) => minimumTtl ?? 0);
  const [ttl, ...others] = new Set(peers.map((peer) => peer.ttl));
  return {
    ttl: others.length === 0 ? ttl : minimums.some((one) => one > 0) ? 255 : undefined,
    minimumTtl: minimums.length > 0 ? Math.min(...minimums) : 0,
  };
}

class Listener {
  readonly family: 4 | 6;
  readonly #host: string;
  readonly #port: number;
  readonly #logger: Logger;
  readonly #onConnection: OnConnection;
  #server: Server | undefined;
  #fd: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isReported = false;
  #peers: readonly PeerConfig[] = [];
  #ttls: PortTtls = kernelTtls;
  /** Whether the TTLs were so before anybody could connect. */
  #isInherited = false;
  /** Passwords that are set, by address. */
  readonly #signatures = new Map<string, { readonly address: Address; readonly password: string }>();

  constructor(host: string, port: number, peers: readonly PeerConfig[], logger: Logger, onConnection: OnConnection) {
    this.family = host.includes(":") ? 6 : 4;
    this.#host = host;
    this.#port = port;
    this.#logger = logger;
    this.#onConnection = onConnection;
    this.#peers = this.#own(peers);
    this.#open();
  }

  demand(peers: readonly PeerConfig[]): void {
    this.#peers = this.#own(peers);
    if (this.#fd === undefined) return;
    this.#isInherited = this.#demandTtls(this.#fd) === "unchanged" && this.#isInherited;
    this.#demandSignatures(this.#fd);
  }

  #own(peers: readonly PeerConfig[]): readonly PeerConfig[] {
    return peers.filter(({ address }) => address.family === this.family);
  }

  checks({ address, password }: PeerConfig): boolean {
    // Nobody knows beforehand where an unnumbered peer connects from, and a key is for an address: with a password only we dial.
    if (address.value === 0n || this.#signatures.size === 0) return password === undefined;
    return this.#signatures.get(formatAddress(address))?.password === password;
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#server?.close();
    this.#fd = undefined;
  }

  #open(): void {
    const [text = "", zone] = this.#host.split("%");
    const address = parseAddress(text);
    if (address === undefined) return this.#fail(`"${this.#host}" is not an IP address`);
    try {
      this.#fd = bindPort(address, zone, this.#port);
    } catch (error) {
      return this.#fail(error instanceof Error ? error.message : String(error));
    }
    this.#ttls = kernelTtls;
    this.#isInherited = this.#demandTtls(this.#fd) !== "failed";
    this.#demandSignatures(this.#fd);
    this.#server = createServer((socket) => this.#onConnection(socket, this.#isInherited ? this.#ttls : undefined));
    this.#server.on("error", (error) => this.#fail(error.message));
    this.#server.listen({ fd: this.#fd });
  }

  /** Says it once, and tries again. */
  #fail(reason: string): void {
    this.#fd = undefined;
    this.#signatures.clear();
    if (!this.#isReported)
      this.#logger.warn(
        { event: "listenFailed", host: this.#host, port: this.#port, error: reason },
        `cannot listen on ${this.#host} port ${this.#port}: ${reason}; trying again, and dialling goes on`,
      );
    this.#isReported = true;
    this.#retry = setTimeout(() => this.#open(), retryMilliseconds);
  }

  /** A peer that checks our TTL does so from the answer to its first packet on. What is demanded of all is demanded of strangers, too. */
  #demandTtls(fd: number): "set" | "unchanged" | "failed" {
    const wanted = ttlsFor(this.#peers);
    const { ttl, minimumTtl } = wanted;
    if (ttl === this.#ttls.ttl && minimumTtl === this.#ttls.minimumTtl) return "unchanged";
    const options = { ttl: ttl ?? kernelsOwn, minimumTtl, maxSegment: undefined, device: undefined };
    if (!this.#attempt("TTLs", () => setTcpOptions(fd, this.family, options))) return "failed";
    this.#ttls = wanted;
    return "set";
  }

  #demandSignatures(fd: number): void {
    const wanted = new Map(
      this.#peers.flatMap(({ address, password }) =>
        password === undefined || address.value === 0n ? [] : [[formatAddress(address), { address, password }] as const],
      ),
    );
    for (const [key, { address }] of this.#signatures) {
      if (wanted.has(key)) continue;
      this.#signatures.delete(key);
      this.#attempt(`the end of the password of ${key}`, () => setSignature(fd, address, undefined));
    }
    for (const [key, one] of wanted) {
      if (this.#signatures.get(key)?.password === one.password) continue;
      const isSet = this.#attempt(`the password of ${key}`, () => setSignature(fd, one.address, one.password));
      if (isSet) this.#signatures.set(key, one);
    }
  }

  #attempt(what: string, attempt: () => void): boolean {
    try {
      attempt();
      return true;
    } catch (error) {
      this.#logger.warn(
        { event: "socketOptionFailed", host: this.#host, port: this.#port, error: String(error) },
        `cannot set ${what} on the port that peers connect to`,
      );
      return false;
    }
  }
}
