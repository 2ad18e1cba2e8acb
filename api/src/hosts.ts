/** Why no host has an address; undefined for one that a host may have. @param value the address as a number, of 32 or 128 bits */
export function notOfHost(family: 4 | 6, value: bigint): string | undefined {
  if (value === 0n) return "is the unspecified address";
  if (family === 4) return value >> 28n >= 0xen ? "is a multicast or reserved address" : undefined;
  return value >> 120n === 0xffn ? "is a multicast address" : undefined;
}

/** Why nobody can listen on an address; undefined for one that a host may have, and for the unspecified one, which stands for all. */
export function notToListenOn(family: 4 | 6, value: bigint): string | undefined {
  return value === 0n ? undefined : notOfHost(family, value);
}

/** What to listen on in its place, as the end of a sentence. */
export const toListenOn = "one of the nodes', or 0.0.0.0 or :: for all";
