import { type Address, addressToBytes } from "../net/address.ts";
import { type Mac, macToBytes } from "../net/mac.ts";

const requestHead = Uint8Array.of(0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1);
const replyLength = 60;

/**
 * Answers for the addresses that this node owns on one interface, to plain ARP requests of hosts: what comes by the ten thousand.
 * The frame is neither decoded nor is memory taken for it. Everything else is left to `decodeFrame` and the ownership.
 */
export class QuickAnswers {
  readonly #owned = new Set<number>();
  /** How many answers were written since they were last taken, by address. */
  readonly #answered = new Map<number, number>();
  #mac: Uint8Array;

  constructor(mac: Mac) {
    this.#mac = macToBytes(mac);
  }

  /** The length of every answer. */
  static readonly length = replyLength;

  set mac(mac: Mac) {
    this.#mac = macToBytes(mac);
  }

  /** Says whether this node owns an address; IPv6 is no matter here. */
  set(address: Address, isOwned: boolean): void {
    if (address.family !== 4) return;
    const [a = 0, b = 0, c = 0, d = 0] = addressToBytes(address);
    const value = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (isOwned) this.#owned.add(value);
    else this.#owned.delete(value);
  }

  /** Writes the answer to a request into `out`. @returns false, and nothing is written, when the frame is anything else */
  answer(frame: Uint8Array, length: number, out: Uint8Array): boolean {
    if (length < 42) return false;
    for (let index = 0; index < requestHead.length; index++) if (frame[12 + index] !== requestHead[index]) return false;
    // A note begins with B: speakers are answered by the ownership.
    if (length > 42 && frame[42] === 0x42) return false;
    const target = word(frame, 38);
    if (!this.#owned.has(target) || word(frame, 28) === target) return false;
    if (((frame[22] ?? 1) & 1) === 1 || isZero(frame, 22) || isOwn(frame, 22, this.#mac)) return false;
    for (let index = 0; index < 6; index++) {
      const asker = frame[22 + index] ?? 0;
      const own = this.#mac[index] ?? 0;
      out[index] = asker;
      out[6 + index] = own;
      out[22 + index] = own;
      out[32 + index] = asker;
    }
    out.set(requestHead, 12);
    out[21] = 2;
    for (let index = 0; index < 4; index++) {
      out[28 + index] = frame[38 + index] ?? 0;
      out[38 + index] = frame[28 + index] ?? 0;
    }
    out.fill(0, 42, replyLength);
    this.#answered.set(target, (this.#answered.get(target) ?? 0) + 1);
    return true;
  }

  /** How many answers were written since the last call, by address. */
  takeAnswered(): [address: Address, count: number][] {
    const taken = [...this.#answered].map(([value, count]): [Address, number] => [{ family: 4, value: BigInt(value) }, count]);
    this.#answered.clear();
    return taken;
  }
}

function word(octets: Uint8Array, at: number): number {
  return (((octets[at] ?? 0) << 24) | ((octets[at + 1] ?? 0) << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0)) >>> 0;
}

function isZero(octets: Uint8Array, at: number): boolean {
  for (let index = 0; index < 6; index++) if (octets[at + index] !== 0) return false;
  return true;
}

function isOwn(octets: Uint8Array, at: number, mac: Uint8Array): boolean {
  for (let index = 0; index < 6; index++) if (octets[at + index] !== mac[index]) return false;
  return true;
}
