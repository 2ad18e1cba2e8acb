import { spawn, spawnSync } from "node:child_process";
import { requireLab } from "./cluster.ts";
import { type Finished, LabError } from "./exec.ts";
import { hosts } from "./plan.ts";
import { insideHost } from "./processes.ts";

function commandOn(host: string, command: readonly string[], directory?: string): string[] {
  const known = hosts(requireLab()).map(({ name }) => name);
  if (!known.includes(host)) throw new LabError(`"${host}" is not a host of this lab; its hosts are ${known.join(", ")}`);
  if (command.length === 0) throw new LabError(`say what to run, such as: npm run lab -- exec ${host} -- ip address`);
  return insideHost(host, command, directory);
}

/** Runs a program on a host with this terminal's input, output and directory; resolves to its exit code. */
export function runAttached(host: string, command: readonly string[]): Promise<number> {
  const [file = "", ...args] = commandOn(host, command, process.cwd());
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** Runs a program on a host to its end and gives back what it wrote. */
export function run(host: string, command: readonly string[]): Finished {
  const [file = "", ...args] = commandOn(host, command);
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  return { code: status ?? 1, stdout, stderr };
}
