import { spawnSync } from "node:child_process";
import { exposeMany, failoverOfShare, ownersOfMany, speakerCpu } from "../../lab/src/manyAddresses.ts";
import { root } from "../../lab/src/paths.ts";

/** Seconds without a change before the idle speakers are measured, and for how long they are. */
const settle = 60;
const idle = 30;

/**
 * Many Layer2 addresses on three nodes: how even the shares are, what an idle speaker costs, and how long the failover of one node's share takes.
 * Usage: npm run bench -- spread [addresses]
 */
export async function measureSpread(words: readonly string[]): Promise<void> {
  const count = Number(words[0] ?? 1000);
  if (!Number.isInteger(count) || count < 3 || count > 4000)
    throw new Error(`spread ${words[0]}: say a whole number from 3 to 4000`);
  if (spawnSync("npm", ["start"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] }).status !== 0)
    throw new Error("npm start failed");
  await exposeMany(count);
  const owners = [...ownersOfMany()].sort(([a], [b]) => (a < b ? -1 : 1));
  const most = Math.max(...owners.map(([, addresses]) => addresses.length));
  process.stdout.write(
    `${count} addresses: ${owners.map(([node, addresses]) => `${node} ${addresses.length}`).join(", ")}; the most is ${((most * 3) / count).toFixed(2)} times the mean\n`,
  );
  await new Promise((resolve) => setTimeout(resolve, settle * 1000));
  for (const [node] of owners)
    process.stdout.write(`idle speaker on ${node}: ${(100 * (await speakerCpu(node, idle))).toFixed(1)} % of a core\n`);
  const [victim, addresses] = owners[0] ?? ["", []];
  const times = [...(await failoverOfShare(victim, addresses)).values()].sort((a, b) => a - b);
  process.stdout.write(
    `power-off of ${victim}: its ${times.length} addresses were claimed by others after ${times[0]?.toFixed(0)} to ${times.at(-1)?.toFixed(0)} ms, half of them within ${times[Math.floor(times.length / 2)]?.toFixed(0)} ms\n`,
  );
}
