import { join } from "node:path";
import { must } from "../../src/exec.ts";
import { run } from "../../src/hosts.ts";
import { root } from "../../src/paths.ts";
import { defaultOptions, hosts, namespaceOf } from "../../src/plan.ts";

/** Faults of the network between hosts of the lab, for tests of what is seen of them. Each is undone by the function beside it. */

const firstLink = (host: string): { readonly name: string; readonly mac: string; readonly ipv4: string } => {
  const link = hosts(defaultOptions).find(({ name }) => name === host)?.interfaces[0];
  if (link === undefined) throw new Error(`${host} has no interface`);
  return { name: link.name, mac: link.mac, ipv4: link.ipv4.replace(/\/.*/, "") };
};
const nft = (host: string, script: string): string => must(["ip", "netns", "exec", namespaceOf(host), "nft", script]);

/** Writes the Ethernet addresses of a node and others down at each other, or leaves them to ARP again. */
function writeNeighbors(node: string, others: readonly string[], state: "permanent" | "reachable"): void {
  for (const other of others)
    for (const [on, of] of [
      [node, firstLink(other)],
      [other, firstLink(node)],
    ] as const) {
      const neighbor = [of.ipv4, "lladdr", of.mac, "dev", firstLink(on).name, "nud", state];
      must(["ip", "-n", namespaceOf(on), "neigh", "replace", ...neighbor]);
    }
}

/** Nothing passes between a node and others that Layer2 speakers tell each other; everything else does, by neighbours that are written down. */
export function forbidArpBetween(node: string, others: readonly string[]): void {
  writeNeighbors(node, others, "permanent");
  const ports = `{ ${others.map((other) => `"p-${other}"`).join(", ")} }`;
  nft("lan", "add table bridge fault; add chain bridge fault pass { type filter hook forward priority 0; }");
  for (const way of [`iifname "p-${node}" oifname ${ports}`, `oifname "p-${node}" iifname ${ports}`])
    nft("lan", `add rule bridge fault pass ${way} ether type arp drop`);
}

export function allowArpBetween(node: string, others: readonly string[]): void {
  nft("lan", "delete table bridge fault");
  writeNeighbors(node, others, "reachable");
}

/** Resets every connection to the API server from a node, or from one of its pods. */
export function cutFromApiServer(node: string, pod?: string): void {
  const from = pod === undefined ? "" : `ip saddr ${pod} `;
  const hook = pod === undefined ? "output" : "forward";
  nft(node, `add table inet fault; add chain inet fault api { type filter hook ${hook} priority 0; }`);
  nft(node, `add rule inet fault api ${from}tcp dport 6443 reject with tcp reset`);
}

export function rejoinApiServer(node: string): void {
  nft(node, "delete table inet fault");
}

/** Sends 20,000 requests for an address in each of so many seconds. */
export function arpFlood(host: string, address: string, seconds: number): void {
  const program = join(root, "speaker/test/layer2/arpLoad.ts");
  const { code, stderr } = run(host, [process.execPath, program, firstLink(host).ipv4, address, "20000", String(seconds)]);
  if (code !== 0) throw new Error(stderr);
}
