import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** The metrics of this process. All names begin with berth_, but for those of the Node runtime. */
export interface Metrics {
  readonly registry: Registry;
  /** Adds a number that is read from the facts at every scrape. */
  fact(name: `berth_${string}`, help: string, read: () => number): void;
  /** Adds counts that are read at every scrape, one for each value of a label. They only grow; `_total` is added to the name. */
  counts(name: `berth_${string}`, help: string, label: string, read: () => Readonly<Record<string, number>>): void;
}

/** Makes the registry, with the runtime's own metrics in it. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    counts(name, help, label, read): void {
      new Counter({
        name: `${name}_total`,
        help,
        labelNames: [label],
        registers: [registry],
        collect(): void {
          this.reset();
          for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
        },
      });
    },
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
