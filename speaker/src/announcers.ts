import type { Announcer, Protocol } from "./announce/announcer.ts";
import { startBfd } from "./bfd/shell/start.ts";
import { createBgpAnnouncer } from "./bgp/shell/announcer.ts";
import { createLayer2Announcer } from "./layer2/shell/announcer.ts";
import type { Logger } from "./ports/logger.ts";

/** What a factory of an announcer gets from the composition root. */
export interface AnnouncerContext {
  readonly logger: Logger;
  /** The file of the Layer2 thread: a module of its own, in the tree and in the image. */
  readonly layer2WorkerFile: URL;
  /** The file of the BGP thread. */
  readonly bgpWorkerFile: URL;
  /** Where what happens to BGP sessions is written down; undefined where it is not. */
  readonly recordDirectory: string | undefined;
  /** The file of the BFD thread. */
  readonly bfdWorkerFile: URL;
  /** How long routers may send traffic elsewhere before routes are withdrawn on a planned stop, in milliseconds. */
  readonly drainMilliseconds: number;
  /** To be called when `status` has news that should not wait for the next look at it. */
  readonly onNews: () => void;
}

/** One line for each protocol: adding a name to `Protocol` does not compile until its factory is here. */
export const announcers: Readonly<Record<Protocol, (context: AnnouncerContext) => Announcer>> = {
  bgp: ({ logger, bgpWorkerFile, bfdWorkerFile, recordDirectory, drainMilliseconds, onNews }) =>
    createBgpAnnouncer(
      { workerFile: bgpWorkerFile, drainMilliseconds, ...(recordDirectory === undefined ? {} : { recordDirectory }) },
      { logger, onNews, startLiveness: () => startBfd(bfdWorkerFile, logger) },
    ),
  layer2: ({ logger, layer2WorkerFile, onNews }) => createLayer2Announcer({ workerFile: layer2WorkerFile }, { logger, onNews }),
};
