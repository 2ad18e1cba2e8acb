import { type Address, type Family, formatAddress, parseAddress } from "../net/address.ts";
import type { Pool } from "./model.ts";
import { poolHas } from "./pool.ts";

/** The free addresses of the pools during one allocation. The search for the lowest address never used goes on where it stopped. */
export class FreeAddresses {
  readonly #used: ReadonlyMap<string, unknown>;
  readonly #freedAt: ReadonlyMap<string, number>;
  readonly #restedBefore: number;
  readonly #next = new Map<string, { range: number; value: bigint }>();
  #rested: readonly Address[] | undefined;
  readonly #resting = new Map<string, number>();

  /**
   * Both maps may change while this lives, as long as what leaves `used` enters `freedAt`.
   * @param used addresses in use, as text
   * @param freedAt when addresses that were used before were freed, in milliseconds since the epoch
   * @param restedBefore addresses freed after this instant still rest
   */
  constructor(used: ReadonlyMap<string, unknown>, freedAt: ReadonlyMap<string, number>, restedBefore: number) {
    this.#used = used;
    this.#freedAt = freedAt;
    this.#restedBefore = restedBefore;
  }

  /** The lowest address of the pool that was never used; else the one freed longest ago that has rested; undefined when there is none. */
  take(pool: Pool, family: Family): Address | undefined {
    return this.#neverUsed(pool, family) ?? this.#longestRested(pool, family);
  }

  /** How many addresses of a family and pool are free but still rest. */
  restingIn(pool: Pool, family: Family): number {
    const key = `${pool.name}#${family}`;
    const known = this.#resting.get(key);
    if (known !== undefined) return known;
    const count = [...this.#freedAt].filter(([text, at]) => {
      const address = at > this.#restedBefore && !this.#used.has(text) ? parseAddress(text) : undefined;
      return address?.family === family && poolHas(pool, address);
    }).length;
    this.#resting.set(key, count);
    return count;
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
        if (!this.#used.has(text) && !this.#freedAt.has(text) && poolHas(pool, address)) return address;
      }
    }
    return undefined;
  }

  #longestRested(pool: Pool, family: Family): Address | undefined {
    this.#rested ??= [...this.#freedAt]
      .filter(([, at]) => at <= this.#restedBefore)
      .sort((a, b) => a[1] - b[1])
      .flatMap(([text]) => parseAddress(text) ?? []);
    return this.#rested.find(
      (address) => address.family === family && poolHas(pool, address) && !this.#used.has(formatAddress(address)),
    );
  }
}
