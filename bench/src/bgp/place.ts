import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Answers, Command } from "./commands.ts";

const namespace = "berth-bench";

/** A command line that has not answered after so many milliseconds is ended: GoBGP's hangs at times, and answers when it is asked again. */
const askMilliseconds = 5000;

/** A network namespace whose loopback has every address that is measured with, and a directory for files. */
export class Place {
  readonly directory = mkdtempSync(join(tmpdir(), "berth-bench-"));
  readonly #programs = new Set<ChildProcess>();

  constructor() {
    chmodSync(this.directory, 0o777);
    spawnSync("ip", ["netns", "delete", namespace]);
    for (const command of [
      ["netns", "add", namespace],
      ["-n", namespace, "link", "set", "lo", "up"],
      // An address with a short prefix makes the whole network local.
      ...["10.1.0.1/16", "10.2.0.1/16", "10.3.0.1/16"].map((text) => ["-n", namespace, "address", "add", text, "dev", "lo"]),
    ]) {
      const { status, stderr } = spawnSync("ip", command, { encoding: "utf8" });
      if (status !== 0) throw new Error(`ip ${command.join(" ")}: ${stderr}`);
    }
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string): string {
    const file = this.file(name);
    writeFileSync(file, text);
    return file;
  }

  start(command: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn("ip", ["netns", "exec", namespace, ...command], {
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...process.env, ...env },
    });
    this.#programs.add(child);
    // A pipe that nobody empties stops who writes to it.
    child.stdout?.resume();
    return child;
  }

  /** @returns what a command says; nothing when it does not end in time */
  ask(command: readonly string[]): string {
    const { stdout, error } = spawnSync("ip", ["netns", "exec", namespace, ...command], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      timeout: askMilliseconds,
      killSignal: "SIGKILL",
    });
    return error === undefined ? stdout : "";
  }

  /** Ends every program in the namespace, and waits until all are gone. */
  async clear(): Promise<void> {
    for (;;) {
      const pids = spawnSync("ip", ["netns", "pids", namespace], { encoding: "utf8" }).stdout.split("\n");
      const left = pids.filter((pid) => pid !== "");
      if (left.length === 0) break;
      for (const pid of left) {
        try {
          process.kill(Number(pid), "SIGKILL");
        } catch {
          // It ended by itself.
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#programs.clear();
  }

  async close(): Promise<void> {
    await this.clear();
    spawnSync("ip", ["netns", "delete", namespace]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The measuring process. */
export class Tester {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #next = 0;

  constructor(place: Place) {
    const file = join(import.meta.dirname, "tester.ts");
    this.#child = place.start([process.execPath, "--disable-warning=ExperimentalWarning", file]);
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("the tester has no output");
    createInterface({ input: stdout }).on("line", (line) => {
      const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    this.#child.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the tester ended with exit code ${code}`));
    });
  }

  cost(): Cost {
    return costOf(this.#child.pid ?? 0);
  }

  tell<C extends Command>(command: C): Promise<Answers[C["type"]]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as Answers[C["type"]]), reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, command })}\n`);
    });
  }
}

/** What processes cost: CPU in milliseconds since they began, and the most memory that they held, in megabytes. */
export interface Cost {
  readonly cpu: number;
  readonly rss: number;
}

/** The cost of a process and its descendants. */
export function costOf(pid: number): Cost {
  let cpu = 0;
  let rss = 0;
  for (const one of [pid, ...descendants(pid)]) {
    try {
      const stat = readFileSync(`/proc/${one}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      cpu += (Number(fields[11]) + Number(fields[12])) * 10;
      rss += Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/status`, "utf8"))?.[1] ?? 0) / 1024;
    } catch {
      // It ended in between.
    }
  }
  return { cpu, rss };
}

function descendants(pid: number): number[] {
  const { stdout } = spawnSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  const children = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** CPU time of the whole machine that was not idle, and of all of it, in milliseconds since it began. */
export function machineCpu(): { readonly busy: number; readonly all: number } {
  const fields = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "").split(/\s+/).slice(1, 9).map(Number);
  const all = fields.reduce((sum, value) => sum + value, 0) * 10;
  return { busy: all - ((fields[3] ?? 0) + (fields[4] ?? 0)) * 10, all };
}
