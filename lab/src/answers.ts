import { requireLab } from "./cluster.ts";
import { LabError } from "./exec.ts";
import { run } from "./hosts.ts";
import { hosts } from "./plan.ts";

/** Asks a segment who has an address, from a host: the Ethernet addresses that answer, each once, sorted. IPv6 is asked by Neighbor Solicitation. */
export function whoAnswers(host: string, address: string, seconds = 1): string[] {
  const words = address.includes(":")
    ? ["ndisc6", "-m", "-n", "-r", "1", "-w", String(seconds * 1000), address, interfaceOf(host)]
    : ["arping", "-w", String(seconds), "-c", "100", "-I", interfaceOf(host), address];
  const { stdout } = run(host, words);
  return [...new Set(stdout.toLowerCase().match(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g) ?? [])].sort();
}

/** The host of the lab that has an Ethernet address; undefined for a stranger's. */
export function hostOfMac(mac: string): string | undefined {
  return hosts(requireLab()).find(({ interfaces }) => interfaces.some((link) => link.mac === mac))?.name;
}

/** The one host that answers for an address. @throws LabError when nobody does, several do, or a stranger */
export function ownerOf(address: string, from = "client"): string {
  const macs = whoAnswers(from, address);
  const [owner, ...more] = macs.map(hostOfMac);
  if (owner === undefined || more.length > 0) throw new LabError(`for ${address} answer: ${macs.join(", ") || "nobody"}`);
  return owner;
}

function interfaceOf(host: string): string {
  return hosts(requireLab()).find(({ name }) => name === host)?.interfaces[0]?.name ?? "eth0";
}
