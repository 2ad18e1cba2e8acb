import { spawnSync } from "node:child_process";

/** A mistake of the person at the keyboard, or a machine that lacks something: shown as one sentence, without a stack. */
export class LabError extends Error {}

/** What a finished program left. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and gives back what it wrote, whatever its exit code. */
export function attempt(
  command: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly timeout?: number } = {},
): Finished {
  const [file = "", ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8", maxBuffer: 1 << 28, ...options });
  return { code: status ?? 127, stdout: stdout ?? "", stderr: (stderr ?? "") + (error === undefined ? "" : String(error)) };
}

/** Runs a program that must succeed, and gives back its standard output. @throws LabError with the program's own words when it fails */
export function must(
  command: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const { code, stdout, stderr } = attempt(command, options);
  if (code !== 0)
    throw new LabError(`${command.join(" ")} failed with exit code ${code}: ${(stderr || stdout).trim().slice(-2000)}`);
  return stdout;
}

/** One line of progress, on standard error, so that standard output stays for results. */
export function progress(line: string): void {
  process.stderr.write(`lab: ${line}\n`);
}

/** Waits until a claim holds, asking every `interval` milliseconds. @throws LabError naming what did not happen, with the last problem */
export async function waitFor(
  what: string,
  timeout: number,
  isTrue: () => boolean | string | Promise<boolean | string>,
  interval = 200,
): Promise<void> {
  const end = Date.now() + timeout;
  for (;;) {
    const answer = await isTrue();
    if (answer === true) return;
    if (Date.now() > end)
      throw new LabError(
        `${what} did not happen within ${timeout / 1000} s${typeof answer === "string" ? `: ${answer}` : ""}; logs are in .lab/logs`,
      );
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
