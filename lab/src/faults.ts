import { requireLab } from "./cluster.ts";
import { attempt, LabError, must } from "./exec.ts";
import { heal, partition, setCable } from "./network.ts";
import { loadImages, speakerProcesses, startNode } from "./node.ts";
import { hosts, namespaceOf, nodeNames } from "./plan.ts";
import { insideHost, isRunning, kill } from "./processes.ts";

/** Checks that a node exists. @throws LabError that names the nodes there are */
function requireNode(name: string): string {
  const names = nodeNames(requireLab());
  if (!names.includes(name)) throw new LabError(`"${name}" is not a node of this lab; its nodes are ${names.join(", ")}`);
  return name;
}

/** Everything on a node dies at once, and its cable with it. */
export async function powerOff(name: string): Promise<void> {
  setCable(requireNode(name), false);
  await kill(name);
}

/** A node comes back as after a power failure: its disk is as it was, nothing runs. */
export async function powerOn(name: string): Promise<void> {
  const node = hosts(requireLab()).find((host) => host.name === requireNode(name));
  if (node === undefined || isRunning(name)) return;
  clearNode(name);
  setCable(name, true);
  startNode(node);
  await loadImages(name);
}

/** Pulls a node's cable. */
export function unplug(name: string): void {
  setCable(requireNode(name), false);
}

/** Plugs a node's cable in again. */
export function plug(name: string): void {
  setCable(requireNode(name), true);
}

/** Cuts the LAN: these hosts on one side, the rest on the other. @param list host names, comma separated */
export function cut(list: string): void {
  const options = requireLab();
  const known = hosts(options).map((host) => host.name);
  const names = list.split(",").filter((name) => name !== "");
  const unknown = names.filter((name) => !known.includes(name));
  if (names.length === 0 || unknown.length > 0)
    throw new LabError(`"${unknown.join(",") || list}" is not a host of this lab; its hosts are ${known.join(", ")}`);
  partition(names, options);
}

/** Joins the LAN again. */
export function join(): void {
  heal(requireLab());
}

/** Stops a node's speaker without killing it; `thaw` lets it go on. */
export function freeze(name: string): void {
  signalSpeaker(requireNode(name), "STOP");
}

/** Lets a frozen speaker go on. */
export function thaw(name: string): void {
  signalSpeaker(requireNode(name), "CONT");
}

/** Keeps the main thread of a node's speaker busy for two seconds. */
export function stall(name: string): void {
  signalSpeaker(requireNode(name), "USR2");
}

/** What a power failure takes with it: interfaces of pods, packet filters, addresses of the pod bridge. */
function clearNode(name: string): void {
  const namespace = namespaceOf(name);
  attempt(["ip", "netns", "exec", namespace, "nft", "flush", "ruleset"]);
  attempt(["ip", "-n", namespace, "link", "delete", "cni0"]);
}

function signalSpeaker(name: string, signal: "STOP" | "CONT" | "USR2"): void {
  must(insideHost(name, ["kill", `-${signal}`, ...speakerProcesses(name)]));
}
