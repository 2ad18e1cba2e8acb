import { setTimeout as sleep } from "node:timers/promises";
import { ownerOf } from "./answers.ts";
import { kubectl } from "./controlPlane.ts";
import { LabError, waitFor } from "./exec.ts";
import { freeze, plug, powerOff, powerOn, thaw, unplug } from "./faults.ts";
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
  const load = await startLoad("client", address);
  await faults[fault].strike(owner);
  await sleep(watched);
  const struck = await load.stop();
  const successor = ownerOf(address);
  const second = await startLoad("client", address);
  await faults[fault].undo(owner);
  await waitForNodes([owner]);
  await waitForSpeaker(owner);
  await sleep(watched);
  const undone = await second.stop();
  return { fault, owner, successor, struck, undone, after: ownerOf(address) };
}

/** Waits until a node's speaker is Ready. */
export async function waitForSpeaker(node: string): Promise<void> {
  const words = ["get", "pods", "-n", "berth-system", "-l", "app.kubernetes.io/component=speaker"];
  const path = `jsonpath={.items[?(@.spec.nodeName=="${node}")].status.containerStatuses[0].ready}`;
  await waitFor(`a speaker that is Ready on ${node}`, 90_000, () => {
    const { stdout, stderr } = kubectl([...words, "-o", path]);
    return stdout.trim() === "true" || stdout + stderr;
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
