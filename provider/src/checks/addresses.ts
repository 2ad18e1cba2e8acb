import { isIPv4, isIPv6 } from "node:net";

/** Addresses from `first` to `last`, both included, as numbers. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** What a pool may be written as; the CRD and the controller have the same forms. */
const forms = "an address (192.0.2.1), a CIDR (192.0.2.0/24 or 192.0.2.0/255.255.255.0) or a range (192.0.2.1-192.0.2.9)";

const bits = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** Reads one address; undefined for anything else, an IPv4-mapped IPv6 address and one with a zone included. */
export function parseAddress(text: string): AddressRange | undefined {
  if (isIPv4(text)) {
    const value = text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
    return { family: 4, first: value, last: value };
  }
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const group = (high: string | undefined, low: string | undefined): string => (Number(high) * 256 + Number(low)).toString(16);
  const plain = dotted === null ? text : `${dotted[1]}${group(dotted[2], dotted[3])}:${group(dotted[4], dotted[5])}`;
  const [head = "", tail] = plain.split("::");
  const groups = (side = ""): string[] => (side === "" ? [] : side.split(":"));
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill("0"), ...groups(tail)];
  const value = all.reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
  return value >> 32n === 0xffffn ? undefined : { family: 6, first: value, last: value };
}

/** Reads an entry of a pool: its addresses, or what is wrong with it as the end of a sentence that starts with the text. */
export function parseRange(text: string): { readonly range: AddressRange } | { readonly problem: string } {
  const parts = text.split("-");
  if (parts.length > 1) {
    const [low, high] = [parseAddress(parts[0] ?? ""), parseAddress(parts[1] ?? "")];
    if (parts.length > 2 || low === undefined || high === undefined) return { problem: `is not ${forms}` };
    if (low.family !== high.family) return { problem: "mixes IPv4 and IPv6; both ends of a range must be of one family" };
    if (low.first > high.first) return { problem: "is reversed; a range starts with its lower end" };
    return { range: { ...low, last: high.first } };
  }
  return parsePrefix(text) ?? { problem: `is not ${forms}` };
}

/** Reads an address or a CIDR, host bits cleared. */
function parsePrefix(text: string): { readonly range: AddressRange } | undefined {
  const [base = "", length, ...more] = text.split("/");
  const address = parseAddress(base);
  if (address === undefined || more.length > 0) return undefined;
  if (length === undefined) return { range: address };
  const prefix =
    address.family === 4 && isIPv4(length) ? maskLength(length) : /^(0|[1-9]\d{0,2})$/.test(length) ? Number(length) : undefined;
  if (prefix === undefined || prefix > bits(address.family)) return undefined;
  const host = BigInt(bits(address.family) - prefix);
  const first = (address.first >> host) << host;
  return { range: { family: address.family, first, last: first + (1n << host) - 1n } };
}

/** The length of a netmask without holes. */
function maskLength(text: string): number | undefined {
  const mask = (parseAddress(text)?.first ?? 0n).toString(2).padStart(32, "0");
  return /^1*0*$/.test(mask) ? mask.replaceAll("0", "").length : undefined;
}

/** The addresses that texts name; malformed ones name none. */
export function rangesOf(entries: readonly { readonly text: string }[]): AddressRange[] {
  return entries.flatMap(({ text }) => {
    const parsed = parseRange(text);
    return "range" in parsed ? [parsed.range] : [];
  });
}

/** The addresses of the first ranges that are in none of the second. */
export function without(ranges: readonly AddressRange[], holes: readonly AddressRange[]): AddressRange[] {
  return holes.reduce<AddressRange[]>(
    (left, hole) =>
      left.flatMap((range) => {
        if (shared(range, hole) === undefined) return [range];
        return [
          ...(range.first < hole.first ? [{ ...range, last: hole.first - 1n }] : []),
          ...(hole.last < range.last ? [{ ...range, first: hole.last + 1n }] : []),
        ];
      }),
    [...ranges],
  );
}

/** Ranges in order, those that touch made one. */
export function merged(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = [...ranges].sort((a, b) => a.family - b.family || (a.first < b.first ? -1 : 1));
  const done: AddressRange[] = [];
  for (const range of sorted) {
    const before = done.at(-1);
    if (before === undefined || before.family !== range.family || range.first > before.last + 1n) done.push(range);
    else if (range.last > before.last) done[done.length - 1] = { ...before, last: range.last };
  }
  return done;
}

/** What two ranges have in common; undefined when that is nothing. */
export function shared(a: AddressRange, b: AddressRange): AddressRange | undefined {
  if (a.family !== b.family || a.last < b.first || b.last < a.first) return undefined;
  return { family: a.family, first: a.first > b.first ? a.first : b.first, last: a.last < b.last ? a.last : b.last };
}

/** The first addresses that two lists of ranges have in common. */
export function firstShared(a: readonly AddressRange[], b: readonly AddressRange[]): AddressRange | undefined {
  return a.flatMap((one) => b.flatMap((other) => shared(one, other) ?? []))[0];
}

/** The prefixes that cover exactly the addresses of a range, the lower first. */
export function prefixesOf(range: AddressRange): string[] {
  const found: string[] = [];
  for (let first = range.first; first <= range.last; ) {
    let host = 0n;
    while (host < BigInt(bits(range.family)) && first % (2n << host) === 0n && first + (2n << host) - 1n <= range.last) host++;
    found.push(`${formatAddress(range.family, first)}/${bits(range.family) - Number(host)}`);
    first += 1n << host;
  }
  return found;
}

/** The text of a range: one address, or "first-last". */
export function formatRange({ family, first, last }: AddressRange): string {
  return first === last ? formatAddress(family, first) : `${formatAddress(family, first)}-${formatAddress(family, last)}`;
}

/** The text of an address. @see RFC 5952 §4 */
export function formatAddress(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const runs = [
    ...groups
      .map((group) => (group === "0" ? "0" : "x"))
      .join("")
      .matchAll(/00+/g),
  ];
  const longest = runs.reduce<{ readonly at: number; readonly length: number } | undefined>(
    (best, { index, 0: { length } }) => (best !== undefined && best.length >= length ? best : { at: index, length }),
    undefined,
  );
  if (longest === undefined) return groups.join(":");
  return `${groups.slice(0, longest.at).join(":")}::${groups.slice(longest.at + longest.length).join(":")}`;
}
