import type { MessagePort } from "node:worker_threads";
import type { Liveness, LivenessNews, LivenessTarget } from "../ports/liveness.ts";
import { wake } from "./sys.ts";

/** The way to the thread that watches neighbours: it goes from thread to thread, past the main one. */
export interface LivenessLine {
  readonly port: MessagePort;
  /** Raised after something was posted: that thread waits for packets, not for messages. */
  readonly wakeup: number;
}

/** What is said over the line to the thread that watches. It answers with LivenessNews. */
export interface LivenessOrders {
  readonly targets: readonly LivenessTarget[];
}

/** The other end of a line, for whoever wants neighbours watched. */
export function livenessOver({ port, wakeup }: LivenessLine): Liveness {
  return {
    watch(targets): void {
      const orders: LivenessOrders = { targets };
      port.postMessage(orders);
      wake(wakeup);
    },
    onNews(listener): void {
      port.on("message", (news: LivenessNews) => listener(news));
      port.unref();
    },
  };
}
