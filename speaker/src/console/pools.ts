import { type AddressRange, parsePool, rangesContain, sizeOf } from "../allocate/ranges.ts";
import { poolRows } from "../explain/overview.ts";
import type { PoolOfEip } from "../kubernetes/requests.ts";
import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import type { ConsoleFacts } from "./facts.ts";
import type { PoolRow, ServiceRow } from "./model.ts";

/** The pool that an address belongs to. */
export function poolOf(address: Address, entries: readonly PoolOfEip[]): PoolOfEip | undefined {
  return entries.find(
    ({ pool }) =>
      rangesContain(pool.ranges, address) || (pool.formerAddresses.size > 0 && pool.formerAddresses.has(formatAddress(address))),
  );
}

/** What the page shows of each Eip. */
export function consolePools(facts: ConsoleFacts, entries: readonly PoolOfEip[], services: readonly ServiceRow[]): PoolRow[] {
  const byName = new Map(entries.map((entry) => [entry.eip.metadata.name, entry]));
  const inUse = Map.groupBy(
    services.flatMap(({ key, addresses }) => addresses.map(({ address, eip }) => ({ key, address, eip }))),
    ({ eip }) => eip,
  );
  const resting = [...(facts.resting ?? [])].flatMap(([text, until]) => {
    const address = parseAddress(text);
    return address === undefined ? [] : [{ address, eip: poolOf(address, entries)?.eip.metadata.name, until }];
  });
  return poolRows(facts).map((row) => {
    const entry = byName.get(row.eip);
    const users = Map.groupBy(inUse.get(row.eip) ?? [], ({ address }) => address);
    const map = [...users].map(([address, of]) => ({ address, users: of.map(({ key }) => key).sort() }));
    const byNamespace: Record<string, number> = {};
    for (const { users: of } of map)
      for (const namespace of new Set(of.map((user) => user.split("/")[0] ?? "")))
        byNamespace[namespace] = (byNamespace[namespace] ?? 0) + 1;
    return {
      key: row.eip,
      addresses: row.addresses,
      protocol: row.protocol,
      used: String(map.length),
      size: row.size || (entry === undefined ? "" : String(sizeOf(entry.pool.ranges))),
      inUse: row.inUse,
      isWell: !row.inUse.startsWith("no:"),
      limit: String(entry?.eip.spec.perNamespaceLimit ?? ""),
      byNamespace,
      map: map.sort((a, b) => compareTexts(a.address, b.address)),
      resting: resting
        .filter(({ eip }) => eip === row.eip)
        .map(({ address, until }) => ({ address: formatAddress(address), until: new Date(until).toISOString() }))
        .sort((a, b) => compareTexts(a.address, b.address)),
      blocks: entry === undefined ? [] : blocksOf(entry),
      avoidsBuggyIps: entry?.pool.avoidBuggyIps ?? false,
    };
  });
}

/** What a pool consists of, and between it what it does not give. */
function blocksOf({ eip, pool }: PoolOfEip): PoolRow["blocks"] {
  const { spec } = eip;
  const named = parsePool([spec.address, ...(spec.addresses ?? [])], []);
  const given = pool.ranges;
  if (!("ranges" in named)) return [];
  const block = (range: AddressRange, isReserved: boolean) => ({ range, isReserved });
  const reserved = named.ranges.flatMap((range) => without(range, given)).map((range) => block(range, true));
  return [...given.map((range) => block(range, false)), ...reserved]
    .sort((a, b) => compareRanges(a.range, b.range))
    .map(({ range, isReserved }) => ({
      first: formatAddress({ family: range.family, value: range.first }),
      count: String(range.last - range.first + 1n),
      isReserved,
    }));
}

/** What is left of a range without others, which are disjoint and in order. */
function without(range: AddressRange, others: readonly AddressRange[]): AddressRange[] {
  const gaps: AddressRange[] = [];
  let from = range.first;
  for (const { family, first, last } of others) {
    if (family !== range.family || last < from || first > range.last) continue;
    if (first > from) gaps.push({ ...range, first: from, last: first - 1n });
    from = last + 1n;
  }
  return from <= range.last ? [...gaps, { ...range, first: from }] : gaps;
}

function compareRanges(a: AddressRange, b: AddressRange): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.first < b.first ? -1 : 1;
}

function compareTexts(a: string, b: string): number {
  const [one, other] = [parseAddress(a), parseAddress(b)];
  if (one === undefined || other === undefined) return a < b ? -1 : 1;
  if (one.family !== other.family) return one.family - other.family;
  return one.value < other.value ? -1 : 1;
}
