import type { Socket } from "node:net";
import { type Address, parseAddress } from "../../net/address.ts";
import type { Duration } from "../../net/duration.ts";
import { encodeMessage } from "../encode.ts";
import { readMessage } from "../fsm/readMessage.ts";
import { step } from "../fsm/step.ts";
import type { OpenMessage } from "../message.ts";
import { type Effect, type Event, type Session, type Step, sendHoldTime, type TimerName } from "../session.ts";
import type { Recorder } from "./recorder.ts";

/** What the owner of a connection is told, and what it is asked for. */
export interface ConnectionOwner {
  /** Makes the TCP connection. */
  dial(): Socket;
  /** Whether the peer was not spoken to since this speaker was started. */
  readonly isRestarting: boolean;
  /** Where what happens is written down; undefined where it is not. */
  readonly recorder: Recorder | undefined;
  /** Effects that are not about TCP or timers. */
  onEffect(connection: Connection, effect: Effect): void;
  onStep(connection: Connection, step: Step): void;
  /** Everything that was written is out, after it was not for a while. */
  onDrain(connection: Connection): void;
}

/** How long a NOTIFICATION may take to get out before the socket is destroyed, in milliseconds. */
const lingerMilliseconds = 1000;

/** What one session may take of a turn of the event loop, in octets: what comes behind waits while the others have theirs. */
const octetsPerTurn = 32_768;
/** A message costs so many octets more than it has: short ones are no cheaper to take. */
const octetsPerMessage = 256;
/** Node reads as much at a time, and in one turn again and again while there is that much. */
const fullRead = 65_536;

/** Timers are set to one of so many times between three quarters of what was asked for and the whole: those of one time cost as much as one. @see RFC 4271 §10 */
const jitterSteps = 32;

const opens = new WeakMap<OpenMessage, Uint8Array>();

/** The octets of an OPEN, made once. */
export function encodedOpen(open: OpenMessage): Uint8Array {
  const octets = opens.get(open) ?? encodeMessage(open);
  opens.set(open, octets);
  return octets;
}

/** One session with its TCP connection and its timers: takes an event, steps, performs the effects in order. */
export class Connection {
  readonly #owner: ConnectionOwner;
  /** In the recording. */
  readonly #number: number | undefined;
  #session: Session;
  #socket: Socket | undefined;
  #received: Uint8Array = new Uint8Array(0);
  readonly #timers = new Map<TimerName, NodeJS.Timeout>();
  #sendHold: NodeJS.Timeout | undefined;
  #holdTime: Duration | undefined;

  constructor(session: Session, owner: ConnectionOwner) {
    this.#session = session;
    this.#owner = owner;
    this.#number = owner.recorder?.begin(session.isDialled ? "dialled" : "accepted", session.config, session.isRestarting);
  }

  get session(): Session {
    return this.#session;
  }

  /** Takes over a connection that the peer made. */
  accept(socket: Socket, first: Step): void {
    this.#attach(socket);
    this.#perform(first);
  }

