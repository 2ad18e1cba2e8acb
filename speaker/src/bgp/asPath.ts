import { type Address, addressFromBytes } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { type Reader, wrong } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

/** A part of an AS_PATH. @see RFC 4271 §4.3 */
export interface AsSegment {
  readonly type: "sequence" | "set" | "confederationSequence" | "confederationSet";
  readonly as: readonly Asn[];
}

/** @see RFC 4271 §5.1.7 */
export interface Aggregator {
  readonly as: Asn;
  readonly address: Address;
}

const segmentTypes = ["set", "sequence", "confederationSequence", "confederationSet"] as const;

/**
 * Reads one segment of AS numbers of two or four octets.
 * @param isOutside whether parts of a confederation have no place in it
 * @throws DecodeError when it is malformed
 * @see RFC 7606 §7.2, RFC 7607 §2, RFC 5065 §5
 */
export function readSegment(reader: Reader, size: 2 | 4, isOutside: boolean): AsSegment {
  const number = reader.u8();
  const type = segmentTypes[number - 1];
  if (type === undefined || (isOutside && number > 2)) throw wrong(reader, `segment type ${number}`);
  const count = reader.u8();
  if (count === 0) throw wrong(reader, "a segment of no AS numbers");
  const numbers = reader.sub(count * size);
  const as: Asn[] = [];
  while (numbers.remaining > 0) as.push((size === 4 ? numbers.u32() : numbers.u16()) as Asn);
  if (as.some((one) => one === 0)) throw wrong(reader, "AS 0 is nobody's");
  return { type, as };
}

/** Writes segments; a number that does not fit two octets is AS_TRANS there. @see RFC 6793 §4.2.2 */
export function writeSegments(writer: Writer, segments: readonly AsSegment[], size: 2 | 4): void {
  for (const { type, as } of segments) {
    // A segment holds 255 numbers at most; a longer sequence goes on in another one. @see RFC 4271 §5.1.2
    for (let at = 0; at < as.length; at += 255) {
      const part = as.slice(at, at + 255);
      writer.u8(segmentTypes.indexOf(type) + 1).u8(part.length);
      for (const one of part) size === 4 ? writer.u32(one) : writer.u16(one > 0xffff ? 23456 : one);
    }
  }
}

/** Reads an aggregator with an AS number of two or four octets. @throws DecodeError when it is cut off, or of AS 0 */
export function readAggregator(reader: Reader, size: 2 | 4): Aggregator {
  const as = (size === 4 ? reader.u32() : reader.u16()) as Asn;
  if (as === 0) throw wrong(reader, "AS 0 is nobody's");
  return { as, address: addressFromBytes(reader.bytes(4)) };
}
