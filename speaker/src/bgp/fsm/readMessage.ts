import { decodeMessage, frame } from "../decode.ts";
import { maxMessageLength } from "../iana.ts";
import { contextOf } from "../open.ts";
import type { Event, Session } from "../session.ts";
import { judgeType } from "./expected.ts";

/** The event that the first message of a stream is, the message, and what is behind it; or that more octets are needed. */
export type Read =
  | { readonly event: Event; readonly octets: Uint8Array; readonly rest: Uint8Array }
  | { readonly needsMore: true };

/** Reads what a peer sent as a session in its state has to take it. A message of a wrong type is not looked into. */
export function readMessage(session: Session, stream: Uint8Array): Read {
  const framed = frame(stream, (session.negotiated?.maxLength ?? 0) > maxMessageLength);
  if ("needsMore" in framed) return framed;
  if ("error" in framed)
    return {
      event: { type: "malformed", error: framed.error },
      octets: stream.subarray(0, 19),
      rest: stream.subarray(stream.length),
    };
  const octets = stream.subarray(0, stream.length - framed.rest.length);
  const wrong = judgeType(session.state, framed.type);
  if (wrong !== undefined) return { event: { type: "malformed", error: wrong }, octets, rest: framed.rest };
  const decoded = decodeMessage(framed.type, framed.body, contextOf(session.negotiated));
  const event: Event =
    "error" in decoded ? { type: "malformed", error: decoded.error } : { type: "message", message: decoded.message };
  return { event, octets, rest: framed.rest };
}
