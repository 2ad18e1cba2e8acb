import { addressFromBytes, addressToBytes } from "../net/address.ts";
import type { OfferedRoute, RouteTerms } from "./decide.ts";
import { destinationOf } from "./ribOut.ts";

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

/** Routes as a table. */
export function packRoutes(routes: readonly OfferedRoute[]): RouteTable {
  const octets = new Uint8Array(routes.length * entryLength);
  const view = new DataView(octets.buffer);
  const numbers = new Map<RouteTerms, number>();
  for (const [index, { destination, terms }] of routes.entries()) {
    const at = index * entryLength;
    const number = numbers.get(terms) ?? numbers.size;
    numbers.set(terms, number);
    octets[at] = destination.prefix.address.family;
    octets[at + 1] = destination.prefix.length;
    octets.set(addressToBytes(destination.prefix.address), at + 2);
    view.setUint32(at + 18, number);
  }
  return { octets, terms: [...numbers.keys()] };
}

/** The routes of a table, in their order. */
export function unpackRoutes({ octets, terms }: RouteTable): OfferedRoute[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const routes: OfferedRoute[] = [];
  for (let at = 0; at < octets.length; at += entryLength) {
    const known = terms[view.getUint32(at + 18)];
    if (known === undefined) continue;
    const address = addressFromBytes(octets.subarray(at + 2, at + (octets[at] === 4 ? 6 : 18)));
    routes.push({ destination: destinationOf({ address, length: octets[at + 1] ?? 0 }), terms: known });
  }
  return routes;
}

/** Whether two tables say the same of the same destinations in the same order. */
export function sameTable(a: RouteTable, b: RouteTable): boolean {
  return (
    a.octets.length === b.octets.length &&
    a.octets.every((octet, index) => octet === b.octets[index]) &&
    textOf(a.terms) === textOf(b.terms)
  );
}

/** Plain values as text; bigints as digits. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
}
