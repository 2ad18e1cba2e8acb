import type { OfferedRoute, RouteTerms } from "./decide.ts";
import { readDestination, writeDestination } from "./destination.ts";

/**
 * Routes in a form that crosses from thread to thread at the cost of a copy of memory: a hundred thousand objects with
 * bigints and octets in them take more than a second, these take milliseconds.
 */
export interface RouteTable {
  /** How many routes there are. */
  readonly size: number;
  /** For each route: its destination, as many octets as that takes, and the number of its terms in four. */
  readonly octets: Uint8Array<ArrayBuffer>;
  /** What is said of routes; routes that share an object have one number. */
  readonly terms: readonly RouteTerms[];
}

/** The octets of a number of terms, and those of a route to one IPv4 address: most are such. */
const numberLength = 4;
const usualLength = 6 + numberLength;

/** A table without routes. */
export const emptyTable: RouteTable = { size: 0, octets: new Uint8Array(0), terms: [] };

/** Routes as a table. @param expected about how many there are */
export function packRoutes(routes: Iterable<OfferedRoute>, expected = 64): RouteTable {
  let octets = new Uint8Array(Math.max(1, expected) * usualLength);
  let [size, at] = [0, 0];
  const numbers = new Map<RouteTerms, number>();
  for (const { destination, terms } of routes) {
    const numberAt = at + destination.key.length;
    const end = numberAt + numberLength;
    if (end > octets.length) {
      const grown = new Uint8Array(Math.max(2 * octets.length, end));
      grown.set(octets);
      octets = grown;
    }
    let number = numbers.get(terms);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(terms, number);
    }
    writeDestination(destination, octets, at);
    for (let index = 0; index < numberLength; index++) octets[numberAt + index] = number >>> (24 - 8 * index);
    at = end;
    size++;
  }
  return { size, octets: at === octets.length ? octets : octets.slice(0, at), terms: [...numbers.keys()] };
}

/** The routes of a table, in their order, made while they are read: nobody needs all of them at once. */
export function unpackRoutes({ octets, terms }: RouteTable): Iterable<OfferedRoute> {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  return {
    *[Symbol.iterator]() {
      for (let at = 0; at < octets.length; ) {
        const destination = readDestination(octets, at);
        const numberAt = at + destination.key.length;
        at = numberAt + numberLength;
        const known = terms[view.getUint32(numberAt)];
        if (known !== undefined) yield { destination, terms: known };
      }
    },
  };
}

/** Plain values as text; bigints as digits. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}
