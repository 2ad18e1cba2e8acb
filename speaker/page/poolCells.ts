import type { PoolRow } from "../src/console/model.ts";
import { type Address, formatAddress, parseAddress } from "../src/net/address.ts";

/** What an address of a pool is now. */
export type CellState = "used" | "resting" | "reserved" | "free";

/** One address of a pool, or addresses between two that are not drawn: then `skipped` counts them. */
export interface PoolCell {
  readonly address: string;
  readonly state: CellState;
  readonly users: readonly string[];
  /** Until when it rests, RFC 3339; else empty. */
  readonly until: string;
  readonly skipped?: string;
}

/** A pool of at most so many addresses is drawn whole. */
const drawnAddresses = 4096n;

/** The addresses of a pool in order. A pool that is too large has only those in use and resting, and between them how many are left out. */
export function cellsOf(pool: PoolRow): { readonly cells: readonly PoolCell[]; readonly isWhole: boolean } {
  const users = new Map(pool.map.map(({ address, users: names }) => [address, names]));
  const resting = new Map(pool.resting.map(({ address, until }) => [address, until]));
  const cellOf = (address: Address, isReserved: boolean): PoolCell => {
    const text = formatAddress(address);
    const names = users.get(text);
    const until = resting.get(text) ?? "";
    const isAvoided = pool.avoidsBuggyIps && address.family === 4 && [0n, 255n].includes(address.value & 0xffn);
    const state = names !== undefined ? "used" : isReserved || isAvoided ? "reserved" : until === "" ? "free" : "resting";
    return { address: text, state, users: names ?? [], until };
  };
  const blocks = pool.blocks.flatMap(({ first, count, isReserved }) => {
    const address = parseAddress(first);
    return address === undefined ? [] : [{ address, count: BigInt(count), isReserved }];
  });
  const isWhole = blocks.reduce((sum, { count }) => sum + count, 0n) <= drawnAddresses;
  if (isWhole)
    return {
      isWhole,
      cells: blocks.flatMap(({ address, count, isReserved }) =>
        Array.from({ length: Number(count) }, (_, index) =>
          cellOf({ family: address.family, value: address.value + BigInt(index) }, isReserved),
        ),
      ),
    };
  const shown = [...users.keys(), ...resting.keys()].flatMap((text) => parseAddress(text) ?? []);
  return {
    isWhole,
    cells: blocks
      .filter(({ isReserved }) => !isReserved)
      .flatMap(({ address: { family, value }, count }) => {
        const inside = shown
          .filter((one) => one.family === family && one.value >= value && one.value < value + count)
          .sort((a, b) => (a.value < b.value ? -1 : 1));
        let next = value;
        const cells = inside.flatMap((one) => {
          const before = gap(one.value - next);
          next = one.value + 1n;
          return [...before, cellOf(one, false)];
        });
        return [...cells, ...gap(value + count - next)];
      }),
  };
}

function gap(count: bigint): PoolCell[] {
  return count > 0n ? [{ address: "", state: "free", users: [], until: "", skipped: String(count) }] : [];
}

/** How the cells are laid out. */
export function cellRows(count: number): { readonly perRow: number; readonly count: number } {
  const perRow = count <= 16 ? 16 : count <= 256 ? 32 : 64;
  return { perRow, count: Math.ceil(count / perRow) };
}
