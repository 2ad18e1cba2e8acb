/** The Internet checksum of an ICMPv6 message with its pseudo-header; 0 over a message whose checksum is right. @see RFC 4443 §2.3 */
export function icmpv6Checksum(source: Uint8Array, destination: Uint8Array, payload: Uint8Array): number {
  let sum = payload.length + 58;
  for (const part of [source, destination, payload]) {
    for (let index = 0; index < part.length; index += 2) sum += (part[index] ?? 0) * 256 + (part[index + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}
