import { type Address, addressFromBytes, addressToBytes, isLinkLocal } from "../net/address.ts";
import { type Mac, macToBytes } from "../net/mac.ts";
import { icmpv6Checksum } from "../wire/icmpv6.ts";
import { Writer } from "../wire/writer.ts";

/** Every node on a link, ff02::1, and its Ethernet group. */
const allNodes: Address = { family: 6, value: 0xff020000000000000000000000000001n };
const allNodesMac = "33:33:00:00:00:01" as Mac;

/** Offsets in an Ethernet frame with an IPv6 packet without extension headers. */
const at = { etherType: 12, nextHeader: 20, hopLimit: 21, source: 22, destination: 38, icmp: 54 } as const;
const routerAdvertisement = 134;

/**
 * A Router Advertisement by which an unnumbered peer learns that we are on the link, as an Ethernet frame. Its lifetime of 0
 * says that nobody should take us for a way to anywhere.
 * @see RFC 4861 §4.2
 */
export function encodeRouterAdvertisement(mac: Mac, source: Address): Uint8Array {
  const [from, to] = [addressToBytes(source), addressToBytes(allNodes)];
  const body = new Writer(32).u8(routerAdvertisement).u8(0).u16(0).u8(0).u8(0).u16(0).u32(0).u32(0);
  body.u8(1).u8(1).bytes(macToBytes(mac));
  body.patch(2, 2, icmpv6Checksum(from, to, body.finish()));
  const payload = body.finish();
  const frame = new Writer(96).bytes(macToBytes(allNodesMac)).bytes(macToBytes(mac)).u16(0x86dd);
  return frame.u32(0x60000000).u16(payload.length).u8(58).u8(255).bytes(from).bytes(to).bytes(payload).finish();
}

/** The link-local address of the router that a frame advertises; undefined when it is no good Router Advertisement. @see RFC 4861 §6.1.2 */
export function readRouterAdvertisement(frame: Uint8Array): Address | undefined {
  if (frame.length < at.icmp + 16 || frame[at.etherType] !== 0x86 || frame[at.etherType + 1] !== 0xdd) return undefined;
  if (frame[at.nextHeader] !== 58 || frame[at.hopLimit] !== 255 || frame[at.icmp] !== routerAdvertisement) return undefined;
  const length = (frame[18] ?? 0) * 256 + (frame[19] ?? 0);
  if (length < 16 || at.icmp + length > frame.length) return undefined;
  const [from, to] = [frame.subarray(at.source, at.destination), frame.subarray(at.destination, at.icmp)];
  if (icmpv6Checksum(from, to, frame.subarray(at.icmp, at.icmp + length)) !== 0) return undefined;
  const source = addressFromBytes(from);
  return isLinkLocal(source) ? source : undefined;
}
