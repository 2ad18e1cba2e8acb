import { get } from "node:https";
import { CoreV1Api, type KubeConfig, type V1Pod, type V1Service } from "@kubernetes/client-node";
import type { ExposedServiceFacts, SpeakerAnswer, SpeakerState } from "../report.ts";

/** The port of a speaker's /state, and the label that finds its pods. */
const speakerPort = 7472;
const speakerSelector = "app.kubernetes.io/name=berth,app.kubernetes.io/component=speaker";
const answerTimeout = 5000;

/** Reads every Service of type LoadBalancer from the cluster, sorted by name. @throws ApiException when the API server refuses */
export async function collectServices(kubeConfig: KubeConfig): Promise<ExposedServiceFacts[]> {
  const { items } = await kubeConfig.makeApiClient(CoreV1Api).listServiceForAllNamespaces();
  return items
    .filter((service) => service.spec?.type === "LoadBalancer")
    .map(serviceFacts)
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}

/** Asks every speaker for its state, through the API server, so that only the right to `pods/proxy` is needed. */
export async function collectSpeakers(kubeConfig: KubeConfig, namespace: string): Promise<SpeakerAnswer[]> {
  const { items } = await kubeConfig.makeApiClient(CoreV1Api).listNamespacedPod({ namespace, labelSelector: speakerSelector });
  const answers = await Promise.all(items.map((pod) => ask(kubeConfig, pod)));
  return answers.sort((a, b) => (a.node < b.node ? -1 : 1));
}

function serviceFacts(service: V1Service): ExposedServiceFacts {
  const condition = service.status?.conditions?.find((candidate) => candidate.type === "berth.dev/AddressAssigned");
  return {
    service: `${service.metadata?.namespace}/${service.metadata?.name}`,
    addresses: (service.status?.loadBalancer?.ingress ?? []).flatMap((ingress) => (ingress.ip === undefined ? [] : [ingress.ip])),
    ports: (service.spec?.ports ?? []).map((port) => `${port.port}/${port.protocol ?? "TCP"}`),
    problem: condition?.status === "True" ? undefined : condition?.message,
  };
}

async function ask(kubeConfig: KubeConfig, pod: V1Pod): Promise<SpeakerAnswer> {
  const node = pod.spec?.nodeName ?? "(not scheduled)";
  if (pod.status?.phase !== "Running") return { node, problem: `its speaker is ${pod.status?.phase ?? "unknown"}` };
  try {
    const path = `/api/v1/namespaces/${pod.metadata?.namespace}/pods/${pod.metadata?.name}:${speakerPort}/proxy/state`;
    return { node, state: JSON.parse(await read(kubeConfig, path)) as SpeakerState };
  } catch (error) {
    return { node, problem: `its speaker did not answer (${error instanceof Error ? error.message : String(error)})` };
  }
}

async function read(kubeConfig: KubeConfig, path: string): Promise<string> {
  const url = new URL(path, kubeConfig.getCurrentCluster()?.server);
  const options = { timeout: answerTimeout, headers: {} };
  await kubeConfig.applyToHTTPSOptions(options);
  return new Promise((resolve, reject) => {
    const request = get(url, options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => (response.statusCode === 200 ? resolve(body) : reject(new Error(`HTTP ${response.statusCode}`))));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${answerTimeout} ms`)));
    request.on("error", reject);
  });
}
