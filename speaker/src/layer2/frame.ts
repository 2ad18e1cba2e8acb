import { type Address, addressFromBytes, addressToBytes } from "../net/address.ts";
import { type Mac, macFromBytes, macToBytes, parseMac } from "../net/mac.ts";
import { DecodeError } from "../wire/decodeError.ts";
import { icmpv6Checksum } from "../wire/icmpv6.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { type Note, readNote, writeNote } from "./note.ts";

export const broadcast = parseMac("ff:ff:ff:ff:ff:ff") as Mac;
const zeroMac = new Uint8Array(6);

const etherType = { arp: 0x0806, ipv6: 0x86dd } as const;
/** The option of Neighbor Discovery that carries a speaker's note: one of those for experiments, which other hosts pass over. @see RFC 4727 §4.1.3 */
const noteOption = 253;
const icmpType = { solicitation: 135, advertisement: 136 } as const;

/** ARP or Neighbor Discovery, told alike. */
export interface Neighbor {
  /** A question (ARP request, Neighbor Solicitation) or a statement (ARP reply, Neighbor Advertisement). */
  readonly kind: "question" | "statement";
  /** The address that it is about. */
  readonly target: Address;
  /** The Ethernet address of who speaks, as the frame's payload says. */
  readonly sender: Mac;
  /** The address of who speaks: its own for a question; undefined for a probe of RFC 5227 or DAD. */
  readonly senderAddress: Address | undefined;
  /** The Ethernet address in the frame's own header. */
  readonly source: Mac;
  readonly note: Note | undefined;
}

/** Why a frame is not looked at further; the word of the drop metric. */
export const dropReasons = {
  Malformed: "cut off, or lengths and types that contradict each other",
  NotNeighborDiscovery: "neither ARP nor a Neighbor Solicitation or Advertisement",
  BadChecksum: "the checksum of the ICMPv6 message is wrong",
  BadHopLimit: "the hop limit is not 255: a router has passed it on",
  BadSender: "the sender's Ethernet address is a group's, or zero",
  BadTarget: "the target is a group, or the unspecified address",
  Unheld: "about an address that has no speaker's duty on this interface; most of these are dropped in the kernel already",
  Overrun: "the kernel's queue of the socket was full",
} as const;
export type DropReason = keyof typeof dropReasons;

/** Reads an Ethernet frame. Total: whatever the octets, the answer is what it says or why it is dropped. */
export function decodeFrame(frame: Uint8Array): Neighbor | { readonly drop: DropReason } {
  try {
    const reader = new Reader(frame);
    reader.bytes(6);
    const source = macFromBytes(reader.bytes(6));
    const type = reader.u16();
    if (type === etherType.arp) return decodeArp(reader, source);
    return type === etherType.ipv6 ? decodeNdp(reader, source) : { drop: "NotNeighborDiscovery" };
  } catch (error) {
    if (error instanceof DecodeError) return { drop: "Malformed" };
    throw error;
  }
}

/** Whether an Ethernet address is that of one host. */
const isHost = (mac: Mac): boolean => mac !== "00:00:00:00:00:00" && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;

/** @see RFC 826 */
function decodeArp(reader: Reader, source: Mac): Neighbor | { readonly drop: DropReason } {
  const hardware = reader.u16();
  const protocol = reader.u16();
  const lengths = reader.u16();
  const operation = reader.u16();
  if (hardware !== 1 || protocol !== 0x0800 || lengths !== 0x0604 || (operation !== 1 && operation !== 2))
    return { drop: "Malformed" };
  const sender = macFromBytes(reader.bytes(6));
  const senderAddress = addressFromBytes(reader.bytes(4));
  reader.bytes(6);
  const target = addressFromBytes(reader.bytes(4));
  if (!isHost(sender)) return { drop: "BadSender" };
  const note = readNote(reader.rest());
  if (operation === 1 && senderAddress.value !== target.value) {
    return {
      kind: "question",
      target,
      sender,
      senderAddress: senderAddress.value === 0n ? undefined : senderAddress,
      source,
      note,
    };
  }
  return { kind: "statement", target: senderAddress, sender, senderAddress, source, note };
}

/** @see RFC 4861 §7.1 */
function decodeNdp(reader: Reader, source: Mac): Neighbor | { readonly drop: DropReason } {
  const head = reader.bytes(4);
  if ((head[0] ?? 0) >> 4 !== 6) return { drop: "Malformed" };
  const length = reader.u16();
  const nextHeader = reader.u8();
  const hopLimit = reader.u8();
  const from = reader.bytes(16);
  const to = reader.bytes(16);
  if (nextHeader !== 58) return { drop: "NotNeighborDiscovery" };
  if (hopLimit !== 255) return { drop: "BadHopLimit" };
  if (length < 24) return { drop: "Malformed" };
  const payload = reader.bytes(length);
  const body = new Reader(payload);
  const type = body.u8();
  if (type !== icmpType.solicitation && type !== icmpType.advertisement) return { drop: "NotNeighborDiscovery" };
  if (icmpv6Checksum(from, to, payload) !== 0) return { drop: "BadChecksum" };
  if (body.u8() !== 0) return { drop: "Malformed" };
  body.bytes(6);
  const target = addressFromBytes(body.bytes(16));
  if (target.value >> 120n === 0xffn || target.value === 0n) return { drop: "BadTarget" };
  const wanted = type === icmpType.solicitation ? 1 : 2;
  let link: Mac | undefined;
  let note: Note | undefined;
  while (body.remaining > 0) {
    const option = body.u8();
    const units = body.u8();
    if (units === 0) return { drop: "Malformed" };
    const value = body.bytes(units * 8 - 2);
    if (option === wanted && units === 1) link = macFromBytes(value);
    if (option === noteOption) note = readNote(value);
  }
  const senderAddress = addressFromBytes(from);
  const isUnspecified = senderAddress.value === 0n;
  // RFC 4861 §7.1.1: a probe of Duplicate Address Detection says nothing of its sender's Ethernet address.
  if (isUnspecified && link !== undefined) return { drop: "Malformed" };
  if (!isHost(link ?? source)) return { drop: "BadSender" };
  const kind = type === icmpType.solicitation ? "question" : "statement";
  return { kind, target, sender: link ?? source, senderAddress: isUnspecified ? undefined : senderAddress, source, note };
}

