import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import type { ServiceAnnouncement } from "@berth/api/serviceAnnouncement";
import { allocate } from "../../allocate/allocate.ts";
import { observe } from "../../allocate/memory.ts";
import { type AllocationResult, emptyMemory, type Memory } from "../../allocate/model.ts";
import { type Judge, lenientJudge } from "../../announce/judge.ts";
import type { Logger } from "../../ports/logger.ts";
import { type Rest, restAfter } from "../../shell/gathered.ts";
import { announcementFacts, speakerSelector, staleReports, wellNodes } from "../announced.ts";
import { announcementsPath } from "../announcements.ts";
import { type ConfigMap, type KubernetesObject, keyOf, type Namespace, type Node, type Pod, type Service } from "../objects.ts";
import { isOurs, pools, type Scope, serviceRequest, usersOf } from "../requests.ts";
import { releasedStatus, serviceStatus } from "../statuses.ts";
import { bgpConfWrites, bgpPeerWrites, eipWrites } from "../statusWrites.ts";
import { defaultConfOf, policyOf } from "../view.ts";
import type { Api } from "./api.ts";
import { Collection } from "./collection.ts";
import { Leadership } from "./leadership.ts";
import { NamedObjects } from "./namedObjects.ts";
import { type Outcome, StatusWriter, type Task } from "./statusWriter.ts";
import { ownPath } from "./watchCluster.ts";

const gatherMilliseconds = 20;
const reportInterval = 1000;
/** What nodes report is gathered for longer: it comes in bursts, and nobody waits for it. */
const reportGatherMilliseconds = 100;
/** After a decision there is rest: thousands of Services that change must not keep a core busy. */
const rest: Rest = { factor: 4, longest: 1000 };
const retryInterval = 1000;
/** How often a controller that does not lead looks at what was freed. */
const standbyInterval = 1000;

export interface ControllerOptions {
  readonly namespace: string;
  /** Unique for this process: the name of its pod, with something that a restart changes. */
  readonly identity: string;
  readonly scope: Scope;
  /** How long a freed address rests, in milliseconds. */
  readonly restPeriod: number;
  readonly sharesUnconditionally: boolean;
  readonly elects: boolean;
  /** Says what BGP makes of objects; without one they are taken as they are. */
  readonly judge?: Judge;
}

/** What a controller watches. */
export interface WatchedObjects {
  readonly services: readonly Service[];
  readonly namespaces: readonly Namespace[];
  readonly nodes: readonly Node[];
  readonly eips: readonly Eip[];
  readonly bgpConfs: readonly BgpConf[];
  readonly bgpPeers: readonly BgpPeer[];
  readonly announcements: readonly ServiceAnnouncement[];
  readonly speakers: readonly Pod[];
}

/** A running controller. */
export interface Controller {
  isSynced(): boolean;
  isLeader(): boolean;
  /** How often it decided, and how often that failed or the API server refused what came of it. */
  counts(): { readonly reconciles: number; readonly failedReconciles: number };
  /** The last allocation in short, for /state. */
  state(): unknown;
  /** The objects that this controller watches, for those who explain; undefined until everything has been read. */
  knows(): WatchedObjects | undefined;
  /** Until when addresses that were freed rest, in milliseconds since the epoch. */
  resting(): ReadonlyMap<string, number>;
  /** Calls back after every change of what it knows, many times a second if need be. */
  onChange(listener: () => void): void;
  close(): Promise<void>;
}

/**
 * Runs the controller: watches, takes part in the election, and while it leads gives addresses and writes statuses.
 * Every write carries the resource version that it was decided on; a conflict is decided again on the newer object.
 */
