import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { PeerFacts } from "../../src/bgp/facts.ts";
import type { Line } from "./speakerProcess.ts";

/** Addresses of both ends of the one link. */
export const routerAddress = { 4: "10.99.0.1", 6: "fd00:99::1" } as const;
export const hostAddress = { 4: "10.99.0.11", 6: "fd00:99::11" } as const;

/** A program that runs until it is ended. */
export interface Program {
  readonly process: ChildProcess;
  /** What it wrote to both outputs so far; the last of it. */
  said(): string;
  /** Ends it at once and waits until it is gone. */
  end(): Promise<void>;
}

/** Our BGP announcer in a process of its own, in the namespace of the host. */
export interface Speaker {
  tell(line: Line): void;
  peers(): Promise<readonly PeerFacts[]>;
  /** SIGKILL: no goodbye. */
  kill(): Promise<void>;
  /** A planned stop; resolves when the process has ended. */
  stop(): Promise<void>;
}

function must(command: readonly [string, ...string[]]): string {
  const [file, ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8" });
  assert.equal(status, 0, `${command.join(" ")}: ${error ?? stderr}`);
  return stdout;
}

/** Two network namespaces, "router" and "host", with one link between them, and a directory for files. */
export class Testbed {
  readonly router: string;
  readonly host: string;
  readonly directory: string;
  readonly #programs = new Set<Program>();

  constructor(name: string) {
    this.router = `berth-${name}-router`;
    this.host = `berth-${name}-host`;
    this.directory = mkdtempSync(join(tmpdir(), `berth-${name}-`));
    // Daemons give up root and must still find their files.
    chmodSync(this.directory, 0o777);
    for (const namespace of [this.router, this.host]) {
      spawnSync("ip", ["netns", "delete", namespace]);
      must(["ip", "netns", "add", namespace]);
    }
    const { router, host } = this;
    must(["ip", "-n", router, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", host]);
    for (const [namespace, end] of [
      [router, routerAddress],
      [host, hostAddress],
    ] as const) {
      must(["ip", "-n", namespace, "address", "add", `${end[4]}/24`, "dev", "eth0"]);
      must(["ip", "-n", namespace, "address", "add", `${end[6]}/64`, "dev", "eth0", "nodad"]);
      for (const link of ["lo", "eth0"]) must(["ip", "-n", namespace, "link", "set", link, "up"]);
    }
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  /** Runs a program in a namespace until it is ended. */
  start(namespace: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    const child = spawn("ip", ["netns", "exec", namespace, ...command], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let tail = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        tail = (tail + chunk.toString()).slice(-20_000);
      });
    const program: Program = {
      process: child,
      said: () => tail,
      end: async () => {
        this.#programs.delete(program);
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await gone;
      },
    };
    this.#programs.add(program);
    return program;
  }

  /** Runs a program in a namespace to its end, and gives back its standard output, whatever its exit code. */
  ask(namespace: string, command: readonly string[]): string {
    return spawnSync("ip", ["netns", "exec", namespace, ...command], { encoding: "utf8", maxBuffer: 1 << 28 }).stdout;
  }

  /** The speaker, in the namespace of the host. */
  speaker(): Speaker {
    const file = join(import.meta.dirname, "speakerProcess.ts");
    const program = this.start(this.host, [process.execPath, "--disable-warning=ExperimentalWarning", file]);
    const { stdin, stdout } = program.process;
    assert.ok(stdin !== null && stdout !== null);
    const answers = createInterface({ input: stdout });
    return {
      tell: (line) => void stdin.write(`${JSON.stringify(line)}\n`),
      peers: async () => {
        const answer = new Promise<string>((resolve) => answers.once("line", resolve));
        stdin.write("status\n");
        const text = await Promise.race([answer, sleep(30_000, "", { ref: false })]);
        assert.notEqual(text, "", `the speaker answers; it said: ${program.said()}`);
        return (JSON.parse(text) as { readonly peers: readonly PeerFacts[] }).peers;
      },
      kill: () => program.end(),
      stop: async () => {
        const gone = new Promise((resolve) => program.process.once("exit", resolve));
        stdin.end();
        await gone;
      },
    };
  }

  /** Ends every program in the router's namespace: daemons fork. */
  async clearRouter(): Promise<void> {
    for (const pid of must(["ip", "netns", "pids", this.router]).split("\n"))
      if (pid !== "") process.kill(Number(pid), "SIGKILL");
    await eventually(
      "the router's programs are gone",
      60,
      () => must(["ip", "netns", "pids", this.router]).trim(),
      (seen) => seen === "",
    );
  }

  async close(): Promise<void> {
    await this.clearRouter();
    for (const program of this.#programs) await program.end();
    for (const namespace of [this.router, this.host]) spawnSync("ip", ["netns", "delete", namespace]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Waits. @returns the longest time, in milliseconds, for which the machine did not let us run, though it should have */
export async function stillness(milliseconds: number): Promise<number> {
  const until = performance.now() + milliseconds;
  let longest = 0;
  for (let last = performance.now(); last < until; last = performance.now()) {
    await sleep(50);
    longest = Math.max(longest, performance.now() - last - 50);
  }
  return longest;
}

/** Asks again and again until a claim holds. @returns what was seen then @throws AssertionError with what was seen last */
export async function eventually<T>(
  claim: string,
  seconds: number,
  attempt: () => T | Promise<T>,
  holds: (seen: T) => boolean,
): Promise<T> {
  const until = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await attempt();
    if (holds(seen)) return seen;
    assert.ok(
      performance.now() < until,
      `${claim}, within ${seconds} s; last seen: ${typeof seen === "string" ? seen : JSON.stringify(seen, undefined, 1)}`,
    );
    await sleep(100);
  }
}
