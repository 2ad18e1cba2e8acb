/** Which key is due next: a binary heap in which a key has one instant. Setting it again costs no search; what is out of date is passed over. */
export class Schedule {
  readonly #due = new Map<string, number>();
  readonly #heap: { readonly at: number; readonly key: string }[] = [];

  /** Sets the instant of a key; infinity takes it out. */
  set(key: string, at: number): void {
    if (this.#due.get(key) === at) return;
    if (at === Number.POSITIVE_INFINITY) {
      this.#due.delete(key);
      return;
    }
    this.#due.set(key, at);
    this.#push({ at, key });
  }

  /** The earliest instant; infinity when nothing is due ever. */
  next(): number {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#due.get(top.key) === top.at) return top.at;
      this.#pop();
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Takes out a key whose instant has come; undefined when there is none. */
  take(now: number): string | undefined {
    if (this.next() > now) return undefined;
    const key = this.#heap[0]?.key;
    this.#pop();
    if (key !== undefined) this.#due.delete(key);
    return key;
  }

  #push(entry: { readonly at: number; readonly key: string }): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= entry.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.at < (heap[child]?.at ?? 0)) child++;
      const below = heap[child];
      if (below === undefined || below.at >= last.at) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
