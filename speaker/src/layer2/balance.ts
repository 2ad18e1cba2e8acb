import type { Contender, Tuning } from "./model.ts";

/** The share of one interface's addresses that a node owns, as it knows it. */
export interface Share {
  readonly owned: number;
  /** How many addresses there are for each node that could own one. */
  readonly mean: number;
  /** The owned ones that may go, those first that another node would have been asked first for. */
  readonly movable: readonly Contender[];
}

/** Counts the addresses of one interface that may move. */
export function shareOf(contenders: Iterable<Contender>, link: string): Share {
  let total = 0;
  let nodes = 1;
  const movable: Contender[] = [];
  for (const contender of contenders) {
    const { target, role } = contender;
    if (target.link !== link || !target.mayMove || (role !== "owner" && role !== "standby")) continue;
    total++;
    nodes = Math.max(nodes, target.candidates);
    if (role === "owner") movable.push(contender);
  }
  movable.sort((a, b) => b.target.rank - a.target.rank);
  return { owned: movable.length, mean: total / nodes, movable };
}

/** How many addresses a node has beyond what it may keep; not positive when it has none. */
export function surplusOf({ owned, mean }: Share, tuning: Tuning): number {
  return owned - Math.floor(Math.max(mean * tuning.balanceBound, mean + tuning.balanceSlack));
}
