import type { ServiceAnnouncement } from "@berth/api/serviceAnnouncement";
import { nodeLabel } from "@berth/api/serviceAnnouncement";
import type { AnnouncementFact } from "../../announce/announcer.ts";
import type { ClusterView } from "../../announce/view.ts";
import type { Logger } from "../../ports/logger.ts";
import { announcementsPath, labelOf, type ReportAction, reportActions, wantedReports } from "../announcements.ts";
import type { Service } from "../objects.ts";
import { type Api, ApiError } from "./api.ts";
import { Collection } from "./collection.ts";
import { EventRecorder } from "./events.ts";

/** Facts are looked at again this often, for announcers that do not tell of a change. Nothing is written unless something changed. */
const lookInterval = 1000;
/** Changes are gathered for this long. */
const gatherMilliseconds = 20;
/** After a failure the API server is left alone for this long at first, and at most. */
const firstPause = 500;
const longestPause = 5000;
const parallelWrites = 8;
/** A planned stop waits at most so long for the last reports. */
const closeMilliseconds = 2000;

/** What one speaker tells the cluster of its announcements. */
export interface AnnouncementReports {
  /** The whole view, whenever it changes. */
  apply(view: ClusterView): void;
  /** Something about an announcement may have changed just now. */
  changed(): void;
  /** Takes back every report of this node: nothing is announced any more. */
  close(): Promise<void>;
}

/**
 * Keeps this node's ServiceAnnouncements as its announcers' facts are: written on change, tried again until the API server takes them.
 * @param service gives the Service of a key, for events
 */
export function reportAnnouncements(
  api: Api,
  nodeName: string,
  facts: () => readonly AnnouncementFact[],
  service: (key: string) => Service | undefined,
  logger: Logger,
): AnnouncementReports {
  const selector = `${nodeLabel}=${labelOf(nodeName)}`;
  const events = new EventRecorder(api, "berth-speaker", logger);
  let view: ClusterView | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isAgain = false;
  let isClosed = false;
  let failures = 0;
  const written = new Collection<ServiceAnnouncement>(api, announcementsPath, changed, logger, { labelSelector: selector });
  const interval = setInterval(changed, lookInterval);

  function changed(): void {
    if (isClosed) return;
    if (running !== undefined) isAgain = true;
    else
      timer ??= setTimeout(start, failures > 0 ? Math.min(firstPause * 2 ** (failures - 1), longestPause) : gatherMilliseconds);
  }

  function start(): void {
    timer = undefined;
    running = report(isClosed ? [] : undefined).finally(() => {
      running = undefined;
      if (isAgain || failures > 0) {
        isAgain = false;
        changed();
      }
    });
  }

  /** Writes what differs. Stops at the first failure: when the API server is gone, each further write would only wait for it. */
  async function report(wantedInstead: readonly ServiceAnnouncement[] | undefined): Promise<void> {
    if (!written.isSynced || view === undefined) return;
    const own = written.objects.filter(({ status }) => status.node === nodeName);
    const wanted = wantedInstead ?? wantedReports(view, facts(), own, Date.now());
    const queue = reportActions(wanted, own);
    let hasFailed = false;
    const worker = async (): Promise<void> => {
      for (let action = queue.shift(); action !== undefined && !hasFailed; action = queue.shift())
        hasFailed ||= !(await perform(action));
    };
    await Promise.all(Array.from({ length: Math.min(parallelWrites, queue.length) }, worker));
    failures = hasFailed ? failures + 1 : 0;
  }

  async function perform(action: ReportAction): Promise<boolean> {
    const { object } = action;
    const { namespace, name } = object.metadata;
    const collection = `/apis/${object.apiVersion}/namespaces/${namespace}/serviceannouncements`;
    try {
      if (action.type === "delete") {
        await api.send("DELETE", `${collection}/${name}`);
        written.forget(object);
        return true;
      }
      written.put(
        (action.type === "create"
          ? await api.send("POST", collection, object)
          : await api.send("PUT", `${collection}/${name}`, object)) as ServiceAnnouncement,
      );
      const of = service(`${namespace}/${object.status.service}`);
      for (const event of of === undefined ? [] : action.events) if (of !== undefined) events.record("Service", "v1", of, event);
      return true;
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      // Gone already, there already, or changed by somebody meanwhile: the watch will tell, and it is decided again.
      if (status === 404 || status === 409) {
        if (action.type === "delete") written.forget(object);
        return true;
      }
      logger.debug(
        { event: "reportFailed", announcement: `${namespace}/${name}`, error: String(error) },
        "a ServiceAnnouncement could not be written; trying again",
      );
      return false;
    }
  }

  return {
    apply(next: ClusterView): void {
      view = next;
      changed();
    },
    changed,
    async close(): Promise<void> {
      isClosed = true;
      clearInterval(interval);
      clearTimeout(timer);
      const last = (async (): Promise<void> => {
        await running;
        await report([]);
      })();
      await Promise.race([last, new Promise((resolve) => setTimeout(resolve, closeMilliseconds).unref())]);
      written.close();
    },
  };
}
