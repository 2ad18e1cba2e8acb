import { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

/** What a note says. The number on the wire is the place in this list. */
export const noteKinds = [
  /** Asked of the owner by a stander-by, several times a second: are you there? */
  "probe",
  /** The answer of an owner that stays. */
  "alive",
  /** The answer, and the last announcements, of an owner that goes: it answers until somebody else has claimed. */
  "leaving",
  /** An owner's announcement, and its beacon. */
  "claim",
  /** I do not own it (any more). */
  "release",
  /** Asked of all by a newcomer: does anybody own it? */
  "seek",
  /** Asked of all by who is about to claim. @see RFC 5227 §2.1.1 */
  "claiming",
  /** An owner with more than its share would hand it over to somebody with less. */
  "offer",
] as const;
export type NoteKind = (typeof noteKinds)[number];

/**
 * What speakers say to each other in the padding of their ARP frames and in an option of their NDP messages; other hosts never look
 * there. Behind an NDP message it would not arrive: bridges cut off what IPv6 does not count (seen with Linux and br_netfilter).
 *
 *      0       4        5      6      8        9          10      14        18
 *     +-------+--------+------+------+--------+----------+-------+---------+
 *     | BRTH  | version| kind | rank | tenure | reserved | nonce | cluster |
 *     +-------+--------+------+------+--------+----------+-------+---------+
 *
 * 18 octets: just what pads an ARP frame to the least length of Ethernet.
 */
export interface Note {
  readonly kind: NoteKind;
  /** The place of the sender in the address's order, 0 for the first. */
  readonly rank: number;
  /** For how long the sender has owned the address, as a class from 1 that only grows; 0 for who does not own it, or slept and is in doubt. */
  readonly tenure: number;
  /** Chosen by who asks, echoed by who answers: an answer without it was not made by a speaker. */
  readonly nonce: number;
  /** Which cluster the sender belongs to: a number made of its identity; 0 when it is not known. */
  readonly cluster: number;
}

/** Ranks above this are all the same, for the sender as for who hears it. */
export const lastRank = 0xffff;

const magic = Uint8Array.of(0x42, 0x52, 0x54, 0x48);
const version = 1;
const noteLength = 18;

/** Writes a note. */
export function writeNote(writer: Writer, note: Note): void {
  writer.bytes(magic).u8(version).u8(noteKinds.indexOf(note.kind)).u16(Math.min(note.rank, lastRank));
  writer.u8(note.tenure).u8(0).u32(note.nonce).u32(note.cluster);
}

/** The note at the start of some octets; undefined when there is none, or one of a later version. */
export function readNote(octets: Uint8Array): Note | undefined {
  if (octets.length < noteLength || magic.some((octet, index) => octets[index] !== octet)) return undefined;
  const reader = new Reader(octets.subarray(magic.length));
  if (reader.u8() !== version) return undefined;
  const kind = noteKinds[reader.u8()];
  const rank = reader.u16();
  const tenure = reader.u8();
  reader.u8();
  return kind === undefined ? undefined : { kind, rank, tenure, nonce: reader.u32(), cluster: reader.u32() };
}

/** The note of a speaker of the same cluster; undefined for other hosts and for speakers of other clusters. */
export function noteOfOurs(note: Note | undefined, cluster: number): Note | undefined {
  return note === undefined || note.cluster === cluster || note.cluster === 0 || cluster === 0 ? note : undefined;
}
