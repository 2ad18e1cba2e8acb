import { attempt, must } from "./exec.ts";
import {
  addressesOf,
  type Host,
  hosts,
  type Interface,
  type LabOptions,
  namespaceOf,
  nodeNames,
  nodeNumber,
  podSubnets,
} from "./plan.ts";

/** The namespace that holds the bridges. */
const lan = namespaceOf("lan");
const bridgeOf = (segment: number): string => `segment${segment}`;
const portOf = (host: string): string => `p-${host}`;

/** Makes what is missing of the namespaces, bridges, cables and addresses. What is there stays as it is. */
export function buildNetwork(options: LabOptions): void {
  const existing = namespaces();
  if (!existing.has(lan)) must(["ip", "netns", "add", lan]);
  for (const segment of options.segments === 2 ? [1, 2] : [1]) ensureBridge(segment);
  must(["ip", "-n", lan, "link", "set", "lo", "up"]);
  const all = hosts(options);
  for (const host of all) {
    if (!existing.has(namespaceOf(host.name))) must(["ip", "netns", "add", namespaceOf(host.name)]);
  }
  for (const host of all) connect(host);
  for (const host of all) route(host, all, options);
}

/** Removes the namespaces of the lab, and with them every interface. */
export function removeNetwork(): void {
  for (const name of labNamespaces()) must(["ip", "netns", "delete", name]);
}

/** Which of the lab's own namespaces exist. */
export function labNamespaces(): string[] {
  const ours = /^berth-(control|lan|router|client|outside|node\d+)$/;
  return [...namespaces()].filter((name) => ours.test(name)).sort();
}

/** Pulls a node's cable out, or plugs it in again. */
export function setCable(node: string, isPlugged: boolean): void {
  must(["ip", "-n", lan, "link", "set", portOf(node), isPlugged ? "up" : "down"]);
}

/** Whether a node's cable is plugged in. */
export function isPlugged(node: string): boolean {
  return / state UP|LOWER_UP/.test(attempt(["ip", "-n", lan, "link", "show", portOf(node)]).stdout);
}

/** Cuts the LAN in two: these hosts on one side, everybody else on the other. */
export function partition(names: readonly string[], options: LabOptions): void {
  for (const segment of options.segments === 2 ? [1, 2] : [1]) ensureBridge(segment + 10);
  for (const host of hosts(options)) {
    const [first] = host.interfaces;
    if (first !== undefined && first.segment !== 0 && names.includes(host.name))
      must(["ip", "-n", lan, "link", "set", portOf(host.name), "master", bridgeOf(first.segment + 10)]);
  }
}

/** Joins the two halves of the LAN again. */
export function heal(options: LabOptions): void {
  for (const host of hosts(options)) {
    const [first] = host.interfaces;
    if (first !== undefined && first.segment !== 0)
      must(["ip", "-n", lan, "link", "set", portOf(host.name), "master", bridgeOf(first.segment)]);
  }
}

function namespaces(): Set<string> {
  const listing = must(["ip", "-j", "netns", "list"]).trim();
  const rows = (listing === "" ? [] : JSON.parse(listing)) as { readonly name: string }[];
  return new Set(rows.map(({ name }) => name));
}

function ensureBridge(segment: number): void {
  if (attempt(["ip", "-n", lan, "link", "show", bridgeOf(segment)]).code === 0) return;
  must(["ip", "-n", lan, "link", "add", bridgeOf(segment), "type", "bridge", "mcast_snooping", "0"]);
  must(["ip", "-n", lan, "link", "set", bridgeOf(segment), "up"]);
}

function connect(host: Host): void {
  const namespace = namespaceOf(host.name);
  must(["ip", "-n", namespace, "link", "set", "lo", "up"]);
  for (const setting of [
    "net.ipv6.conf.all.accept_dad=0",
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.all.accept_ra=0",
    "net.ipv6.conf.default.accept_ra=0",
  ]) {
    must(["ip", "netns", "exec", namespace, "sysctl", "-qw", setting]);
  }
  for (const link of host.interfaces) {
    if (attempt(["ip", "-n", namespace, "link", "show", link.name]).code !== 0) addCable(host, link);
    must(["ip", "-n", namespace, "address", "replace", link.ipv4, "dev", link.name]);
    must(["ip", "-n", namespace, "address", "replace", link.ipv6, "dev", link.name, "nodad"]);
  }
}

/** A cable from a host to its bridge; segment 0 is a cable from the outside host straight to the router. */
function addCable(host: Host, link: Interface): void {
  const namespace = namespaceOf(host.name);
  if (link.segment === 0) {
    const [near, far] = host.name === "router" ? [namespace, namespaceOf("outside")] : [namespaceOf("router"), namespace];
    must(["ip", "-n", near, "link", "add", "eth1", "type", "veth", "peer", "name", "eth0", "netns", far]);
    must(["ip", "-n", near, "link", "set", "eth1", "address", "02:be:00:00:00:01", "up"]);
    must(["ip", "-n", far, "link", "set", "eth0", "address", "02:be:00:00:00:02", "up"]);
    return;
  }
  const port = host.name === "router" && link.segment === 2 ? "p-router2" : portOf(host.name);
  must(["ip", "-n", lan, "link", "add", port, "type", "veth", "peer", "name", link.name, "netns", namespace]);
  must(["ip", "-n", namespace, "link", "set", link.name, "address", link.mac, "up"]);
  must(["ip", "-n", lan, "link", "set", port, "master", bridgeOf(link.segment), "up"]);
}

function route(host: Host, all: readonly Host[], options: LabOptions): void {
  const namespace = namespaceOf(host.name);
  const isNode = !Number.isNaN(nodeNumber(host.name));
  const sysctl = (...settings: string[]): string => must(["ip", "netns", "exec", namespace, "sysctl", "-qw", ...settings]);
  if (host.gateway !== undefined) {
    must(["ip", "-n", namespace, "route", "replace", "default", "via", host.gateway.ipv4]);
    must(["ip", "-n", namespace, "-6", "route", "replace", "default", "via", host.gateway.ipv6]);
  }
  if (host.name === "router" || isNode) {
    sysctl(
      "net.ipv4.ip_forward=1",
      "net.ipv6.conf.all.forwarding=1",
      "net.ipv4.conf.all.rp_filter=0",
      "net.ipv4.conf.default.rp_filter=0",
    );
  }
  if (host.name === "router")
    sysctl("net.ipv4.fib_multipath_hash_policy=1", "net.ipv6.fib_multipath_hash_policy=1", "net.ipv4.conf.all.send_redirects=0");
  const isRouter = host.name === "router";
  if (host.name !== "control" && !isRouter && !isNode) return;
  for (const name of nodeNames(options)) {
    const node = all.find((candidate) => candidate.name === name);
    if (node === undefined || name === host.name) continue;
    const subnets = podSubnets(nodeNumber(name));
    const isNear = isRouter || node.interfaces[0]?.segment === host.interfaces[0]?.segment;
    const via = isNear ? addressesOf(node) : host.gateway;
    if (via === undefined) continue;
    must(["ip", "-n", namespace, "route", "replace", subnets.ipv4, "via", via.ipv4]);
    must(["ip", "-n", namespace, "-6", "route", "replace", subnets.ipv6, "via", via.ipv6]);
  }
}
