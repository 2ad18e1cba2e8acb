import { spawn } from "node:child_process";
import { dirname } from "node:path";

/** The root of the repository. */
export const root = dirname(import.meta.dirname);

/** One named command; its exit code says whether it holds. */
export interface Stage {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

/** What a stage came to: whether it passed, how long it took in seconds, and the tests it counted. */
export interface StageResult {
  readonly name: string;
  readonly isPassed: boolean;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
}

/** Runs a stage with its output shown as it comes; node:test's closing lines are read for the counts. */
export function runStage(stage: Stage): Promise<StageResult> {
  const [file, ...args] = stage.command;
  const started = Date.now();
  process.stdout.write(`\n=== ${stage.name}\n`);
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, env: { ...process.env, ...stage.env }, stdio: ["ignore", "pipe", "inherit"] });
    let tail = "";
    child.stdout.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString()).slice(-8192);
    });
    const finish = (code: number | null): void => {
      const count = (word: string): number => Number(new RegExp(`^\\W*${word} (\\d+)`, "m").exec(tail)?.[1] ?? 0);
      const seconds = (Date.now() - started) / 1000;
      const result = { name: stage.name, isPassed: code === 0, seconds, passed: count("pass"), failed: count("fail") };
      process.stdout.write(
        `--- ${stage.name}: ${result.isPassed ? "ok" : `failed with exit code ${code}`} in ${seconds.toFixed(1)} s\n`,
      );
      resolve(result);
    };
    child.on("error", (error) => {
      process.stdout.write(`${String(error)}\n`);
      finish(127);
    });
    child.on("close", finish);
  });
}

/** Prints one line for each stage and a closing line, and returns the exit code: 0 only when every stage passed. */
export function summarize(results: readonly StageResult[]): number {
  process.stdout.write("\n");
  for (const { name, isPassed, seconds, passed, failed } of results) {
    const tests = passed + failed > 0 ? `, ${passed} passed, ${failed} failed` : "";
    process.stdout.write(`${isPassed ? "ok    " : "FAILED"} ${name} (${seconds.toFixed(1)} s${tests})\n`);
  }
  const sum = (pick: (result: StageResult) => number): number => results.reduce((total, result) => total + pick(result), 0);
  const failedStages = results.filter((result) => !result.isPassed && result.failed === 0).length;
  process.stdout.write(`${sum((result) => result.passed)} passed, ${sum((result) => result.failed) + failedStages} failed\n`);
  return results.every((result) => result.isPassed) ? 0 : 1;
}
