import type { Address } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Neighbor } from "./frame.ts";
import type { Note } from "./note.ts";

/** How failover is timed; all in milliseconds. */
export interface Tuning {
  /** Between two probes of one owner. */
  readonly probeInterval: number;
  /** After so many unanswered probes in a row the owner is taken for dead. */
  readonly misses: number;
  /** How long the last of them may stay unanswered. */
  readonly lastWait: number;
  /** Between two probes of a newcomer, or before a claim, and how many of each. @see RFC 5227 §2.1.1, whose seconds are too long for a failover */
  readonly claimInterval: number;
  readonly seekProbes: number;
  readonly claimProbes: number;
  /** How much later each next one in the order begins to claim. */
  readonly rankDelay: number;
  /** After a claim, announcements are repeated every second for this long. */
  readonly repeatFor: number;
  /** Later on they are repeated this often. */
  readonly repeatEvery: number;
  /** Between two beacons of an owner on one interface. */
  readonly beaconInterval: number;
  /** What many addresses want at one moment is spread: so long between one address and the next. */
  readonly spacing: number;
  /** Between two defences of an address against a foreign host. @see RFC 5227 §1.1 DEFEND_INTERVAL */
  readonly defendInterval: number;
  /** An owner that hands an address over answers for so long at most, and longer the more addresses go. */
  readonly handOver: number;
  /** An owner with more than its share waits so long after the last change, and between one address and the next. */
  readonly balanceAfter: number;
  readonly balanceEvery: number;
  /** How much more than the mean is its share: this many times, and so many addresses at least, so that few never move. */
  readonly balanceBound: number;
  readonly balanceSlack: number;
}

export const defaultTuning: Tuning = {
  probeInterval: 150,
  misses: 3,
  lastWait: 60,
  claimInterval: 50,
  seekProbes: 3,
  claimProbes: 2,
  rankDelay: 200,
  repeatFor: 5000,
  repeatEvery: 60_000,
  beaconInterval: 500,
  spacing: 1,
  defendInterval: 10_000,
  handOver: 2000,
  balanceAfter: 60_000,
  balanceEvery: 100,
  balanceBound: 1.25,
  balanceSlack: 8,
};

/** What is done when a foreign host claims an address: tell everybody that it is ours, or leave it to that host. */
export type ConflictPolicy = "defend" | "yield";

/** An address that this node may answer for on one interface. Each interface has an owner of its own: it may be another segment. */
export interface Target {
  readonly address: Address;
  readonly link: string;
  /** The place of this node in the address's order, 0 for the first. */
  readonly rank: number;
  /** How many nodes are in the order. */
  readonly candidates: number;
  readonly policy: ConflictPolicy;
  /** An owner with more than its share may hand it over to one with less: no node is preferred for it. */
  readonly mayMove: boolean;
  /** This node should not own it (any more), but may go on until another has taken over. */
  readonly standsBack: boolean;
}

/** An interface of this node, as far as ownership needs it. */
export interface Link {
  readonly name: string;
  readonly mac: Mac;
  /** Up, and with a carrier. */
  readonly isUp: boolean;
  /** How often the carrier came or went, as the kernel counts. */
  readonly carrierChanges: number;
}

/** What this node is to one address on one interface. */
export type Role =
  /** The interface is missing, down or without a carrier. */
  | "waiting"
  /** Nobody is known to own it; probes go out. */
  | "seeking"
  /** Another owns it. */
  | "standby"
  /** Nobody answers; the last probes before the claim go out. */
  | "claiming"
  | "owner"
  /** A foreign host uses it, and the policy is to let it. */
  | "yielded";

/** A foreign host that claims an address of ours. Instants are milliseconds of the engine's clock. */
export interface Conflict {
  readonly mac: Mac;
  readonly since: number;
  readonly lastAt: number;
  /** How many of its frames contradicted us. */
  readonly count: number;
  readonly defendedAt: number;
}

/** What this node knows of one address on one interface. */
export interface Contender {
  readonly key: string;
  readonly target: Target;
  readonly role: Role;
  /** The owner's Ethernet address, in the role standby; of the foreign host, in the role yielded. */
  readonly owner: Mac | undefined;
  /** The owner's place in the order, as it says itself. */
  readonly ownerRank: number;
  /** When the next thing is due. */
  readonly dueAt: number;
  /** Probes sent in this role. */
  readonly sent: number;
  /** Since when it has this role. */
  readonly since: number;
  /** Since when it owns the address without a pause: what its tenure is counted from. */
  readonly tenureFrom: number;
  /** Until when an owner that slept yields to any other. */
  readonly doubtUntil: number;
  /** When it last said aloud that it owns the address. */
  readonly saidAt: number;
  /** Until when an owner that hands over, or offers to, goes on at most; undefined when it does neither. */
  readonly handsOverUntil: number | undefined;
  /** In the role waiting: whether it was the owner when the interface went away. */
  readonly wasOwner: boolean;
  readonly because: string;
  readonly conflict: Conflict | undefined;
}

/** What happens to a node's ownership. `now` is milliseconds of a clock that never goes back. */
export type Event =
  | { readonly type: "desired"; readonly now: number; readonly targets: readonly Target[] }
  /** The Ethernet addresses of all speakers' interfaces and the nodes they belong to, and the number of the cluster. */
  | { readonly type: "speakers"; readonly now: number; readonly nodes: ReadonlyMap<Mac, string>; readonly cluster: number }
  | { readonly type: "links"; readonly now: number; readonly links: readonly Link[] }
  | { readonly type: "tick"; readonly now: number }
  | { readonly type: "frame"; readonly now: number; readonly link: string; readonly frame: Neighbor }
  /** An owner that was asked over UDP answers. */
  | { readonly type: "udpAnswer"; readonly now: number; readonly link: string; readonly mac: Mac; readonly nonce: number }
  /** A planned stop: others take over first. */
  | { readonly type: "leave"; readonly now: number };

export type Effect =
  /** A question: to one host, from our own address; or to all, from none. */
  | {
      readonly type: "ask";
      readonly link: string;
      readonly address: Address;
      readonly to: Mac | undefined;
      readonly note: Note;
      /** Ask over UDP too: ARP is answered by somebody on the way. */
      readonly overUdp?: boolean;
    }
  | {
      readonly type: "answer";
      readonly link: string;
      readonly address: Address;
      readonly asker: { readonly mac: Mac; readonly address: Address | undefined };
      readonly note: Note | undefined;
    }
  | { readonly type: "announce"; readonly link: string; readonly address: Address; readonly note: Note }
  | {
      readonly type: "changed";
      readonly address: Address;
      readonly link: string;
      readonly from: Role | undefined;
      readonly role: Role | undefined;
      readonly reason: string;
    }
  | {
      readonly type: "conflict";
      readonly address: Address;
      readonly link: string;
      readonly mac: Mac;
      readonly policy: ConflictPolicy;
      readonly reason: string;
    }
  /** Something between the nodes answers ARP or NDP for hosts, and so hides whether an owner lives. */
  | { readonly type: "fabric"; readonly link: string; readonly mac: Mac; readonly reason: string };

/** The key of an address on an interface. */
export function contenderKey(address: string, link: string): string {
  return `${address}%${link}`;
}
