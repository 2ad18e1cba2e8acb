import { existsSync, globSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { ensureNodeCertificate } from "./certificates.ts";
import { kubectl, quote } from "./controlPlane.ts";
import { attempt, LabError, must, progress, waitFor } from "./exec.ts";
import { imageArchives } from "./images.ts";
import { bin, hostDirectory, pkiDirectory } from "./paths.ts";
import { addressesOf, type Host, nodeNumber, podCidrs, podSubnets } from "./plan.ts";
import { hostInit, insideHost, isRunning, startHost } from "./processes.ts";

/** Starts a node's containerd, kubelet and kube-proxy unless they run. @returns whether it had to be started */
export function startNode(node: Host): boolean {
  if (isRunning(node.name)) return false;
  const directory = hostDirectory(node.name);
  for (const sub of ["containerd", "kubelet", "log", "cni"]) mkdirSync(join(directory, sub), { recursive: true });
  const { ipv4, ipv6 } = addressesOf(node);
  const subnets = podSubnets(nodeNumber(node.name));
  const credentials = ensureNodeCertificate(node);
  writeFileSync(join(directory, "containerd.toml"), containerdConfig(join(directory, "cni")));
  writeFileSync(join(directory, "cni", "10-bridge.conflist"), JSON.stringify(cniConfig(subnets), null, 2));
  writeFileSync(join(directory, "kubelet.yaml"), stringify(kubeletConfig(node.name, credentials)));
  writeFileSync(join(directory, "proxy.yaml"), stringify(proxyConfig(node.name)));
  const kubelet = [
    bin("kubelet"),
    `--config=${join(directory, "kubelet.yaml")}`,
    `--kubeconfig=${credentials.kubeconfig}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${ipv4},${ipv6}`,
    "--v=1",
  ];
  const programs = [
    ["containerd", "--config", join(directory, "containerd.toml")],
    kubelet,
    [bin("kube-proxy"), `--config=${join(directory, "proxy.yaml")}`],
  ];
  startHost(node.name, nodeScript(directory, programs));
  return true;
}

/** Waits until a node's containerd answers and gives it the images that the lab has. */
export async function loadImages(node: string, archives: readonly string[] = imageArchives()): Promise<void> {
  await waitFor(
    `containerd on ${node}`,
    30_000,
    () => hostInit(node) !== undefined && attempt(insideHost(node, ["ctr", "version"])).code === 0,
  );
  for (const archive of archives) must(insideHost(node, ["ctr", "--namespace", "k8s.io", "images", "import", archive]));
}

/**
 * Lets the pods of all nodes together weigh as much against the lab's own programs as kubelets let them weigh on machines of their own: 1024 for
 * each processor of each node. They share one control group, which would otherwise weigh as much as one thread of the API server.
 */
export function weighPods(nodes: number): void {
  const shares = nodes * availableParallelism() * 1024;
  const isFirst = existsSync("/sys/fs/cgroup/cpu/cpu.shares");
  const group = isFirst ? "/sys/fs/cgroup/cpu/k8s.io" : "/sys/fs/cgroup/k8s.io";
  mkdirSync(group, { recursive: true });
  // cgroup v2 counts from 1 to 10,000 where the first version counts from 2 to 262,144.
  const [name, weight] = isFirst ? ["cpu.shares", shares] : ["cpu.weight", 1 + Math.floor(((shares - 2) * 9999) / 262_142)];
  if (existsSync(join(group, name))) writeFileSync(join(group, name), String(weight));
}

/** Gives an image of a node another tag: the same image, as far as what runs is concerned, and another one to Kubernetes. */
export function tagImage(node: string, tag: string, as: string): void {
  must(insideHost(node, ["ctr", "--namespace", "k8s.io", "images", "tag", "--force", tag, as]));
}

/** Waits until these nodes are Ready. */
export async function waitForNodes(nodes: readonly string[]): Promise<void> {
  await waitFor("the readiness of the nodes", 120_000, () => {
    const { stdout, stderr } = kubectl(["get", "nodes", "--no-headers"]);
    const ready = stdout.split("\n").flatMap((line) => (/^(\S+)\s+Ready\b/.test(line) ? [line.split(/\s+/)[0] ?? ""] : []));
    return nodes.every((name) => ready.includes(name)) || (stdout + stderr).trim();
  });
}

/** Removes the control groups that a dead node's pods and their containers left. */
export function removeCgroups(node: string): void {
  const bundles = join(hostDirectory(node), "containerd/io.containerd.runtime.v2.task/k8s.io");
  for (const container of existsSync(bundles) ? readdirSync(bundles) : [])
    for (const group of globSync([`/sys/fs/cgroup/k8s.io/${container}`, `/sys/fs/cgroup/*/k8s.io/${container}`]))
      attempt(["rmdir", group]);
  const groups = must(["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", `*/berth-${node}*`]).trim();
  for (const group of groups === "" ? [] : groups.split("\n")) {
    if (existsSync(group) && attempt(["rmdir", group]).code !== 0) progress(`the control group ${group} is still in use`);
  }
}

/** Removes what a node keeps on disk. */
export function forgetNode(node: string): void {
  rmSync(hostDirectory(node), { recursive: true, force: true });
}

/** The numbers, as seen outside, of the processes of a node's Berth speaker. */
export function speakerProcesses(node: string): string[] {
  const inside = insideHost(node, ["pgrep", "-f", "/berth/main.js speaker"]);
  const { stdout } = attempt(inside);
  if (stdout.trim() === "") throw new LabError(`no Berth speaker runs on ${node}`);
  return stdout.trim().split("\n");
}

function nodeScript(directory: string, programs: readonly (readonly string[])[]): string {
  const mounts = [
    "mount --make-rshared /",
    "mount -t tmpfs tmpfs /run",
    "mkdir -p /run/netns /run/lock /var/lib/containerd /var/lib/kubelet /var/lib/cni /var/log",
    `mount --bind ${quote([join(directory, "containerd")])} /var/lib/containerd`,
    `mount --bind ${quote([join(directory, "kubelet")])} /var/lib/kubelet`,
    `mount --bind ${quote([join(directory, "log")])} /var/log`,
    "mount -t tmpfs tmpfs /var/lib/cni",
  ];
  const logs = ["containerd", "kubelet", "proxy"];
  const starts = programs.map(
    (command, index) => `while :; do ${quote(command)} >>/var/log/${logs[index]}.log 2>&1; sleep 1; done &`,
  );
  return `#!/bin/bash\nset -e\n${mounts.join("\n")}\nset +e\n${starts.join("\n")}\nwhile :; do wait -n || sleep 1; done\n`;
}

function containerdConfig(cniDirectory: string): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/berth-lab/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${JSON.stringify(cniDirectory)}
`;
}

function cniConfig(subnets: { readonly ipv4: string; readonly ipv6: string }): object {
  const ranges = [[{ subnet: subnets.ipv4 }], [{ subnet: subnets.ipv6 }]];
  return {
    cniVersion: "0.4.0",
    name: "lab",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        hairpinMode: true,
        ipam: { type: "host-local", ranges, routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function kubeletConfig(node: string, credentials: { readonly certificate: string; readonly key: string }): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(pkiDirectory, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/berth-${node}`,
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    failCgroupV1: false,
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    tlsCertFile: credentials.certificate,
    tlsPrivateKeyFile: credentials.key,
    nodeStatusUpdateFrequency: "4s",
    nodeLeaseDurationSeconds: 10,
    volumePluginDir: "/var/lib/kubelet/volumeplugins",
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%" },
    imageGCHighThresholdPercent: 100,
    maxPods: 250,
    resolvConf: "/etc/resolv.conf",
    makeIPTablesUtilChains: false,
    localStorageCapacityIsolation: false,
  };
}

function proxyConfig(node: string): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clusterCIDR: podCidrs.join(","),
    hostnameOverride: node,
    clientConnection: { kubeconfig: join(pkiDirectory, "proxy.kubeconfig") },
    conntrack: { maxPerCore: 0 },
    // Kubernetes' own: rules are written anew for each change, and the nodes share the cores of one machine.
    nftables: { minSyncPeriod: "1s" },
  };
}
