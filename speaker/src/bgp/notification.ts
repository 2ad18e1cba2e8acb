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
