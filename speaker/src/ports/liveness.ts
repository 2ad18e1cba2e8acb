import type { Address } from "../net/address.ts";

/** How one neighbour is watched, in milliseconds and packets. @see RFC 5880 §6.8.1 */
export interface LivenessOptions {
  /** The shortest pause between packets of the neighbour that we can take. */
  readonly receiveInterval: number;
  /** The pause between our packets that we wish for. */
  readonly transmitInterval: number;
  /** After so many missing packets the neighbour is down. */
  readonly detectMultiplier: number;
  /** Say nothing before the neighbour does. */
  readonly isPassive: boolean;
  /** More than one hop: packets with a lower TTL are dropped. Undefined: one hop, and the TTL must be 255. @see RFC 5881 §5, RFC 5883 §3 */
  readonly minimumTtl: number | undefined;
}

/** A neighbour to watch. */
export interface LivenessTarget {
  /** Names it in reports; unique. */
  readonly name: string;
  readonly address: Address;
  /** Where our packets come from; undefined leaves it to the kernel. */
  readonly localAddress: Address | undefined;
  /** The interface of a link-local neighbour. */
  readonly interface: string | undefined;
  readonly options: LivenessOptions;
}

/** What is known of a neighbour: plain values. */
export interface LivenessFacts {
  readonly name: string;
  readonly state: "AdminDown" | "Down" | "Init" | "Up";
  /** Why it is as it is, as a sentence. */
  readonly reason: string;
  /** Since when, as RFC 3339. */
  readonly since: string;
  /** The pause between our packets, and the time after which the neighbour is down, in milliseconds. */
  readonly transmitInterval: number;
  readonly detectionTime: number;
  /** What the neighbour said last; empty when it said nothing yet. */
  readonly remoteState: string;
  readonly remoteDiagnostic: string;
}

/** News of one neighbour. `isLost`: it was up and is down, and it did not take itself out of service. */
export interface LivenessNews {
  readonly facts: LivenessFacts;
  readonly isLost: boolean;
}

/** Watches whether neighbours live, faster than a routing protocol does. */
export interface Liveness {
  /** The whole set of neighbours to watch: those that are not in it any more are told that they are not watched, and let go. */
  watch(targets: readonly LivenessTarget[]): void;
  onNews(listener: (news: LivenessNews) => void): void;
}
