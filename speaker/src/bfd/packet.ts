import type { Reader } from "../wire/reader.ts";
import { Reader as OctetReader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";

/** The states of a session, by their numbers. @see RFC 5880 §4.1 */
export const states = ["AdminDown", "Down", "Init", "Up"] as const;
export type State = (typeof states)[number];

/** Why the state changed last, by number. @see RFC 5880 §4.1 */
export const diagnostics = [
  "No Diagnostic",
  "Control Detection Time Expired",
  "Echo Function Failed",
  "Neighbor Signaled Session Down",
  "Forwarding Plane Reset",
  "Path Down",
  "Concatenated Path Down",
  "Administratively Down",
  "Reverse Concatenated Path Down",
] as const;

/** A BFD control packet without authentication. Intervals are in microseconds. @see RFC 5880 §4.1 */
export interface ControlPacket {
  readonly diagnostic: number;
  readonly state: State;
  readonly poll: boolean;
  readonly final: boolean;
  readonly detectMultiplier: number;
  readonly myDiscriminator: number;
  readonly yourDiscriminator: number;
  readonly desiredMinTx: number;
  readonly requiredMinRx: number;
  readonly requiredMinEchoRx: number;
}

/** A packet, or why it is dropped: a word for a counter. */
export type Decoded = { readonly packet: ControlPacket } | { readonly drop: string };

export const packetLength = 24;
const version = 1;

/** The fields of a packet in their order: reading, writing and bounds come from here. @see RFC 5880 §4.1 */
const fields = [
  ["head", "u8"],
  ["flags", "u8"],
  ["detectMultiplier", "u8"],
  ["length", "u8"],
  ["myDiscriminator", "u32"],
  ["yourDiscriminator", "u32"],
  ["desiredMinTx", "u32"],
  ["requiredMinRx", "u32"],
  ["requiredMinEchoRx", "u32"],
] as const;
type Raw = Record<(typeof fields)[number][0], number>;

const bits = { poll: 0x20, final: 0x10, controlPlaneIndependent: 0x08, authentication: 0x04, demand: 0x02, multipoint: 0x01 };

/** Why a packet must not be used, in the order of the RFC. @see RFC 5880 §6.8.6 */
const faults: readonly (readonly [drop: string, holds: (raw: Raw, received: number) => boolean])[] = [
  ["wrongVersion", ({ head }) => head >> 5 !== version],
  ["badLength", ({ length }, received) => length < packetLength || length > received],
  ["noMultiplier", ({ detectMultiplier }) => detectMultiplier === 0],
  ["multipoint", ({ flags }) => (flags & bits.multipoint) !== 0],
  ["noDiscriminator", ({ myDiscriminator }) => myDiscriminator === 0],
  ["authenticated", ({ flags }) => (flags & bits.authentication) !== 0],
  ["unknownSession", ({ yourDiscriminator, flags }) => yourDiscriminator === 0 && flags >> 6 >= 2],
];

/** Reads a packet. Never throws. */
export function decodePacket(octets: Uint8Array): Decoded {
  if (octets.length < packetLength) return { drop: "tooShort" };
  const reader: Reader = new OctetReader(octets);
  const raw = Object.fromEntries(fields.map(([name, type]) => [name, type === "u8" ? reader.u8() : reader.u32()])) as Raw;
  for (const [drop, holds] of faults) if (holds(raw, octets.length)) return { drop };
  const { head, flags, length: _length, ...rest } = raw;
  return {
    packet: {
      ...rest,
      diagnostic: head & 0x1f,
      state: states[flags >> 6] ?? "Down",
      poll: (flags & bits.poll) !== 0,
      final: (flags & bits.final) !== 0,
    },
  };
}

/** The octets of a packet. The C bit is not set: this BFD ends with the process that speaks BGP. @see RFC 5882 §3.3.2 */
export function encodePacket({ diagnostic, state, poll, final, ...rest }: ControlPacket): Uint8Array {
  const flags = (states.indexOf(state) << 6) | (poll ? bits.poll : 0) | (final ? bits.final : 0);
  const raw: Raw = { ...rest, head: (version << 5) | diagnostic, flags, length: packetLength };
  const writer = new Writer(packetLength);
  for (const [name, type] of fields) writer[type](raw[name]);
  return writer.finish();
}
