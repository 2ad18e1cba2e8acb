import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import type { AddressSpan, Refusal } from "./view.ts";

/** What is to be said of an object's content. */
export interface Judgement {
  /** Why it is not used, or not used as it is. Names the field, the value and what would be right. */
  readonly refusal: Refusal | undefined;
  /** What is used, but otherwise than somebody might expect: sentences that begin with the field. */
  readonly notes: readonly string[];
}

/** An address of an Eip that is in use, as far as a judge needs it. */
export interface HeldAddress {
  /** As text. */
  readonly address: string;
  /** "namespace/name" of each Service on it. */
  readonly services: readonly string[];
  /** Whether every Service on it wants only nodes with an endpoint. */
  readonly localOnly: boolean;
}

/** The ConfigMap that BgpConf.spec.policy names; undefined text: there is none, or it lacks the key. */
export interface PolicyText {
  readonly name: string;
  readonly text: string | undefined;
}

/**
 * Says what objects are worth before any node acts on them. The controller asks it and writes what it says into conditions; it is
 * given to the controller, which knows nothing of protocols. Pure.
 */
export interface Judge {
  bgpConf(conf: BgpConf, policy: PolicyText | undefined): Judgement;
  bgpPeer(peer: BgpPeer, conf: BgpConf | undefined): Judgement;
  /** What of the Eip's `bgp` cannot be done as it is written. */
  eip(eip: Eip, pool: readonly AddressSpan[], held: readonly HeldAddress[], peers: readonly BgpPeer[]): Judgement;
}

const nothing = (): Judgement => ({ refusal: undefined, notes: [] });

/** Takes everything as it is. */
export const lenientJudge: Judge = { bgpConf: nothing, bgpPeer: nothing, eip: nothing };
