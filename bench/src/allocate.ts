import { spawnSync } from "node:child_process";
import { crds } from "@berth/api/crds";
import { KubeConfig } from "@kubernetes/client-node";
import { type ApiServer, startApiServer } from "../../api/test/apiServer.ts";
import { root } from "../../lab/src/paths.ts";
import { serveWaiting } from "../../lab/src/waitingServices.ts";
import type { Service } from "../../speaker/src/kubernetes/objects.ts";
import { Api } from "../../speaker/src/kubernetes/shell/api.ts";
import { runController } from "../../speaker/src/kubernetes/shell/controller.ts";

const parallel = 64;
/** What a client with client-go's old default may write in a second. */
const throttledWrites = 20;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const path = "/api/v1/namespaces/default/services";

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

async function inParallel(names: readonly string[], act: (name: string) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) await act(name);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

async function list(api: Api): Promise<readonly Service[]> {
  return ((await api.send("GET", path)) as { readonly items: readonly Service[] }).items.filter(
    (one) => one.spec.type === "LoadBalancer",
  );
}

/** Services that were there before the controller: how long until all hold an address, and how long the API server alone takes for as many status writes. */
async function measure(server: ApiServer, count: number): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  const api = new Api(config);
  const names = Array.from({ length: count }, (_, index) => `s${index}`);
  await inParallel(names, (name) =>
    api.send("POST", path, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] },
    }),
  );
  const started = performance.now();
  const controller = runController(
    api,
    {
      namespace: "default",
      identity: "bench",
      scope: { loadBalancerClasses: [], handlesClassless: true },
      restPeriod: 60_000,
      sharesUnconditionally: false,
      elects: false,
    },
    silent,
  );
  while ((await list(api)).some((one) => one.status?.loadBalancer?.ingress === undefined))
    await new Promise((resolve) => setTimeout(resolve, 50));
  const took = performance.now() - started;
  await controller.close();
  const alone = performance.now();
  await inParallel(names, (name) =>
    api.send("PATCH", `${path}/${name}/status`, {
      status: {
        conditions: [
          {
            type: "bench.berth.dev/Written",
            status: "True",
            reason: "Bench",
            message: "",
            lastTransitionTime: new Date().toISOString(),
          },
        ],
      },
    }),
  );
  const server64 = performance.now() - alone;
  const throttled = (count / throttledWrites) * 1000;
  process.stdout.write(
    `${String(count).padStart(5)} Services   all hold an address after ${seconds(took)}   the API server alone needs ${seconds(server64)} for as many status writes (${((100 * server64) / took).toFixed(0)} %)   ${throttledWrites} writes/s would need ${seconds(throttled)} (${(throttled / took).toFixed(0)} times as long)\n`,
  );
  await inParallel(names, (name) => api.send("PATCH", `${path}/${name}`, { spec: { type: "ClusterIP" } }));
}

const counts = [1000, 5000];

/**
 * Measures 1,000 and 5,000 Services that wait for the controller: beside an API server of its own, then in the lab.
 * Usage: npm run bench -- allocate [api|lab]
 */
export async function allocate(words: readonly string[]): Promise<void> {
  const [where] = words;
  if (where !== undefined && where !== "api" && where !== "lab")
    throw new Error(`allocate ${where}: say api, lab, or nothing for both`);
  if (where !== "lab") await besideApiServer();
  if (where !== "api") await inLab();
}

async function inLab(): Promise<void> {
  if (spawnSync("npm", ["start"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] }).status !== 0)
    throw new Error("npm start failed");
  for (const count of counts) {
    const { milliseconds, addresses } = await serveWaiting(count);
    const given = new Set([...addresses.values()].map((seen) => seen.join()));
    process.stdout.write(
      `${String(count).padStart(5)} Services in the lab   ${given.size} distinct addresses ${seconds(milliseconds)} after the controller took the Lease   ${throttledWrites} writes/s would need ${seconds((count / throttledWrites) * 1000)}\n`,
    );
  }
}

async function besideApiServer(): Promise<void> {
  const server = await startApiServer();
  try {
    server.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: crds() }));
    server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=20s"]);
    const metadata = { name: "office", annotations: { "eip.openelb.kubesphere.io/is-default-eip": "true" } };
    server.kubectl(
      ["create", "-f", "-"],
      JSON.stringify({ apiVersion: "network.kubesphere.io/v1alpha2", kind: "Eip", metadata, spec: { address: "10.8.0.0/16" } }),
    );
    for (const count of counts) {
      await measure(server, count);
      server.kubectl(["delete", "services", "--all", "--wait=false"]);
    }
  } finally {
    server.stop();
  }
}
