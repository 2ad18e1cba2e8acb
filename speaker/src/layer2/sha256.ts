import { hash } from "node:crypto";

/** The SHA-256 of a text's UTF-8, as hexadecimal digits. Deterministic: no secret, no randomness. @see RFC 6234 */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
