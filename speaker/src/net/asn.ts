import type { Brand } from "./brand.ts";

/** An autonomous system number, 0 to 4294967295. @see RFC 6793 §3 */
export type Asn = Brand<number, "Asn">;

/** The 2-octet AS number that stands for "see the 4-octet capability". @see RFC 6793 §9 */
export const AS_TRANS = 23456 as Asn;

/** An AS number, or undefined when the number is not an integer from 0 to 4294967295. */
export function asn(value: number): Asn | undefined {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff ? (value as Asn) : undefined;
}
