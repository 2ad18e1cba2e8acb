import type { Place } from "./place.ts";

/** Where everybody is: all addresses are on the loopback of one network namespace. */
export const routerAddress = "10.1.0.1";
export const feederAddress = "10.3.0.1";
export const port = 179;
export const as = { router: 65000, receiver: 65001, feeder: 65002 } as const;

/** The address of a receiver. */
export function receiverAddress(index: number): string {
  return `10.2.${(index + 1) >>> 8}.${(index + 1) & 255}`;
}

/** Who a contestant peers with. */
export interface Setup {
  readonly peers: readonly { readonly address: string; readonly as: number }[];
  /** Whether the contestant waits for connections; else it connects. */
  readonly isPassive: boolean;
}

/** A speaker that runs. */
export interface Running {
  /** The process whose cost, with that of its descendants, is the contestant's. */
  readonly pid: number;
  /**
   * Makes the speaker announce the first hosts of the table and no others. Absent where routes come over a session.
   * @returns the moment when it was told, in milliseconds of the monotonic clock
   */
  readonly announce?: (count: number) => Promise<number>;
  /** Announces so many hosts a second, one change each. @returns the moment of each */
  readonly churn?: (perSecond: number, seconds: number) => Promise<{ readonly sentAt: readonly number[] }>;
  /** How many routes it has from a peer; for speakers that do not mark the end of a refreshed table. */
  readonly received?: () => number;
}

/** One implementation that is measured. */
export interface Contestant {
  readonly name: string;
  /** How it is told what to announce, in a few words. */
  readonly trigger: string;
  version(): string;
  start(place: Place, setup: Setup): Promise<Running>;
}
