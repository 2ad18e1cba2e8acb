/** Writes octets in network order into memory that grows. Lengths are filled in afterwards, never computed by hand. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Octets written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#length++] = value & 0xff;
    return this;
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value);
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value & 0xffff);
  }

  bytes(octets: Uint8Array): this {
    this.#room(octets.length);
    this.#bytes.set(octets, this.#length);
    this.#length += octets.length;
    return this;
  }

  /** Writes the characters of a text from an index on, one octet each; none may be above 255. */
  characters(text: string, from: number): this {
    this.#room(text.length - from);
    for (let index = from; index < text.length; index++) this.#bytes[this.#length++] = text.charCodeAt(index);
    return this;
  }

  /** Writes a body behind its length in one or two octets. @throws RangeError when the body does not fit the length */
  lengthPrefixed(octets: 1 | 2, body: (writer: Writer) => void): this {
    const at = this.#length;
    for (let index = 0; index < octets; index++) this.u8(0);
    body(this);
    this.patch(at, octets, this.#length - at - octets);
    return this;
  }

  /** Overwrites a number of one or two octets. @throws RangeError when it does not fit */
  patch(at: number, octets: 1 | 2, value: number): void {
    if (value >= 2 ** (8 * octets)) throw new RangeError(`${value} does not fit in ${octets} octets`);
    if (octets === 2) this.#bytes[at] = value >>> 8;
    this.#bytes[at + octets - 1] = value & 0xff;
  }

  /** Another writer, for a part whose length decides how it is announced. */
  fresh(): Writer {
    return new Writer();
  }

  /** What was written, in memory of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
