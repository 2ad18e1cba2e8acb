/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * One metric: everything that is to be said of it. The exposition, the documentation, the alerts and the tests read these rows.
 * What is wished for and what is so are different metrics: `tells` says which one this is.
 */
export interface MetricRow<Facts> {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly tells: "wish" | "fact";
  readonly help: string;
  readonly labels: readonly string[];
  /** All values at this moment. */
  read(facts: Facts): readonly Sample[];
}

/** One value without labels. */
export function single(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

/** One value for each key. */
export function each(label: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

/** What this process knows of itself. */
export interface ProcessFacts {
  readonly version: string;
  readonly component: "controller" | "speaker";
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** The longest that the main thread kept others waiting since the last look, in seconds. */
  readonly longestStall: number;
  /** By "METHOD code"; the code is "none" where there was no answer. */
  readonly requests: Readonly<Record<string, number>>;
  /** Whether the cluster has been read once. */
  readonly isSynced: boolean;
}

/** What both kinds of processes tell. */
export const processRows: readonly MetricRow<ProcessFacts>[] = [
  {
    name: "berth_build_info",
    type: "gauge",
    tells: "fact",
    help: "1, with the version that runs.",
    labels: ["version", "component"],
    read: ({ version, component }) => [{ labels: { version, component }, value: 1 }],
  },
  {
    name: "berth_synced",
    type: "gauge",
    tells: "fact",
    help: "Whether the cluster has been read: 0 until then, and nothing is announced or given.",
    labels: [],
    read: ({ isSynced }) => single(Number(isSynced)),
  },
  {
    name: "berth_kubernetes_requests_total",
    type: "counter",
    tells: "fact",
    help: "Requests to the API server, by method and status; code none where no answer came.",
    labels: ["method", "code"],
    read: ({ requests }) =>
      Object.entries(requests).map(([key, value]) => {
        const [method = "", code = ""] = key.split(" ");
        return { labels: { method, code }, value };
      }),
  },
  {
    name: "berth_process_start_time_seconds",
    type: "gauge",
    tells: "fact",
    help: "When this process started, in seconds since 1970.",
    labels: [],
    read: ({ startedAt }) => single(startedAt),
  },
  {
    name: "berth_process_cpu_seconds_total",
    type: "counter",
    tells: "fact",
    help: "CPU time of this process, all threads together.",
    labels: [],
    read: ({ cpuSeconds }) => single(cpuSeconds),
  },
  {
    name: "berth_process_resident_memory_bytes",
    type: "gauge",
    tells: "fact",
    help: "Memory of this process that is in RAM.",
    labels: [],
    read: ({ residentBytes }) => single(residentBytes),
  },
  {
    name: "berth_process_heap_bytes",
    type: "gauge",
    tells: "fact",
    help: "Heap of the main thread that is in use.",
    labels: [],
    read: ({ heapBytes }) => single(heapBytes),
  },
  {
    name: "berth_process_longest_stall_seconds",
    type: "gauge",
    tells: "fact",
    help: "The longest that the main thread kept others waiting since the last scrape; answers and sessions have threads of their own.",
    labels: [],
    read: ({ longestStall }) => single(longestStall),
  },
];
