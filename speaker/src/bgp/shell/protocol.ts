import type { LivenessLine } from "../../shell/livenessLine.ts";
import type { AdmissionCounts } from "../admission.ts";
import type { PeerFacts } from "../facts.ts";
import type { PeerConfig } from "../peerConfig.ts";
import type { Policy } from "../policy/model.ts";
import type { RibPage, RibQuery } from "../ribQuery.ts";
import type { RouteTable } from "../routeTable.ts";

/** The whole of what the BGP thread should do. */
export interface Orders {
  /** -1: nobody is to connect. */
  readonly listenPort: number;
  readonly listenAddresses: readonly string[];
  readonly peers: readonly PeerConfig[];
  readonly routes: RouteTable;
  readonly policy: Policy;
}

/** What the main thread tells the BGP thread. */
export type ToWorker =
  | { readonly type: "orders"; readonly orders: Orders }
  /** Whether anybody reads what is logged for debugging. */
  | { readonly type: "logsDebug"; readonly logsDebug: boolean }
  /** The way to the thread that watches neighbours: peers that want it are watched from now on. */
  | { readonly type: "liveness"; readonly line: LivenessLine }
  /** Asks for routes; the answer carries the number. */
  | { readonly type: "look"; readonly number: number; readonly query: RibQuery }
  /** Ends everything in the way that loses least, then the thread. */
  | { readonly type: "close" };

/** What the main thread is to log for the BGP thread. */
export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: object;
  readonly message: string | undefined;
}

/** What the BGP thread tells the main thread. */
export type FromWorker =
  /** Peers whose facts changed. */
  | { readonly type: "facts"; readonly peers: readonly PeerFacts[] }
  /** What became of connections to our port since the start. */
  | { readonly type: "connections"; readonly counts: AdmissionCounts }
  | { readonly type: "log"; readonly lines: readonly LogLine[] }
  | { readonly type: "seen"; readonly number: number; readonly page: RibPage }
  /** The network has been told. */
  | { readonly type: "closed" };

/** What the BGP thread starts with. */
export interface WorkerOptions {
  /** How long routers may send traffic elsewhere, after they were asked to, before routes are withdrawn on a planned stop; in milliseconds. */
  readonly drainMilliseconds: number;
  /** Whether anybody reads what is logged for debugging. */
  readonly logsDebug: boolean;
  /** Where what happens to sessions is written down, one file a peer; absent where it is not. */
  readonly recordDirectory?: string;
}
