import {
  type AddressRange,
  firstShared,
  formatAddress,
  formatRange,
  merged,
  parseAddress,
  parseRange,
  without,
} from "./checks/addresses.ts";

/** Arithmetic on the addresses of pools, for programs. Pure. */

/** The addresses that entries of a pool name, less the excluded ones, as ranges in order. @throws Error when an entry is malformed */
export function freeRanges(entries: readonly string[], excluded: readonly string[] = []): string[] {
  return merged(without(read(entries), read(excluded))).map(formatRange);
}

/** Whether an address is in one of the ranges. @throws Error when a text is malformed */
export function containsAddress(ranges: readonly string[], address: string): boolean {
  const wanted = parseAddress(address);
  if (wanted === undefined) throw new Error(`"${address}" is not an IP address, such as 192.0.2.10`);
  return firstShared(read(ranges), [wanted]) !== undefined;
}

/** The addresses that entries of a pool name, less the excluded ones, and that are in none of the networks. @throws Error when a text is malformed */
export function outsideOf(entries: readonly string[], excluded: readonly string[], networks: readonly string[]): string[] {
  return merged(without(read(entries), [...read(excluded), ...read(networks)])).map(formatRange);
}

/** The address at a place among ranges: 0 is the first, -1 the last. @throws Error when there are not so many */
export function addressAt(ranges: readonly string[], index: number): string {
  const list = read(ranges);
  const size = list.reduce((sum, range) => sum + range.last - range.first + 1n, 0n);
  if (!Number.isInteger(index)) throw new Error(`${index} is not a place: a whole number such as 0, or -1 for the last`);
  let left = index < 0 ? size + BigInt(index) : BigInt(index);
  if (left < 0n || left >= size)
    throw new Error(`there is no address at ${index}: ${ranges.join(", ")} has ${size}; take a place from 0 to ${size - 1n}`);
  for (const { family, first, last } of list) {
    if (left <= last - first) return formatAddress(family, first + left);
    left -= last - first + 1n;
  }
  throw new Error("the ranges ended before their size");
}

function read(texts: readonly string[]): AddressRange[] {
  return texts.map((text) => {
    const parsed = parseRange(text);
    if ("problem" in parsed) throw new Error(`"${text}" ${parsed.problem}`);
    return parsed.range;
  });
}
