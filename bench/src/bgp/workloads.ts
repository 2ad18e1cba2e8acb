import { setTimeout as sleep } from "node:timers/promises";
import { announce, patience, run, type Sample, type Stage, setupFor } from "./cell.ts";
import { as, type Contestant } from "./contestant.ts";
import type { Place } from "./place.ts";

/** One cell of a table: what is done, and to whom it can be done. */
export interface Cell {
  readonly title: string;
  /** Names of contestants that cannot do it, or would take minutes. */
  readonly without: readonly string[];
  /** The column that ratios are made of. */
  readonly main: string;
  measure(place: Place, contestant: Contestant): Promise<Sample>;
}

/** One workload: its cells, and what it is about. */
export interface Workload {
  readonly title: string;
  readonly cells: readonly Cell[];
}

const dial = (count: number, holdTime = 90) =>
  ({ type: "dial", count, as: as.receiver, holdTime, milliseconds: patience }) as const;
const all = (count: number, except: readonly number[] = []) => ({ type: "held", count, milliseconds: patience, except }) as const;
const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Sessions up with nothing to tell, and counters at nothing. */
async function prepare({ tester, running }: Stage, receivers: number, size: number, keepsTimes = false): Promise<void> {
  await tester.tell(dial(receivers));
  if (running.announce === undefined) await tester.tell({ type: "dialFeeder", as: as.feeder, milliseconds: patience });
  // First tables and their markers get out of the way.
  await sleep(200);
  await tester.tell({ type: "reset", size, keepsTimes });
}

function announceCell(hosts: number, receivers: number, without: readonly string[]): Cell {
  return {
    title: `${hosts.toLocaleString("en")} prefixes to ${receivers}`,
    without,
    main: "announced",
    measure: (place, contestant) =>
      run(place, contestant, setupFor(receivers), async (stage) => {
        const { tester } = stage;
        await prepare(stage, receivers, hosts);
        const started = await announce(stage, hosts, 0);
        const there = await tester.tell(all(hosts));
        await sleep(100);
        await tester.tell({ type: "reset", size: hosts, keepsTimes: false });
        const again = await announce(stage, 0, hosts);
        const gone = await tester.tell(all(0));
        return {
          announced: there.at - started,
          withdrawn: gone.at - again,
          updates: there.updates,
          perUpdate: hosts / there.updates,
          kilobytes: there.octets / 1000,
        };
      }),
  };
}

/** Sessions first, or the table first: here the table is there when the sessions come up. */
function originCell(hosts: number, receivers: number): Cell {
  return {
    title: `${hosts.toLocaleString("en")} prefixes, known before ${receivers} sessions come up`,
    without: ["birdFed", "frr", "gobgp3", "gobgp4", "exabgp"],
    main: "whole",
    measure: (place, contestant) =>
      run(place, contestant, setupFor(receivers), async (stage) => {
        await announce(stage, hosts, 0);
        await sleep(1500);
        await stage.tester.tell({ type: "reset", size: hosts, keepsTimes: false });
        const { started } = await stage.tester.tell({ ...dial(receivers), size: hosts } as ReturnType<typeof dial>);
        const there = await stage.tester.tell(all(hosts));
        return { whole: there.at - started, updates: there.updates };
      }),
  };
}

function sessionsCell(count: number, without: readonly string[]): Cell {
  return {
    title: `${count} sessions`,
    without,
    main: "up",
    measure: (place, contestant) =>
      run(place, contestant, setupFor(count), async ({ tester }) => {
        const { started, up } = await tester.tell(dial(count));
        return { up: up - started };
      }),
  };
}

const churnSeconds = 10;
const churnRate = 1000;

/** Changes one after the other over the feeder's session, or by the contestant's own means. */
function churnCell(receivers: number, flaps: boolean): Cell {
  return {
    title: `${churnRate} changes a second for ${churnSeconds} s to ${receivers}${flaps ? ", while one peer flaps" : ""}`,
    // Their own means take a file or a process for each change.
    without: ["bird"],
    main: "p99",
    measure: (place, contestant) =>
      run(place, contestant, setupFor(receivers), async (stage) => {
        const { tester, running } = stage;
        const total = churnSeconds * churnRate;
        await prepare(stage, receivers, total, true);
        let isOver = false;
        const flapping = (async () => {
          while (flaps && !isOver) {
            await tester.tell({ type: "close", index: receivers - 1 });
            await sleep(200);
            await tester.tell({ type: "redial", index: receivers - 1, milliseconds: patience });
            await sleep(300);
          }
        })();
        const { sentAt } =
          running.churn === undefined
            ? await tester.tell({ type: "churn", from: 0, perSecond: churnRate, seconds: churnSeconds, as: as.feeder })
            : await running.churn(churnRate, churnSeconds);
        isOver = true;
        await flapping;
        const stable = flaps ? [receivers - 1] : [];
        await tester.tell(all(total, stable));
        const delays: number[] = [];
        for (let index = 0; index < receivers - stable.length; index++) {
          const { changedAt } = await tester.tell({ type: "times", index, from: 0, to: total });
          for (const [host, at] of changedAt.entries()) delays.push(at - (sentAt[host] ?? Number.NaN));
        }
        delays.sort((a, b) => a - b);
        return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), max: delays.at(-1) };
      }),
  };
}

