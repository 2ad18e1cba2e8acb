import { formatPrefix } from "../net/prefix.ts";
import type { ReceivedAttributes } from "./attributes.ts";
import { ineligible, marked, type Receiver } from "./eligible.ts";
import { familyOfPrefix, type RouteFamily } from "./family.ts";
import type { AnnouncedPath, Path, UpdateMessage } from "./message.ts";

/** How much of what a peer sends is kept: paths, and octets of their attributes. */
export interface RibInLimits {
  readonly paths: number;
  readonly octets: number;
}

/** Enough to look at; a full table of the Internet is not for a node's speaker. */
export const defaultRibInLimits: RibInLimits = { paths: 10_000, octets: 4_000_000 };

/** Attributes that paths of one message share, counted once for all of them. */
interface SharedAttributes {
  readonly attributes: ReceivedAttributes;
  readonly octets: number;
  users: number;
}

/** A path that a peer announced, as it is shown. */
export interface ReceivedRoute {
  readonly path: AnnouncedPath;
  readonly attributes: ReceivedAttributes;
  /** Whether it is from before the peer restarted, and was not announced again yet. @see RFC 4724 §4.2 */
  readonly isStale: boolean;
}

interface Entry {
  readonly path: AnnouncedPath;
  readonly shared: SharedAttributes;
  isStale: boolean;
}

/**
 * What a peer announced and did not withdraw. It is for people to look at: nothing of it is ever installed or passed on, so
 * that it may have bounds. What does not fit is counted, not kept.
 * @see RFC 8212 §3
 */
export class RibIn {
  readonly #limits: RibInLimits;
  readonly #entries = new Map<string, Entry>();
  #octets = 0;
  #passedOver = 0;
  #refused = 0;

  constructor(limits: RibInLimits = defaultRibInLimits) {
    this.#limits = limits;
  }

  /** Paths that are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** Paths that came after there was no more room. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /** Paths that were well formed and must not be used all the same: loops and leaks. */
  get refused(): number {
    return this.#refused;
  }

  /** How many of the kept paths are from before a restart of the peer. */
  get stale(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.isStale) count++;
    return count;
  }

  /** The paths in the order in which their prefixes came first. */
  *routes(): Generator<ReceivedRoute> {
    for (const { path, shared, isStale } of this.#entries.values()) yield { path, attributes: shared.attributes, isStale };
  }

  /** Takes an UPDATE. */
  take(update: UpdateMessage, receiver: Receiver): void {
    for (const path of update.withdrawn) this.#remove(keyOf(path));
    if (update.announced.length > 0) this.#announce(update, receiver);
    if (update.endOfRib !== undefined) this.dropStale([update.endOfRib]);
  }

  /** Keeps what there is although its session ended: the peer restarts, and will announce it again. */
  markStale(families: readonly RouteFamily[]): void {
    for (const [key, entry] of this.#entries) {
      // What was stale already was not announced again after the restart before this one.
      if (entry.isStale || !families.includes(familyOfPrefix(entry.path.prefix))) this.#remove(key);
      else entry.isStale = true;
    }
  }

  /** The peer begins to send its whole table of a family again. @see RFC 7313 §4 */
  beginRefresh(family: RouteFamily): void {
    for (const entry of this.#entries.values()) if (familyOfPrefix(entry.path.prefix) === family) entry.isStale = true;
  }

  /** Whether paths were passed over for which there is room now; asking once more is worth it. Says so once. */
  takesMore(): boolean {
    const isRoomy = this.#entries.size < this.#limits.paths * 0.9 && this.#octets < this.#limits.octets * 0.9;
    if (this.#passedOver === 0 || !isRoomy) return false;
    this.#passedOver = 0;
    return true;
  }

  /** Forgets what was not announced again. */
  dropStale(families: readonly RouteFamily[]): void {
    for (const [key, entry] of this.#entries)
      if (entry.isStale && families.includes(familyOfPrefix(entry.path.prefix))) this.#remove(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#octets = 0;
    this.#passedOver = 0;
    this.#refused = 0;
  }

  #announce(update: UpdateMessage, receiver: Receiver): void {
    const isRefused = ineligible(update.attributes, receiver) !== undefined;
    if (isRefused) this.#refused += update.announced.length;
    const shared = { attributes: marked(update.attributes, receiver), octets: update.attributeOctets, users: 0 };
    for (const path of update.announced) {
      const key = keyOf(path);
      this.#remove(key);
      if (isRefused) continue;
      const octets = shared.users === 0 ? shared.octets : 0;
      if (this.#entries.size >= this.#limits.paths || this.#octets + octets > this.#limits.octets) {
        this.#passedOver++;
        continue;
      }
      this.#octets += octets;
      shared.users++;
      this.#entries.set(key, { path, shared, isStale: false });
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    if (--entry.shared.users === 0) this.#octets -= entry.shared.octets;
  }
}

const keyOf = ({ prefix, pathId }: Path): string => `${formatPrefix(prefix)} ${pathId ?? ""}`;
