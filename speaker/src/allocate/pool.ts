import type { Address, Family } from "../net/address.ts";
import type { Pool, ServiceRequest } from "./model.ts";
import { type AddressRange, rangesContain, sizeOf } from "./ranges.ts";

/** What of a pool decides which addresses it has. */
type Extent = Pick<Pool, "ranges" | "avoidBuggyIps">;

/** Whether an address is one that the pool gives. */
export function poolHas(pool: Extent, address: Address): boolean {
  return rangesContain(pool.ranges, address) && !(pool.avoidBuggyIps && isBuggy(address));
}

/** How many addresses the pool gives, of one family or of both. */
export function poolSize(pool: Extent, family?: Family): bigint {
  const ranges = family === undefined ? pool.ranges : pool.ranges.filter((range) => range.family === family);
  const buggy = pool.avoidBuggyIps ? ranges.reduce((sum, range) => sum + buggyIn(range), 0n) : 0n;
  return sizeOf(ranges) - buggy;
}

/** Whether an IPv4 address ends in .0 or .255, which some old equipment drops. */
export function isBuggy(address: Address): boolean {
  const last = address.value & 0xffn;
  return address.family === 4 && (last === 0n || last === 255n);
}

function buggyIn(range: AddressRange): bigint {
  if (range.family !== 4) return 0n;
  const upTo = (value: bigint): bigint => (value < 0n ? 0n : value / 256n + 1n + (value + 1n) / 256n);
  return upTo(range.last) - upTo(range.first - 1n);
}

/** All pools, and whose an address is. */
export class Pools {
  readonly list: readonly Pool[];
  readonly #byName: ReadonlyMap<string, Pool>;

  constructor(list: readonly Pool[]) {
    this.list = list;
    this.#byName = new Map(list.map((pool) => [pool.name, pool]));
  }

  named(name: string | undefined): Pool | undefined {
    return name === undefined ? undefined : this.#byName.get(name);
  }

  /**
   * The pool that an address in use belongs to: the one that gave it, as long as it has it or the Service names it; else one that has it now;
   * else the one that gave it, which has shrunk since. Undefined when no pool knows it.
   * @param text the address as text
   */
  holderOf(service: Pick<ServiceRequest, "eip" | "givenBy">, address: Address, text: string): Pool | undefined {
    const giver = this.named(service.givenBy.get(text));
    if (giver !== undefined && (poolHas(giver, address) || giver.name === service.eip)) return giver;
    return (
      this.list.find((pool) => pool.refusal?.reason !== "Overlapping" && poolHas(pool, address)) ??
      giver ??
      this.list.find((pool) => pool.formerAddresses.has(text))
    );
  }
}
