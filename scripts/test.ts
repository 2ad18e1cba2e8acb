/**
 * All checks and tests, in the order in which a mistake is cheapest to see.
 * Usage: npm test | npm run test:unit | npm run test:lab
 */
import { globSync } from "node:fs";
import { root, runStage, type Stage, type StageResult, summarize } from "./stages.ts";

/** A node:test run over the files that match; an empty match is a failure, not a pass. */
function tests(
  name: string,
  patterns: readonly string[],
  options: { readonly isSerial?: boolean; readonly endsItself?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Stage {
  const files = globSync([...patterns], { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] }).sort();
  if (files.length === 0) throw new Error(`${name}: no test file matches ${patterns.join(", ")}`);
  // What a failed test leaves running must not hold up the others. A file that is ended so may lose reports of tests that passed.
  const force = options.endsItself === true ? [] : ["--test-force-exit"];
  const concurrency = options.isSerial === true ? ["--test-concurrency=1"] : [];
  const command: [string, ...string[]] = ["node", "--test", ...force, "--test-reporter=spec", ...concurrency, ...files];
  return { name, command, ...(options.env === undefined ? {} : { env: options.env }) };
}

const check: Stage = { name: "checks", command: ["node", "scripts/check.ts"] };
/** @param env BERTH_RUNS: with how many random cases properties of allocation and schedules of ownership are tried; 10,000 unless said otherwise */
const unit = (env: Readonly<Record<string, string>> = {}): Stage =>
  tests(
    "unit tests",
    [
      "{api,provider,policy,speaker,lab,bench}/src/**/*.test.ts",
      "template/*.test.ts",
      "lab/kubernetes-plugin/*.test.ts",
      "scripts/*.test.ts",
    ],
    // They start nothing that could go on.
    { env, endsItself: true },
  );
const tools: Stage = { name: "tools for the lab", command: ["node", "lab/src/setup/main.ts"] };
const sdks: Stage = { name: "generated SDKs are current", command: ["node", "scripts/generate.ts", "--check"] };
const apiServer = (): Stage =>
  tests(
    "tests against a real API server",
    [
      "api/test/**/*.test.ts",
      "provider/test/**/*.test.ts",
      "policy/test/**/*.test.ts",
      "lab/test/examples/samples.test.ts",
      "speaker/test/controller/**/*.test.ts",
      "lab/kubernetes-plugin/test/**/*.test.ts",
    ],
    { isSerial: true },
  );
const interop = (): Stage =>
  tests("interoperation in network namespaces", ["speaker/test/interop/**/*.test.ts", "lab/interop/**/*.test.ts"], {
    isSerial: true,
  });
/** What a person reads on the page, in Debian's Chromium, of a cluster that is made up. */
const page = (): Stage => tests("the page in Chromium", ["speaker/test/page/**/*.test.ts"], { isSerial: true });
/** The same of the lab's cluster, with a certificate from a Secret, and a node that dies. By itself, as the next ones, until it has run often enough beside the rest. */
const pageInLab = (): Stage => tests("the page in the lab", ["lab/test/page/*.test.ts"], { isSerial: true });
const layer2 = (): Stage =>
  tests("Layer2 with real speakers in network namespaces", ["speaker/test/layer2/**/*.test.ts"], { isSerial: true });
const lab = (): Stage => tests("the lab, end to end", ["lab/test/*.test.ts"], { isSerial: true });
/** MetalLB's rows with an external router, what restarts cost, and the command line for BGP: long, and run by itself. */
const rows = (): Stage => tests("rows of BGP in the lab", ["lab/test/rows/*.test.ts"], { isSerial: true });
/** Every example in the lab, in each language: long, and run by itself. */
const examples = (): Stage => tests("examples in the lab", ["lab/test/examples/examples.test.ts"], { isSerial: true });

/** Broken set-ups that the command line explains, and every alert, while Prometheus scrapes. */
const observe = (): Stage => tests("broken set-ups in the lab", ["lab/test/observe/*.test.ts"], { isSerial: true });

const plans: Readonly<Record<string, readonly (() => Stage)[]>> = {
  all: [() => check, () => unit(), () => tools, () => sdks, apiServer, page, interop, layer2, lab],
  unit: [() => unit({ BERTH_RUNS: "1000" })],
  layer2: [layer2],
  page: [() => tools, page],
  pageInLab: [() => tools, pageInLab],
  lab: [() => tools, lab],
  rows: [() => tools, rows],
  examples: [() => tools, examples],
  observe: [() => tools, observe],
};
const wanted = process.argv[2] ?? "all";
const plan = plans[wanted];
if (plan === undefined) {
  process.stderr.write(`npm test knows ${Object.keys(plans).join(", ")}; not "${wanted}"\n`);
  process.exit(2);
}
const results: StageResult[] = [];
for (const stage of plan) results.push(await runStage(stage()));
process.exit(summarize(results));
