import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LabError, waitFor } from "./exec.ts";
import { hostDirectory, logDirectory } from "./paths.ts";
import { namespaceOf } from "./plan.ts";

/**
 * Every host is one process tree: `unshare` in the host's network namespace makes a process and a mount namespace, whose first
 * process is a small script that starts the host's programs. Killing `unshare` kills them all at once, mounts included: that is
 * what a power failure looks like, and what makes `down` certain.
 */
interface Recorded {
  readonly pid: number;
  /** When the process started, in clock ticks since boot: tells it from a later process with the same number. */
  readonly startTime: string;
}

const recordOf = (host: string, name: string): string => join(hostDirectory(host), `${name}.pid.json`);

/** Starts the first process of a host. @param script bash, run as process 1 of the host; it must not end */
export function startHost(host: string, script: string): void {
  const init = join(hostDirectory(host), "init.sh");
  mkdirSync(hostDirectory(host), { recursive: true });
  writeFileSync(init, script, { mode: 0o755 });
  const isolate = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL", "--propagation", "private"];
  startProcess(host, "host", ["nsenter", `--net=/run/netns/${namespaceOf(host)}`, ...isolate, "bash", init]);
  const end = Date.now() + 5000;
  while (hostInit(host) === undefined && Date.now() < end) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/** Starts a program that outlives this one, with its output in .lab/logs, and records it under a name. */
export function startProcess(host: string, name: string, command: readonly string[]): void {
  mkdirSync(logDirectory, { recursive: true });
  mkdirSync(hostDirectory(host), { recursive: true });
  const log = openSync(join(logDirectory, name === "host" ? `${host}.log` : `${host}-${name}.log`), "a");
  const [file = "", ...args] = command;
  const child = spawn(file, args, { detached: true, stdio: ["ignore", log, log] });
  child.on("error", (error) => process.stderr.write(`lab: ${file}: ${error.message}\n`));
  child.unref();
  if (child.pid === undefined) throw new LabError(`${file} could not be started`);
  writeFileSync(
    recordOf(host, name),
    JSON.stringify({ pid: child.pid, startTime: startTime(child.pid) ?? "" } satisfies Recorded),
  );
}

/** Whether a recorded process is still the one that was started. */
export function isRunning(host: string, name = "host"): boolean {
  return runningPid(host, name) !== undefined;
}

/** The number of a recorded process that still runs. */
export function runningPid(host: string, name = "host"): number | undefined {
  if (!existsSync(recordOf(host, name))) return undefined;
  const { pid, startTime: recorded } = JSON.parse(readFileSync(recordOf(host, name), "utf8")) as Recorded;
  return startTime(pid) === recorded ? pid : undefined;
}

/** The first process inside a running host, as numbered outside: what nsenter needs. */
export function hostInit(host: string): number | undefined {
  const outer = runningPid(host);
  if (outer === undefined) return undefined;
  const children = readFileSync(`/proc/${outer}/task/${outer}/children`, "utf8").trim().split(" ");
  const inner = Number(children[0]);
  return Number.isInteger(inner) && inner > 0 ? inner : undefined;
}

/** Kills a recorded process at once and waits until it is gone. */
export async function kill(host: string, name = "host"): Promise<void> {
  const pid = runningPid(host, name);
  if (pid !== undefined) {
    const inner = name === "host" ? hostInit(host) : undefined;
    for (const target of [inner, pid]) {
      try {
        if (target !== undefined) process.kill(target, "SIGKILL");
      } catch {
        // It ended by itself in between.
      }
    }
    await waitFor(
      `the end of ${host}/${name}`,
      60_000,
      () => runningPid(host, name) === undefined && (inner === undefined || startTime(inner) === undefined),
      20,
    );
  }
  rmSync(recordOf(host, name), { force: true });
}

/** The command that runs another inside a running host, with all its namespaces, in a directory that the host sees. @throws LabError when the host is off */
export function insideHost(host: string, command: readonly string[], directory = "/"): string[] {
  const inner = hostInit(host);
  if (inner === undefined) throw new LabError(`${host} is off; npm run lab -- power-on ${host}`);
  return ["nsenter", "--target", String(inner), "--mount", "--net", "--pid", `--wdns=${directory}`, "--", ...command];
}

/** When a process started, in clock ticks since boot; undefined when there is none or it is a zombie. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
