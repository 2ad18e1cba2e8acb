import type { ServiceAnnouncement } from "@berth/api/serviceAnnouncement";
import { nodeLabel } from "@berth/api/serviceAnnouncement";
import type { AnnouncementFact } from "../../announce/announcer.ts";
import type { ClusterView } from "../../announce/view.ts";
import type { Logger } from "../../ports/logger.ts";
import { announcementsPath, labelOf, type ReportAction, reportActions, wantedReports } from "../announcements.ts";
import { keyOf, type Service } from "../objects.ts";
import { WriteBudget } from "../writeBudget.ts";
import { type Api, ApiError } from "./api.ts";
import { Collection } from "./collection.ts";
import { EventRecorder } from "./events.ts";

/** Announcers tell of a change; besides, facts are looked at again this often. Nothing is written unless something changed. */
const lookInterval = 10_000;
/** Changes are gathered for this long, and for so many times what the last look took: with many addresses looks are fewer. */
const gatherMilliseconds = 20;
const restFactor = 9;
/** After a failure the API server is left alone for this long at first, and at most. */
const firstPause = 500;
const longestPause = 5000;
const parallelWrites = 8;
/** So many reports are written at once, and so many a second from then on: when many addresses move, the API server has more urgent things to write. */
const burst = 50;
const writesPerSecond = 50;
/** Of those, what tells that nobody announces an address is written at this rate: thousands may wait for endpoints while others wait for addresses. */
const silencesPerSecond = 10;
/** While many Services are being given addresses, this is the rate of everything: who waits for an address comes first. */
const crowdedPerSecond = 5;
/** What waits for the budget is looked at again after so long; while many Services are being given addresses, everything is. */
const budgetPause = 200;
const crowdedPause = 1000;
/** That nobody announces an address is told when it has been so for this long: while Services are made, most of them are about to have endpoints. */
const silenceMilliseconds = 5000;
/** How often it is looked whether one is old enough. */
const silencePause = 1000;
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
 * @param cluster gives the Service of a key, for events, and says whether many Services are being given addresses
 */
export function reportAnnouncements(
  api: Api,
  nodeName: string,
  facts: () => readonly AnnouncementFact[],
  cluster: { readonly service: (key: string) => Service | undefined; readonly isCrowded: () => boolean },
  logger: Logger,
): AnnouncementReports {
  const selector = `${nodeLabel}=${labelOf(nodeName)}`;
  const events = new EventRecorder(api, "berth-speaker", logger);
  let view: ClusterView | undefined;
  let timer: NodeJS.Timeout | undefined;
  let silenceTimer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isAgain = false;
  let isClosed = false;
  let failures = 0;
  /** Since when a report that nobody announces is wanted. */
  let silentSince: ReadonlyMap<string, number> = new Map();
  const budget = new WriteBudget(burst, writesPerSecond);
  const silenceBudget = new WriteBudget(burst, silencesPerSecond);
  const crowdedBudget = new WriteBudget(crowdedPerSecond, crowdedPerSecond);
  /** Whether reports wait for the budget. */
  let isWaiting = false;
  /** Whether many Services were being given addresses at the last look. */
  let isCrowded = false;
  /** Milliseconds that the last look at all facts took. */
  let lookTook = 0;
  const written = new Collection<ServiceAnnouncement>(api, announcementsPath, changed, logger, {
    selectors: { labelSelector: selector },
  });
  const interval = setInterval(changed, lookInterval);

  function changed(): void {
    if (isClosed) return;
    if (running !== undefined) isAgain = true;
    else timer ??= setTimeout(start, pause());
  }

  function pause(): number {
    if (failures > 0) return Math.min(firstPause * 2 ** (failures - 1), longestPause);
    return Math.max(isCrowded ? crowdedPause : isWaiting ? budgetPause : gatherMilliseconds, restFactor * lookTook);
  }

  function start(): void {
    timer = undefined;
    running = report(isClosed ? [] : undefined).finally(() => {
      running = undefined;
      if (isAgain || isWaiting || failures > 0) {
        isAgain = false;
        changed();
      }
    });
  }

  /** Writes what differs. Stops at the first failure: when the API server is gone, each further write would only wait for it. */
  async function report(wantedInstead: readonly ServiceAnnouncement[] | undefined): Promise<void> {
    if (!written.isSynced || view === undefined) return;
    const own = written.objects.filter(({ status }) => status.node === nodeName);
    const began = performance.now();
    const due = reportActions(wantedInstead ?? wantedNow(view, own), own);
    const queue = wantedInstead === undefined ? affordable(due, performance.now()) : due;
    lookTook = performance.now() - began;
    isWaiting = queue.length < due.length;
    let hasFailed = false;
    const worker = async (): Promise<void> => {
      for (let action = queue.shift(); action !== undefined && !hasFailed; action = queue.shift())
        hasFailed ||= !(await perform(action));
    };
    await Promise.all(Array.from({ length: Math.min(parallelWrites, queue.length) }, worker));
    failures = hasFailed ? failures + 1 : 0;
  }

  function affordable(due: readonly ReportAction[], now: number): ReportAction[] {
    const silences = due.filter(isSilence);
    const others = due.filter((action) => !isSilence(action));
    isCrowded = cluster.isCrowded();
    if (isCrowded) {
      const urgentFirst = [...others, ...silences];
      return urgentFirst.slice(0, crowdedBudget.take(urgentFirst.length, now));
    }
    return [...others.slice(0, budget.take(others.length, now)), ...silences.slice(0, silenceBudget.take(silences.length, now))];
  }

  /** What is to be written now: everything but a silence that is too young, unless it corrects what is written. */
  function wantedNow(of: ClusterView, own: readonly ServiceAnnouncement[]): ServiceAnnouncement[] {
    const now = Date.now();
    const wanted = wantedReports(of, facts(), own, now);
    const isWritten = new Set(own.map(keyOf));
    const silent = wanted.filter(({ status }) => !status.announcing && status.conflict === undefined);
    silentSince = new Map(silent.map(keyOf).map((key) => [key, silentSince.get(key) ?? now]));
    const isDue = (object: ServiceAnnouncement): boolean => {
      const since = silentSince.get(keyOf(object));
      return since === undefined || isWritten.has(keyOf(object)) || now - since >= silenceMilliseconds;
    };
    const due = wanted.filter(isDue);
    if (due.length < wanted.length) silenceTimer ??= setTimeout(endSilence, silencePause);
    return due;
  }

  function endSilence(): void {
    silenceTimer = undefined;
    changed();
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
      const of = cluster.service(`${namespace}/${object.status.service}`);
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
      clearTimeout(silenceTimer);
      const last = (async (): Promise<void> => {
        await running;
        await report([]);
      })();
      await Promise.race([last, new Promise((resolve) => setTimeout(resolve, closeMilliseconds).unref())]);
      written.close();
    },
  };
}

/** Whether it tells for the first time that nobody announces an address. */
function isSilence({ type, object }: ReportAction): boolean {
  return type === "create" && !object.status.announcing && object.status.conflict === undefined;
}
