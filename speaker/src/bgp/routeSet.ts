import { readDestination, writeDestination } from "./destination.ts";
import type { RouteFamily } from "./family.ts";
import type { PathAttributes, Route } from "./ribOut.ts";

/** Whether a set has one route for each destination, or one for each path to it. @see RFC 7911 §2 */
type Distinction = "destination" | "path";

const fewest = 32;
/** The octets of the longest keys: the family, the length, and an address of IPv4 or of IPv6. */
const [shortKey, longKey] = [6, 18];

/**
 * Routes by destination, or by destination and path, in their order. All of it is in a few pieces of memory that the collector never looks
 * into: a hundred thousand routes of IPv4 are two and a half megabytes, and come and go without a pause.
 */
export class RouteSet {
  readonly by: Distinction;
  #size = 0;
  /** How many of the routes are of IPv4. */
  #ipv4 = 0;
  /** The distance from one key to the next: that of short ones until the first long one comes. */
  #width = shortKey;
  /** The key of each route. */
  #keys: Uint8Array;
  #pathIds: Uint32Array;
  /** The number of what is said of each route: its place in `#attributes`. */
  #numbers: Uint32Array;
  readonly #attributes: PathAttributes[] = [];
  readonly #numberOf = new Map<PathAttributes, number>();
  /** Where a route is, plus one, at its hash or the next free place behind it; 0 is a free place. At most half is in use. */
  #slots: Int32Array;

  /** @param expected about how many routes there will be; there may be more */
  constructor(by: Distinction, expected = 0) {
    this.by = by;
    const capacity = Math.max(fewest, expected);
    this.#keys = new Uint8Array(capacity * this.#width);
    this.#pathIds = new Uint32Array(capacity);
    this.#numbers = new Uint32Array(capacity);
    this.#slots = new Int32Array(slotsFor(capacity));
  }

  get size(): number {
    return this.#size;
  }

  /** How many routes some families have. */
  sizeOf(families: readonly RouteFamily[]): number {
    const [ipv4, ipv6] = [this.#ipv4, this.#size - this.#ipv4];
    return (families.includes("ipv4/unicast") ? ipv4 : 0) + (families.includes("ipv6/unicast") ? ipv6 : 0);
  }

  /** Takes a route in place of an earlier one with the same destination, or path. */
  set({ destination, pathId, attributes }: Route): void {
    const { key } = destination;
    if (key.length > this.#width) this.#widen();
    const slot = this.#slotOf(key, pathId);
    const known = (this.#slots[slot] ?? 0) - 1;
    const index = known >= 0 ? known : this.#size;
    if (known < 0) {
      const isFull = this.#size === this.#pathIds.length;
      if (isFull) this.#grow();
      this.#slots[isFull ? this.#slotOf(key, pathId) : slot] = index + 1;
      writeDestination(destination, this.#keys, index * this.#width);
      this.#size++;
      if (destination.family === "ipv4/unicast") this.#ipv4++;
    }
    this.#pathIds[index] = pathId;
    this.#numbers[index] = this.#numberFor(attributes);
  }

  /** What is said of the route that stands where this one would; undefined when there is none. */
  attributesOf(route: Route): PathAttributes | undefined {
    const index = this.#indexOf(route);
    return index < 0 ? undefined : this.#attributes[this.#numbers[index] ?? -1];
  }

  /** The path identifier of the route that stands where this one would; undefined when there is none. */
  pathIdOf(route: Route): number | undefined {
    const index = this.#indexOf(route);
    return index < 0 ? undefined : this.#pathIds[index];
  }

  /** The routes, made while they are read. */
  *values(): Generator<Route> {
    for (let index = 0; index < this.#size; index++) {
      const attributes = this.#attributes[this.#numbers[index] ?? -1];
      const pathId = this.#pathIds[index];
      if (attributes !== undefined && pathId !== undefined)
        yield { destination: readDestination(this.#keys, index * this.#width), pathId, attributes };
    }
  }

  #numberFor(attributes: PathAttributes): number {
    const known = this.#numberOf.get(attributes);
    if (known !== undefined) return known;
    this.#numberOf.set(attributes, this.#attributes.length);
    return this.#attributes.push(attributes) - 1;
  }

  /** Where a route is; -1 when it is not. */
  #indexOf({ destination: { key }, pathId }: Route): number {
    return (this.#slots[this.#slotOf(key, pathId)] ?? 0) - 1;
  }

  /** The place of a route, or the free place where it would be. */
  #slotOf(key: string, pathId: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hashOf(key, this.by === "path" ? pathId : 0) & mask; ; slot = (slot + 1) & mask) {
      const index = (slots[slot] ?? 0) - 1;
      if (index < 0 || (this.#hasKey(index, key) && (this.by === "destination" || this.#pathIds[index] === pathId))) return slot;
    }
  }

  /** The last octets first: that is where the keys of neighbours differ. Equal lengths of prefixes have keys of equal lengths. */
  #hasKey(index: number, key: string): boolean {
    const at = index * this.#width;
    for (let octet = key.length - 1; octet >= 0; octet--) if (this.#keys[at + octet] !== key.charCodeAt(octet)) return false;
    return true;
  }

  #widen(): void {
    const [narrow, width] = [this.#keys, this.#width];
    this.#width = longKey;
    this.#keys = new Uint8Array(this.#pathIds.length * longKey);
    for (let index = 0; index < this.#size; index++)
      this.#keys.set(narrow.subarray(index * width, (index + 1) * width), index * longKey);
  }

  #grow(): void {
    const capacity = 2 * this.#pathIds.length;
    this.#keys = grown(this.#keys, new Uint8Array(capacity * this.#width));
    this.#pathIds = grown(this.#pathIds, new Uint32Array(capacity));
    this.#numbers = grown(this.#numbers, new Uint32Array(capacity));
    this.#slots = new Int32Array(slotsFor(capacity));
    for (let index = 0; index < this.#size; index++) {
      const { key } = readDestination(this.#keys, index * this.#width);
      this.#slots[this.#slotOf(key, this.#pathIds[index] ?? 0)] = index + 1;
    }
  }
}

/** The next power of two above twice as many. */
function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(2 * capacity));
}

function grown<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** FNV-1a, and a last mix: addresses in a row differ in their last octet only. */
function hashOf(key: string, pathId: number): number {
  let hash = 0x811c9dc5 ^ pathId;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash ^ (hash >>> 15);
}
