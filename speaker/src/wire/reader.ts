import { DecodeError } from "./decodeError.ts";

/** What is wrong with the octets that a reader has come to. */
export const wrong = (reader: Reader, reason: string): DecodeError => new DecodeError(reason, reader.offset);

/** Reads octets in network order. Every read is checked against the end; a reader made by `sub` cannot leave its part. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many octets are left. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Octets read so far. */
  get offset(): number {
    return this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#bytes[at] ?? 0) * 256 + (this.#bytes[at + 1] ?? 0);
  }

  u32(): number {
    return this.u16() * 65536 + this.u16();
  }

  /** The next octets, as a view of the same memory. @throws DecodeError when there are fewer */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, this.#at);
  }

  /** All that is left, without reading it. */
  peek(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** A reader of the next octets alone. */
  sub(count: number): Reader {
    return new Reader(this.bytes(count));
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** Goes on behind the next octets. @returns where they are */
  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at)
      throw new DecodeError(`${count} octets wanted at offset ${at}, ${this.remaining} are left`, at);
    this.#at = at + count;
    return at;
  }
}
