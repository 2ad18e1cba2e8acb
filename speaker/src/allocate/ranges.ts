import IPCIDR from "ip-cidr";
import { type Address, type Family, formatAddress, parseAddress } from "../net/address.ts";

/** Addresses from `first` to `last`, both included. */
export interface AddressRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** A text that names addresses, read; or what is wrong with it, as the end of a sentence that starts with the text. */
export type ParsedRange = { readonly range: AddressRange } | { readonly problem: string };

const forms = "an address (192.0.2.1), a CIDR (192.0.2.0/24 or 192.0.2.0/255.255.255.0) or a range (192.0.2.1-192.0.2.9)";

/**
 * Reads one entry of a pool: an address, a CIDR (host bits are cleared), a CIDR with an IPv4 netmask, or a range.
 * Leading zeros, blanks, reversed ranges, mixed families and IPv4-mapped IPv6 are refused, as the CRD refuses them.
 */
export function parseRange(text: string): ParsedRange {
  if (text.includes("-")) return parseSpan(text);
  if (text.includes("/")) return parseCidr(text);
  const address = plainAddress(text);
  return address === undefined
    ? { problem: `is not ${forms}` }
    : { range: { family: address.family, first: address.value, last: address.value } };
}

/** Reads all entries of a pool. @returns disjoint ranges in order, less the excluded ones; or every problem found */
export function parsePool(
  entries: readonly string[],
  excluded: readonly string[],
): { readonly ranges: readonly AddressRange[] } | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const read = (texts: readonly string[]): AddressRange[] =>
    texts.flatMap((text) => {
      const parsed = parseRange(text);
      if ("range" in parsed) return [parsed.range];
      problems.push(`"${text}" ${parsed.problem}`);
      return [];
    });
  const ranges = subtract(union(read(entries)), union(read(excluded)));
  return problems.length > 0 ? { problems } : { ranges };
}

/** How many addresses the ranges hold. */
export function sizeOf(ranges: readonly AddressRange[]): bigint {
  return ranges.reduce((sum, range) => sum + range.last - range.first + 1n, 0n);
}

/** Whether an address lies in one of the ranges, which are in order. O(log n). */
export function rangesContain(ranges: readonly AddressRange[], address: Address): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined) return false;
    if (range.family < address.family || (range.family === address.family && range.last < address.value)) low = middle + 1;
    else if (range.family > address.family || range.first > address.value) high = middle - 1;
    else return true;
  }
  return false;
}

/** The first addresses that two pools share, or undefined when they share none. Families never meet. */
export function overlapOf(a: readonly AddressRange[], b: readonly AddressRange[]): AddressRange | undefined {
  for (const one of a) {
    for (const other of b) {
      if (one.family !== other.family || one.last < other.first || other.last < one.first) continue;
      return {
        family: one.family,
        first: one.first > other.first ? one.first : other.first,
        last: one.last < other.last ? one.last : other.last,
      };
    }
  }
  return undefined;
}

/** The text of a range: one address, or "first-last". */
export function formatRange(range: AddressRange): string {
  const text = (value: bigint): string => formatAddress({ family: range.family, value });
  return range.first === range.last ? text(range.first) : `${text(range.first)}-${text(range.last)}`;
}

function plainAddress(text: string): Address | undefined {
  const address = parseAddress(text);
  const isMapped = address?.family === 6 && address.value >> 32n === 0xffffn;
  return isMapped ? undefined : address;
}

function parseSpan(text: string): ParsedRange {
  const [low = "", high = "", ...more] = text.split("-");
  const first = plainAddress(low);
  const last = plainAddress(high);
  if (more.length > 0 || first === undefined || last === undefined) return { problem: `is not ${forms}` };
  if (first.family !== last.family) return { problem: "mixes IPv4 and IPv6; both ends of a range must be of one family" };
  if (first.value > last.value) return { problem: "is reversed; a range starts with its lower end" };
  return { range: { family: first.family, first: first.value, last: last.value } };
}

function parseCidr(text: string): ParsedRange {
  const [base = "", length = "", ...more] = text.split("/");
  const address = plainAddress(base);
  const bits =
    length.includes(".") && address?.family === 4
      ? netmaskLength(length)
      : /^(0|[1-9]\d{0,2})$/.test(length)
        ? Number(length)
        : undefined;
  if (more.length > 0 || address === undefined || bits === undefined || bits > (address.family === 4 ? 32 : 128))
    return { problem: `is not ${forms}` };
  const cidr = new IPCIDR(`${formatAddress(address)}/${bits}`);
  const edge = (value: string): bigint | undefined => parseAddress(value)?.value;
  const first = edge(cidr.start());
  const last = edge(cidr.end());
  return first === undefined || last === undefined
    ? { problem: `is not ${forms}` }
    : { range: { family: address.family, first, last } };
}

/** The length of a contiguous IPv4 netmask, or undefined. */
function netmaskLength(text: string): number | undefined {
  const mask = parseAddress(text);
  if (mask?.family !== 4) return undefined;
  const bits = mask.value.toString(2).padStart(32, "0");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}

function union(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = [...ranges].sort((a, b) => a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: AddressRange[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    if (previous === undefined || previous.family !== range.family || range.first > previous.last + 1n) merged.push(range);
    else if (range.last > previous.last) merged[merged.length - 1] = { ...previous, last: range.last };
  }
  return merged;
}

function subtract(ranges: readonly AddressRange[], holes: readonly AddressRange[]): AddressRange[] {
  return ranges.flatMap((range) => {
    const parts: AddressRange[] = [];
    let first = range.first;
    for (const hole of holes) {
      if (hole.family !== range.family || hole.last < first || hole.first > range.last) continue;
      if (hole.first > first) parts.push({ ...range, first, last: hole.first - 1n });
      first = hole.last + 1n;
    }
    return first <= range.last ? [...parts, { ...range, first }] : parts;
  });
}
