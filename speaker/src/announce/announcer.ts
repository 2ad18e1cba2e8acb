import type { ClusterView, Refusal } from "./view.ts";

/** What an announcer does for one address on this node, as a fact, for status, metrics and people. */
export interface AnnouncementFact {
  /** The address as text. */
  readonly address: string;
  readonly protocol: Protocol;
  /** Whether this node announces the address right now. */
  readonly isAnnouncing: boolean;
  /** Where it is announced: interface names for Layer2, peer addresses for BGP. */
  readonly via: readonly string[];
  /** Why it is not, when it is not. */
  readonly refusal: Refusal | undefined;
  /** Why it is: "rank 1 of 3", "took over from node2", … */
  readonly because: string;
  /** Since when `isAnnouncing` is what it is, in milliseconds since 1970, when the announcer knows. */
  readonly since?: number;
  /** A host that is none of our speakers and claims the address too; absent when nobody does. */
  readonly conflict?: Conflict;
}

/** A foreign host that claims one of our addresses. */
export interface Conflict {
  /** Its Ethernet address. */
  readonly mac: string;
  readonly interface: string;
  /** When it was first heard, in milliseconds since 1970. */
  readonly since: number;
}

/** The ways Berth can announce an address. Each has one factory in announcers.ts. */
export type Protocol = "bgp" | "layer2";

/** What a protocol reports besides addresses: one row for each session or segment. Plain JSON values only. */
export type ProtocolFacts = Readonly<Record<string, unknown>>;

/**
 * The contract of everything that announces addresses from one node.
 *
 * `apply` takes the whole view and makes the world agree with it: it announces what the view wants, withdraws what the view
 * no longer has, and leaves the rest alone. Calling it twice with the same view does nothing the second time. It returns at once;
 * what it started goes on behind it. It never throws for the content of a view: what cannot be done becomes a refusal in `status`.
 *
 * `status` gives facts, not wishes, and is cheap enough to be called every second.
 *
 * `close` withdraws everything, in the way that loses least, and resolves when the network has been told.
 */
export interface Announcer {
  apply(view: ClusterView): void;
  /** Each part is made when it is read: of thousands of addresses not all are looked at every second. */
  status(): {
    readonly announcements: readonly AnnouncementFact[];
    readonly facts: ProtocolFacts;
    /** What the announcers of other nodes should know of this node: it comes to them in `NodeView.published`. Plain JSON. */
    readonly published?: unknown;
  };
  close(): Promise<void>;
  /** Shows what is too much for `status`, by a name such as "bgp/rib/out"; undefined for a name that it does not know. */
  look?(what: string): Promise<unknown>;
}