  handle(event: Exclude<Event, { type: "message" | "malformed" }>): void {
    if (this.#number !== undefined) this.#owner.recorder?.event(this.#number, event);
    this.#perform(step(this.#session, event));
  }

  /** Our end of the connection. */
  get localAddress(): Address | undefined {
    return parseAddress((this.#socket?.localAddress ?? "").replace(/%.*$/, ""));
  }

  /** Whether the peer does not take what was sent: more is better kept until `onDrain`. */
  get isBlocked(): boolean {
    return this.#sendHold !== undefined;
  }

  /** Sends messages as they are. */
  write(messages: readonly Uint8Array[]): void {
    const [first, ...more] = messages;
    const socket = this.#socket;
    if (first === undefined || socket === undefined) return;
    if (more.length === 0) socket.write(first);
    else {
      socket.cork();
      for (const message of messages) socket.write(message);
      socket.uncork();
    }
    if (socket.writableNeedDrain && this.#sendHold === undefined) this.#startSendHold();
  }

  /** Ends timers and the connection without a word. */
  destroy(): void {
    for (const timer of this.#timers.keys()) this.#stopTimer(timer);
    this.#closeTcp();
  }

  #perform(result: Step): void {
    this.#session = result.session;
    this.#owner.onStep(this, result);
    for (const effect of result.effects) {
      this.#effect(effect);
      // An effect may have brought the next event, a lost collision for one: what is left belongs to the past.
      if (this.#session !== result.session) return;
    }
  }

  #effect(effect: Effect): void {
    switch (effect.type) {
      case "dial":
        return this.#dial();
      case "closeTcp":
        return this.#closeTcp();
      case "send":
        return this.write([effect.message.type === "open" ? encodedOpen(effect.message) : encodeMessage(effect.message)]);
      case "startTimer":
        return this.#startTimer(effect.timer, effect.after);
      case "stopTimer":
        return this.#stopTimer(effect.timer);
      default:
        return this.#owner.onEffect(this, effect);
    }
  }

  #dial(): void {
    try {
      this.#attach(this.#owner.dial());
    } catch (error) {
      this.handle({ type: "tcpFails", reason: `cannot connect: ${error instanceof Error ? error.message : String(error)}` });
    }
  }

  #attach(socket: Socket): void {
    this.#socket = socket;
    this.#received = new Uint8Array(0);
    const isCurrent = (): boolean => this.#socket === socket;
    socket.on("connect", () => isCurrent() && this.#connected());
    socket.on("data", (chunk: Buffer) => isCurrent() && this.#receive(chunk));
    socket.on("drain", () => isCurrent() && this.#drained());
    socket.on("error", (error) => isCurrent() && this.#ended(error.message));
    socket.on("close", () => isCurrent() && this.#ended("the peer closed the connection"));
  }

  /** The connection is over: what came before counts. */
  #ended(reason: string): void {
    const socket = this.#socket;
    while (this.#take());
    if (this.#socket === socket) this.handle({ type: "tcpFails", reason });
  }

  #connected(): void {
    this.handle({ type: "tcpConnected", isRestarting: this.#owner.isRestarting });
  }

  /** A peer that reads slowly is not one that does not read. @see RFC 9687 §4 */
  #startSendHold(): void {
    const before = this.#unsent();
    this.#sendHold = setTimeout(() => {
      if (this.#unsent() === before) this.handle({ type: "sendHoldTimerExpires" });
      else this.#startSendHold();
    }, sendHoldTime(this.#session));
  }

  /** What the kernel has not taken yet of what is being written, in octets. */
  #unsent(): number {
    const { _handle: handle } = this.#socket as unknown as { readonly _handle?: { readonly writeQueueSize?: number } };
    return handle?.writeQueueSize ?? 0;
  }

  #stopSendHold(): void {
    clearTimeout(this.#sendHold);
    this.#sendHold = undefined;
  }

  #drained(): void {
    this.#stopSendHold();
    this.#owner.onDrain(this);
  }

  #receive(chunk: Uint8Array): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (this.#take() || chunk.length >= fullRead) this.#goOnLater();
  }

  /** Takes messages, as many as are one session's share of a turn. @returns whether some may be left */
  #take(): boolean {
    const socket = this.#socket;
    for (let left = octetsPerTurn; this.#socket === socket; ) {
      if (left <= 0) return true;
      const read = readMessage(this.#session, this.#received);
      if ("needsMore" in read) return false;
      left -= this.#received.length - read.rest.length + octetsPerMessage;
      this.#received = read.rest;
      if (this.#number !== undefined) this.#owner.recorder?.octets(this.#number, read.octets);
      this.#perform(step(this.#session, read.event));
    }
    return false;
  }

  /** Goes on in the next turn of the event loop: timers and other sessions come first. More is read when everything that came was taken. */
  #goOnLater(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.pause();
    setImmediate(() => {
      if (this.#socket !== socket) return;
      if (this.#take()) this.#goOnLater();
      else socket.resume();
    });
  }

  /** Lets what was written get out, then ends; the socket is not ours any more from here on. */
  #closeTcp(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#stopSendHold();
    if (socket === undefined) return;
    socket.removeAllListeners();
    socket.on("error", () => socket.destroy());
    socket.resume();
    if (socket.connecting) socket.destroy();
    else socket.end();
    const timer = setTimeout(() => socket.destroy(), lingerMilliseconds).unref();
    // A timer keeps what it is for: ten thousand connections that are gone would be held for a second.
    socket.once("close", () => clearTimeout(timer));
  }

  #startTimer(name: TimerName, after: Duration): void {
    const running = this.#timers.get(name);
    // The hold timer is started by every message: putting it off is cheaper than a new one.
    if (name === "hold" && running !== undefined && this.#holdTime === after) return void running.refresh();
    this.#stopTimer(name);
    if (name === "hold") this.#holdTime = after;
    const jitter = name === "hold" ? 1 : 0.75 + Math.floor(Math.random() * jitterSteps) / (4 * jitterSteps);
    this.#timers.set(
      name,
      setTimeout(() => this.#onTimer(name), after * jitter),
    );
  }

  #onTimer(name: TimerName): void {
    this.#timers.delete(name);
    if (name !== "hold") return this.handle({ type: `${name}TimerExpires` });
    // After a stall timers run before the sockets are read: a message that waits there counts, and starts the timer again.
    setImmediate(() => {
      if (!this.#timers.has("hold") && this.#socket !== undefined) this.handle({ type: "holdTimerExpires" });
    });
  }

  #stopTimer(name: TimerName): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
