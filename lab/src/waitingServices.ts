import { KubeConfig } from "@kubernetes/client-node";
import { Api } from "../../speaker/src/kubernetes/shell/api.ts";
import { createServices, type History, recordHistory } from "../../speaker/test/controller/harness.ts";
import { kubectl } from "./controlPlane.ts";
import { LabError, waitFor } from "./exec.ts";
import { kubeconfigPath } from "./paths.ts";

const namespace = "berth-system";
const eip = `
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: { name: waiting }
spec: { address: 10.8.0.0/16, namespaces: [default], priority: -1 }
`;

/** What came of Services that were there before the controller. */
export interface Served {
  /** Milliseconds from the instant at which a controller took the Lease until the last Service had its address. */
  readonly milliseconds: number;
  /** All addresses that each Service had, in order. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
}

/**
 * Stops the controllers of a lab that has Berth, creates so many Services of type LoadBalancer without a pod behind them in the namespace "default",
 * starts the controllers, and waits until all have addresses of a pool of their own. Everything is deleted again.
 * @throws LabError when something does not happen within minutes
 */
export async function serveWaiting(count: number): Promise<Served> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const api = new Api(config);
  must(["apply", "-f", "-"], eip);
  scale(0);
  await waitFor("no controller is left", 60_000, () => controllers() === "" || controllers());
  await createServices(
    api,
    Array.from({ length: count }, (_, index) => `waiting-${index}`),
  );
  const history = recordHistory(api);
  try {
    await waitFor(
      "the watch tells of all Services",
      60_000,
      () => history.byService.size >= count || `${history.byService.size}`,
    );
    const milliseconds = await serve(history, count);
    return { milliseconds, addresses: new Map(history.byService) };
  } finally {
    history.close();
    scale(2);
    await waitFor("nothing is left of it", 300_000, () => deleteServices() && isEmpty());
    kubectl(["delete", "eip", "waiting", "--ignore-not-found"]);
  }
}

async function serve(history: History, count: number): Promise<number> {
  const before = acquired();
  scale(2);
  await waitFor("a controller leads", 60_000, () => acquired() !== before, 50);
  await waitFor("all addresses", 120_000, () => history.served() >= count || `${history.served()}`, 20);
  return Date.now() - acquired();
}

function must(args: readonly string[], input?: string): string {
  const { code, stdout, stderr } = kubectl(args, input);
  if (code !== 0) throw new LabError(`kubectl ${args.join(" ")}: ${stderr.trim()}`);
  return stdout;
}

function scale(replicas: number): void {
  must(["scale", "deployment", "-n", namespace, "berth-controller", `--replicas=${replicas}`]);
}

const controllers = (): string =>
  must(["get", "pods", "-n", namespace, "-l", "app.kubernetes.io/component=controller", "-o", "name"]);
const acquired = (): number =>
  Date.parse(must(["get", "lease", "-n", namespace, "berth-controller", "-o", "jsonpath={.spec.acquireTime}"]));
/** In one request, which a busy API server may not end in time: then it is asked again. */
const deleteServices = (): boolean =>
  kubectl(["delete", "--raw", "/api/v1/namespaces/default/services?labelSelector=component!%3Dapiserver"]).code === 0;
const isEmpty = (): boolean => must(["get", "services", "-n", "default", "-o", "name"]).trim() === "service/kubernetes";
