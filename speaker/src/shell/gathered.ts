/** How changes become work. All times in milliseconds. */
export interface Pacing {
  /** Changes are gathered for this long. */
  readonly gather: number;
  rest(): Rest;
}

/** How long there is rest after work. */
export interface Rest {
  /** For so many times what it took, */
  readonly factor: number;
  /** and for this long at most, in milliseconds. */
  readonly longest: number;
}

/** How long there is rest after work that took so long, in milliseconds. */
export const restAfter = (took: number, { factor, longest }: Rest): number => Math.min(longest, factor * took);

/** Does a piece of work some time after a change, once for all changes until then, and never with more than a share of the processor. */
export class Gathered {
  readonly #work: () => void;
  readonly #pacing: Pacing;
  #timer: NodeJS.Timeout | undefined;
  #endedAt = 0;
  #took = 0;

  constructor(work: () => void, pacing: Pacing) {
    this.#work = work;
    this.#pacing = pacing;
  }

  /** Something may have changed. */
  touch(): void {
    const restsUntil = this.#endedAt + restAfter(this.#took, this.#pacing.rest());
    this.#timer ??= setTimeout(() => this.run(), Math.max(this.#pacing.gather, restsUntil - performance.now()));
  }

  /** Does the work now, for everything that has changed so far. */
  run(): void {
    this.close();
    const began = performance.now();
    this.#work();
    this.#endedAt = performance.now();
    this.#took = this.#endedAt - began;
  }

  /** Does the work now if something has changed. */
  flush(): void {
    if (this.#timer !== undefined) this.run();
  }

  /** Forgets what was gathered. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
