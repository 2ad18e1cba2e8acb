import { spawn } from "node:child_process";
import { insideHost } from "./processes.ts";

/** One captured frame: when, in milliseconds since 1970, and tcpdump's line with Ethernet addresses. */
export interface CapturedFrame {
  readonly at: number;
  readonly line: string;
}

/** Captures what a host sees until it is stopped. Resolves when tcpdump listens. @param filter as tcpdump has it */
export async function startCapture(host: string, filter: string): Promise<{ stop(): Promise<readonly CapturedFrame[]> }> {
  const [file = "", ...args] = insideHost(host, [
    "sh",
    "-c",
    `tcpdump -l -n -e -tt -i eth0 '${filter}' & read -r _; kill $!; wait`,
  ]);
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise<void>((resolve) => child.stderr.on("data", (chunk: Buffer) => chunk.includes("listening") && resolve()));
  const closed = new Promise((resolve) => child.on("close", resolve));
  return {
    async stop(): Promise<readonly CapturedFrame[]> {
      await new Promise((resolve) => setTimeout(resolve, 100));
      child.stdin.end("\n");
      await closed;
      return output
        .split("\n")
        .flatMap((line) => (/^\d+\.\d+ /.test(line) ? [{ at: Number.parseFloat(line) * 1000, line }] : []));
    },
  };
}

/** The Ethernet addresses that said of themselves, in these frames, that an address is theirs. */
export function claimants(frames: readonly CapturedFrame[], address: string): Set<string> {
  const says = frames.filter(({ line }) => line.includes(`Reply ${address} is-at`) || line.includes(`tgt is ${address},`));
  return new Set(says.flatMap(({ line }) => /^\S+ ((?:[0-9a-f]{2}:){5}[0-9a-f]{2}) >/.exec(line)?.[1] ?? []));
}
