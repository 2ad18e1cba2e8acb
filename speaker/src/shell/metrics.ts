import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Registry } from "prom-client";
import type { MetricRow, ProcessFacts } from "../metrics/row.ts";

/** The metrics of this process, as a collector reads them. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** Exposes rows. @param facts read once for each scrape */
export function openMetrics<Facts>(rows: readonly MetricRow<Facts>[], facts: () => Facts): MetricsText {
  const registry = new Registry();
  let current: Facts | undefined;
  for (const { name, type, help, labels, read } of rows) {
    const samples = () => (current === undefined ? [] : read(current));
    const common = { name, help, labelNames: [...labels], registers: [registry] };
    if (type === "counter")
      new Counter({
        ...common,
        collect(): void {
          this.reset();
          for (const sample of samples()) this.inc(sample.labels, sample.value);
        },
      });
    else
      new Gauge({
        ...common,
        collect(): void {
          this.reset();
          for (const sample of samples()) this.set(sample.labels, sample.value);
        },
      });
  }
  return {
    contentType: registry.contentType,
    metrics(): Promise<string> {
      current = facts();
      return registry.metrics();
    },
  };
}

/** What this process knows of itself, but for what it does. */
export function watchProcess(): () => Omit<ProcessFacts, "version" | "component" | "requests" | "isSynced"> {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const longestStall = delay.max / 1e9;
    delay.reset();
    return {
      startedAt: performance.timeOrigin / 1000,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: rss,
      heapBytes: heapUsed,
      longestStall: Number.isFinite(longestStall) ? longestStall : 0,
    };
  };
}
