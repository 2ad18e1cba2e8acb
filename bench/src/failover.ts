import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { up } from "../../lab/src/cluster.ts";
import { kubectl } from "../../lab/src/controlPlane.ts";
import { root } from "../../lab/src/paths.ts";
import { type Fault, failover, faults, keepPodsOn, type Trial, waitForSpeaker } from "../../lab/src/trial.ts";
import { median } from "./bgp/report.ts";

/** The node that serves and takes no part in Layer2, so that what is measured is who answers, not where pods run. */
const servingNode = "node4";

/**
 * Failover in the lab as a client sees it: the longest time without a fresh TCP connection, one opened every 10 ms, over many trials.
 * Usage: npm run bench -- failover [trials] [fault,fault…]
 */
export async function measureFailover(words: readonly string[]): Promise<void> {
  const trials = Number(words[0] ?? 20);
  const chosen = (words[1]?.split(",") ?? Object.keys(faults)).filter((name): name is Fault => name in faults);
  if (!Number.isInteger(trials) || trials < 1 || chosen.length === 0)
    throw new Error(`failover ${words.join(" ")}: say how many trials, and faults of ${Object.keys(faults).join(", ")}`);
  const address = await prepare();
  for (const fault of chosen) {
    const seen: Trial[] = [];
    for (let count = 0; count < trials; count++) {
      const trial = await failover(fault, address);
      seen.push(trial);
      process.stdout.write(`${line(trial)}\n`);
      await sleep(1000);
    }
    process.stdout.write(`${summary(fault, seen)}\n\n`);
  }
}

/** A lab of four nodes with Berth on it; the pods of the page on one that no address is announced from. @returns the address */
async function prepare(): Promise<string> {
  if (spawnSync("npm", ["start"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] }).status !== 0)
    throw new Error("npm start failed");
  await up({ nodes: 4 });
  await waitForSpeaker(servingNode);
  kubectl(["label", "node", servingNode, "node.kubernetes.io/exclude-from-external-load-balancers=", "--overwrite"]);
  keepPodsOn("page", [servingNode]);
  await sleep(2000);
  return kubectl(["get", "service", "-n", "demo", "layer2-page", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"]).stdout;
}

function line({ fault, owner, successor, struck, undone, after }: Trial): string {
  const gaps = `${String(struck.longestGap).padStart(5)} ms without a connection, ${struck.failures.length} of ${struck.attempts} failed`;
  const back = `${String(undone.longestGap).padStart(4)} ms when it came back, ${undone.failures.length} failed`;
  return `${fault.padEnd(9)} ${owner} -> ${successor}: ${gaps}; ${back}${after === successor ? "" : `; moved to ${after}`}`;
}

function summary(fault: Fault, trials: readonly Trial[]): string {
  const of = (name: string, values: readonly number[]): string => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
    return `${fault}, ${name}: ${sorted.length} trials, median ${median(sorted)} ms, 90 % ${at(0.9)} ms, maximum ${at(1)} ms\n  ${sorted.join(" ")}`;
  };
  const moved = trials.filter(({ successor, after }) => successor !== after).length;
  return [
    of(
      "longest gap",
      trials.map(({ struck }) => struck.longestGap),
    ),
    of(
      "longest gap when the former owner came back",
      trials.map(({ undone }) => undone.longestGap),
    ),
    `${fault}: the address moved back ${moved} times`,
  ].join("\n");
}
