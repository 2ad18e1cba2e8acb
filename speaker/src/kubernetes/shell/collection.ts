import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../ports/logger.ts";
import { type KubernetesObject, keyOf } from "../objects.ts";
import { type Api, ApiError, type Selectors } from "./api.ts";

/** What is not usual about a collection. */
export interface CollectionOptions<T> {
  /** Only objects that these select. */
  readonly selectors?: Selectors;
  /** What of an object matters: a change of anything else is taken, and not called back for. */
  readonly essence?: (object: T) => unknown;
  /** Nothing is read until this has resolved. */
  readonly after?: Promise<unknown> | undefined;
}

/**
 * A collection of the cluster, kept current by list and watch. It survives any outage of the API server: what was last known stays,
 * and a fresh list replaces it when the server is back.
 */
export class Collection<T extends KubernetesObject> {
  readonly #path: string;
  readonly #api: Api;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  readonly #selectors: Selectors;
  readonly #essence: ((object: T) => unknown) | undefined;
  readonly #stop = new AbortController();
  /** Ends the running watch, so that a new list is read. */
  #restart = new AbortController();
  #waiting: (() => void)[] = [];
  readonly #firstList = Promise.withResolvers<void>();
  #objects = new Map<string, T>();
  #isSynced = false;

  /**
   * @param path the collection's path, such as "/api/v1/services"
   * @param onChange is called after every change, many times a second if need be
   */
  constructor(api: Api, path: string, onChange: () => void, logger: Logger, options: CollectionOptions<T> = {}) {
    this.#api = api;
    this.#path = path;
    this.#onChange = onChange;
    this.#logger = logger;
    this.#selectors = options.selectors ?? {};
    this.#essence = options.essence;
    void this.#run(options.after);
  }

  /** Whether a whole list has been read at least once. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Resolves when a whole list has been read. */
  get whenSynced(): Promise<void> {
    return this.#firstList.promise;
  }

  /** The objects as last known, in no order. */
  get objects(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** The object of a key, as last known. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** Takes the object that a write gave back, so that the next decision does not wait for the watch. One that the watch has overtaken is dropped. */
  put(object: T): void {
    const known = this.#objects.get(keyOf(object));
    if (known !== undefined && version(object) > version(known)) this.#objects.set(keyOf(object), withoutManagers(object));
  }

  /** Takes note that an object was deleted, before the watch tells. */
  forget(object: T): void {
    const known = this.#objects.get(keyOf(object));
    if (known?.metadata.uid === object.metadata.uid) this.#objects.delete(keyOf(object));
  }

  /** Resolves when the whole collection has been read anew, with what the API server has now: a watch may lag behind. */
  refresh(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#restart.abort();
    });
  }

  #isNews(object: T): boolean {
    const known = this.#objects.get(keyOf(object));
    if (known === undefined || this.#essence === undefined) return true;
    return JSON.stringify(this.#essence(known)) !== JSON.stringify(this.#essence(object));
  }

  /** The object, or what is known of it if that is newer: a watch may still tell of what came before a write of ours. */
  #newer(object: T): T {
    const known = this.#objects.get(keyOf(object));
    const isSame = known !== undefined && known.metadata.uid === object.metadata.uid;
    return isSame && version(known) > version(object) ? known : object;
  }

  close(): void {
    this.#stop.abort();
    this.#restart.abort();
  }

  async #run(after: Promise<unknown> | undefined): Promise<void> {
    await after;
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        this.#restart = new AbortController();
        const asked = this.#waiting;
        this.#waiting = [];
        let resourceVersion = await this.#list().catch((error: unknown) => {
          this.#waiting.push(...asked);
          throw error;
        });
        for (const resolve of asked) resolve();
        failures = 0;
        for (;;) resourceVersion = await this.#watch(resourceVersion);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (this.#restart.signal.aborted) continue;
        const isExpired = error instanceof ApiError && error.status === 410;
        const pause = isExpired
          ? 0
          : Math.max(
              (error instanceof ApiError && error.retryAfter) || 0,
              Math.min(200 * 2 ** failures, 5000) * (0.75 + Math.random() / 2),
            );
        failures++;
        if (!isExpired)
          this.#logger.warn(
            { event: "watchFailed", path: this.#path, error: String(error) },
            `cannot watch ${this.#path}; trying again in ${Math.round(pause)} ms`,
          );
        await sleep(pause);
      }
    }
  }

  async #list(): Promise<string> {
    const next = new Map<string, T>();
    let resourceVersion = "";
    let token: string | undefined;
    do {
      const query = new URLSearchParams({
        limit: "2000",
        ...this.#selectors,
        ...(token === undefined ? {} : { continue: token }),
      });
      const page = (await this.#api.send("GET", `${this.#path}?${query}`)) as {
        readonly items: readonly T[];
        readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
      };
      for (const item of page.items) next.set(keyOf(item), this.#newer(withoutManagers(item)));
      resourceVersion = page.metadata.resourceVersion;
      token = page.metadata.continue === "" ? undefined : page.metadata.continue;
    } while (token !== undefined);
    this.#objects = next;
    this.#isSynced = true;
    this.#firstList.resolve();
    this.#onChange();
    return resourceVersion;
  }

  async #watch(from: string): Promise<string> {
    let resourceVersion = from;
    const onEvent = (type: string, raw: unknown): void => {
      if (type === "ERROR") {
        const status = raw as { readonly code?: number; readonly message?: string };
        throw new ApiError("WATCH", this.#path, status.code ?? 500, status.message ?? "", undefined);
      }
      const object = withoutManagers(raw as T);
      resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
      if (type === "BOOKMARK") return;
      if (this.#newer(object) !== object) return;
      const isNews = type !== "MODIFIED" || this.#isNews(object);
      if (type === "DELETED") this.#objects.delete(keyOf(object));
      else this.#objects.set(keyOf(object), object);
      if (isNews) this.#onChange();
    };
    await this.#api.watch(this.#path, from, onEvent, this.#restart.signal, this.#selectors);
    return resourceVersion;
  }
}

/** Who wrote which field is a third of many an object, and of no use here; a write without it changes nothing of it. */
function withoutManagers<T extends KubernetesObject>(object: T): T {
  delete (object.metadata as { managedFields?: unknown }).managedFields;
  return object;
}

/** @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions: they grow within one collection */
function version(object: KubernetesObject): bigint {
  const text = object.metadata.resourceVersion ?? "";
  return /^\d+$/.test(text) ? BigInt(text) : 0n;
}
