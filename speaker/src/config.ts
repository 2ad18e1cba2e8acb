import { hostname } from "node:os";

/** What the environment of a pod says. */
export interface Environment {
  /** The node that this process runs on. */
  readonly nodeName: string;
  /** The name of this process's pod, unique among the controllers. */
  readonly podName: string;
  /** The namespace that Berth is installed in. */
  readonly namespace: string;
}

/** Reads the environment; outside a pod the machine's name stands in for pod and node. */
export function readEnvironment(): Environment {
  const { NODE_NAME, POD_NAME, BERTH_NAMESPACE } = process.env;
  return { nodeName: NODE_NAME ?? hostname(), podName: POD_NAME ?? hostname(), namespace: BERTH_NAMESPACE ?? "berth-system" };
}
