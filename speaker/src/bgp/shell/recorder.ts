import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { hexOf } from "../notification.ts";
import { plainConfig, type RecordedLine } from "../recording.ts";
import type { Event, SessionConfig } from "../session.ts";

/** Writes what happens to the sessions of one peer as JSON lines, for `replay`. */
export class Recorder {
  readonly #file: WriteStream;
  readonly #start = performance.now();
  #connections = 0;

  /** @param directory is made when it is not there; each peer has a file of its own, which goes on where it was */
  constructor(directory: string, peer: string) {
    mkdirSync(directory, { recursive: true });
    this.#file = createWriteStream(join(directory, `${peer}.jsonl`), { flags: "a" });
    // A full disk must not end sessions.
    this.#file.on("error", () => undefined);
  }

  /** A connection begins. @returns its number */
  begin(begins: "dialled" | "accepted", config: SessionConfig, isRestarting: boolean): number {
    const connection = this.#connections++;
    this.#write({ connection, begins, isRestarting, config: plainConfig(config) });
    return connection;
  }

  /** A whole message, or what came instead of one. */
  octets(connection: number, octets: Uint8Array): void {
    this.#write({ connection, at: this.#now(), octets: hexOf(octets) });
  }

  event(connection: number, event: Exclude<Event, { type: "message" | "malformed" }>): void {
    this.#write({ connection, at: this.#now(), event });
  }

  close(): void {
    this.#file.end();
  }

  #now(): number {
    return Math.round(performance.now() - this.#start);
  }

  #write(line: RecordedLine): void {
    this.#file.write(`${JSON.stringify(line)}\n`);
  }
}
