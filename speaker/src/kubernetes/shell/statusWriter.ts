import { apiVersion } from "@berth/api/crds";
import type { Assignment } from "../../allocate/model.ts";
import type { Logger } from "../../ports/logger.ts";
import { finalizersWithoutOpenelb } from "../finalizers.ts";
import { type KubernetesObject, keyOf, type Service } from "../objects.ts";
import { assignmentEvent, isAssignmentNews, type releasedStatus, type serviceStatus } from "../statuses.ts";
import type { StatusWrite } from "../statusWrites.ts";
import { type Api, ApiError } from "./api.ts";
import type { Collection } from "./collection.ts";
import { EventRecorder } from "./events.ts";
import { ownPath } from "./watchCluster.ts";

const parallelWrites = 64;
/** When the API server asks for silence and does not say for how long, in milliseconds. */
const silenceMilliseconds = 1000;

/**
 * What came of a write: true when it is in force, or its object is gone; false when it must be decided again, for the object changed meanwhile or the
 * API server refused; "unknown" when there was no answer, or one that does not tell whether it was taken.
 */
export type Outcome = boolean | "unknown";

/** A write that has been decided and waits for its turn. */
export type Task = () => Promise<Outcome>;

type NewStatus = NonNullable<ReturnType<typeof serviceStatus>> | NonNullable<ReturnType<typeof releasedStatus>>;

/** Writes what the controller decided. Every write carries the resource version that it was decided on. */
export class StatusWriter {
  readonly #api: Api;
  readonly #services: Collection<Service>;
  readonly #events: EventRecorder;
  readonly #logger: Logger;
  /** Statuses that were sent and never answered: they may be in force, so what they give is given to nobody else. By Service. */
  readonly #inDoubt = new Map<
    string,
    { readonly resourceVersion: string | undefined; readonly status: NonNullable<Service["status"]> }
  >();
  #failures = 0;
  /** The API server asked for silence until then. */
  #notBefore = 0;

  constructor(api: Api, services: Collection<Service>, logger: Logger) {
    this.#api = api;
    this.#services = services;
    this.#events = new EventRecorder(api, "berth-controller", logger);
    this.#logger = logger;
  }

  /** How many writes the API server refused or did not answer; those that came too late are not among them. */
  get failures(): number {
    return this.#failures;
  }

  /** For how many milliseconds the API server wants silence; 0 or less when it does not. */
  get silence(): number {
    return this.#notBefore - Date.now();
  }

  /** Whether a status may be in force that nobody has seen. */
  get isInDoubt(): boolean {
    return this.#inDoubt.size > 0;
  }

  /** Forgets doubts that what is known by now has settled: the Service was written since, or is gone. */
  settleDoubts(): void {
    for (const [key, { resourceVersion }] of this.#inDoubt)
      if (this.#services.get(key)?.metadata.resourceVersion !== resourceVersion) this.#inDoubt.delete(key);
  }

  /** The Service as it may be by now. */
  assumed(service: Service): Service {
    const doubt = this.#inDoubt.get(keyOf(service));
    return doubt === undefined ? service : { ...service, status: doubt.status };
  }

  /** Runs tasks, a number of them at a time, in order; those that come after `mayGoOn` said no come to false. */
  async all(tasks: readonly Task[], mayGoOn: () => boolean): Promise<Outcome[]> {
    const results: Outcome[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) results.push(mayGoOn() ? await task() : false);
    };
    await Promise.all(Array.from({ length: Math.min(parallelWrites, tasks.length) }, worker));
    return results;
  }

  /** The same, while no event is written: Services wait for their addresses. */
  allBeforeEvents(tasks: readonly Task[], mayGoOn: () => boolean): Promise<Outcome[]> {
    return this.#events.holdBack(() => this.all(tasks, mayGoOn));
  }

  /** Writes the status of a Service, and an event when it is news. @param assignment undefined when Berth serves it no more */
  async writeService(service: Service, status: NewStatus, assignment: Assignment | undefined): Promise<boolean> {
    const { namespace, name, resourceVersion } = service.metadata;
    if (status.loadBalancer.ingress !== undefined) this.#inDoubt.set(keyOf(service), { resourceVersion, status });
    // The whole object: a patch costs the API server a sixth more, and thousands may wait for their address.
    const outcome = await this.#write(this.#services, "PUT", `/api/v1/namespaces/${namespace}/services/${name}/status`, {
      apiVersion: "v1",
      kind: "Service",
      ...service,
      status: { ...service.status, ...status },
    });
    if (outcome !== "unknown") this.#inDoubt.delete(keyOf(service));
    if (outcome !== true) return false;
    if (assignment !== undefined && !isAssignmentNews(service, assignment)) return true;
    const event = assignmentEvent(assignment);
    this.#events.record("Service", "v1", service, event);
    this.#logger.info({ event: "service", service: keyOf(service), reason: event.reason }, event.message);
    return true;
  }

  /** The writes of statuses of our own kinds, with their events. */
  statusTasks<T extends KubernetesObject>(
    into: Collection<T>,
    kind: "Eip" | "BgpConf" | "BgpPeer",
    writes: readonly StatusWrite<T>[],
  ): Task[] {
    const path = ownPath(`${kind.toLowerCase()}s`);
    return writes.map(({ object, patch, events }) => async (): Promise<Outcome> => {
      const outcome = await this.#write(into, "PATCH", `${path}/${object.metadata.name}/status`, patch);
      if (outcome === true) for (const event of events) this.#events.record(kind, apiVersion, object, event);
      return outcome;
    });
  }

  /** Lets objects go that are being deleted and wait for OpenELB, which is not there any more. */
  finalizerTasks<T extends KubernetesObject>(from: Collection<T>, pathOf: (object: T) => string): Task[] {
    return from.objects.flatMap((object) => {
      const finalizers = finalizersWithoutOpenelb(object);
      const { resourceVersion } = object.metadata;
      return finalizers === undefined
        ? []
        : [() => this.#write(from, "PATCH", pathOf(object), { metadata: { resourceVersion, finalizers } })];
    });
  }

  async #write<T extends KubernetesObject>(
    into: Collection<T>,
    method: "PATCH" | "PUT",
    path: string,
    body: unknown,
  ): Promise<Outcome> {
    try {
      into.put((await this.#api.send(method, path, body)) as T);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return true;
      if (error instanceof ApiError && error.status === 429)
        this.#notBefore = Date.now() + (error.retryAfter ?? silenceMilliseconds);
      if (!(error instanceof ApiError && error.status === 409)) {
        this.#failures++;
        this.#logger.warn({ event: "writeFailed", path, error: String(error) }, `cannot write ${path}; trying again`);
      }
      return error instanceof ApiError && error.status < 500 ? false : "unknown";
    }
  }
}