/** A peer that tells us much; another one only wants its KEEPALIVEs. */
function feedCell(hosts: number): Cell {
  return {
    title: `${hosts.toLocaleString("en")} routes from one peer`,
    without: ["birdFed", "exabgp"],
    main: "taken",
    measure: (place, contestant) =>
      run(place, contestant, setupFor(1), async ({ tester, running }) => {
        // Hold time 3: a KEEPALIVE each second.
        await tester.tell(dial(1, 3));
        await tester.tell({ type: "dialFeeder", as: as.feeder, milliseconds: patience });
        await sleep(1500);
        await tester.tell({ type: "reset", size: 0, keepsTimes: false });
        const { started } = await tester.tell({ type: "feed", from: 0, to: hosts, isWithdrawal: false, as: as.feeder });
        let at: number;
        if (running.received === undefined) at = (await tester.tell({ type: "refresh", milliseconds: patience })).at;
        else {
          const end = started + patience;
          do at = Number(process.hrtime.bigint() / 1000n) / 1000;
          while (running.received() < hosts && at < end);
        }
        const { receivers, feederDowns } = await tester.tell({ type: "facts" });
        return { taken: at - started, silence: receivers[0]?.longestSilence, downs: feederDowns + (receivers[0]?.downs ?? 0) };
      }),
  };
}

/** How long a peer does not read, in seconds. */
const pauseSeconds = 60;

function slowPeerCell(hosts: number, receivers: number): Cell {
  return {
    title: `${hosts.toLocaleString("en")} prefixes to ${receivers}, one of which does not read for ${pauseSeconds} s`,
    without: ["bird", "exabgp", "gobgp3"],
    main: "announced",
    measure: (place, contestant) =>
      run(place, contestant, setupFor(receivers), async (stage) => {
        const { tester } = stage;
        await prepare(stage, receivers, hosts);
        await tester.tell({ type: "pause", index: 0 });
        const paused = performance.now();
        let [before, slowest, rounds] = [0, 0, 0];
        // The table comes and goes as long as nobody reads: what is owed must not pile up.
        while (performance.now() - paused < pauseSeconds * 1000) {
          const count = before === 0 ? hosts : 0;
          const started = await announce(stage, count, before);
          const there = await tester.tell(all(count, [0]));
          slowest = Math.max(slowest, there.at - started);
          before = count;
          rounds++;
          await sleep(500);
        }
        await tester.tell({ type: "resume", index: 0 });
        await tester.tell(all(before));
        const { receivers: facts } = await tester.tell({ type: "facts" });
        return { announced: slowest, rounds, downs: facts.reduce((sum, one) => sum + one.downs, 0) };
      }),
  };
}

const slow = ["gobgp3", "exabgp"];

/** The workloads, by the name that the command line knows. */
export const workloads: Readonly<Record<string, Workload>> = {
  announce: {
    title: "W1 and W2: announce, then withdraw, a table of host routes",
    cells: [
      announceCell(1000, 1, []),
      announceCell(1000, 4, []),
      announceCell(1000, 16, []),
      announceCell(10_000, 1, []),
      announceCell(10_000, 4, []),
      announceCell(10_000, 16, slow),
      announceCell(100_000, 1, slow),
      announceCell(100_000, 4, slow),
      announceCell(100_000, 16, [...slow, "gobgp4"]),
    ],
  },
  origin: { title: "W1, table first", cells: [originCell(100_000, 4)] },
  churn: {
    title: "W3 and W4: one change after the other, and the time until each peer has it",
    cells: [churnCell(4, false), churnCell(4, true)],
  },
  feed: { title: "W5: routes that come", cells: [feedCell(100_000), feedCell(1_050_000)] },
  sessions: {
    title: "W6: sessions come up all at once",
    cells: [sessionsCell(100, []), sessionsCell(250, ["exabgp"]), sessionsCell(500, ["exabgp"])],
  },
  slowPeer: { title: "W7: a peer that does not read", cells: [slowPeerCell(100_000, 4)] },
};
