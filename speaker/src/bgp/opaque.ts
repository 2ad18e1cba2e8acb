import { Reader, wrong } from "../wire/reader.ts";

/** Values of attributes that we have no use for: they are kept as they came, once their shape is right. All of these throw DecodeError when it is not. */

/** A type, a length and a value. */
interface Part {
  readonly type: number;
  readonly value: Reader;
}

function partsOf(octets: Uint8Array, typeOctets: 1 | 2): Part[] {
  const reader = new Reader(octets);
  const parts: Part[] = [];
  while (reader.remaining > 0) {
    const type = typeOctets === 1 ? reader.u8() : reader.u16();
    parts.push({ type, value: reader.sub(reader.u16()) });
  }
  return parts;
}

/** An attribute of TLVs that fill it exactly: a type of one or two octets, a length of two, a value. */
export function readParts(reader: Reader, typeOctets: 1 | 2): Uint8Array {
  const all = reader.rest();
  partsOf(all, typeOctets);
  return all.slice();
}

/** The label index has seven octets; the SRGB has two, and then six for each range. @see RFC 8669 §3, §6 */
export function readPrefixSid(reader: Reader): Uint8Array {
  const all = reader.rest();
  for (const { type, value } of partsOf(all, 1)) {
    const length = value.remaining;
    const isRight = type === 1 ? length === 7 : type !== 3 || (length >= 8 && length % 6 === 2);
    if (!isRight) throw wrong(reader, `a TLV of type ${type} with ${length} octets`);
  }
  return all.slice();
}

/** Lengths of its TLVs count their type and themselves; the one with the metric has eleven octets, and must be there. @see RFC 7311 §3 */
export function readAigp(reader: Reader): Uint8Array {
  const all = reader.rest();
  const parts = new Reader(all);
  let hasMetric = false;
  while (parts.remaining > 0) {
    const type = parts.u8();
    const length = parts.u16();
    if (length < 3 || (type === 1 && length !== 11)) throw wrong(parts, `a TLV of type ${type} with length ${length}`);
    parts.bytes(length - 3);
    hasMetric ||= type === 1;
  }
  if (!hasMetric) throw wrong(parts, "no TLV with the metric");
  return all.slice();
}

/** Tunnel types that are defined, up to the last one of the registry. Later documents added some to those of the first one. @see RFC 6514 §5 */
const lastTunnelType = 0x0d;
const isExperimental = (type: number): boolean => type >= 0x7b && type <= 0x7f;

/** A flag octet, a type, a label of three octets, and whom the tunnel goes to. @see RFC 6514 §5 */
export function readPmsiTunnel(reader: Reader): Uint8Array {
  const all = reader.rest();
  const parts = new Reader(all);
  parts.u8();
  const type = parts.u8();
  parts.bytes(3);
  if (type > lastTunnelType && !isExperimental(type)) throw wrong(parts, `tunnel type ${type}`);
  // Ingress replication: the address of the one endpoint.
  if (type === 6 && parts.remaining !== 4 && parts.remaining !== 16)
    throw wrong(parts, `an endpoint address of ${parts.remaining} octets`);
  return all.slice();
}
