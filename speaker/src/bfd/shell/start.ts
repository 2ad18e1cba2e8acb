import { MessageChannel, Worker } from "node:worker_threads";
import type { Logger } from "../../ports/logger.ts";
import type { LivenessLine } from "../../shell/livenessLine.ts";
import { openWakeup, wake } from "../../shell/sys.ts";
import type { BfdThreadData, FromBfd } from "./protocol.ts";

/** A thread that does BFD, and the line to it, to be given to the thread that wants neighbours watched. */
export interface RunningBfd {
  readonly line: LivenessLine;
  /** Tells every neighbour that this end is taken out of service, and ends the thread. */
  close(): Promise<void>;
}

/** Starts the thread that does BFD. */
export function startBfd(workerFile: URL, logger: Logger): RunningBfd {
  const [line, home] = [new MessageChannel(), new MessageChannel()];
  const wakeup = openWakeup();
  const workerData: BfdThreadData = { port: line.port2, home: home.port2, wakeup };
  const worker = new Worker(workerFile, { workerData, transferList: [line.port2, home.port2] });
  const gone = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  worker.on("error", (error: unknown) => {
    logger.error(
      { event: "bfdThreadFailed", error: error instanceof Error ? error.stack : String(error) },
      "the BFD thread failed; this process ends so that it is started anew",
    );
    process.exit(1);
  });
  home.port1.on("message", ({ message }: FromBfd) => logger.warn({ event: "bfd" }, message));
  home.port1.unref();
  worker.unref();
  return {
    line: { port: line.port1, wakeup },
    async close(): Promise<void> {
      home.port1.postMessage("end");
      wake(wakeup);
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 500).unref())]);
      home.port1.close();
    },
  };
}
