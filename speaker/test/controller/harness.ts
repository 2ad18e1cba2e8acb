import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crds } from "@berth/api/crds";
import { KubeConfig } from "@kubernetes/client-node";
import type { ApiServer } from "../../../api/test/apiServer.ts";
import type { Service } from "../../src/kubernetes/objects.ts";
import { Api, ApiError } from "../../src/kubernetes/shell/api.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

/** A controller in a process of its own, as a pod would run it. */
export interface ControllerProcess {
  readonly child: ChildProcess;
  readonly port: number;
  /** Everything it logged. */
  log(): string;
  isLeader(): Promise<boolean>;
}

/** Starts `berth controller` against a cluster. @param env what differs from a plain start, such as POD_NAME */
export async function startController(
  kubeconfig: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ControllerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [main, "controller", "--plain-metrics=true", "--http-address", `127.0.0.1:${port}`], {
    env: { ...process.env, KUBECONFIG: kubeconfig, BERTH_NAMESPACE: "default", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
  const isLeader = async (): Promise<boolean> => {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/state`, { signal: AbortSignal.timeout(1000) });
      return ((await response.json()) as { readonly isLeader: boolean }).isLeader;
    } catch {
      return false;
    }
  };
  return { child, port, log: () => log, isLeader };
}

/** Ends a process that a test started, and waits until it is gone. */
export async function kill(process: ControllerProcess, signal: NodeJS.Signals): Promise<void> {
  if (process.child.exitCode !== null || process.child.signalCode !== null) return;
  const gone = once(process.child, "exit");
  process.child.kill(signal);
  await gone;
}

/** Tries a claim until it holds. @throws AssertionError when it does not within so many seconds */
export async function until(claim: string, seconds: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `${claim}: not within ${seconds} s`);
    await sleep(50);
  }
}

/** Puts Berth's CRDs into an API server, and waits until it serves them. */
export function installCrds(server: ApiServer): void {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: crds() });
  const { code, stderr } = server.kubectl(["apply", "--server-side", "-f", "-"], list);
  assert.equal(code, 0, stderr);
  assert.equal(server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=20s"]).code, 0);
}

export function apiOf(kubeconfig: string): Api {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return new Api(config);
}

/** The cluster's address and the token of a kubeconfig as api/test/apiServer.ts writes it. */
export function accessOf(kubeconfig: string): { readonly server: string; readonly token: string } {
  const config = new KubeConfig();
  config.loadFromString(readFileSync(kubeconfig, "utf8"));
  return { server: config.getCurrentCluster()?.server ?? "", token: config.getCurrentUser()?.token ?? "" };
}

/** Creates Services of type LoadBalancer in the namespace "default", fifty at a time. What a busy API server did not answer in time is asked again. */
export async function createServices(api: Api, names: readonly string[]): Promise<void> {
  const create = async (name: string): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      const spec = { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] };
      try {
        await api.send("POST", "/api/v1/namespaces/default/services", {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name },
          spec,
        });
        return;
      } catch (error) {
        if (error instanceof ApiError && error.status === 409 && attempt > 1) return;
        if (attempt === 5 || (error instanceof ApiError && error.status < 500)) throw error;
      }
    }
  };
  for (let at = 0; at < names.length; at += 50) await Promise.all(names.slice(at, at + 50).map(create));
}

/** The LoadBalancer Services of the namespace "default". */
export async function services(api: Api): Promise<readonly Service[]> {
  const list = (await api.send("GET", "/api/v1/namespaces/default/services")) as { readonly items: readonly Service[] };
  return list.items.filter((one) => one.spec.type === "LoadBalancer");
}

export const addressOf = (service: Service): string => service.status?.loadBalancer?.ingress?.[0]?.ip ?? "";

/** The addresses that are given, by Service; @throws AssertionError when one is given twice */
export function addressesOf(all: readonly Service[]): Map<string, string> {
  const given = new Map(all.filter((one) => addressOf(one) !== "").map((one) => [one.metadata.name, addressOf(one)]));
  assert.equal(new Set(given.values()).size, given.size, "an address is given twice");
  return given;
}

/** Every change of every Service's address, as a watch tells it. */
export interface History {
  /** What each Service's address was, in order, empty ones left out. */
  readonly byService: ReadonlyMap<string, readonly string[]>;
  /** How many Services have had an address. */
  served(): number;
  close(): void;
}

/** Watches from now on what addresses Services are given. The API server may end a watch at any time; it goes on where it ended. */
export function recordHistory(api: Api): History {
  const byService = new Map<string, string[]>();
  const stop = new AbortController();
  let resourceVersion = "0";
  const onEvent = (type: string, object: unknown): void => {
    const service = object as Service;
    assert.notEqual(type, "ERROR", JSON.stringify(object));
    resourceVersion = service.metadata.resourceVersion ?? resourceVersion;
    if (service.spec?.type !== "LoadBalancer") return;
    const address = type === "DELETED" ? "" : addressOf(service);
    const seen = byService.get(service.metadata.name) ?? [];
    if (address !== "" && seen.at(-1) !== address) seen.push(address);
    byService.set(service.metadata.name, seen);
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted)
      await api.watch("/api/v1/namespaces/default/services", resourceVersion, onEvent, stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) console.error(`the watch of the test broke off: ${String(error)}`);
      });
  };
  void run();
  const served = (): number => [...byService.values()].filter((seen) => seen.length > 0).length;
  return { byService, served, close: () => stop.abort() };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createTcpServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no free port")),
      );
    });
  });
}
