import { type Address, addressFromBytes, addressToBytes } from "../net/address.ts";
import { type Mac, macFromBytes, macToBytes } from "../net/mac.ts";
import { DecodeError } from "../wire/decodeError.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { type Note, readNote, writeNote } from "./note.ts";

/** The UDP port of a speaker, where an owner is asked behind something that answers ARP for hosts. The hop limit must be 255. */
export const heartbeatPort = 7472;

/** A question to an owner, or its answer, over UDP. */
export interface Heartbeat {
  readonly note: Note;
  /** The Ethernet address of the owner's interface. */
  readonly mac: Mac;
  readonly address: Address;
}

/** Writes a heartbeat: the note, the owner's Ethernet address, the address in 4 or 16 octets. */
export function encodeHeartbeat({ note, mac, address }: Heartbeat): Uint8Array {
  const writer = new Writer(40);
  writeNote(writer, note);
  return writer.bytes(macToBytes(mac)).bytes(addressToBytes(address)).finish();
}

/** Reads a heartbeat; undefined when the octets are none. */
export function decodeHeartbeat(octets: Uint8Array): Heartbeat | undefined {
  try {
    const note = readNote(octets);
    const reader = new Reader(octets);
    reader.bytes(18);
    const mac = macFromBytes(reader.bytes(6));
    const rest = reader.rest();
    if (note === undefined || (rest.length !== 4 && rest.length !== 16)) return undefined;
    return { note, mac, address: addressFromBytes(rest) };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
