import { parentPort, workerData } from "node:worker_threads";
import { livenessOver } from "../../shell/livenessLine.ts";
import { trimMemory } from "../../shell/sys.ts";
import { type RibQuery, readPage } from "../ribQuery.ts";
import { lineLogger } from "./lineLogger.ts";
import type { FromWorker, Orders, ToWorker, WorkerOptions } from "./protocol.ts";
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

let { logsDebug } = options;
const { logger, flush } = lineLogger(
  () => logsDebug,
  (lines) => say({ type: "log", lines }),
);
const speaker = new Speaker(
  options,
  logger,
  (peers) => say({ type: "facts", peers }),
  (counts) => say({ type: "connections", counts }),
);

/**
 * With fewer sessions the engine goes on compiling while the first hundred routers connect, with more it keeps more memory and compiles some of it a
 * third time.
 */
await rehearse({ rounds: 30, sessions: 10 }).catch((error: unknown) =>
  logger.debug({ event: "rehearsalFailed", error: String(error) }, "no rehearsal"),
);
/** What the engine compiles in the background is done after so many milliseconds: the memory that it took for that is nobody's. */
const trimMilliseconds = 500;
setTimeout(trimMemory, trimMilliseconds).unref();

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
        flush();
        say({ type: "closed" });
        port.close();
      });
    default:
      return message satisfies never;
  }
});
