/** How many writes are allowed: so many at once, and so many a second from then on. Its clock is the caller's, in milliseconds. */
export class WriteBudget {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #at = Number.NEGATIVE_INFINITY;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** Takes up to so many writes. @returns how many were allowed, perhaps none */
  take(wanted: number, now: number): number {
    if (now > this.#at) {
      const earned = this.#at === Number.NEGATIVE_INFINITY ? 0 : ((now - this.#at) / 1000) * this.#perSecond;
      this.#left = Math.min(this.#burst, this.#left + earned);
      this.#at = now;
    }
    const allowed = Math.min(wanted, Math.floor(this.#left));
    this.#left -= allowed;
    return allowed;
  }
}
