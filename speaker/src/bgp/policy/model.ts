import type { Asn } from "../../net/asn.ts";
import type { Prefix } from "../../net/prefix.ts";

/** Prefixes in a network whose length lies between two bounds. */
export interface PrefixRange {
  readonly prefix: Prefix;
  readonly shortest: number;
  readonly longest: number;
}

/** What a route must be for a step to apply. */
export type Condition =
  | { readonly type: "prefix"; readonly ranges: readonly PrefixRange[]; readonly isInverted: boolean }
  | { readonly type: "neighbor"; readonly networks: readonly Prefix[]; readonly isInverted: boolean }
  | { readonly type: "community"; readonly communities: readonly number[]; readonly match: "any" | "all" | "invert" };

/** How a list of communities changes. */
export type Edit = "add" | "remove" | "replace";

/** What a step does to a route. */
export type Action =
  | { readonly type: "med"; readonly isRelative: boolean; readonly value: number }
  | { readonly type: "localPref"; readonly value: number }
  /** "last" is the AS that is leftmost in the path. */
  | { readonly type: "prepend"; readonly as: Asn | "last"; readonly count: number }
  | { readonly type: "nextHopSelf" }
  | { readonly type: "communities"; readonly edit: Edit; readonly values: readonly number[] }
  | { readonly type: "largeCommunities"; readonly edit: Edit; readonly values: readonly (readonly [number, number, number])[] };

export type Disposition = "accept" | "reject";

/** One statement of a policy. Without a disposition the next statement is asked as well. */
export interface PolicyStep {
  /** "policy/statement", for people. */
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly actions: readonly Action[];
  readonly disposition: Disposition | undefined;
}

/** Statements in order, and what becomes of a route that none of them decided on. */
export interface PolicyStage {
  readonly steps: readonly PolicyStep[];
  readonly otherwise: Disposition;
}

/** What is done to routes on their way out: GoBGP's import policy and then its export policy. Plain values: it crosses threads. */
export interface Policy {
  readonly stages: readonly PolicyStage[];
}

/** Lets every route through as it is. */
export const noPolicy: Policy = { stages: [] };
