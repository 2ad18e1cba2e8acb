import type { Address } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Neighbor, Note } from "./frame.ts";

/** How failover is timed; all in milliseconds. */
export interface Tuning {
  /** Between two probes of one owner. */
  readonly probeInterval: number;
  /** After so many unanswered probes the owner is taken for dead. */
  readonly misses: number;
  /** Between two probes before a claim, and how many. @see RFC 5227 §2.1.1, whose seconds are too long for a failover */
  readonly claimInterval: number;
  readonly claimProbes: number;
  /** How much later each next one in the order begins to claim. */
  readonly rankDelay: number;
  /** After a claim, announcements are repeated every second for this long. */
  readonly repeatFor: number;
  /** Later on they are repeated this often. */
  readonly repeatEvery: number;
  /** Between two beacons of an owner. */
  readonly beaconInterval: number;
}

export const defaultTuning: Tuning = {
  probeInterval: 150,
  misses: 3,
  claimInterval: 50,
  claimProbes: 2,
  rankDelay: 200,
  repeatFor: 5000,
  repeatEvery: 60_000,
  beaconInterval: 700,
};

/** An address that this node may answer for. */
export interface Target {
  readonly address: Address;
  /** The interfaces on which it is answered for. The first is where owners are probed. */
  readonly interfaces: readonly string[];
  /** The place of this node in the address's order, 0 for the first. */
  readonly rank: number;
  /** How many nodes are in the order. */
  readonly candidates: number;
}

/** An interface of this node. */
export interface Link {
  readonly name: string;
  readonly mac: Mac;
  readonly addresses: readonly Address[];
}

/** What this node is to one address. */
export type Role =
  /** Nobody is known to own it; probes go out. */
  | "seeking"
  /** Another owns it. */
  | "standby"
  /** Nobody answers; the last probes before the claim go out. */
  | "claiming"
  | "owner";

/** What this node knows of one address. */
export interface Held {
  readonly target: Target;
  readonly role: Role;
  readonly ownerMac: Mac | undefined;
  readonly misses: number;
  /** When the next thing is due. */
  readonly dueAt: number;
  /** Probes sent in this role. */
  readonly sent: number;
  readonly since: number;
  readonly because: string;
}

/** The probes of one owner: whatever the number of its addresses, one at a time is asked for, in turn. */
export interface Flow {
  readonly misses: number;
  readonly dueAt: number;
  /** Which of its addresses is next. */
  readonly turn: number;
}

/** The ownership of every address on one node. Opaque; advanced by `step`. */
export interface Ownership {
  readonly tuning: Tuning;
  readonly links: ReadonlyMap<string, Link>;
  readonly held: ReadonlyMap<string, Held>;
  /** By the owner's Ethernet address. */
  readonly flows: ReadonlyMap<string, Flow>;
  /** An owner announces one of its addresses every second, in turn, so that two halves of a healed segment notice each other. */
  readonly beacon: { readonly dueAt: number; readonly turn: number };
  readonly isLeaving: boolean;
  /** Echoed by speakers: tells their answers from those of a device that answers for others. */
  readonly nonce: number;
}

/** What happens to a node's ownership. `now` is milliseconds of a clock that never goes back. */
export type Event =
  | { readonly type: "desired"; readonly now: number; readonly targets: readonly Target[]; readonly links: readonly Link[] }
  | { readonly type: "tick"; readonly now: number }
  | { readonly type: "frame"; readonly now: number; readonly link: string; readonly frame: Neighbor }
  /** A planned stop: others take over first. */
  | { readonly type: "leave"; readonly now: number };

export type Effect =
  | { readonly type: "ask"; readonly link: string; readonly address: Address; readonly to: Mac | undefined; readonly note: Note }
  | {
      readonly type: "answer";
      readonly link: string;
      readonly address: Address;
      readonly asker: { readonly mac: Mac; readonly address: Address | undefined };
      readonly note: Note | undefined;
    }
  | { readonly type: "announce"; readonly link: string; readonly address: Address; readonly note: Note }
  | { readonly type: "changed"; readonly address: Address; readonly role: Role; readonly reason: string }
  | { readonly type: "conflict"; readonly address: Address; readonly mac: Mac; readonly link: string };

export interface Step {
  readonly state: Ownership;
  readonly effects: readonly Effect[];
}
