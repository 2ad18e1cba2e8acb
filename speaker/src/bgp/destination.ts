import { type Address, addressFromBytes, addressToBytes, type Family } from "../net/address.ts";
import type { Prefix } from "../net/prefix.ts";
import type { RouteFamily } from "./family.ts";

/**
 * Where a route leads. All of it is in one short text: there may be a hundred thousand of these, and texts are what engines
 * compare, hash and store best.
 */
export class Destination {
  /** Equal for equal prefixes: the character 4 or 6, then the prefix as it is in an UPDATE, one character an octet. */
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }

  get family(): RouteFamily {
    return this.key.charCodeAt(0) === 4 ? "ipv4/unicast" : "ipv6/unicast";
  }

  /** The length of the prefix in bits. */
  get length(): number {
    return this.key.charCodeAt(1);
  }

  /** Whether it is one address. */
  get isHost(): boolean {
    return this.length === (this.key.charCodeAt(0) === 4 ? 32 : 128);
  }

  get prefix(): Prefix {
    const octets = new Uint8Array(this.key.charCodeAt(0) === 4 ? 4 : 16);
    for (let index = 2; index < this.key.length; index++) octets[index - 2] = this.key.charCodeAt(index);
    return { address: addressFromBytes(octets), length: this.length };
  }
}

/** How many octets the address of a prefix takes in an UPDATE. @see RFC 4271 §4.3 */
function octetsFor(bits: number): number {
  return (bits + 7) >>> 3;
}

/** Where a prefix leads. */
export function destinationOf({ address, length }: Prefix): Destination {
  return new Destination(keyOf(address.family, length, octetsOf(address), 0));
}

/** The destination whose family, length and address begin at an offset. */
export function readDestination(octets: Uint8Array, at: number): Destination {
  return new Destination(keyOf(octets[at] === 4 ? 4 : 6, octets[at + 1] ?? 0, octets, at + 2));
}

/** Writes the family, the length and the address of a destination; what is behind a short address stays as it is. */
export function writeDestination({ key }: Destination, octets: Uint8Array, at: number): void {
  for (let index = 0; index < key.length; index++) octets[at + index] = key.charCodeAt(index);
}

/** IPv4 addresses go without bigints: there are many of them. */
function octetsOf(address: Address): ArrayLike<number> {
  if (address.family === 6) return addressToBytes(address);
  const value = Number(address.value);
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function keyOf(family: Family, bits: number, octets: ArrayLike<number>, from: number): string {
  if (family === 4 && bits > 24)
    // One call for what there is most of.
    return String.fromCharCode(4, bits, octets[from] ?? 0, octets[from + 1] ?? 0, octets[from + 2] ?? 0, octets[from + 3] ?? 0);
  const count = octetsFor(bits);
  const codes: number[] = [family, bits];
  for (let index = 0; index < count; index++) codes.push(octets[from + index] ?? 0);
  return String.fromCharCode(...codes);
}
