import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import type { Sample } from "./cell.ts";
import { contestants } from "./contestants.ts";
import { Place } from "./place.ts";
import { type Row, tableOf } from "./report.ts";
import { type Cell, workloads } from "./workloads.ts";

const usage = `npm run bench -- bgp [--runs 5] [--only announce,sessions] [--with berth,bird] [--cell "100,000"] [--output file.md]
  workloads: ${Object.keys(workloads).join(", ")}
  who:       ${Object.keys(contestants).join(", ")}`;

function choose<T>(all: Readonly<Record<string, T>>, wanted: string | undefined): [string, T][] {
  if (wanted === undefined) return Object.entries(all);
  return wanted.split(",").map((name) => {
    const one = all[name];
    if (one === undefined) throw new RangeError(`"${name}" is not one of ${Object.keys(all).join(", ")}\n${usage}`);
    return [name, one];
  });
}

/** @throws RangeError for words that are not known */
function read(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = { runs: { ...text, default: "5" }, only: text, with: text, cell: text, output: text };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new RangeError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

/** Measures Berth's BGP beside its peers; rounds go through all contestants, so that a busy machine is busy for everyone. */
export async function bgp(args: readonly string[]): Promise<void> {
  const values = read(args);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new RangeError(`--runs: "${values.runs}" is no whole number from 1\n${usage}`);
  const chosen = choose(contestants, values.with);
  const wanted = choose(workloads, values.only);
  const isWanted = ({ title }: Cell): boolean => title.includes(values.cell ?? "");
  const cells = wanted.flatMap(([, workload]) => workload.cells);
  if (!cells.some(isWanted))
    throw new RangeError(`--cell: "${values.cell}" is in no title of ${cells.map(({ title }) => `"${title}"`).join(", ")}`);
  const place = new Place();
  const parts: string[] = [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${runs} runs a cell: median (lowest–highest).`,
    chosen.map(([, one]) => `${one.name} ${one.version()} (told by ${one.trigger})`).join("; "),
  ];
  try {
    for (const [, workload] of wanted) {
      parts.push(`### ${workload.title}`);
      for (const cell of workload.cells.filter(isWanted)) {
        const rows = new Map<string, Sample[]>();
        const failures = new Map<string, string>();
        for (let round = 0; round < runs; round++)
          for (const [name, contestant] of chosen) {
            if (cell.without.includes(name) || failures.has(name)) continue;
            try {
              const sample = await cell.measure(place, contestant);
              rows.set(name, [...(rows.get(name) ?? []), sample]);
              process.stderr.write(`bench: ${cell.title}: ${contestant.name} ${JSON.stringify(sample)}\n`);
            } catch (error) {
              // Whoever fails once would only fail again, after a minute.
              failures.set(name, error instanceof Error ? error.message : String(error));
              process.stderr.write(`bench: ${cell.title}: ${contestant.name}: ${failures.get(name)}\n`);
            }
          }
        const lines = chosen.flatMap(([name, contestant]): Row[] => {
          const failure = failures.get(name);
          if (failure !== undefined) return [{ name: contestant.name, failure }];
          const samples = rows.get(name);
          return samples === undefined ? [] : [{ name: contestant.name, samples }];
        });
        const table = tableOf(cell.title, cell.main, lines);
        process.stdout.write(`\n${table}\n`);
        parts.push(table);
      }
    }
  } finally {
    await place.close();
  }
  if (values.output !== undefined) {
    mkdirSync(dirname(values.output), { recursive: true });
    writeFileSync(values.output, `${parts.join("\n\n")}\n`);
  }
}
