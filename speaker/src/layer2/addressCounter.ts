/** Counts of one address on this node, since it came. Questions of other speakers are among them. */
export interface AddressCounts {
  readonly questions: number;
  readonly answers: number;
  /** Unasked announcements: gratuitous ARP, unsolicited neighbour advertisements. */
  readonly gratuitous: number;
}

const none: AddressCounts = { questions: 0, answers: 0, gratuitous: 0 };

/** Counts what happens to each address, and tells only what has changed. Addresses are texts. */
export class AddressCounter {
  #kept: ReadonlySet<string> = new Set();
  readonly #counts = new Map<string, AddressCounts>();
  readonly #changed = new Set<string>();

  /** From now on these are counted, and no others; what is new begins with zero. */
  keep(addresses: Iterable<string>): void {
    this.#kept = new Set(addresses);
    for (const address of this.#counts.keys()) if (!this.#kept.has(address)) this.#counts.delete(address);
    for (const address of this.#kept) {
      if (this.#counts.has(address)) continue;
      this.#counts.set(address, none);
      this.#changed.add(address);
    }
  }

  /** Counts; what happens to an address that is not kept is not counted. */
  add(address: string, what: keyof AddressCounts, count = 1): void {
    if (!this.#kept.has(address)) return;
    const counts = this.#counts.get(address) ?? none;
    this.#counts.set(address, { ...counts, [what]: counts[what] + count });
    this.#changed.add(address);
  }

  /** The addresses whose counts have changed since the last call, with all that was counted. */
  takeChanged(): [address: string, counts: AddressCounts][] {
    const taken = [...this.#changed].flatMap((address): [string, AddressCounts][] => {
      const counts = this.#counts.get(address);
      return counts === undefined ? [] : [[address, counts]];
    });
    this.#changed.clear();
    return taken;
  }
}
