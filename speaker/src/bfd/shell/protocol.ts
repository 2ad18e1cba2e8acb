import type { MessagePort } from "node:worker_threads";

/** What the BFD thread starts with. */
export interface BfdThreadData {
  /** The line to whoever wants neighbours watched: LivenessOrders come, LivenessNews go. */
  readonly port: MessagePort;
  /** To whoever started the thread: FromBfd goes, and anything that comes ends the thread. */
  readonly home: MessagePort;
  /** A counter that is raised after something was posted. */
  readonly wakeup: number;
}

/** What the thread says to whoever started it. */
export interface FromBfd {
  readonly type: "problem";
  readonly message: string;
}
