import { hostname } from "node:os";
import type { Logger } from "../../ports/logger.ts";
import type { HappenedEvent, KubernetesObject } from "../objects.ts";
import type { Api } from "./api.ts";

/** Writes Kubernetes events. A failure is logged and forgotten: an event is never worth a retry. */
export class EventRecorder {
  readonly #api: Api;
  readonly #component: string;
  readonly #logger: Logger;

  constructor(api: Api, component: string, logger: Logger) {
    this.#api = api;
    this.#component = component;
    this.#logger = logger;
  }

  /** @param namespace where the event lives: the object's own, or "default" for objects that have none */
  record(kind: string, apiVersion: string, object: KubernetesObject, event: HappenedEvent): void {
    const namespace = object.metadata.namespace ?? "default";
    const now = new Date().toISOString();
    const { name, uid, resourceVersion } = object.metadata;
    const body = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { generateName: `${name}.`, namespace },
      involvedObject: { kind, apiVersion, name, namespace: object.metadata.namespace, uid, resourceVersion },
      ...event,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      source: { component: this.#component, host: hostname() },
      reportingComponent: this.#component,
      reportingInstance: hostname(),
    };
    this.#api
      .send("POST", `/api/v1/namespaces/${namespace}/events`, body)
      .catch((error: unknown) =>
        this.#logger.debug({ event: "eventFailed", error: String(error) }, "an event could not be written"),
      );
  }
}
