import { nameOfError } from "./iana.ts";
import type { NotificationMessage } from "./message.ts";

/** What the data of a NOTIFICATION says. */
export interface Communication {
  /** The text that came with a shutdown or reset; undefined where there is none that may be shown. */
  readonly communication: string | undefined;
  /** The octets that are no text, in hexadecimal digits; without the length octet of a text that turned out to be none. */
  readonly data: string;
}

/** Octets in hexadecimal digits. */
export function hexOf(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** Whether a NOTIFICATION is of the kinds that come with a text. @see RFC 9003 §2 */
export function mayHaveText({ code, subcode }: NotificationMessage): boolean {
  return code === 6 && (subcode === 2 || subcode === 4);
}

/** Reads the text of a shutdown. What is not UTF-8, or longer than its data, is never taken for text. @see RFC 9003 §2, §5 */
export function readCommunication(message: NotificationMessage): Communication {
  const { data } = message;
  if (data.length === 0 || !mayHaveText(message)) return { communication: undefined, data: hexOf(data) };
  const length = data[0] ?? 0;
  const octets = data.subarray(1, 1 + length);
  if (octets.length < length) return { communication: undefined, data: hexOf(octets) };
  try {
    return { communication: new TextDecoder("utf-8", { fatal: true }).decode(octets), data: "" };
  } catch {
    return { communication: undefined, data: hexOf(octets) };
  }
}

/** What a NOTIFICATION says besides its code: quoted when it is text, else in hexadecimal digits; of a hard reset, what is inside. */
export function wordsOf(message: NotificationMessage): string {
  const inside = readHardReset(message);
  if (inside !== undefined) return `: ${nameOfError(inside.code, inside.subcode)}${wordsOf(inside)}`;
  const { communication } = readCommunication(message);
  if (communication !== undefined) return communication === "" ? "" : `: ${JSON.stringify(communication)}`;
  return message.data.length === 0 ? "" : ` (data ${hexOf(message.data)})`;
}

/** A NOTIFICATION in a Cease that also ends what was agreed on for restarts. @see RFC 8538 §3 */
export function hardReset({ code, subcode, data }: NotificationMessage): NotificationMessage {
  return { type: "notification", code: 6, subcode: 9, data: Uint8Array.of(code, subcode, ...data) };
}

/** The NOTIFICATION in a hard reset; undefined when it is none, or nothing is in it. */
function readHardReset({ code, subcode, data }: NotificationMessage): NotificationMessage | undefined {
  const [innerCode, innerSubcode] = data;
  if (code !== 6 || subcode !== 9 || innerCode === undefined || innerSubcode === undefined) return undefined;
  return { type: "notification", code: innerCode, subcode: innerSubcode, data: data.subarray(2) };
}
