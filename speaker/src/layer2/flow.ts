import type { Mac } from "../net/mac.ts";
import type { Tuning } from "./model.ts";

/**
 * The probes of one owner on one interface, by this node: whatever the number of its addresses, one at a time is asked for, in turn.
 * One that is not answered for is asked for again, so that an owner that lost a single address is noticed too.
 */
export class Flow {
  readonly mac: Mac;
  readonly link: string;
  /** Its addresses, and how many others are before this node to take each of them over. */
  readonly #positions = new Map<string, number>();
  #keys: string[] = [];
  #isStale = false;
  #nearest = 1;
  #turn = 0;
  #asked: string | undefined;
  #nonces: number[] = [];
  /** When this owner was last heard, about any of its addresses. */
  #heardAt: number;
  /** Answers without the nonce, since the last one with it. */
  #hollow = 0;
  #isOverUdp = false;
  misses = 0;

  constructor(mac: Mac, link: string, now: number) {
    this.mac = mac;
    this.link = link;
    this.#heardAt = now;
  }

  get size(): number {
    return this.#positions.size;
  }

  get keys(): IterableIterator<string> {
    return this.#positions.keys();
  }

  /** Whether ARP is answered by somebody else than the owner, so that it is asked over UDP. */
  get isOverUdp(): boolean {
    return this.#isOverUdp;
  }

  put(key: string, position: number): void {
    this.#positions.set(key, position);
    this.#isStale = true;
  }

  delete(key: string): void {
    this.#positions.delete(key);
    this.#isStale = true;
    if (this.#asked === key) this.settle();
  }

  /** The owner was heard, by a sign that nobody else can give. */
  live(now: number): void {
    this.#heardAt = now;
    this.misses = 0;
    this.#asked = undefined;
  }

  /** The owner was heard through ARP: no detour is needed. */
  liveByArp(now: number): void {
    this.live(now);
    this.#hollow = 0;
    this.#isOverUdp = false;
  }

  /** Forgets what is unanswered, as after a sleep of this node. */
  settle(): void {
    this.misses = 0;
    this.#asked = undefined;
    this.#nonces = [];
  }

  /** An answer for a probe, without what was to be echoed. @returns whether this is the moment to say that something answers for hosts */
  hollow(): boolean {
    this.#hollow++;
    if (this.#hollow < 2 || this.#isOverUdp) return false;
    this.#isOverUdp = true;
    return true;
  }

  /** Whether a nonce is one of the last that were sent. */
  knows(nonce: number): boolean {
    return this.#nonces.includes(nonce);
  }

  /** Notes that a probe was sent. */
  sent(key: string, nonce: number): void {
    this.#asked = key;
    this.#nonces = [nonce, ...this.#nonces.slice(0, 3)];
  }

  /**
   * What to do at this moment.
   * @returns `ask`: the address to ask for next, and when to look again; `dead`: the addresses that nobody answers for any more
   */
  turn(
    now: number,
    tuning: Tuning,
  ): { readonly ask: string | undefined; readonly dueAt: number; readonly dead: readonly string[] } {
    if (this.#isStale) {
      this.#keys = [...this.#positions.keys()];
      this.#nearest = 7;
      for (const position of this.#positions.values()) this.#nearest = Math.min(this.#nearest, Math.max(1, position));
      this.#isStale = false;
    }
    if (this.#asked !== undefined) this.misses++;
    if (this.misses >= tuning.misses) {
      const asked = this.#asked;
      const isHeard = now - this.#heardAt < tuning.probeInterval * tuning.misses;
      this.settle();
      return { ask: undefined, dueAt: now, dead: isHeard && asked !== undefined ? [asked] : [...this.#keys] };
    }
    const key = this.#asked ?? this.#keys[this.#turn++ % this.#keys.length];
    const isLast = this.misses === tuning.misses - 1;
    return { ask: key, dueAt: now + (isLast ? tuning.lastWait : tuning.probeInterval * this.#nearest), dead: [] };
  }
}
