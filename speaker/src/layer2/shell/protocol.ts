import type { Effect, Link, Target } from "../model.ts";
import type { facts } from "../ownership.ts";

/** What the main thread says to the Layer2 thread. Addresses go as text: messages are copied. */
export type ToWorker =
  | {
      readonly type: "desired";
      readonly targets: readonly (Omit<Target, "address"> & { readonly address: string })[];
      readonly links: readonly Link[];
    }
  | { readonly type: "leave" }
  | { readonly type: "end" };

/** Counts since the start, for metrics. */
export interface Counters {
  readonly questions: number;
  readonly answers: number;
  readonly announcements: number;
  readonly probes: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** What the Layer2 thread says to the main thread. */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "facts"; readonly facts: ReturnType<typeof facts>; readonly counters: Counters }
  | { readonly type: "happened"; readonly effect: Extract<Effect, { readonly type: "changed" | "conflict" }> }
  | { readonly type: "problem"; readonly message: string };
