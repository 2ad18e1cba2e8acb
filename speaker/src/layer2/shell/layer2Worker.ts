import { type MessagePort, workerData } from "node:worker_threads";
import { runInShortTurns } from "../../shell/sys.ts";
import { Layer2Thread } from "./layer2Thread.ts";

/** The entry of the thread that answers ARP and NDP. */
const { port, wakeup, seed } = workerData as { readonly port: MessagePort; readonly wakeup: number; readonly seed: number };
runInShortTurns();
new Layer2Thread(port, wakeup, seed).run();
