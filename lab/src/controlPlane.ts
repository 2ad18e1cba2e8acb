import { join } from "node:path";
import { apiPort, relayPort } from "./certificates.ts";
import { attempt, waitFor } from "./exec.ts";
import { bin, hostDirectory, kubeconfigPath, pkiDirectory, runDirectory } from "./paths.ts";
import { controlAddress, podCidrs, serviceCidrs } from "./plan.ts";
import { isRunning, kill, startHost, startProcess } from "./processes.ts";

const pki = (name: string): string => join(pkiDirectory, name);

/** The socket that joins the machine's loopback to the namespace of the control plane. */
const relaySocket = join(runDirectory, "apiserver.sock");

/** Starts etcd, the API server, the controller manager and the scheduler, and the relay to them, unless they run; waits until they are ready. */
export async function startControlPlane(): Promise<void> {
  if (!isRunning("control")) startHost("control", controlScript());
  if (!isRunning("relay", "loopback")) {
    const listener = `TCP-LISTEN:${relayPort},bind=127.0.0.1,fork,reuseaddr`;
    startProcess("relay", "loopback", ["socat", listener, `UNIX-CONNECT:${relaySocket}`]);
  }
  await waitFor("the API server's readiness", 300_000, () => {
    const { code, stderr } = kubectl(["get", "--raw", "/readyz"]);
    return code === 0 || stderr.trim();
  });
  await waitFor("the default service account", 30_000, () => kubectl(["get", "serviceaccount", "default"]).code === 0);
}

/** Ends the control plane and the relay. */
export async function stopControlPlane(): Promise<void> {
  await kill("relay", "loopback");
  await kill("control");
}

/** Runs kubectl as the lab's administrator. */
export function kubectl(args: readonly string[], input?: string): ReturnType<typeof attempt> {
  return attempt(
    [bin("kubectl"), "--kubeconfig", kubeconfigPath, "--request-timeout=20s", ...args],
    input === undefined ? {} : { input },
  );
}

function controlScript(): string {
  const etcd = [
    bin("etcd"),
    "--name=lab",
    `--data-dir=${join(hostDirectory("control"), "etcd")}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
  const apiserver = [
    bin("kube-apiserver"),
    "--etcd-servers=http://127.0.0.1:2379",
    `--advertise-address=${controlAddress}`,
    `--secure-port=${apiPort}`,
    "--allow-privileged=true",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    `--client-ca-file=${pki("ca.crt")}`,
    `--tls-cert-file=${pki("apiserver.crt")}`,
    `--tls-private-key-file=${pki("apiserver.key")}`,
    `--kubelet-certificate-authority=${pki("ca.crt")}`,
    `--kubelet-client-certificate=${pki("kubelet-client.crt")}`,
    `--kubelet-client-key=${pki("kubelet-client.key")}`,
    "--kubelet-preferred-address-types=InternalIP",
    `--service-account-key-file=${pki("sa.key")}`,
    `--service-account-signing-key-file=${pki("sa.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-cluster-ip-range=${serviceCidrs.join(",")}`,
    "--profiling=false",
  ];
  const manager = [
    bin("kube-controller-manager"),
    `--kubeconfig=${pki("controller-manager.kubeconfig")}`,
    `--root-ca-file=${pki("ca.crt")}`,
    `--service-account-private-key-file=${pki("sa.key")}`,
    `--cluster-cidr=${podCidrs.join(",")}`,
    "--allocate-node-cidrs=false",
    "--use-service-account-credentials=true",
    "--leader-elect=false",
    "--node-monitor-period=2s",
    "--node-monitor-grace-period=12s",
    "--concurrent-endpoint-syncs=10",
  ];
  const scheduler = [bin("kube-scheduler"), `--kubeconfig=${pki("scheduler.kubeconfig")}`, "--leader-elect=false"];
  const relay = ["socat", `UNIX-LISTEN:${relaySocket},fork,unlink-early,mode=600`, `TCP:${controlAddress}:${apiPort}`];
  const programs = [etcd, apiserver, manager, scheduler, relay].map(
    (command) => `while :; do ${quote(command)}; sleep 1; done &`,
  );
  return `#!/bin/bash\n${programs.join("\n")}\nwhile :; do wait -n || sleep 1; done\n`;
}

/** A command as one line of bash. */
export function quote(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
