import type { ConsoleFacts } from "../facts.ts";
import { type ConsoleModel, emptyModel, type TimelineEntry } from "../model.ts";
import { diff, type ModelPatch } from "../patch.ts";
import { type RowMemory, snapshot } from "../snapshot.ts";
import { extend } from "../timeline.ts";

/** Changes are gathered for this long, so that a burst is one patch. */
const gatherMilliseconds = 100;
/**
 * After an update the feed rests for so many times what it took, less while somebody watches, and for this long at most: what matters more
 * in this process, such as giving addresses, has the processor.
 */
const restFactor = 19;
const watchedRestFactor = 4;
const longestRest = 1000;
/** What changes by itself (a leader that is gone) is looked at this often. */
const lookMilliseconds = 5000;

/** Keeps the model of the page current, and tells those who watch what changed. */
export class Feed {
  readonly #facts: () => ConsoleFacts | undefined;
  readonly #listeners = new Set<(patch: ModelPatch) => void>();
  readonly #interval: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #restsUntil = 0;
  #timeline: readonly TimelineEntry[] = [];
  #model: ConsoleModel = emptyModel;
  #hasModel = false;
  readonly #rows: RowMemory = new Map();

  /** @param facts what is known of the cluster; undefined until everything has been read */
  constructor(facts: () => ConsoleFacts | undefined) {
    this.#facts = facts;
    this.#interval = setInterval(() => this.#update(), lookMilliseconds);
    this.#interval.unref();
  }

  /** Something may have changed. */
  touch(): void {
    this.#timer ??= setTimeout(() => this.#update(), Math.max(gatherMilliseconds, this.#restsUntil - performance.now()));
  }

  /** What the page shows now. */
  get model(): ConsoleModel {
    return this.#model;
  }

  /** Whether anybody watches. */
  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** @returns what ends the watching */
  watch(listener: (patch: ModelPatch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#interval);
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #update(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const began = performance.now();
    this.#look();
    const ended = performance.now();
    const factor = this.isWatched ? watchedRestFactor : restFactor;
    this.#restsUntil = ended + Math.min(longestRest, factor * (ended - began));
  }

  #look(): void {
    const facts = this.#facts();
    if (facts === undefined) return;
    const next = snapshot(facts, this.#timeline, this.#rows);
    // What was there when this process started is no news.
    if (this.#hasModel) this.#timeline = extend(this.#timeline, this.#model, next, new Date(facts.now).toISOString());
    this.#hasModel = true;
    const model = { ...next, timeline: this.#timeline };
    const patch = diff(this.#model, model);
    if (patch === undefined) return;
    this.#model = model;
    for (const listener of this.#listeners) listener(patch);
  }
}
