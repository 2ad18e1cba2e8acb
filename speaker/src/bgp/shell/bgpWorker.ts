import { parentPort, workerData } from "node:worker_threads";
import type { Logger } from "../../ports/logger.ts";
import { livenessOver } from "../../shell/livenessLine.ts";
import { type RibQuery, readPage } from "../ribQuery.ts";
import type { FromWorker, LogLine, Orders, ToWorker, WorkerOptions } from "./protocol.ts";
import { rehearse } from "./rehearsal.ts";
import { Speaker } from "./speaker.ts";

/**
 * The thread that speaks BGP. Sockets, timers and tables of sessions live here: nothing that the main thread does, such as
 * reading a large answer of the API server, can delay a KEEPALIVE or make a hold timer expire.
 */
if (parentPort === null) throw new Error("bgpWorker.ts is started as a thread, not as a program");
const port = parentPort;
const options = workerData as WorkerOptions;
const say = (message: FromWorker): void => port.postMessage(message);

/** Lines are gathered for so many milliseconds: a hundred sessions that come up at once are few messages to the main thread, not a hundred. */
const gatherMilliseconds = 50;
let lines: LogLine[] = [];
function sayLines(): void {
  if (lines.length > 0) say({ type: "log", lines });
  lines = [];
}
const logAt =
  (level: LogLine["level"]) =>
  (fields: object, message?: string): void => {
    if (lines.length === 0) setTimeout(sayLines, gatherMilliseconds);
    lines.push({ level, fields, message });
  };
const sayDebug = logAt("debug");
let { logsDebug } = options;
const logger: Logger = {
  debug: (fields, message) => {
    if (logsDebug) sayDebug(fields, message);
  },
  info: logAt("info"),
  warn: logAt("warn"),
  error: logAt("error"),
  isLevelEnabled: (level) => level !== "debug" || logsDebug,
};
const speaker = new Speaker(
  options,
  logger,
  (peers) => say({ type: "facts", peers }),
  (counts) => say({ type: "connections", counts }),
);

/** So many sessions are rehearsed: with more the engine compiles hardly more. */
const rehearsals = 80;
await rehearse(rehearsals).catch((error: unknown) =>
  logger.debug({ event: "rehearsalFailed", error: String(error) }, "no rehearsal"),
);

/** The orders that came last and were not followed yet. Each are whole: while many wait, only the last count. */
let waiting: Orders | undefined;
function follow(): void {
  const orders = waiting;
  waiting = undefined;
  if (orders !== undefined) speaker.apply(orders);
}

/** Answers a question about routes, some at a time: sessions do not wait for a large table to be read. */
function look(number: number, query: RibQuery): void {
  const { direction, peer } = query;
  const reading = readPage(direction === "local" ? [] : speaker.look(direction, peer), query);
  const next = (): void => {
    const { done, value } = reading.next();
    if (done === true) say({ type: "seen", number, page: value });
    else setImmediate(next);
  };
  next();
}

port.on("message", (message: ToWorker) => {
  switch (message.type) {
    case "orders":
      if (waiting === undefined) setImmediate(follow);
      waiting = message.orders;
      return;
    case "logsDebug":
      logsDebug = message.logsDebug;
      return;
    case "liveness":
      return speaker.useLiveness(livenessOver(message.line));
    case "look":
      return look(message.number, message.query);
    case "close":
      follow();
      return void speaker.close().then(() => {
        sayLines();
        say({ type: "closed" });
        port.close();
      });
    default:
      return message satisfies never;
  }
});
