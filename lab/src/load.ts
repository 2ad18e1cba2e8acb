import { spawn } from "node:child_process";
import { join } from "node:path";
import { LabError } from "./exec.ts";
import { root } from "./paths.ts";
import { insideHost } from "./processes.ts";

/** What a client saw that opened a fresh TCP connection every 10 ms. All times in milliseconds; `at` counts from `startedAt`. */
export interface LoadResult {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly attempts: number;
  readonly connected: number;
  /** Connections refused, or not there after a second. */
  readonly failures: readonly { readonly at: number; readonly error: string }[];
  /** Times without a connection that came about, from 50 ms on. */
  readonly gaps: readonly { readonly at: number; readonly milliseconds: number }[];
  readonly longestGap: number;
}

/** Connects to an address every 10 ms from a host of the lab until it is stopped. */
export interface Load {
  /** Ends the load a second after the last attempt, when its fate is known. */
  stop(): Promise<LoadResult>;
}

/** Starts a load on a host and waits a moment, so that it runs when this resolves. */
export async function startLoad(host: string, address: string, port = 80): Promise<Load> {
  const [file = "", ...args] = insideHost(host, [process.execPath, join(root, "lab/src/connect.ts"), address, String(port)]);
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const closed = new Promise((resolve) => child.on("close", resolve));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  return {
    async stop(): Promise<LoadResult> {
      child.stdin.end();
      await closed;
      if (output === "") throw new LabError(`the load from ${host} to ${address} ended without a result`);
      return JSON.parse(output) as LoadResult;
    },
  };
}
