import { messageType } from "../iana.ts";
import type { Message, MessageError } from "../message.ts";
import type { Session, State } from "../session.ts";

/** The states in which OPEN was sent, so that the peer listens to what we say. */
export type SpeakingState = "OpenSent" | "OpenConfirm" | "Established";

/** Types of messages that a state takes; the rest end the session. @see RFC 4271 §8.2.2 */
const taken: Readonly<Record<SpeakingState, readonly number[]>> = {
  OpenSent: [messageType.open, messageType.notification],
  OpenConfirm: [messageType.keepalive, messageType.notification],
  Established: [messageType.update, messageType.keepalive, messageType.notification, messageType.routeRefresh],
};
const subcodes: Readonly<Record<SpeakingState, number>> = { OpenSent: 1, OpenConfirm: 2, Established: 3 };

/**
 * What is wrong with a message of a type in a state, before anybody looks into it; undefined when it may come.
 * @see RFC 6608 §3
 */
export function judgeType(state: State, type: number): MessageError | undefined {
  if (state !== "OpenSent" && state !== "OpenConfirm" && state !== "Established") return undefined;
  if (taken[state].includes(type)) return undefined;
  const name = Object.entries(messageType).find(([, code]) => code === type)?.[0] ?? `type ${type}`;
  return { code: 5, subcode: subcodes[state], data: Uint8Array.of(type), reason: `${name.toUpperCase()} came in ${state}` };
}

/** The same, for a message that was read already. */
export function unexpected({ state }: Session, message: Message): MessageError {
  const type = messageType[message.type];
  return judgeType(state, type) ?? { code: 5, subcode: 0, data: Uint8Array.of(type), reason: `type ${type} came in ${state}` };
}
