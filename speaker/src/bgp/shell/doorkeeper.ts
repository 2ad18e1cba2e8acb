import type { Socket } from "node:net";
import type { Logger } from "../../ports/logger.ts";
import { type Admission, type AdmissionCounts, farewell, noAdmissions } from "../admission.ts";
import { encodeMessage } from "../encode.ts";

/** How long a Cease may take to get out, in milliseconds; a peer that does not close its end holds nothing of ours for longer. */
const lingerMilliseconds = 1000;
/** So many connections at most are told why they end; more than that end without a word, until these are gone. */
const maxLingering = 32;
/** Counts are told at most so often, and one line for each end of connections is logged, in milliseconds. */
const tellMilliseconds = 1000;
const logMilliseconds = 60_000;

const words: Readonly<Partial<Record<Admission, string>>> = {
  UnknownSource: "somebody connects whose address no BgpPeer of this node has",
  TooMany: "the peer connects more often than it may: it is told Cease/Connection Rejected until it has waited",
  NotSigned: "the peer connects before its password could be set on the port",
  NotUsable: "a connection of the peer could not be used",
};

/** Ends the connections that are not taken, at a cost with a bound, and counts all. */
export class Doorkeeper {
  readonly #logger: Logger;
  readonly #tell: (counts: AdmissionCounts) => void;
  #counts: Record<Admission, number> = { ...noAdmissions };
  #telling: NodeJS.Timeout | undefined;
  #lingering = 0;
  /** When a line was logged last, for each end and peer; strangers share one. */
  readonly #logged = new Map<string, number>();

  /** @param tell is told the counts, soon after they changed */
  constructor(logger: Logger, tell: (counts: AdmissionCounts) => void) {
    this.#logger = logger;
    this.#tell = tell;
  }

  /** Counts a connection, and ends it unless it was taken. @param peer the name of whose it is; undefined for a stranger */
  settle(socket: Socket, admission: Admission, peer: string | undefined): void {
    this.#counts[admission]++;
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#tell({ ...this.#counts });
    }, tellMilliseconds).unref();
    if (admission === "Taken") return;
    this.#log(admission, peer, socket.remoteAddress);
    const subcode = farewell[admission];
    if (subcode === undefined || this.#lingering >= maxLingering) return void socket.destroy();
    this.#lingering++;
    const timer = setTimeout(() => socket.destroy(), lingerMilliseconds).unref();
    socket.once("close", () => {
      clearTimeout(timer);
      this.#lingering--;
    });
    socket.end(encodeMessage({ type: "notification", code: 6, subcode, data: new Uint8Array(0) }));
    socket.resume();
  }

  /** What happens once a day and what happens a thousand times a second are both worth a line a minute. */
  #log(admission: Admission, peer: string | undefined, address: string | undefined): void {
    const text = words[admission];
    const key = `${admission} ${peer ?? ""}`;
    const now = performance.now();
    if (text === undefined || now - (this.#logged.get(key) ?? Number.NEGATIVE_INFINITY) < logMilliseconds) return;
    this.#logged.set(key, now);
    this.#logger.warn({ event: "connectionRefused", outcome: admission, peer, address, total: this.#counts[admission] }, text);
  }
}
