import { addressFromBytes } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { DecodeError } from "../wire/decodeError.ts";
import { Reader } from "../wire/reader.ts";
import { type Capability, offerOf, readCapability } from "./capabilities.ts";
import { headerLength, maxExtendedMessageLength, maxMessageLength, messageType, minLengthOf } from "./iana.ts";
import type { DecodeContext, Message, MessageError, OpenMessage } from "./message.ts";
import { decodeUpdate } from "./update.ts";

/** A whole message and what is behind it; or that more octets are needed; or what is wrong with the header. */
export type Framed =
  | { readonly body: Uint8Array; readonly type: number; readonly rest: Uint8Array }
  | { readonly needsMore: true }
  | { readonly error: MessageError };

const noData = new Uint8Array(0);
const octets16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value & 0xff);
const error = (code: number, subcode: number, reason: string, data: Uint8Array = noData): { readonly error: MessageError } => ({
  error: { code, subcode, data, reason },
});

/**
 * Cuts the first message off a stream. The header is judged as soon as its 19 octets are there: nobody can make us wait for
 * a body of an impossible length.
 * @param isExtended whether we said that we take messages of more than 4096 octets
 * @see RFC 4271 §6.1, RFC 8654 §4
 */
export function frame(stream: Uint8Array, isExtended: boolean): Framed {
  if (stream.length < headerLength) return { needsMore: true };
  for (let index = 0; index < 16; index++) if (stream[index] !== 0xff) return error(1, 1, "the marker is not all ones");
  const length = (stream[16] ?? 0) * 256 + (stream[17] ?? 0);
  const type = stream[18] ?? 0;
  const mayBeLong = isExtended && type !== messageType.open && type !== messageType.keepalive;
  const maximum = mayBeLong ? maxExtendedMessageLength : maxMessageLength;
  if (length < headerLength || length > maximum)
    return error(1, 2, `message length ${length} is not in ${headerLength}..${maximum}`, octets16(length));
  const minimum = minLengthOf[type];
  if (minimum === undefined) return error(1, 3, `message type ${type} is unknown`, Uint8Array.of(type));
  if (length < minimum || (type === messageType.keepalive && length !== minimum))
    return error(1, 2, `message length ${length} is wrong for type ${type}`, octets16(length));
  if (stream.length < length) return { needsMore: true };
  return { type, body: stream.subarray(headerLength, length), rest: stream.subarray(length) };
}

/** Reads the body of a message. Total: whatever the octets, the answer is a message or the NOTIFICATION that they deserve. */
export function decodeMessage(
  type: number,
  body: Uint8Array,
  context: DecodeContext,
): { readonly message: Message } | { readonly error: MessageError } {
  try {
    switch (type) {
      case messageType.open:
        return decodeOpen(body);
      case messageType.update:
        return decodeUpdate(body, context);
      case messageType.notification: {
        const reader = new Reader(body);
        return { message: { type: "notification", code: reader.u8(), subcode: reader.u8(), data: reader.rest().slice() } };
      }
      case messageType.keepalive:
        return { message: { type: "keepalive" } };
      case messageType.routeRefresh:
        return decodeRouteRefresh(body);
      default:
        return error(1, 3, `message type ${type} is unknown`, Uint8Array.of(type));
    }
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    return type === messageType.open ? error(2, 0, thrown.message) : error(3, 1, thrown.message);
  }
}

/**
 * Reads an OPEN by itself; whether it is the one that was expected is the session's to say.
 * @see RFC 4271 §6.2, RFC 6286 §2.2, RFC 7607 §2, RFC 9072 §2
 */
function decodeOpen(body: Uint8Array): { readonly message: OpenMessage } | { readonly error: MessageError } {
  const reader = new Reader(body);
  const version = reader.u8();
  if (version !== 4) return error(2, 1, `version ${version} is not 4`, Uint8Array.of(0, 4));
  const myAs = reader.u16() as Asn;
  const holdTime = reader.u16();
  const bgpIdentifier = addressFromBytes(reader.bytes(4));
  const shortLength = reader.u8();
  // The type of the first parameter says that the long form is in use; the length before it then means nothing.
  const isExtended = shortLength !== 0 && reader.peek()[0] === 255;
  if (isExtended) reader.u8();
  const parameters = reader.sub(isExtended ? reader.u16() : shortLength);
  if (reader.remaining > 0) return error(2, 0, `${reader.remaining} octets follow the optional parameters`);
  const capabilities: Capability[] = [];
  while (parameters.remaining > 0) {
    const type = parameters.u8();
    const value = parameters.sub(isExtended ? parameters.u16() : parameters.u8());
    if (type !== 2) return error(2, 4, `optional parameter ${type} is not supported`);
    while (value.remaining > 0) capabilities.push(readCapability(value));
  }
  if (holdTime === 1 || holdTime === 2) return error(2, 6, `hold time ${holdTime} is neither 0 nor at least 3 s`);
  if (bgpIdentifier.value === 0n) return error(2, 3, "the BGP Identifier is 0");
  if (myAs === 0 || offerOf(capabilities).fourOctetAs === 0) return error(2, 2, "AS 0 is nobody's");
  return { message: { type: "open", version, myAs, holdTime, bgpIdentifier, capabilities } };
}

/** Octets behind a request are a filter (RFC 5291) that we did not ask for; behind a mark they are an error. @see RFC 7313 §5 */
function decodeRouteRefresh(body: Uint8Array): { readonly message: Message } | { readonly error: MessageError } {
  const isMark = body[2] === 1 || body[2] === 2;
  if (body.length < 4 || (isMark && body.length !== 4)) {
    const length = headerLength + body.length;
    const whole = Uint8Array.of(...new Uint8Array(16).fill(0xff), ...octets16(length), messageType.routeRefresh, ...body);
    return error(7, 1, `a ROUTE-REFRESH has 4 octets, not ${body.length}`, whole);
  }
  const reader = new Reader(body);
  const family = reader.u16();
  const subtype = reader.u8();
  return { message: { type: "routeRefresh", afi: family, safi: reader.u8(), subtype } };
}
