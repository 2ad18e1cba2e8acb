/** Why no host has an address; undefined for one that a host may have. @param value the address as a number, of 32 or 128 bits */
export function notOfHost(family: 4 | 6, value: bigint): string | undefined {
  if (value === 0n) return "is the unspecified address";
  if (family === 4) return value >> 28n >= 0xen ? "is a multicast or reserved address" : undefined;
  return value >> 120n === 0xffn ? "is a multicast address" : undefined;
}
