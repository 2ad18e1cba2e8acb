/** Condition types and reasons. A reason is the same word in a condition, an event and a metric label. */

/** On a Service: whether it holds the addresses that it asks for. */
export const addressAssigned = "berth.dev/AddressAssigned";

/** On a Service: whether each address that it holds is announced by a node whose speaker is well. What to wait for before using the address. */
export const announced = "berth.dev/Announced";

/** On a Service: whether a host that is not one of Berth's speakers claims one of its addresses. */
export const addressConflict = "berth.dev/AddressConflict";

/** Condition types of an Eip. */
export const eipConditions = {
  /** The pool is in use. */
  ready: "Ready",
  /** It shares addresses with an older Eip, and is not used. */
  overlapping: "Overlapping",
  /** Every address is in use. */
  exhausted: "Exhausted",
  /** A Service holds an address that the pool no longer has. */
  shrunk: "Shrunk",
  /** What spec.bgp wants is done as it is written. */
  bgpAccepted: "BgpAccepted",
  /** An older Eip is the default one. */
  defaultConflict: "DefaultConflict",
} as const;

/** Condition types of BgpConf and BgpPeer. */
export const bgpConditions = {
  /** The object is used as it is. */
  accepted: "Accepted",
  /** The same, under the name that tools wait for. */
  ready: "Ready",
  /** On BgpPeer: how many of its nodes have the session. */
  established: "Established",
} as const;

/** One condition, as metav1.Condition. Instants are RFC 3339 text. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly observedGeneration?: number | undefined;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}
