import type { Address, Family } from "../net/address.ts";
import type { AddressRange } from "./ranges.ts";

/** A named way to say no: `reason` is the CamelCase word of the condition, the event and the metric; `message` is a sentence. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
  /** What to do about it, as a sentence without a capital; absent where the reason alone tells. */
  readonly remedy?: string | undefined;
}

/** Why a pool gives nothing: `message` is the whole sentence, `short` the few words in a list of pools. */
export interface PoolRefusal extends Refusal {
  readonly short: string;
}

/** An Eip as allocation sees it. */
export interface Pool {
  readonly name: string;
  /** Disjoint and in order; empty when the pool's text is wrong. */
  readonly ranges: readonly AddressRange[];
  /** Addresses that the pool gave before it shrank, as text. */
  readonly formerAddresses: ReadonlySet<string>;
  /** Why nothing new may be taken from it: disabled, overlapping, malformed, being deleted. */
  readonly refusal: PoolRefusal | undefined;
  readonly isDefault: boolean;
  readonly autoAssign: boolean;
  readonly priority: number;
  readonly namespaces: readonly string[];
  /** Labels a namespace must carry; undefined binds to none, {} to all. */
  readonly namespaceSelector: Readonly<Record<string, string>> | undefined;
  readonly serviceSelectors: readonly Readonly<Record<string, string>>[];
  readonly restrict: boolean;
  readonly perNamespaceLimit: number | undefined;
  /** IPv4 addresses that end in .0 or .255 are not given. */
  readonly avoidBuggyIps: boolean;
}

/** A port that a Service wants on its address. */
export interface ServicePort {
  readonly protocol: string;
  readonly port: number;
}

/** A Service of ours, of type LoadBalancer, that is not being deleted. */
export interface ServiceRequest {
  /** "namespace/name". */
  readonly key: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** When it was created, in milliseconds since the epoch: the older of two is served first. */
  readonly createdAt: number;
  /** What the ledger says that it holds. */
  readonly holds: readonly Address[];
  /** The pool that gave what it holds, as its ledger says: address text → pool. */
  readonly givenBy: ReadonlyMap<string, string>;
  /** The families it wants, the more wanted first. */
  readonly families: readonly Family[];
  /** Whether all families must be there (RequireDualStack, SingleStack), or one is enough (PreferDualStack). */
  readonly needsAllFamilies: boolean;
  readonly ports: readonly ServicePort[];
  readonly localOnly: boolean;
  readonly selector: string;
  /** The Eip it names, if it names one, and where it does, for messages: "annotation …". */
  readonly eip: string | undefined;
  readonly eipSource: string;
  /** The addresses it names; none when it leaves the choice to us. */
  readonly addresses: readonly Address[];
  /** Where it names them, for messages: "spec.loadBalancerIP". */
  readonly addressSource: string;
  /** What is wrong with what it asks for: an address that cannot be read. */
  readonly problem: Refusal | undefined;
  readonly sharingKey: string | undefined;
  /** Namespaces that it consents to share with, besides its own. */
  readonly sharesWith: readonly string[];
}

/** One address that a Service has. */
export interface Grant {
  readonly address: Address;
  /** "" when no pool knows it. */
  readonly pool: string;
  /** The pool that gave it, when that one is gone. */
  readonly lostPool?: string | undefined;
  /** The rule that chose the pool; undefined when the Service held the address before. */
  readonly rule: string | undefined;
}

/** What a Service comes to. `refusal` says what is missing; a Service may hold one family and lack the other. */
export interface Assignment {
  readonly grants: readonly Grant[];
  readonly refusal: Refusal | undefined;
  /** Families that it would like to have too, and can do without. */
  readonly missing: readonly Family[];
}

/** What allocation remembers from one time to the next. Addresses are text; instants are milliseconds since the epoch. */
export interface Memory {
  /** When addresses that nobody uses now were freed. */
  readonly freedAt: ReadonlyMap<string, number>;
  /** Who used which address after the last time. */
  readonly lastUsers: ReadonlyMap<string, readonly string[]>;
  /** Since when an address in use belongs to no pool. */
  readonly homelessSince: ReadonlyMap<string, number>;
  /** On which terms Services shared their addresses: who changes them is the one who has to leave. By Service. */
  readonly terms: ReadonlyMap<string, string>;
}

export const emptyMemory: Memory = {
  freedAt: new Map(),
  lastUsers: new Map(),
  homelessSince: new Map(),
  terms: new Map(),
};

export interface AllocationInput {
  readonly services: readonly ServiceRequest[];
  readonly pools: readonly Pool[];
  readonly namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly memory: Memory;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long a freed address is not given to anybody who does not ask for it, in milliseconds. */
  readonly restPeriod: number;
  /** OpenELB's way: a Service that names an address in use gets it, whatever the ports. */
  readonly sharesUnconditionally: boolean;
}

export interface AllocationResult {
  readonly assignments: ReadonlyMap<string, Assignment>;
  /** Who uses which address: address text → Services, sorted. */
  readonly users: ReadonlyMap<string, readonly string[]>;
  /** The pool of each address in use; absent for one that belongs to no pool. */
  readonly poolOf: ReadonlyMap<string, string>;
  readonly memory: Memory;
  /** When something changes by itself (a rest ends), in milliseconds since the epoch. */
  readonly wakeAt: number | undefined;
}
