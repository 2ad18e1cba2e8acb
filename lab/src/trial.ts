import { setTimeout as sleep } from "node:timers/promises";
import { ownerOf } from "./answers.ts";
import { kubectl } from "./controlPlane.ts";
import { LabError, waitFor } from "./exec.ts";
import { freeze, plug, powerOff, powerOn, thaw, unplug } from "./faults.ts";
import { run } from "./hosts.ts";
import { type LoadResult, startLoad } from "./load.ts";
import { waitForNodes } from "./node.ts";

/** What can happen to the node that answers for an address, and how it is undone. */
export const faults = {
  "power-off": { strike: powerOff, undo: powerOn },
  freeze: { strike: freeze, undo: thaw },
  unplug: { strike: unplug, undo: plug },
} as const;

export type Fault = keyof typeof faults;

/** One failover as a client saw it. */
export interface Trial {
  readonly fault: Fault;
  readonly owner: string;
  readonly successor: string;
  /** While the fault struck. */
  readonly struck: LoadResult;
  /** While it was undone and the former owner came back. */
  readonly undone: LoadResult;
  /** Who answers after that. */
  readonly after: string;
}

/** How long the client is watched after the fault, and after the former owner is back. */
const watched = 3000;

/**
 * Strikes the owner of an address, and undoes it, each under a client's load. The pods that serve must stand on other nodes.
 * @throws LabError when not exactly one host answers before or after
 */
export async function failover(fault: Fault, address: string): Promise<Trial> {
  const owner = ownerOf(address);
  try {
    const struck = await under(address, () => faults[fault].strike(owner));
    const successor = ownerOf(address);
    const undone = await under(address, () => undo(fault, owner));
    return { fault, owner, successor, struck, undone, after: ownerOf(address) };
  } catch (error) {
    await undo(fault, owner);
    throw error;
  }
}

async function undo(fault: Fault, node: string): Promise<void> {
  await faults[fault].undo(node);
  await waitForNodes([node]);
  await waitForSpeaker(node);
}

/** What the client sees while something is done, and for some time after. */
async function under(address: string, act: () => void | Promise<void>): Promise<LoadResult> {
  const load = await startLoad("client", address);
  await act();
  await sleep(watched);
  return load.stop();
}

/** Waits until a node's speaker says of itself that it is ready: what the cluster knows of a node that was off is old. */
export async function waitForSpeaker(node: string): Promise<void> {
  await waitFor(`a speaker that is ready on ${node}`, 120_000, () => {
    const { code, stdout, stderr } = run(node, [
      "curl",
      "-sS",
      "--fail-with-body",
      "--max-time",
      "1",
      "http://127.0.0.1:7472/readyz",
    ]);
    return code === 0 || stdout + stderr;
  });
}

/** Keeps the pods of a Deployment on these nodes, and waits until they are there and nowhere else. */
export function keepPodsOn(deployment: string, nodes: readonly string[]): void {
  const hostname = { key: "kubernetes.io/hostname", operator: "In", values: nodes };
  const terms = { nodeSelectorTerms: [{ matchExpressions: [hostname] }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
  const patch = JSON.stringify({ spec: { template: { spec: { affinity } } } });
  for (const words of [
    ["patch", "deployment", deployment, "-n", "demo", "-p", patch],
    ["rollout", "status", `deployment/${deployment}`, "-n", "demo", "--timeout=90s"],
  ]) {
    const { code, stdout, stderr } = kubectl(words);
    if (code !== 0) throw new LabError(`kubectl ${words[0]} ${words[1]}: ${(stderr || stdout).trim()}`);
  }
}
