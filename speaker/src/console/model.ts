/** What the page shows: plain JSON, each list keyed, so that a change is sent as the rows that differ. */

/** One router, and its sessions with nodes. */
export interface RouterRow {
  readonly key: string;
  readonly neighbor: string;
  readonly as: string;
  /** Why the BgpPeer is not used; empty when it is. */
  readonly problem: string;
  readonly sessions: readonly SessionCell[];
}

/** One session. `state` is lower case, as RFC 4271 names states. */
export interface SessionCell {
  readonly node: string;
  readonly state: string;
  readonly since: string;
  readonly error: string;
  /** Prefixes that the router is told, and that it told; absent when the speaker was not asked yet or did not answer. */
  readonly sent?: number;
  readonly received?: number;
  /** How many prefixes the router told beyond those that are kept. */
  readonly passedOver?: number;
  /** How often the session went down. */
  readonly flaps?: number;
}

/** One node. */
export interface NodeRow {
  readonly key: string;
  readonly addresses: readonly string[];
  /** Why it may not announce; empty when it may. */
  readonly problem: string;
  readonly hasSpeaker: boolean;
  readonly isSpeakerReady: boolean;
  /** How many addresses it announces. */
  readonly announces: number;
}

/** Who announces an address. */
export interface AnnouncerCell {
  readonly node: string;
  readonly via: string;
  readonly since: string;
  readonly why: string;
}

/** One address of a Service and its way to the endpoints. */
export interface AddressCell {
  readonly address: string;
  readonly eip: string;
  readonly protocol: string;
  readonly announcers: readonly AnnouncerCell[];
  /** Nodes that say why they do not announce it. */
  readonly refusals: readonly { readonly node: string; readonly why: string }[];
  /** The host that claims it too; empty when none does. */
  readonly conflict: string;
}

/** One endpoint behind a Service. */
export interface EndpointCell {
  readonly pod: string;
  readonly address: string;
  readonly node: string;
  readonly isServing: boolean;
}

/** One Service of type LoadBalancer that is Berth's. */
export interface ServiceRow {
  readonly key: string;
  readonly ports: string;
  readonly isLocal: boolean;
  readonly addresses: readonly AddressCell[];
  readonly endpoints: readonly EndpointCell[];
  /** "ok", "waiting" (no address), "silent" (an address that nobody announces) or "conflict". */
  readonly state: "ok" | "waiting" | "silent" | "conflict";
  /** Why, in the words of the conditions. */
  readonly why: string;
}

/** One Eip. Counts are text: IPv6 pools are larger than numbers. */
export interface PoolRow {
  readonly key: string;
  readonly addresses: string;
  readonly protocol: string;
  readonly used: string;
  readonly size: string;
  readonly inUse: string;
  readonly isWell: boolean;
  /** The most addresses that one namespace may use; empty without a limit. */
  readonly limit: string;
  /** Addresses used, by namespace. */
  readonly byNamespace: Readonly<Record<string, number>>;
  /** Every address in use, in order, with its Services. */
  readonly map: readonly { readonly address: string; readonly users: readonly string[] }[];
  /** Addresses that were freed and are not given yet, in order. Instants are RFC 3339. */
  readonly resting: readonly { readonly address: string; readonly until: string }[];
  /** What the pool consists of, in order, with what it names and does not give: spec.exclude, addresses to avoid. Counts are text. */
  readonly blocks: readonly { readonly first: string; readonly count: string; readonly isReserved: boolean }[];
  /** Whether IPv4 addresses that end in .0 or .255 are not given. */
  readonly avoidsBuggyIps: boolean;
}

/** Something that happened, for the timeline. */
export interface TimelineEntry {
  /** Grows by one with each entry. */
  readonly key: string;
  /** RFC 3339. */
  readonly at: string;
  readonly kind: "address" | "owner" | "session" | "conflict" | "node";
  readonly subject: string;
  readonly message: string;
  /** The Eip that it is about; empty for others. */
  readonly eip: string;
}

/** Whether a part of Berth is well. */
export interface HealthCell {
  readonly key: string;
  readonly isWell: boolean;
  readonly message: string;
}

/** Everything the page shows. */
export interface ConsoleModel {
  readonly health: readonly HealthCell[];
  readonly nodes: readonly NodeRow[];
  readonly routers: readonly RouterRow[];
  readonly services: readonly ServiceRow[];
  readonly pools: readonly PoolRow[];
  readonly timeline: readonly TimelineEntry[];
}

/** The lists of the model. */
export const lists = [
  "health",
  "nodes",
  "routers",
  "services",
  "pools",
  "timeline",
] as const satisfies readonly (keyof ConsoleModel)[];

export const emptyModel: ConsoleModel = { health: [], nodes: [], routers: [], services: [], pools: [], timeline: [] };
