import { as, type Contestant, feederAddress, type Running, receiverAddress, type Setup } from "./contestant.ts";
import { costOf, machineCpu, type Place, Tester } from "./place.ts";

/** What one run of one cell gave: numbers by the name of their column; undefined where a contestant cannot be measured. */
export type Sample = Readonly<Record<string, number | undefined>>;

/** The stage of one run: a contestant that has just started, and the measuring process. */
export interface Stage {
  readonly running: Running;
  readonly tester: Tester;
  readonly place: Place;
}

/** A wait that is longer than any sensible answer, in milliseconds. */
export const patience = 60_000;

/** Peers for so many receivers, and one that feeds routes. */
export function setupFor(receivers: number, isPassive = true): Setup {
  return {
    peers: [
      ...Array.from({ length: receivers }, (_, index) => ({ address: receiverAddress(index), as: as.receiver })),
      { address: feederAddress, as: as.feeder },
    ],
    isPassive,
  };
}

/** Starts a contestant and a tester, measures, and ends both. Every run has processes of its own: nobody is warm. */
export async function run(
  place: Place,
  contestant: Contestant,
  setup: Setup,
  measure: (stage: Stage) => Promise<Sample>,
): Promise<Sample> {
  try {
    const running = await contestant.start(place, setup);
    const tester = new Tester(place);
    await tester.tell({ type: "facts" });
    const machine = machineCpu();
    const [own, theirs] = [process.cpuUsage(), costOf(running.pid).cpu];
    const sample = await measure({ running, tester, place });
    const after = machineCpu();
    const cost = costOf(running.pid);
    const ours = process.cpuUsage(own);
    const known = cost.cpu - theirs + (ours.user + ours.system) / 1000 + tester.cost().cpu;
    const foreign = (100 * Math.max(0, after.busy - machine.busy - known)) / Math.max(1, after.all - machine.all);
    return { ...sample, cpu: cost.cpu - theirs, rss: cost.rss, foreign };
  } finally {
    await place.clear();
  }
}

/** Makes the first hosts of the table the contestant's: by its own means, or over the feeder's session. @returns when */
export async function announce({ running, tester }: Stage, count: number, before: number): Promise<number> {
  if (running.announce !== undefined) return running.announce(count);
  const isWithdrawal = count < before;
  const [from, to] = isWithdrawal ? [count, before] : [before, count];
  return (await tester.tell({ type: "feed", from, to, isWithdrawal, as: as.feeder })).started;
}
