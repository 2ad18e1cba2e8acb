import type { Brand } from "./brand.ts";

/** An Ethernet address as lower-case text, "02:00:5e:10:00:01". */
export type Mac = Brand<string, "Mac">;

const hexOctets = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));
const pattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** The Ethernet address in a text, or undefined when the text is not six hexadecimal octets joined by colons. */
export function parseMac(text: string): Mac | undefined {
  const lower = text.toLowerCase();
  return pattern.test(lower) ? (lower as Mac) : undefined;
}

/** The Ethernet address in six octets. @throws RangeError when there are not six */
export function macFromBytes(bytes: Uint8Array): Mac {
  if (bytes.length !== 6) throw new RangeError(`an Ethernet address has 6 octets, not ${bytes.length}`);
  let text = "";
  for (let index = 0; index < 6; index++) text += `${index === 0 ? "" : ":"}${hexOctets[bytes[index] ?? 0]}`;
  return text as Mac;
}

/** The six octets of an Ethernet address. */
export function macToBytes(mac: Mac): Uint8Array {
  return Uint8Array.from(mac.split(":"), (octet) => Number.parseInt(octet, 16));
}
