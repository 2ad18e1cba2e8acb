import { Gathered } from "../../shell/gathered.ts";
import type { ConsoleFacts } from "../facts.ts";
import { type ConsoleModel, emptyModel, type TimelineEntry } from "../model.ts";
import { diff, type ModelPatch } from "../patch.ts";
import { type RowMemory, snapshot } from "../snapshot.ts";
import { extend } from "../timeline.ts";

/** What changes by itself (a leader that is gone) is looked at this often. */
const lookMilliseconds = 5000;
/**
 * How the feed rests, less while somebody watches: what matters more in this process, such as giving addresses, has the processor.
 * Only the timeline of a large cluster is coarser for it.
 */
const rests = { watched: { factor: 4, longest: 1000 }, alone: { factor: 99, longest: lookMilliseconds } };

/** Keeps the model of the page current, and tells those who watch what changed. */
export class Feed {
  readonly #facts: () => ConsoleFacts | undefined;
  readonly #listeners = new Set<(patch: ModelPatch) => void>();
  readonly #interval: NodeJS.Timeout;
  readonly #updates = new Gathered(() => this.#update(), {
    gather: 100,
    rest: () => (this.isWatched ? rests.watched : rests.alone),
  });
  #timeline: readonly TimelineEntry[] = [];
  #model: ConsoleModel = emptyModel;
  #hasModel = false;
  readonly #rows: RowMemory = new Map();

  /** @param facts what is known of the cluster; undefined until everything has been read */
  constructor(facts: () => ConsoleFacts | undefined) {
    this.#facts = facts;
    this.#interval = setInterval(() => this.#updates.run(), lookMilliseconds);
    this.#interval.unref();
  }

  /** Something may have changed. */
  touch(): void {
    this.#updates.touch();
  }

  /** What the page shows now. */
  get model(): ConsoleModel {
    this.#updates.flush();
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
    this.#updates.close();
    this.#listeners.clear();
  }

  #update(): void {
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
