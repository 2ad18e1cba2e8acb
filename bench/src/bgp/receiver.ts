import { connect, type Socket } from "node:net";
import { keepalive, messageType, open, readUpdate } from "./wire.ts";

/** Milliseconds of the machine's monotonic clock, which all processes share. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** A peer on the measuring side: counts what it is told, and when. */
export class Receiver {
  readonly address: string;
  readonly #as: number;
  readonly #holdTime: number;
  #socket: Socket | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #keepalives: NodeJS.Timeout | undefined;
  #onUp: (() => void) | undefined;
  /** One octet for each host of the table: whether it is announced. */
  #held = new Uint8Array(0);
  heldCount = 0;
  updates = 0;
  octets = 0;
  /** When the session came up, and when the last UPDATE came. */
  upAt = 0;
  lastUpdateAt = 0;
  /** The longest time without any message since the session is up. */
  longestSilence = 0;
  #heardAt = 0;
  /** How often a session that was up ended. */
  downs = 0;
  /** What ROUTE-REFRESH messages said: subtypes in order. */
  readonly refreshes: { readonly subtype: number; readonly at: number }[] = [];
  /** When each host was last announced or withdrawn, when that is wanted. */
  changedAt: Float64Array | undefined;

  constructor(address: string, as: number, holdTime: number) {
    this.address = address;
    this.#as = as;
    this.#holdTime = holdTime;
  }

  get isUp(): boolean {
    return this.upAt > 0;
  }

  /** Forgets what was counted, and makes room for a table. What is held stays held. */
  reset(size: number): void {
    if (size > this.#held.length) {
      const held = new Uint8Array(size);
      held.set(this.#held);
      this.#held = held;
    }
    this.updates = 0;
    this.octets = 0;
    this.longestSilence = 0;
    this.#heardAt = now();
  }

  /** Connects until somebody answers, and resolves when the session is up. */
  dial(host: string, port: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onUp = resolve;
      const attempt = (): void => {
        const socket = connect({ host, port, localAddress: this.address, noDelay: true });
        const again = (): void => {
          if (this.#socket === undefined || this.#socket === socket) setTimeout(attempt, 20);
        };
        socket.once("connect", () => this.#take(socket));
        socket.once("close", () => {
          if (!this.isUp && this.#onUp !== undefined) again();
        });
        socket.on("error", () => undefined);
      };
      attempt();
    });
  }

  /** Takes a connection that the router made; resolves when the session is up. */
  accept(socket: Socket): void {
    this.#take(socket);
  }

  /** Resolves when the session is up. */
  up(): Promise<void> {
    return this.isUp ? Promise.resolve() : new Promise((resolve) => (this.#onUp = resolve));
  }

  write(octets: Buffer): void {
    this.#socket?.write(octets);
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Ends the connection without a word. */
  close(): void {
    this.#onUp = undefined;
    this.#socket?.resetAndDestroy();
    this.#down();
  }

  #take(socket: Socket): void {
    this.#socket?.destroy();
    this.#down();
    this.#socket = socket;
    this.#rest = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#socket === socket) this.#down();
    });
    socket.on("data", (chunk: Buffer) => this.#receive(socket, chunk));
    socket.write(open(this.#as, this.#holdTime, this.address));
  }

  #down(): void {
    if (this.isUp) this.downs++;
    clearInterval(this.#keepalives);
    this.#socket = undefined;
    this.upAt = 0;
    this.#held.fill(0);
    this.heldCount = 0;
  }

  #receive(socket: Socket, chunk: Buffer): void {
    const at = now();
    if (this.isUp) this.longestSilence = Math.max(this.longestSilence, at - this.#heardAt);
    this.#heardAt = at;
    let buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (buffer.length >= 19) {
      const length = buffer.readUInt16BE(16);
      if (buffer.length < length) break;
      this.#message(socket, buffer.subarray(0, length), at);
      buffer = buffer.subarray(length);
    }
    this.#rest = buffer;
  }

  #message(socket: Socket, message: Buffer, at: number): void {
    const type = message[18];
    if (type === messageType.update) return this.#update(message, at);
    if (type === messageType.open) {
      socket.write(keepalive);
      return;
    }
    if (type === messageType.routeRefresh) this.refreshes.push({ subtype: message[21] ?? 0, at });
    if (type === messageType.keepalive && !this.isUp) {
      this.upAt = at;
      this.#heardAt = at;
      if (this.#holdTime > 0) this.#keepalives = setInterval(() => socket.write(keepalive), (this.#holdTime * 1000) / 3);
      this.#onUp?.();
      this.#onUp = undefined;
    }
  }

  #update(message: Buffer, at: number): void {
    const held = this.#held;
    const changedAt = this.changedAt;
    let hosts = 0;
    readUpdate(message, (index, isAnnounced) => {
      hosts++;
      if (changedAt !== undefined) changedAt[index] = at;
      if (index >= held.length || (held[index] === 1) === isAnnounced) return;
      held[index] = isAnnounced ? 1 : 0;
      this.heldCount += isAnnounced ? 1 : -1;
    });
    // An End-of-RIB marker is no news.
    if (hosts === 0) return;
    this.updates++;
    this.octets += message.length;
    this.lastUpdateAt = at;
  }
}
