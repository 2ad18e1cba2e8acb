import { type Address, type Family, formatAddress, parseAddress } from "../net/address.ts";
import type { Pool } from "./model.ts";
import { rangesContain } from "./ranges.ts";

/**
 * The free addresses of the pools during one allocation. Nothing is freed while it lives, so that the search for the lowest address
 * never used goes on where it stopped.
 */
export class FreeAddresses {
  readonly #used: ReadonlyMap<string, unknown>;
  readonly #freedAt: ReadonlyMap<string, number>;
  readonly #restedBefore: number;
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, { range: number; value: bigint }>();

  /**
   * @param used addresses in use, as text
   * @param freedAt when addresses were freed, in milliseconds since the epoch
   * @param restedBefore addresses freed after this instant still rest
   */
  constructor(used: ReadonlyMap<string, unknown>, freedAt: ReadonlyMap<string, number>, restedBefore: number) {
    this.#used = used;
    this.#freedAt = freedAt;
    this.#restedBefore = restedBefore;
  }

  /** Notes that an address was given away. */
  taken(text: string): void {
    this.#taken.add(text);
  }

  /** The lowest address of the pool that was never used; else the one freed longest ago that has rested; undefined when there is none. */
  take(pool: Pool, family: Family): Address | undefined {
    return this.#neverUsed(pool, family) ?? this.#longestRested(pool, family);
  }

  /** Whether some address of the pool is free but still rests. */
  isAnyResting(pool: Pool): boolean {
    return [...this.#freedAt].some(([text, at]) => {
      const address = parseAddress(text);
      return at > this.#restedBefore && address !== undefined && !this.#isUsed(text) && rangesContain(pool.ranges, address);
    });
  }

  #isUsed(text: string): boolean {
    return this.#used.has(text) || this.#taken.has(text);
  }

  #neverUsed(pool: Pool, family: Family): Address | undefined {
    const key = `${pool.name}#${family}`;
    const at = this.#next.get(key) ?? { range: 0, value: -1n };
    this.#next.set(key, at);
    for (; at.range < pool.ranges.length; at.range++, at.value = -1n) {
      const range = pool.ranges[at.range];
      if (range === undefined || range.family !== family) continue;
      if (at.value < range.first) at.value = range.first;
      for (; at.value <= range.last; at.value++) {
        const address: Address = { family, value: at.value };
        const text = formatAddress(address);
        if (!this.#isUsed(text) && !this.#freedAt.has(text) && !(pool.avoidBuggyIps && isBuggy(address))) return address;
      }
    }
    return undefined;
  }

  #longestRested(pool: Pool, family: Family): Address | undefined {
    const rested = [...this.#freedAt]
      .filter(([text, at]) => at <= this.#restedBefore && !this.#isUsed(text))
      .sort((a, b) => a[1] - b[1])
      .flatMap(([text]) => parseAddress(text) ?? []);
    return rested.find(
      (address) => address.family === family && rangesContain(pool.ranges, address) && !(pool.avoidBuggyIps && isBuggy(address)),
    );
  }
}

/** Whether an IPv4 address ends in .0 or .255, which some old equipment drops. */
function isBuggy(address: Address): boolean {
  const last = address.value & 0xffn;
  return address.family === 4 && (last === 0n || last === 255n);
}
