/**
 * Runs programs through the real engine, one after the other, on one stack. A process of its own, as `pulumi up` is one. Reads programs from
 * standard input, each a JSON string on a line, and answers each with a JSON line: whether it failed, what was said, what changed.
 * Usage: node followGuide.ts <kubeconfig>
 */
import { createInterface } from "node:readline";
import { compileFunction } from "node:vm";
import * as berth from "@berth/pulumi";
import { createEngine } from "./engine.ts";

/** No speaker runs here: `up` does not wait until the address is announced. */
class ExposedService extends berth.ExposedService {
  constructor(name: string, args: berth.ExposedServiceArgs, options?: ConstructorParameters<typeof berth.ExposedService>[2]) {
    super(name, { ...args, awaitAddress: false }, options);
  }
}

const engine = await createEngine(process.argv[2] ?? "");
let isWell = true;
for await (const line of createInterface({ input: process.stdin })) {
  const run = compileFunction(JSON.parse(line) as string, ["berth"]) as (library: typeof berth) => void;
  const { failure, said, changes } = await engine.up(() => void run({ ...berth, ExposedService }));
  process.stdout.write(`${JSON.stringify({ failure, said, changes })}\n`);
  isWell &&= !failure;
}
engine.remove();
process.exit(isWell ? 0 : 1);
