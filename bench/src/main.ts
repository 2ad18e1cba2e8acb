/** npm run bench -- <name>: measurements on a real API server, as ratios within one run. */
import { allocate } from "./allocate.ts";

const benches: Readonly<Record<string, () => Promise<void>>> = { allocate };
const wanted = process.argv[2] ?? "";
const bench = benches[wanted];
if (bench === undefined) {
  process.stderr.write(
    `bench: "${wanted}" is not one of ${Object.keys(benches).join(", ")}; such as: npm run bench -- allocate\n`,
  );
  process.exitCode = 2;
} else await bench();
