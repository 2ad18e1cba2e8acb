import { type Address, bitsOf, formatAddress, parseAddress } from "./address.ts";

/** A network: an address whose bits after `length` are zero. `length` counts bits: 0 to 32 or 0 to 128. */
export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

/** The network of `length` bits that holds an address; host bits are cleared. @throws RangeError when the length does not fit the family */
export function prefixOf(address: Address, length: number): Prefix {
  const bits = bitsOf(address.family);
  if (!Number.isInteger(length) || length < 0 || length > bits)
    throw new RangeError(`prefix length ${length} is not in 0..${bits}`);
  const hostBits = BigInt(bits - length);
  return { address: { family: address.family, value: (address.value >> hostBits) << hostBits }, length };
}

/** The network that holds one address alone: /32 or /128. */
export function hostPrefix(address: Address): Prefix {
  return { address, length: bitsOf(address.family) };
}

/** The network in a text "address/length", host bits cleared; undefined when the text is not one. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  const length = Number(match?.[2]);
  return address === undefined || length > bitsOf(address.family) ? undefined : prefixOf(address, length);
}

/** The text of a network, "192.0.2.0/24". */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** Whether an address lies in a network; never across families. */
export function prefixContains(prefix: Prefix, address: Address): boolean {
  if (prefix.address.family !== address.family) return false;
  const hostBits = BigInt(bitsOf(address.family) - prefix.length);
  return prefix.address.value >> hostBits === address.value >> hostBits;
}