export function runController(api: Api, options: ControllerOptions, logger: Logger): Controller {
  let timer: NodeJS.Timeout | undefined;
  let wakeTimer: NodeJS.Timeout | undefined;
  let reportTimer: NodeJS.Timeout | undefined;
  let memory: Memory = emptyMemory;
  let last: AllocationResult | undefined;
  let isRunning = false;
  /** The run that is under way, or was the last; it never fails. */
  let underWay: Promise<void> = Promise.resolve();
  const counts = { reconciles: 0, failedReconciles: 0 };
  let isDirty = false;
  let isClosed = false;
  let reportedAt = 0;
  let restsUntil = 0;
  /** Whether everything was read after this process began to lead: what a watch had until then may lag behind the last leader's writes. */
  let isFresh = !options.elects;
  const listeners: (() => void)[] = [];
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const changed = (): void => {
    schedule(isLeader() ? gatherMilliseconds : standbyInterval);
    tell();
  };
  const leadership = options.elects
    ? new Leadership(
        api,
        { namespace: options.namespace, name: "berth-controller", identity: options.identity },
        onLeadership,
        logger,
      )
    : undefined;
  const collection = <T extends KubernetesObject>(path: string): Collection<T> =>
    new Collection<T>(api, path, changed, logger, { after: leadership?.hasLooked });
  const judge = options.judge ?? lenientJudge;
  const services = collection<Service>("/api/v1/services");
  const namespaces = collection<Namespace>("/api/v1/namespaces");
  const nodes = collection<Node>("/api/v1/nodes");
  const eips = collection<Eip>(ownPath("eips"));
  const bgpConfs = collection<BgpConf>(ownPath("bgpconfs"));
  const bgpPeers = collection<BgpPeer>(ownPath("bgppeers"));
  const all = [services, namespaces, nodes, eips, bgpConfs, bgpPeers];
  const configMaps = new NamedObjects<ConfigMap>(api, `/api/v1/namespaces/${options.namespace}/configmaps`, changed, logger);
  // Allocation never waits for these: a cluster may not serve the kind yet, or not grant the right.
  const reported = (): void => {
    schedule(reportGatherMilliseconds);
    tell();
  };
  const reports = new Collection<ServiceAnnouncement>(api, announcementsPath, reported, logger);
  const speakersPath = `/api/v1/namespaces/${options.namespace}/pods`;
  const speakers = new Collection<Pod>(api, speakersPath, reported, logger, { selectors: { labelSelector: speakerSelector } });
  /** Since when reports have had no speaker that is well behind them. */
  let staleSince: ReadonlyMap<string, number> = new Map();
  const writer = new StatusWriter(api, services, logger);
  void Promise.all(all.map((one) => one.whenSynced)).then(() => leadership?.stand());
  const isSynced = (): boolean => all.every((one) => one.isSynced);
  const isLeader = (): boolean => leadership?.isLeader ?? true;
  const mayWrite = (): boolean => isLeader() && writer.silence <= 0;

  function onLeadership(): void {
    isFresh = false;
    if (!isLeader()) return;
    if (leadership?.isFirstSinceLook === true) beginToLead();
    else void Promise.all(all.map((one) => one.refresh())).then(beginToLead);
  }

  function beginToLead(): void {
    isFresh = true;
    // What waits until then is the slower look of a controller that does not lead.
    clearTimeout(timer);
    timer = undefined;
    changed();
  }

  function schedule(after: number): void {
    if (isClosed) return;
    if (isRunning) isDirty = true;
    else
      timer ??= setTimeout(
        () => {
          underWay = run();
        },
        Math.max(after, restsUntil - performance.now()),
      );
  }

  async function run(): Promise<void> {
    timer = undefined;
    if (isClosed || !isSynced()) return;
    if (!isLeader()) memory = observe(memory, usersOf(ours()), Date.now());
    if (!isLeader() || !isFresh) return;
    isRunning = true;
    counts.reconciles++;
    let isAgainSoon = false;
    const failedBefore = writer.failures;
    try {
      isAgainSoon = await reconcile();
      if (writer.failures > failedBefore) counts.failedReconciles++;
    } catch (error) {
      isAgainSoon = true;
      counts.failedReconciles++;
      logger.error(
        { event: "reconcileFailed", error: error instanceof Error ? error.stack : String(error) },
        "reconciling failed; trying again",
      );
    }
    isRunning = false;
    const silence = writer.silence;
    if (silence > 0) schedule(silence);
    else if (isDirty) schedule(gatherMilliseconds);
    else if (isAgainSoon) schedule(retryInterval);
    isDirty = false;
  }

  /** The Services that get addresses from us now. */
  function ours(): Service[] {
    return services.objects.filter(
      (service) => isOurs(service, options.scope) && service.metadata.deletionTimestamp === undefined,
    );
  }

  /** Decides everything on what is known now and writes what differs. @returns whether something must be tried again soon */
  async function reconcile(): Promise<boolean> {
    const began = performance.now();
    writer.settleDoubts();
    const now = Date.now();
    const instant = new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
    const served = ours();
    const entries = pools(eips.objects);
    const result = allocate({
      services: served.map((service) => serviceRequest(writer.assumed(service))),
      pools: entries.map((entry) => entry.pool),
      namespaceLabels: new Map(namespaces.objects.map((namespace) => [namespace.metadata.name, namespace.metadata.labels ?? {}])),
      memory,
      now,
      restPeriod: options.restPeriod,
      sharesUnconditionally: options.sharesUnconditionally,
    });
    memory = result.memory;
    last = result;
    clearTimeout(wakeTimer);
    if (result.wakeAt !== undefined) wakeTimer = setTimeout(changed, Math.max(50, result.wakeAt - now + 1));
    const isOur = new Set(served.map(keyOf));
    const well = speakers.isSynced ? wellNodes(speakers.objects) : undefined;
    const byService = Map.groupBy(reports.objects, ({ metadata, status }) => `${metadata.namespace}/${status.service}`);
    const announcementsOf = (service: Service) =>
      reports.isSynced ? announcementFacts(service, byService.get(keyOf(service)) ?? [], well) : [];
    const writes = services.objects.flatMap((service): Task[] => {
      const assignment = result.assignments.get(keyOf(service));
      const status =
        assignment !== undefined
          ? serviceStatus(service, assignment, instant, announcementsOf(service))
          : isOur.has(keyOf(service))
            ? undefined
            : releasedStatus(service);
      return status === undefined ? [] : [() => writer.writeService(service, status, assignment)];
    });
    const decided = performance.now();
    restsUntil = decided + restAfter(decided - began, rest);
    const outcomes = await writer.allBeforeEvents(writes, mayWrite);
    const released = await writer.all(finalizerTasks(), mayWrite);
    const reported = await report(entries, result, instant);
    if (well !== undefined) await forgetStaleReports(isOur, well, now);
    return [...outcomes, ...released, ...reported].some((outcome) => outcome !== true);
  }

  /** Deletes reports that nobody stands behind. A failure is tried again with the next change. */
  async function forgetStaleReports(ours: ReadonlySet<string>, well: ReadonlySet<string>, now: number): Promise<void> {
    const stale = staleReports(reports.objects, ours, well, staleSince, now);
    staleSince = stale.since;
    if (stale.wakeAt !== undefined) setTimeout(reported, stale.wakeAt - now + 1).unref();
    const deletions = stale.due.map((object) => async (): Promise<Outcome> => {
      const { namespace, name } = object.metadata;
      await api.send("DELETE", `/apis/${object.apiVersion}/namespaces/${namespace}/serviceannouncements/${name}`);
      logger.info(
        { event: "reportForgotten", announcement: keyOf(object) },
        `node ${object.status.node} has no speaker that is well, or Service ${object.status.service} is gone: its report is deleted`,
      );
      return true;
    });
    await writer
      .all(deletions, mayWrite)
      .catch((error: unknown) =>
        logger.debug({ event: "forgetFailed", error: String(error) }, "a stale ServiceAnnouncement could not be deleted"),
      );
  }

  /** Writes the statuses of Eips, BgpConfs and BgpPeers, at most once a second. */
  async function report(entries: ReturnType<typeof pools>, result: AllocationResult, instant: string): Promise<Outcome[]> {
    const pause = reportedAt + reportInterval - Date.now();
    clearTimeout(reportTimer);
    if (pause > 0) {
      reportTimer = setTimeout(changed, pause);
      return [];
    }
    const isLocal = (key: string): boolean => services.get(key)?.spec.externalTrafficPolicy === "Local";
    const own = eipWrites(entries, result, judge, bgpPeers.objects, isLocal, instant);
    const writes = writer.statusTasks(eips, "Eip", own);
    const defaultConf = defaultConfOf(bgpConfs.objects);
    configMaps.follow(defaultConf?.spec.policy ? [defaultConf.spec.policy] : []);
    if (!configMaps.isSettled) return writer.all(writes, mayWrite);
    const objects = {
      bgpConfs: bgpConfs.objects,
      bgpPeers: bgpPeers.objects,
      nodes: nodes.objects,
      policy: policyOf(defaultConf, configMaps.objects),
    };
    writes.push(
      ...writer.statusTasks(bgpConfs, "BgpConf", bgpConfWrites(objects, judge, instant)),
      ...writer.statusTasks(bgpPeers, "BgpPeer", bgpPeerWrites(objects, judge, instant)),
    );
    const outcomes = await writer.all(writes, mayWrite);
    reportedAt = Date.now();
    return outcomes;
  }

  function finalizerTasks(): Task[] {
    const own = (plural: string) => (object: KubernetesObject) => `${ownPath(plural)}/${object.metadata.name}`;
    return [
      ...writer.finalizerTasks(services, ({ metadata }) => `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}`),
      ...writer.finalizerTasks(eips, own("eips")),
      ...writer.finalizerTasks(bgpConfs, own("bgpconfs")),
      ...writer.finalizerTasks(bgpPeers, own("bgppeers")),
    ];
  }

  return {
    isSynced,
    isLeader,
    counts: () => counts,
    state: () => ({ isLeader: isLeader(), identity: options.identity, addresses: Object.fromEntries(last?.users ?? []) }),
    knows: () =>
      isSynced()
        ? {
            services: services.objects,
            namespaces: namespaces.objects,
            nodes: nodes.objects,
            eips: eips.objects,
            bgpConfs: bgpConfs.objects,
            bgpPeers: bgpPeers.objects,
            announcements: reports.objects,
            speakers: speakers.objects,
          }
        : undefined,
    resting() {
      const freed = [...memory.freedAt].map(([text, at]) => [text, at + options.restPeriod] as const);
      return new Map(freed.filter(([, until]) => until > Date.now()));
    },
    onChange: (listener) => void listeners.push(listener),
    async close(): Promise<void> {
      isClosed = true;
      clearTimeout(timer);
      clearTimeout(wakeTimer);
      clearTimeout(reportTimer);
      leadership?.stop();
      for (const one of [...all, reports, speakers]) one.close();
      // Whoever leads next must not read before our last write is there, nor be told to come when one may still arrive.
      await underWay;
      writer.settleDoubts();
      if (!writer.isInDoubt) await leadership?.close();
    },
  };
}
