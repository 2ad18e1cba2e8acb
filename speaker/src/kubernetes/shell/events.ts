import { hostname } from "node:os";
import type { Logger } from "../../ports/logger.ts";
import type { HappenedEvent, KubernetesObject } from "../objects.ts";
import type { Api } from "./api.ts";

/** How many events are written at a time, and how many may wait. */
const parallelEvents = 16;
const waitingEvents = 20_000;

/**
 * Writes Kubernetes events, a few at a time, and none while they are held back: what matters more is written first. A failure is logged and
 * forgotten: an event is never worth a retry.
 */
export class EventRecorder {
  readonly #api: Api;
  readonly #component: string;
  readonly #logger: Logger;
  readonly #waiting: (() => Promise<unknown>)[] = [];
  #underWay = 0;
  #isHeld = false;

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
    if (this.#waiting.length >= waitingEvents) this.#waiting.shift();
    this.#waiting.push(() => this.#api.send("POST", `/api/v1/namespaces/${namespace}/events`, body));
    this.#drain();
  }

  /** Keeps events back while the task runs. */
  async holdBack<T>(task: () => Promise<T>): Promise<T> {
    this.#isHeld = true;
    try {
      return await task();
    } finally {
      this.#isHeld = false;
      this.#drain();
    }
  }

  #drain(): void {
    while (!this.#isHeld && this.#underWay < parallelEvents) {
      const write = this.#waiting.shift();
      if (write === undefined) return;
      this.#underWay++;
      void write()
        .catch((error: unknown) =>
          this.#logger.debug({ event: "eventFailed", error: String(error) }, "an event could not be written"),
        )
        .then(() => {
          this.#underWay--;
          this.#drain();
        });
    }
  }
}
