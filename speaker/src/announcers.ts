import type { Announcer, Protocol } from "./announce/announcer.ts";
import { createBgpAnnouncer } from "./bgp/shell/announcer.ts";
import { createLayer2Announcer } from "./layer2/shell/announcer.ts";
import type { Logger } from "./ports/logger.ts";

/** What a factory of an announcer gets from the composition root. */
export interface AnnouncerContext {
  readonly nodeName: string;
  readonly logger: Logger;
  /** The file of the Layer2 worker: a module of its own, in the tree and in the image. */
  readonly layer2WorkerFile: URL;
}

/** One line for each protocol: adding a name to `Protocol` does not compile until its factory is here. */
export const announcers: Readonly<Record<Protocol, (context: AnnouncerContext) => Announcer>> = {
  bgp: ({ logger }) => createBgpAnnouncer({}, { logger }),
  layer2: ({ logger, nodeName, layer2WorkerFile }) => createLayer2Announcer({ nodeName, workerFile: layer2WorkerFile }, { logger }),
};
