/** 4 or 6: the version of the Internet Protocol. */
export type Family = 4 | 6;

/** One IPv4 or IPv6 address. `value` is the address as an unsigned integer of 32 or 128 bits. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** The number of bits in an address of a family: 32 or 128. */
export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** The last address of a family as a number: 2³²−1 or 2¹²⁸−1. */
export function maxOf(family: Family): bigint {
  return (1n << BigInt(bitsOf(family))) - 1n;
}

/**
 * The address in a text.
 * IPv4 is four decimal numbers without leading zeros; IPv6 is any form of RFC 4291 §2.2, without a zone.
 * An IPv4-mapped IPv6 text ("::ffff:10.0.0.1") stays an IPv6 address.
 * @returns undefined when the text is not an address
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parse6(text) : parse4(text);
}

/** The text of an address: dotted decimal, or the canonical form of RFC 5952 §4. */
export function formatAddress(address: Address): string {
  return address.family === 4 ? format4(address.value) : format6(address.value);
}

/** The octets of an address in network order: 4 or 16. */
export function addressToBytes(address: Address): Uint8Array {
  const { family, value } = address;
  const words = new DataView(new ArrayBuffer(bitsOf(family) / 8));
  if (family === 4) words.setUint32(0, Number(value));
  else {
    words.setBigUint64(0, value >> 64n);
    words.setBigUint64(8, value);
  }
  return new Uint8Array(words.buffer);
}

/** The address in 4 or 16 octets in network order. @throws RangeError for any other length */
export function addressFromBytes(bytes: Uint8Array): Address {
  if (bytes.length !== 4 && bytes.length !== 16) throw new RangeError(`an address has 4 or 16 octets, not ${bytes.length}`);
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 4) return { family: 4, value: BigInt(words.getUint32(0)) };
  return { family: 6, value: (words.getBigUint64(0) << 64n) | words.getBigUint64(8) };
}

/** Whether two addresses are the same, family included. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.value === b.value;
}

/** Orders addresses: IPv4 before IPv6, then by value. For `Array.sort`. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** Whether an IPv6 address is link-local, fe80::/10. @see RFC 4291 §2.5.6 */
export function isLinkLocal(address: Address): boolean {
  return address.family === 6 && address.value >> 118n === 0x3fan;
}

function parse4(text: string): Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return { family: 4, value: BigInt(value) };
}

function parse6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array<number>(missing).fill(0), ...tail]) value = (value << 16n) | BigInt(group);
  return { family: 6, value };
}

/** The 16-bit groups of one side of "::"; a trailing dotted quad counts as two when `mayEndInIpv4`. */
function groups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const result: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (mayEndInIpv4 && index === parts.length - 1 && part.includes(".")) {
      const quad = parse4(part);
      if (quad === undefined) return undefined;
      result.push(Number(quad.value >> 16n), Number(quad.value & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      result.push(Number.parseInt(part, 16));
    } else return undefined;
  }
  return result;
}

function format4(value: bigint): string {
  const number = Number(value);
  return `${number >>> 24}.${(number >>> 16) & 0xff}.${(number >>> 8) & 0xff}.${number & 0xff}`;
}

function format6(value: bigint): string {
  if (value >> 32n === 0xffffn) return `::ffff:${format4(value & 0xffffffffn)}`;
  const words = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = words.map((word) => word.toString(16));
  if (best.start < 0) return hex.join(":");
  return `${hex.slice(0, best.start).join(":")}::${hex.slice(best.start + best.length).join(":")}`;
}
