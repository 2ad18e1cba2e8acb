import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { kubectl } from "../src/controlPlane.ts";
import { root } from "../src/paths.ts";

/** Runs an npm script in the root of the repository and gives back its exit code and everything it wrote. */
export function npm(...args: string[]): { readonly code: number; readonly output: string } {
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  return { code: status ?? 1, output: stdout + stderr };
}

/** Tries a claim until it holds. @throws AssertionError when it does not within so many seconds */
export async function eventually(claim: string, seconds: number, holds: () => boolean): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    assert.ok(Date.now() < end, `${claim}: not within ${seconds} s`);
    await sleep(50);
  }
}

/** Applies a manifest as the lab's administrator. @throws AssertionError with kubectl's words when it is refused */
export function apply(manifest: string): void {
  const { code, stderr } = kubectl(["apply", "-f", "-"], manifest);
  assert.equal(code, 0, stderr);
}

/** The addresses that a Service of the namespace "demo" holds. */
export function addressesOf(service: string): string[] {
  const { stdout } = kubectl(["get", "service", "-n", "demo", service, "-o", "jsonpath={.status.loadBalancer.ingress[*].ip}"]);
  return stdout.split(" ").filter((text) => text !== "");
}

/** Runs kubectl as the lab's administrator and gives back what it printed. @throws AssertionError when it fails */
export function kube(...words: string[]): string {
  const { code, stdout, stderr } = kubectl(words);
  assert.equal(code, 0, `kubectl ${words.join(" ")}: ${stderr}`);
  return stdout;
}
