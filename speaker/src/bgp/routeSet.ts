import { Destination } from "./destination.ts";
import type { PathAttributes, Route } from "./ribOut.ts";

/** Whether a set has one route for each destination, or one for each path to it. @see RFC 7911 §2 */
type Distinction = "destination" | "path";

const firstSlots = 64;

/**
 * Routes by destination, or by destination and path, in their order. Three lists and a table of numbers in place of a map of objects, so
 * that with a hundred thousand routes there is little for the collector to walk.
 */
export class RouteSet {
  readonly by: Distinction;
  readonly #keys: string[] = [];
  readonly #pathIds: number[] = [];
  readonly #attributes: PathAttributes[] = [];
  /** The hash of each route: most comparisons end here. */
  #hashes = new Int32Array(firstSlots / 2);
  /** Where a route is in the lists, plus one, at its hash or the next free place behind it; 0 is a free place. At most half is in use. */
  #slots = new Int32Array(firstSlots);

  constructor(by: Distinction) {
    this.by = by;
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Takes a route in place of an earlier one with the same destination, or path. */
  set({ destination: { key }, pathId, attributes }: Route): void {
    const hash = this.#hashOf(key, pathId);
    const slot = this.#slotOf(hash, key, pathId);
    const index = (this.#slots[slot] ?? 0) - 1;
    if (index >= 0) {
      this.#pathIds[index] = pathId;
      this.#attributes[index] = attributes;
      return;
    }
    const isFull = this.#keys.length === this.#hashes.length;
    if (isFull) this.#grow();
    this.#slots[isFull ? this.#slotOf(hash, key, pathId) : slot] = this.#keys.length + 1;
    this.#hashes[this.#keys.length] = hash;
    this.#keys.push(key);
    this.#pathIds.push(pathId);
    this.#attributes.push(attributes);
  }

  /** What is said of the route that stands where this one would; undefined when there is none. */
  attributesOf(route: Route): PathAttributes | undefined {
    return this.#attributes[this.#indexOf(route)];
  }

  /** The path identifier of the route that stands where this one would; undefined when there is none. */
  pathIdOf(route: Route): number | undefined {
    return this.#pathIds[this.#indexOf(route)];
  }

  /** The routes, made while they are read. */
  *values(): Generator<Route> {
    for (let index = 0; index < this.#keys.length; index++) {
      const key = this.#keys[index];
      const pathId = this.#pathIds[index];
      const attributes = this.#attributes[index];
      if (key !== undefined && pathId !== undefined && attributes !== undefined)
        yield { destination: new Destination(key), pathId, attributes };
    }
  }

  /** Where a route is in the lists; -1 when it is not. */
  #indexOf({ destination: { key }, pathId }: Route): number {
    return (this.#slots[this.#slotOf(this.#hashOf(key, pathId), key, pathId)] ?? 0) - 1;
  }

  #hashOf(key: string, pathId: number): number {
    return hashOf(key, this.by === "path" ? pathId : 0);
  }

  /** The place of a route, or the free place where it would be. */
  #slotOf(hash: number, key: string, pathId: number): number {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = (slots[slot] ?? 0) - 1;
      if (index < 0) return slot;
      if (hashes[index] === hash && this.#keys[index] === key && (this.by === "destination" || this.#pathIds[index] === pathId))
        return slot;
    }
  }

  #grow(): void {
    const hashes = new Int32Array(2 * this.#hashes.length);
    hashes.set(this.#hashes);
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#keys.length; index++) {
      let slot = (hashes[index] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#hashes = hashes;
    this.#slots = slots;
  }
}

/** FNV-1a, and a last mix: addresses in a row differ in their last octet only. */
function hashOf(key: string, pathId: number): number {
  let hash = 0x811c9dc5 ^ pathId;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash ^ (hash >>> 15);
}
