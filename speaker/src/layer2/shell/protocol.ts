import type { Address } from "../../net/address.ts";
import type { Mac } from "../../net/mac.ts";
import type { AddressCounts } from "../addressCounter.ts";
import type { ContenderFact } from "../facts.ts";
import type { LinkView } from "../links.ts";
import type { Target } from "../model.ts";

/** A speaker's interface, as that node has published it. */
export interface SpeakerLink {
  readonly mac: Mac;
  readonly node: string;
  /** Where the node can be asked over UDP. */
  readonly addresses: readonly Address[];
}

/** What the main thread says to the Layer2 thread. */
export type ToWorker =
  /** `destinations` are those of can_reach, whose egress interfaces are wanted. */
  | { readonly type: "desired"; readonly targets: readonly Target[]; readonly destinations: readonly Address[] }
  | { readonly type: "speakers"; readonly links: readonly SpeakerLink[]; readonly cluster: number }
  | { readonly type: "leave" }
  | { readonly type: "end" };

/** Counts since the start, for metrics. */
export interface Counters {
  /** Questions about addresses that this node has a part in. */
  readonly questions: number;
  readonly answers: number;
  readonly announcements: number;
  /** Questions that this node asked. */
  readonly probes: number;
  readonly conflicts: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** What the Layer2 thread says to the main thread. */
export type FromWorker =
  | { readonly type: "ready" }
  /** The interfaces of this machine, and by which of them the kernel sends to each destination. */
  | { readonly type: "links"; readonly links: readonly LinkView[]; readonly egress: ReadonlyMap<string, string> }
  /** What has changed since the last such message. */
  | {
      readonly type: "facts";
      readonly changed: readonly ContenderFact[];
      readonly gone: readonly string[];
      readonly counters: Counters;
      /** The addresses whose counts have changed, as text, with all that was counted. */
      readonly counted: readonly (readonly [address: string, counts: AddressCounts])[];
    }
  /** Something a person should read. */
  | {
      readonly type: "event";
      readonly level: "debug" | "info" | "warn";
      readonly event: string;
      readonly text: string;
      readonly fields: Readonly<Record<string, string>>;
    };
