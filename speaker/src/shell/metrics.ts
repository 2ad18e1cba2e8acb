import { collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** The metrics of this process. All names begin with berth_, but for those of the Node runtime. */
export interface Metrics {
  readonly registry: Registry;
  /** Adds a number that is read from the facts at every scrape. */
  fact(name: `berth_${string}`, help: string, read: () => number): void;
}

/** Makes the registry, with the runtime's own metrics in it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    fact(name, help, read): void {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect(): void {
          this.set(read());
        },
      });
    },
  };
}
