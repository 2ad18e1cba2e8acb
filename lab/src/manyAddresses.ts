import { setTimeout as sleep } from "node:timers/promises";
import { hostOfMac } from "./answers.ts";
import { startCapture } from "./capture.ts";
import { kubectl } from "./controlPlane.ts";
import { LabError, must, waitFor } from "./exec.ts";
import { powerOff } from "./faults.ts";
import { run } from "./hosts.ts";
import { speakerProcesses } from "./node.ts";
import { insideHost } from "./processes.ts";

const pool = "10.99.0.0/20";
const clockTicks = 100;

/** One Service for each address, all on the page's pods. The client reaches the addresses on its own segment. */
export async function exposeMany(count: number): Promise<void> {
  const eip = {
    apiVersion: "network.kubesphere.io/v1alpha2",
    kind: "Eip",
    metadata: { name: "many" },
    spec: { address: pool, protocol: "layer2" },
  };
  const services = Array.from({ length: count }, (_, index) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `many-${index}`, namespace: "demo", annotations: { "eip.openelb.kubesphere.io/v1alpha2": "many" } },
    spec: {
      type: "LoadBalancer",
      allocateLoadBalancerNodePorts: false,
      selector: { app: "page" },
      ports: [{ port: 80, targetPort: 8080 }],
    },
  }));
  const { code, stderr } = kubectl(
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: [eip, ...services] }),
  );
  if (code !== 0) throw new LabError(`kubectl apply: ${stderr.trim().slice(-1000)}`);
  run("client", ["ip", "route", "replace", pool, "dev", "eth0"]);
  await waitFor(
    `a report for each of ${count} addresses`,
    180_000,
    () => {
      const found = [...ownersOfMany().values()].reduce((sum, addresses) => sum + addresses.length, 0);
      return found === count || `${found} reports`;
    },
    1000,
  );
}

/** Which of the many addresses each node announces, as the nodes report. */
export function ownersOfMany(): Map<string, string[]> {
  const path = "jsonpath={range .items[*]}{.status.node} {.status.address} {.status.announcing}{'\\n'}{end}";
  const { stdout } = kubectl(["get", "serviceannouncements", "-n", "demo", "-o", path]);
  const owners = new Map<string, string[]>();
  for (const line of stdout.split("\n")) {
    const [node = "", address = "", announcing] = line.split(" ");
    if (announcing !== "true" || !address.startsWith("10.99.")) continue;
    owners.set(node, [...(owners.get(node) ?? []), address]);
  }
  return owners;
}

/** Powers a node off and tells, for each of its addresses, after how many milliseconds the client heard another node claim it; Infinity: not in time. */
export async function failoverOfShare(node: string, addresses: readonly string[]): Promise<Map<string, number>> {
  const capture = await startCapture("client", "arp");
  await sleep(500);
  const struckAt = Date.now();
  await powerOff(node);
  await sleep(4000);
  const after = new Map(addresses.map((address): [string, number] => [address, Number.POSITIVE_INFINITY]));
  for (const { at, line } of await capture.stop()) {
    const [, mac = "", address = ""] = /^\S+ (\S+) > .*Reply (\S+) is-at/.exec(line) ?? [];
    const known = after.get(address);
    if (known === undefined || at < struckAt || hostOfMac(mac) === node) continue;
    after.set(address, Math.min(known, at - struckAt));
  }
  return after;
}

/** The share of one core that a node's speaker takes, over some seconds. */
export async function speakerCpu(node: string, seconds: number): Promise<number> {
  const ticks = (): number =>
    speakerProcesses(node).reduce((sum, pid) => {
      const stat = must(insideHost(node, ["cat", `/proc/${pid}/stat`]));
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return sum + Number(fields[11]) + Number(fields[12]);
    }, 0);
  const before = ticks();
  await sleep(seconds * 1000);
  return (ticks() - before) / clockTicks / seconds;
}
