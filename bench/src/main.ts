/** npm run bench -- <name> [words]: measurements of Berth, beside its peers where there are any. */
import { ensureBenchTools } from "../../lab/src/setup/setup.ts";
import { allocate } from "./allocate.ts";
import { bgp } from "./bgp/bgp.ts";
import { measureFailover } from "./failover.ts";
import { measurePage } from "./page.ts";
import { preview } from "./preview.ts";
import { measureSpread } from "./spread.ts";

const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  allocate,
  bgp: async (args) => {
    await ensureBenchTools();
    await bgp(args);
  },
  failover: measureFailover,
  page: measurePage,
  preview,
  spread: measureSpread,
};
const wanted = process.argv[2] ?? "";
const bench = benches[wanted];
if (bench === undefined) {
  process.stderr.write(
    `bench: "${wanted}" is not one of ${Object.keys(benches).join(", ")}; such as: npm run bench -- allocate\n`,
  );
  process.exitCode = 2;
} else
  try {
    await bench(process.argv.slice(3));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Words that are not known: what would be right is what counts, not where it was noticed.
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = 2;
  }
