import type { Testbed } from "../testbed.ts";

/** How a router is set up towards the speaker. */
export interface RouterConfig {
  readonly as: number;
  readonly peerAs: number;
  /** The version of IP that the session runs over. Both families are exchanged in any case. */
  readonly over: 4 | 6;
  /** Whether the router connects; else it waits. */
  readonly dials: boolean;
  /** Whether it takes several paths for a prefix. @see RFC 7911 §4 */
  readonly hasAddPath?: boolean;
  /** TCP-MD5. @see RFC 2385 §2 */
  readonly password?: string;
  /** Whether it keeps routes while we restart; for so many seconds at most. @see RFC 4724 §4.2 */
  readonly keepsRoutesFor?: number;
  /** The hold time that we offer, in seconds; 9 unless said otherwise, which is the daemon's own. */
  readonly holdTime?: number;
  /** Prefixes that it announces. */
  readonly announces?: readonly string[];
  /** Whether BFD watches the session: 300 ms, three times. */
  readonly hasBfd?: boolean;
  /** Whether the session runs between the link-local addresses of the interface eth0. */
  readonly isUnnumbered?: boolean;
  /** The whole configuration, in the daemon's own words, in place of one that is made from the rest. */
  readonly text?: string;
  /** What the session is called in it, where sessions have names. */
  readonly protocol?: string;
}

/** A route that a router has from the speaker, in the router's own words where there are words. */
export interface SeenRoute {
  readonly prefix: string;
  readonly nextHops: readonly string[];
  /** AS numbers with a space between. */
  readonly asPath: string;
  readonly med: number | undefined;
  readonly localPref: number | undefined;
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  /** The path identifier that came with it. */
  readonly pathId: number | undefined;
  /** Whether it is kept only until the speaker is back. */
  readonly isStale: boolean;
}

/** What a router says of its session with the speaker, and of the routes that came over it. */
export interface RouterView {
  readonly isUp: boolean;
  /** A text that is another one once the session came up anew, and the same to the letter while it stays: no difference of two clocks. */
  readonly session: string;
  readonly routes: readonly SeenRoute[];
}

/** Prefixes of one family. */
export function ofFamily(prefixes: readonly string[], family: 4 | 6): string[] {
  return prefixes.filter((prefix) => prefix.includes(":") === (family === 6));
}

/** What a text says in JSON; undefined for one that is cut off or says nothing, as that of a daemon that has just begun. */
export function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** A daemon that runs. */
export interface Router {
  view(): RouterView;
  /** Asks the speaker for its IPv4 table once more. @see RFC 2918 §4 */
  refresh(): void;
  /** How many UPDATEs came so far, or routes in them; it grows with every table. */
  updatesReceived(): number;
  /** What it wrote, for the text of a failure. */
  said(): string;
}

/** One implementation of BGP at the other end. */
export interface Daemon {
  readonly name: string;
  /** The version that the tests are written for: the start of what the daemon says of itself. */
  readonly version: string;
  /** What it says of itself. */
  installed(): string;
  /** Runs it in the router's namespace, until that is cleared. */
  start(testbed: Testbed, config: RouterConfig): Promise<Router>;
}
