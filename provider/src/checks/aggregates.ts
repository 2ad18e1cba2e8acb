import { type AddressRange, formatAddress, formatRange, merged, parseRange, rangesOf, shared, without } from "./addresses.ts";
import { hasUnknown, type KnownArgs, type Problem, record, texts } from "./problem.ts";

/** Networks that would be announced in place of single addresses, and that the pool does not have. */

const bits = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** One text of a pool that names addresses, and where it is. */
interface Entry {
  readonly path: string;
  readonly text: string;
}

/** Mistakes of `bgp.aggregationLength` and its sister for IPv6. @param entries those of the pool */
export function aggregationProblems(args: KnownArgs, entries: readonly Entry[]): Problem[] {
  const shorter = shorterThanPrefix(args);
  const isSeen = entries.every(({ text }) => "range" in parseRange(text)) && entries.length > 0;
  const isKnown = isSeen && !hasUnknown([args["address"], args["addresses"], args["exclude"], args["protocol"]]);
  const isBgp = ["bgp", "", undefined].includes(args["protocol"] as string | undefined);
  return shorter.length > 0 || !isKnown || !isBgp ? shorter : neverAggregated(args, entries);
}

/** An aggregate that is shorter than the prefix of `address` holds addresses that are not the pool's: the API server refuses it. */
function shorterThanPrefix(args: KnownArgs): Problem[] {
  const { address } = args;
  if (typeof address !== "string" || !address.includes("/")) return [];
  const parsed = parseRange(address);
  if ("problem" in parsed) return [];
  const { family, first, last } = parsed.range;
  const [name, length] = lengthOf(args, family);
  const own = bits(family) - ((last - first + 1n).toString(2).length - 1);
  return typeof length === "number" && length < own
    ? [
        {
          propertyPath: `bgp.${name}`,
          reason: `${length} is shorter than the prefix of address, ${own}: routers would be told of addresses outside the pool; take ${own} or more`,
        },
      ]
    : [];
}

/** An entry none of whose addresses is in a network that the pool has wholly: the controller announces each of them on its own. */
function neverAggregated(args: KnownArgs, entries: readonly Entry[]): Problem[] {
  const holes = rangesOf(texts(args, "exclude"));
  const pool = merged(without(rangesOf(entries), holes));
  return entries.flatMap((entry) => {
    const left = without(rangesOf([entry]), holes);
    const [range] = left;
    if (range === undefined) return [];
    const [name, length] = lengthOf(args, range.family);
    if (typeof length !== "number" || !Number.isInteger(length) || length < 1 || length >= bits(range.family)) return [];
    const size = 1n << BigInt(bits(range.family) - length);
    const whole = pool.flatMap((part) => wholeNetworks(part, size));
    if (left.some((one) => whole.some((part) => shared(one, part) !== undefined))) return [];
    const base = range.first - (range.first % size);
    return [
      {
        propertyPath: `bgp.${name}`,
        reason: `${length}: the addresses of ${entry.path}, "${entry.text}", are announced on their own, such as ${formatRange({ ...range, last: range.first })}/${bits(range.family)} instead of ${formatAddress(range.family, base)}/${length}: the network is not wholly in the pool, and routers would send what is not ours; use a longer ${name}, or put the whole network into the pool`,
      },
    ];
  });
}

function lengthOf(args: KnownArgs, family: 4 | 6): readonly [name: string, length: unknown] {
  const name = family === 4 ? "aggregationLength" : "aggregationLengthV6";
  return [name, record(args["bgp"])[name]];
}

/** What of a range is networks of a size, each wholly in it. */
function wholeNetworks({ family, first, last }: AddressRange, size: bigint): AddressRange[] {
  const from = ((first + size - 1n) / size) * size;
  const to = ((last + 1n) / size) * size - 1n;
  return from <= to ? [{ family, first: from, last: to }] : [];
}
