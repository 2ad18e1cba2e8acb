import type { Sample } from "./cell.ts";

/** A contestant in one table. */
export type Row =
  | { readonly name: string; readonly samples: readonly Sample[] }
  | { readonly name: string; readonly failure: string };

const titles: Readonly<Record<string, string>> = {
  announced: "announced, ms",
  withdrawn: "withdrawn, ms",
  whole: "all whole, ms",
  up: "all up, ms",
  taken: "taken, ms",
  updates: "UPDATEs",
  perUpdate: "prefixes per UPDATE",
  kilobytes: "kB per peer",
  cpu: "CPU, ms",
  rss: "memory, MB",
  foreign: "foreign CPU, %",
  p50: "p50, ms",
  p99: "p99, ms",
  max: "max, ms",
  silence: "longest silence, ms",
  downs: "sessions lost",
  rounds: "rounds",
};

/** The middle of numbers; the mean of the two in the middle when they are even in count. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? Number.NaN) : ((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? 0)) / 2;
}

const short = (value: number): string => (Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0));

function cellOf(samples: readonly Sample[], column: string): string {
  const numbers = samples.flatMap((sample) => sample[column] ?? []);
  if (numbers.length === 0) return "–";
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const middle = short(median(numbers));
  return numbers.length === 1 || short(low) === short(high) ? middle : `${middle} (${short(low)}–${short(high)})`;
}

/** A table in Markdown; the last column is how many times as long as the first row the median of the main column is. */
export function tableOf(title: string, main: string, rows: readonly Row[]): string {
  const measured = rows.flatMap((row) => ("samples" in row ? [row] : []));
  const columns = [...new Set(measured.flatMap(({ samples }) => samples.flatMap((sample) => Object.keys(sample))))];
  const middle = (samples: readonly Sample[]): number => median(samples.flatMap((sample) => sample[main] ?? []));
  const [first] = measured;
  const lines = rows.map((row) => {
    if ("failure" in row) return `| ${row.name} | ${row.failure} |${" |".repeat(columns.length)}`;
    const ratio = first === undefined ? Number.NaN : middle(row.samples) / middle(first.samples);
    return `| ${row.name} | ${columns.map((column) => cellOf(row.samples, column)).join(" | ")} | ${ratio.toFixed(2)} |`;
  });
  return [
    `**${title}**`,
    "",
    `| | ${columns.map((column) => titles[column] ?? column).join(" | ")} | × Berth |`,
    `| - |${" -: |".repeat(columns.length + 1)}`,
    ...lines,
  ].join("\n");
}
