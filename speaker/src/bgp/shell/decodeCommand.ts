import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { decodeCaseLine } from "../decodeCases.ts";

/** `berth bgp decode`: reads JSON lines `{name, caps, hex}` and writes one line for each: what the live decoder makes of the message. */
export async function decodeLines(input: Readable, output: Writable): Promise<void> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
    if (line.trim() !== "") output.write(`${JSON.stringify(decodeCaseLine(line))}\n`);
}
