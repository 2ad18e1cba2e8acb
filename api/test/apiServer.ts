import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const bin = join(dirname(dirname(import.meta.dirname)), ".lab/bin");

/** A throw-away API server on loopback, for tests: real validation, real watches, nothing else. */
export interface ApiServer {
  /**
   * Starts the garbage collector beside it, again whenever it ends, and waits until it has collected something: what is deleted in the
   * foreground goes only when one runs. It learns of a new kind up to half a minute late: call it once the kinds are there.
   * @param others controllers of Kubernetes that run as well
   * @throws Error when nothing is collected within two minutes
   */
  collectGarbage(others?: readonly string[]): Promise<void>;
  readonly kubeconfig: string;
  kubectl(args: readonly string[], input?: string): { readonly code: number; readonly stdout: string; readonly stderr: string };
  stop(): void;
}

/** Starts etcd and kube-apiserver on free ports and waits until they are ready. @throws Error when they are not within a minute */
export async function startApiServer(): Promise<ApiServer> {
  const directory = mkdtempSync(join(tmpdir(), "berth-api-test-"));
  const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
  const key = join(directory, "sa.key");
  spawnSync("openssl", ["genrsa", "-out", key, "2048"]);
  writeFileSync(join(directory, "tokens.csv"), "test,admin,admin,system:masters\n");
  const start = (name: string, args: readonly string[]): ChildProcess => spawn(join(bin, name), args, { stdio: "ignore" });
  const etcd = start("etcd", [
    `--data-dir=${directory}/etcd`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    "--unsafe-no-fsync",
  ]);
  const api = start("kube-apiserver", [
    `--etcd-servers=http://127.0.0.1:${client}`,
    `--secure-port=${secure}`,
    "--bind-address=127.0.0.1",
    // Where there is no default route, the API server does not guess. Nobody connects to it.
    "--advertise-address=192.0.2.1",
    `--cert-dir=${directory}/certificates`,
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    "--service-account-issuer=https://test",
    `--token-auth-file=${directory}/tokens.csv`,
    "--authorization-mode=RBAC",
    "--disable-admission-plugins=ServiceAccount",
    "--service-cluster-ip-range=10.96.0.0/12,fd00:10:96::/112",
  ]);
  const kubeconfig = join(directory, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: [{ name: "test", cluster: { server: `https://127.0.0.1:${secure}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "test", user: { token: "test" } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const kubectl: ApiServer["kubectl"] = (args, input) => {
    const { status, stdout, stderr } = spawnSync(
      join(bin, "kubectl"),
      ["--kubeconfig", kubeconfig, "--request-timeout=20s", ...args],
      { encoding: "utf8", maxBuffer: 1 << 28, ...(input === undefined ? {} : { input }) },
    );
    return { code: status ?? 1, stdout, stderr };
  };
  let collector: ChildProcess | undefined;
  let isStopped = false;
  const startCollector = (others: readonly string[]): void => {
    collector = start("kube-controller-manager", [
      `--kubeconfig=${kubeconfig}`,
      `--controllers=${["garbage-collector-controller", ...others].join(",")}`,
      "--leader-elect=false",
      "--secure-port=0",
    ]);
    collector.on("exit", () => {
      if (!isStopped) setTimeout(() => !isStopped && startCollector(others), 500);
    });
  };
  const collectGarbage = async (others: readonly string[] = []): Promise<void> => {
    startCollector(others);
    const canary = ["configmap", "canary", "--namespace=default"];
    kubectl(["create", ...canary]);
    kubectl(["delete", ...canary, "--cascade=foreground", "--wait=false"]);
    for (const end = Date.now() + 120_000; !kubectl(["get", ...canary]).stderr.includes("NotFound"); ) {
      if (Date.now() > end) throw new Error("the garbage collector has collected nothing within two minutes");
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  const stop = (): void => {
    isStopped = true;
    collector?.kill("SIGKILL");
    api.kill("SIGKILL");
    etcd.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  for (
    const end = Date.now() + 60_000;
    kubectl(["get", "--raw", "/readyz"]).code !== 0 || kubectl(["get", "namespace", "default"]).code !== 0;
  ) {
    if (Date.now() > end) {
      stop();
      throw new Error("the API server was not ready within a minute");
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return { kubeconfig, kubectl, collectGarbage, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no free port")),
      );
    });
  });
}
