import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { apiPort, ensureCertificates, relayPort } from "./certificates.ts";
import { kubectl, startControlPlane, stopControlPlane } from "./controlPlane.ts";
import { attempt, LabError, progress } from "./exec.ts";
import { buildImages } from "./images.ts";
import { buildNetwork, isPlugged, labNamespaces, removeNetwork } from "./network.ts";
import { forgetNode, loadImages, removeCgroups, startNode, waitForNodes, weighPods } from "./node.ts";
import { kubeconfigPath, runDirectory } from "./paths.ts";
import { controlAddress, defaultOptions, hosts, type LabOptions, nodeNames } from "./plan.ts";
import { isRunning, kill, startHost } from "./processes.ts";
import { startRouter } from "./router.ts";
import { ensureSetup, requireMachine } from "./setup/setup.ts";

const optionsFile = join(runDirectory, "options.json");

/** What the running lab was asked for; undefined when there is none. */
export function runningOptions(): LabOptions | undefined {
  return existsSync(optionsFile) ? (JSON.parse(readFileSync(optionsFile, "utf8")) as LabOptions) : undefined;
}

/** What the running lab was asked for. @throws LabError when there is no lab */
export function requireLab(): LabOptions {
  const options = runningOptions();
  if (options === undefined) throw new LabError("there is no lab yet; npm run lab -- up");
  return options;
}

/**
 * Brings the lab up, or repairs what is missing of it. Options that are not given stay as the running lab has them.
 * @throws LabError when a running lab has another router or other segments, or when something does not come up in time
 */
export async function up(wanted: Partial<LabOptions> = {}): Promise<void> {
  requireMachine();
  const running = runningOptions();
  const options: LabOptions = { ...defaultOptions, ...running, ...wanted };
  if (
    running !== undefined &&
    (running.router !== options.router || running.segments !== options.segments || running.nodes > options.nodes)
  ) {
    throw new LabError(`a lab with ${JSON.stringify(running)} is up; npm run lab -- down first`);
  }
  if (running === undefined) refuseForeignLab();
  await ensureSetup();
  buildImages();
  const started = Date.now();
  mkdirSync(runDirectory, { recursive: true });
  writeFileSync(optionsFile, JSON.stringify(options));
  progress("network namespaces, cables, addresses");
  buildNetwork(options);
  ensureCertificates();
  for (const host of ["client", "outside"])
    if (!isRunning(host)) startHost(host, "#!/bin/bash\nwhile :; do sleep 3600 & wait; done\n");
  progress("control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler (some 15 s)");
  await startControlPlane();
  grantKubelets();
  await startRouter(options);
  const nodes = hosts(options).filter((host) => nodeNames(options).includes(host.name));
  progress(`nodes: ${nodes.map((node) => node.name).join(", ")}: containerd, kubelet, kube-proxy (some 10 s)`);
  weighPods(nodes.length);
  const fresh = nodes.filter((node) => startNode(node));
  for (const node of fresh) await loadImages(node.name);
  await waitForNodes(nodes.map((node) => node.name));
  progress(`up in ${((Date.now() - started) / 1000).toFixed(1)} s; KUBECONFIG=${kubeconfigPath}`);
}

/** One machine has room for one lab: the names of its namespaces are fixed. @throws LabError when programs run in them that this clone did not start */
function refuseForeignLab(): void {
  const inUse = labNamespaces().filter((name) => attempt(["ip", "netns", "pids", name]).stdout.trim() !== "");
  if (inUse.length > 0)
    throw new LabError(
      `a lab that was started from another directory runs in ${inUse.join(", ")}; end it there with npm run lab -- down`,
    );
}

/** Ends everything that belongs to the lab, and removes its namespaces, mounts and state. Build outputs stay. */
export async function down(): Promise<void> {
  requireMachine();
  if (runningOptions() === undefined) refuseForeignLab();
  const named = ["client", "outside", "router", ...labNamespaces().map((name) => name.replace(/^berth-/, ""))];
  const nodes = new Set([...nodeNames(runningOptions() ?? defaultOptions), ...named.filter((name) => /^node\d+$/.test(name))]);
  for (const host of new Set([...nodes, ...named])) if (host !== "control" && host !== "lan") await kill(host);
  await stopControlPlane();
  for (const node of nodes) {
    removeCgroups(node);
    forgetNode(node);
  }
  removeNetwork();
  rmSync(runDirectory, { recursive: true, force: true });
  rmSync(kubeconfigPath, { force: true });
  progress("down: nothing of the lab is left but build outputs in .lab/");
}

/** What is running, as lines for people. */
export function status(): string {
  const options = requireLab();
  const rows = hosts(options).map((host) => {
    const isNode = nodeNames(options).includes(host.name);
    const cable = isNode ? (isPlugged(host.name) ? "plugged" : "unplugged") : "";
    return [
      host.name,
      isRunning(host.name) ? "on" : "off",
      cable,
      host.interfaces.map((link) => `${link.name} ${link.ipv4} ${link.ipv6}`).join(", "),
    ];
  });
  const table = [["HOST", "POWER", "CABLE", "INTERFACES"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const cluster = kubectl(["get", "nodes", "-o", "wide"]);
  return [
    ...lines,
    "",
    `API server: https://${controlAddress}:${apiPort}, from this machine https://127.0.0.1:${relayPort}; router: ${options.router}`,
    "",
    cluster.stdout.trim() || cluster.stderr.trim(),
  ].join("\n");
}

/** What is running and how much memory it takes, by host, as lines for people. */
export function capacity(): string {
  const options = requireLab();
  const rows = [...hosts(options).map((host) => host.name), "total"].map((name) => [name, 0, 0] as [string, number, number]);
  const total = rows.at(-1);
  for (const row of rows.slice(0, -1)) {
    const { stdout } = attempt([
      "bash",
      "-c",
      `for pid in $(ip netns pids berth-${row[0]} 2>/dev/null); do awk '/^Pss:/{print $2}' /proc/$pid/smaps_rollup 2>/dev/null; done`,
    ]);
    for (const line of stdout.split("\n").filter((text) => text !== "")) {
      row[1] += 1;
      row[2] += Number(line);
      if (total !== undefined) {
        total[1] += 1;
        total[2] += Number(line);
      }
    }
  }
  return [
    "HOST      PROCESSES  MEMORY",
    ...rows.map(
      ([name, count, kilobytes]) =>
        `${name.padEnd(8)}  ${String(count).padStart(9)}  ${(kilobytes / 1024).toFixed(0).padStart(4)} MB`,
    ),
  ].join("\n");
}

/** The API server may speak to kubelets, and nodes may be registered by their own certificates: RBAC has the rest. */
function grantKubelets(): void {
  const binding = [
    "create",
    "clusterrolebinding",
    "lab-kubelet-api",
    "--clusterrole=system:kubelet-api-admin",
    "--user=kube-apiserver-kubelet-client",
  ];
  if (kubectl(["get", "clusterrolebinding", "lab-kubelet-api"]).code !== 0) kubectl(binding);
}
