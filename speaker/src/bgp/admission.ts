/**
 * What becomes of a connection that is made to our port, by name: the label of the metric and the word in the log.
 * A peer's own connections end with a Cease, so that the router can say why; a stranger gets no word.
 */
export type Admission =
  /** A session begins. */
  | "Taken"
  /** No peer has the address that it comes from. */
  | "UnknownSource"
  /** The peer's session is up. @see RFC 4271 §6.8 */
  | "SessionUp"
  /** The peer connects more often than it may. */
  | "TooMany"
  /** The peer has a password that the port does not demand yet. */
  | "NotSigned"
  /** The speaker stops, or the kernel refused what the connection needs. */
  | "NotUsable";

/** How many connections of one peer are taken at once, and how many a second after that: a router that tries again by any timer of its own stays far below. */
export const connectionsAtOnce = 200;
export const connectionsPerSecond = 20;

/** The Cease subcodes that connections of peers end with. @see RFC 4486 §4 */
export const farewell: Readonly<Partial<Record<Admission, number>>> = { SessionUp: 7, TooMany: 5 };

/** How many connections a peer may still make at a moment. */
export interface Allowance {
  readonly left: number;
  /** In milliseconds, of a clock that does not go back. */
  readonly at: number;
}

/** The allowance of a peer that has made no connection. */
export const fullAllowance: Allowance = { left: connectionsAtOnce, at: 0 };

/**
 * Takes one connection off an allowance, which grows with time. One that is refused costs nothing: a peer that goes on for ever is still taken
 * as often as it may.
 * @returns undefined when nothing is left
 */
export function spend({ left, at }: Allowance, now: number): Allowance | undefined {
  const grown = Math.min(connectionsAtOnce, left + (Math.max(0, now - at) / 1000) * connectionsPerSecond);
  return grown < 1 ? undefined : { left: grown - 1, at: now };
}

/** How often connections came to each end. */
export type AdmissionCounts = Readonly<Record<Admission, number>>;

/** The counts of a speaker that nobody has connected to. */
export const noAdmissions: AdmissionCounts = {
  Taken: 0,
  UnknownSource: 0,
  SessionUp: 0,
  TooMany: 0,
  NotSigned: 0,
  NotUsable: 0,
};
