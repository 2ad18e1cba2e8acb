import type { Logger } from "../../ports/logger.ts";
import type { KubernetesObject } from "../objects.ts";
import type { Api } from "./api.ts";
import { Collection } from "./collection.ts";

/** So long a name that cannot be read, for want of the right to for one, keeps others waiting. */
const patience = 3000;

/** Some objects of a collection, each watched by its name: nothing else of the collection is read. */
export class NamedObjects<T extends KubernetesObject> {
  readonly #watched = new Map<string, { readonly collection: Collection<T>; readonly since: number }>();
  readonly #make: (name: string) => Collection<T>;
  readonly #onChange: () => void;

  constructor(api: Api, path: string, onChange: () => void, logger: Logger) {
    this.#make = (name) =>
      new Collection<T>(api, path, onChange, logger, { selectors: { fieldSelector: `metadata.name=${name}` } });
    this.#onChange = onChange;
  }

  /** Watches these names, and no others any more. */
  follow(names: Iterable<string>): void {
    const wanted = new Set(names);
    for (const [name, { collection }] of this.#watched) {
      if (wanted.has(name)) continue;
      collection.close();
      this.#watched.delete(name);
    }
    for (const name of wanted) {
      if (this.#watched.has(name)) continue;
      this.#watched.set(name, { collection: this.#make(name), since: performance.now() });
      setTimeout(this.#onChange, patience).unref();
    }
  }

  /** Whether every name has been looked up, or was waited for long enough. */
  get isSettled(): boolean {
    return [...this.#watched.values()].every(
      ({ collection, since }) => collection.isSynced || performance.now() - since >= patience,
    );
  }

  get objects(): readonly T[] {
    return [...this.#watched.values()].flatMap(({ collection }) => collection.objects);
  }

  close(): void {
    for (const { collection } of this.#watched.values()) collection.close();
    this.#watched.clear();
  }
}
