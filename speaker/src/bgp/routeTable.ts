import type { OfferedRoute, RouteTerms } from "./decide.ts";
import { readDestination, writeDestination } from "./destination.ts";

/**
 * Routes in a form that crosses from thread to thread at the cost of a copy of memory: a hundred thousand objects with
 * bigints and octets in them take more than a second, these take milliseconds.
 */
export interface RouteTable {
  /** For each route: 4 or 6, the length in bits, the address in sixteen octets, the number of its terms in four. */
  readonly octets: Uint8Array<ArrayBuffer>;
  /** What is said of routes; routes that share an object have one number. */
  readonly terms: readonly RouteTerms[];
}

const entryLength = 22;

/** A table without routes. */
export const emptyTable: RouteTable = { octets: new Uint8Array(0), terms: [] };

/** How many routes a table has. */
export function sizeOf({ octets }: RouteTable): number {
  return octets.length / entryLength;
}

/** Routes as a table. @param expected about how many there are */
export function packRoutes(routes: Iterable<OfferedRoute>, expected = 64): RouteTable {
  let octets = new Uint8Array(Math.max(1, expected) * entryLength);
  let at = 0;
  const numbers = new Map<RouteTerms, number>();
  for (const { destination, terms } of routes) {
    if (at === octets.length) {
      const grown = new Uint8Array(2 * octets.length);
      grown.set(octets);
      octets = grown;
    }
    let number = numbers.get(terms);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(terms, number);
    }
    writeDestination(destination, octets, at);
    for (let index = 0; index < 4; index++) octets[at + 18 + index] = number >>> (24 - 8 * index);
    at += entryLength;
  }
  return { octets: at === octets.length ? octets : octets.slice(0, at), terms: [...numbers.keys()] };
}

/** The routes of a table, in their order, made while they are read: nobody needs all of them at once. */
export function unpackRoutes({ octets, terms }: RouteTable): Iterable<OfferedRoute> {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  return {
    *[Symbol.iterator]() {
      for (let at = 0; at < octets.length; at += entryLength) {
        const known = terms[view.getUint32(at + 18)];
        if (known !== undefined) yield { destination: readDestination(octets, at), terms: known };
      }
    },
  };
}

/** Plain values as text; bigints as digits. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}