/** A question about an address, to one host or, without `to`, to all. Without `senderAddress` it is a probe that nobody learns from. */
export function encodeQuestion(
  target: Address,
  from: Mac,
  senderAddress: Address | undefined,
  to: Mac | undefined,
  note: Note,
): Uint8Array {
  if (target.family === 4) {
    const sender = senderAddress === undefined ? new Uint8Array(4) : addressToBytes(senderAddress);
    return arp(1, from, sender, zeroMac, addressToBytes(target), to ?? broadcast, note);
  }
  const group = solicitedNode(target);
  const source = senderAddress === undefined ? new Uint8Array(16) : addressToBytes(senderAddress);
  const option = senderAddress === undefined ? undefined : ([1, from] as const);
  return ndp(
    icmpType.solicitation,
    0,
    target,
    from,
    to ?? multicastMac(group),
    source,
    to === undefined ? addressToBytes(group) : addressToBytes(target),
    option,
    note,
  );
}

/**
 * The answer to a question: where the address is.
 * @param asker who asked. Without an address of its own it is probing: in IPv6 it is then answered to all, but a speaker, which leaves a note, alone
 * @see RFC 826, RFC 4861 §7.2.4
 */
export function encodeAnswer(
  target: Address,
  from: Mac,
  asker: { readonly mac: Mac; readonly address: Address | undefined },
  note: Note | undefined,
): Uint8Array {
  const own = addressToBytes(target);
  if (target.family === 4) {
    const address = asker.address === undefined ? new Uint8Array(4) : addressToBytes(asker.address);
    return arp(2, from, own, macToBytes(asker.mac), address, asker.mac, note);
  }
  const isProbe = asker.address === undefined;
  const destination = asker.address === undefined ? allNodes : addressToBytes(asker.address);
  const to = isProbe && note === undefined ? allNodesMac : asker.mac;
  return ndp(icmpType.advertisement, isProbe ? 0x20 : 0x60, target, from, to, own, destination, [2, from], note);
}

/** What tells a whole segment where an address is: an ARP request and an ARP reply, or an unsolicited Neighbor Advertisement. @see RFC 5227 §3, RFC 4861 §7.2.6 */
export function encodeAnnouncements(target: Address, from: Mac, note: Note): Uint8Array[] {
  const own = addressToBytes(target);
  if (target.family === 4)
    return [arp(1, from, own, zeroMac, own, broadcast, note), arp(2, from, own, macToBytes(from), own, broadcast, note)];
  return [ndp(icmpType.advertisement, 0x20, target, from, allNodesMac, own, allNodes, [2, from], note)];
}

/** The multicast group on which questions about an IPv6 address come. @see RFC 4291 §2.7.1 */
export function solicitedNode(address: Address): Address {
  return { family: 6, value: 0xff0200000000000000000001ff000000n | (address.value & 0xffffffn) };
}

const allNodes = addressToBytes({ family: 6, value: 0xff020000000000000000000000000001n });

const allNodesMac = parseMac("33:33:00:00:00:01") as Mac;

function multicastMac(group: Address): Mac {
  return macFromBytes(Uint8Array.of(0x33, 0x33, ...addressToBytes(group).subarray(12)));
}

function arp(
  operation: 1 | 2,
  from: Mac,
  sender: Uint8Array,
  targetMac: Uint8Array,
  target: Uint8Array,
  to: Mac,
  note: Note | undefined,
): Uint8Array {
  const source = macToBytes(from);
  const writer = new Writer(64).bytes(macToBytes(to)).bytes(source).u16(etherType.arp);
  writer.u16(1).u16(0x0800).u16(0x0604).u16(operation).bytes(source).bytes(sender).bytes(targetMac).bytes(target);
  return withNote(writer, note);
}

function ndp(
  type: number,
  flags: number,
  target: Address,
  from: Mac,
  to: Mac,
  source: Uint8Array,
  destination: Uint8Array,
  option: readonly [number, Mac] | undefined,
  note: Note | undefined,
): Uint8Array {
  const body = new Writer(64).u8(type).u8(0).u16(0).u8(flags).u8(0).u16(0).bytes(addressToBytes(target));
  if (option !== undefined) body.u8(option[0]).u8(1).bytes(macToBytes(option[1]));
  if (note !== undefined) {
    body.u8(noteOption).u8(3);
    writeNote(body, note);
    body.u32(0);
  }
  body.patch(2, 2, icmpv6Checksum(source, destination, body.finish()));
  const payload = body.finish();
  const writer = new Writer(128).bytes(macToBytes(to)).bytes(macToBytes(from)).u16(etherType.ipv6);
  return writer.u32(0x60000000).u16(payload.length).u8(58).u8(255).bytes(source).bytes(destination).bytes(payload).finish();
}

function withNote(writer: Writer, note: Note | undefined): Uint8Array {
  if (note !== undefined) writeNote(writer, note);
  while (writer.length < 60) writer.u8(0);
  return writer.finish();
}
