import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import { apiVersion } from "@berth/api/crds";
import type { Eip } from "@berth/api/eip";
import type { ServiceAnnouncement } from "@berth/api/serviceAnnouncement";
import { allocate } from "../../allocate/allocate.ts";
import { observe } from "../../allocate/memory.ts";
import { type AllocationResult, type Assignment, emptyMemory, type Memory } from "../../allocate/model.ts";
import { type Judge, lenientJudge } from "../../announce/judge.ts";
import type { Logger } from "../../ports/logger.ts";
import { announcementFacts, speakerSelector, staleReports, wellNodes } from "../announced.ts";
import { announcementsPath } from "../announcements.ts";
import { finalizersWithoutOpenelb } from "../finalizers.ts";
import { type ConfigMap, type KubernetesObject, keyOf, type Namespace, type Node, type Pod, type Service } from "../objects.ts";
import { isOurs, pools, type Scope, serviceRequest, usersOf } from "../requests.ts";
import { assignmentEvent, isAssignmentNews, releasedStatus, serviceStatus } from "../statuses.ts";
import { bgpConfWrites, bgpPeerWrites, eipWrites, type StatusWrite } from "../statusWrites.ts";
import { defaultConfOf, policyOf } from "../view.ts";
import { type Api, ApiError } from "./api.ts";
import { Collection } from "./collection.ts";
import { EventRecorder } from "./events.ts";
import { Leadership } from "./leadership.ts";
import { NamedObjects } from "./namedObjects.ts";
import { ownPath } from "./watchCluster.ts";

const gatherMilliseconds = 20;
const reportInterval = 1000;
/** What nodes report is gathered for longer: it comes in bursts, and nobody waits for it. */
const reportGatherMilliseconds = 100;
/** After a decision there is rest for so many times what it took, and so long at most: thousands of Services that change must not keep a core busy. */
const restFactor = 4;
const longestRest = 1000;
const retryInterval = 1000;
/** How often a controller that does not lead looks at what was freed. */
const standbyInterval = 1000;

const parallelWrites = 64;

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

/** What came of a write. "unknown": no answer, or one that does not tell whether it was taken. */
type Outcome = boolean | "unknown";

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
  /** Writes that the API server refused or did not answer; those that came too late are not among them. */
  let failedWrites = 0;
  let isDirty = false;
  let isClosed = false;
  let reportedAt = 0;
  let restsUntil = 0;
  /** Whether everything was read after this process began to lead: what a watch had until then may lag behind the last leader's writes. */
  let isFresh = !options.elects;
  /** Statuses that were sent and never answered: they may be in force, so what they give is given to nobody else. By Service. */
  const inDoubt = new Map<
    string,
    { readonly resourceVersion: string | undefined; readonly status: NonNullable<Service["status"]> }
  >();
  /** The API server asked for silence until then. */
  let notBefore = 0;
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
  const events = new EventRecorder(api, "berth-controller", logger);
  void Promise.all(all.map((one) => one.whenSynced)).then(() => leadership?.stand());
  const isSynced = (): boolean => all.every((one) => one.isSynced);
  const isLeader = (): boolean => leadership?.isLeader ?? true;
  const mayWrite = (): boolean => isLeader() && Date.now() >= notBefore;

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

  /** Forgets doubts that what is known by now has settled: the Service was written since, or is gone. */
  function settleDoubts(): void {
    for (const [key, { resourceVersion }] of inDoubt)
      if (services.get(key)?.metadata.resourceVersion !== resourceVersion) inDoubt.delete(key);
  }

  /** The Service as it may be by now. */
  function assumed(service: Service): Service {
    const doubt = inDoubt.get(keyOf(service));
    return doubt === undefined ? service : { ...service, status: doubt.status };
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
    const failedBefore = failedWrites;
    try {
      isAgainSoon = await reconcile();
      if (failedWrites > failedBefore) counts.failedReconciles++;
    } catch (error) {
      isAgainSoon = true;
      counts.failedReconciles++;
      logger.error(
        { event: "reconcileFailed", error: error instanceof Error ? error.stack : String(error) },
        "reconciling failed; trying again",
      );
    }
    isRunning = false;
    const silence = notBefore - Date.now();
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
    settleDoubts();
    const now = Date.now();
    const instant = new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
    const served = ours();
    const entries = pools(eips.objects);
    const result = allocate({
      services: served.map((service) => serviceRequest(assumed(service))),
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
    const writes = services.objects.flatMap((service): (() => Promise<boolean>)[] => {
      const assignment = result.assignments.get(keyOf(service));
      const status =
        assignment !== undefined
          ? serviceStatus(service, assignment, instant, announcementsOf(service))
          : isOur.has(keyOf(service))
            ? undefined
            : releasedStatus(service);
      return status === undefined ? [] : [() => writeService(service, status, assignment)];
    });
    const decided = performance.now();
    restsUntil = decided + Math.min(longestRest, restFactor * (decided - began));
    const outcomes = await events.holdBack(() => inParallel(writes, parallelWrites, mayWrite));
    const released = await inParallel(finalizerWrites(), parallelWrites, mayWrite);
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
    await inParallel(deletions, parallelWrites, mayWrite).catch((error: unknown) =>
      logger.debug({ event: "forgetFailed", error: String(error) }, "a stale ServiceAnnouncement could not be deleted"),
    );
  }

  async function writeService(
    service: Service,
    status: NonNullable<ReturnType<typeof serviceStatus>> | NonNullable<ReturnType<typeof releasedStatus>>,
    assignment: Assignment | undefined,
  ): Promise<boolean> {
    const { namespace, name, resourceVersion } = service.metadata;
    if (status.loadBalancer.ingress !== undefined) inDoubt.set(keyOf(service), { resourceVersion, status });
    // The whole object: a patch costs the API server a sixth more, and thousands may wait for their address.
    const isOk = await write(services, "PUT", `/api/v1/namespaces/${namespace}/services/${name}/status`, {
      apiVersion: "v1",
      kind: "Service",
      ...service,
      status: { ...service.status, ...status },
    });
    if (isOk !== "unknown") inDoubt.delete(keyOf(service));
    if (isOk !== true) return false;
    if (assignment !== undefined && !isAssignmentNews(service, assignment)) return true;
    const event = assignmentEvent(assignment);
    events.record("Service", "v1", service, event);
    logger.info({ event: "service", service: keyOf(service), reason: event.reason }, event.message);
    return true;
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
    const writes = statusTasks(eips, "Eip", own);
    const defaultConf = defaultConfOf(bgpConfs.objects);
    configMaps.follow(defaultConf?.spec.policy ? [defaultConf.spec.policy] : []);
    if (!configMaps.isSettled) return inParallel(writes, parallelWrites, mayWrite);
    const objects = {
      bgpConfs: bgpConfs.objects,
      bgpPeers: bgpPeers.objects,
      nodes: nodes.objects,
      policy: policyOf(defaultConf, configMaps.objects),
    };
    writes.push(
      ...statusTasks(bgpConfs, "BgpConf", bgpConfWrites(objects, judge, instant)),
      ...statusTasks(bgpPeers, "BgpPeer", bgpPeerWrites(objects, judge, instant)),
    );
    const outcomes = await inParallel(writes, parallelWrites, mayWrite);
    reportedAt = Date.now();
    return outcomes;
  }

  function statusTasks<T extends KubernetesObject>(
    into: Collection<T>,
    kind: "Eip" | "BgpConf" | "BgpPeer",
    writes: readonly StatusWrite<T>[],
  ): (() => Promise<Outcome>)[] {
    const path = ownPath(`${kind.toLowerCase()}s`);
    return writes.map(({ object, patch, events: news }) => async (): Promise<Outcome> => {
      const outcome = await write(into, "PATCH", `${path}/${object.metadata.name}/status`, patch);
      if (outcome === true) for (const event of news) events.record(kind, apiVersion, object, event);
      return outcome;
    });
  }

  /** Lets objects go that are being deleted and wait for OpenELB, which is not there any more. */
  function finalizerWrites(): (() => Promise<Outcome>)[] {
    const of = <T extends KubernetesObject>(from: Collection<T>, pathOf: (object: T) => string): (() => Promise<Outcome>)[] =>
      from.objects.flatMap((object) => {
        const finalizers = finalizersWithoutOpenelb(object);
        if (finalizers === undefined) return [];
        return [
          () =>
            write(from, "PATCH", pathOf(object), { metadata: { resourceVersion: object.metadata.resourceVersion, finalizers } }),
        ];
      });
    const own = (plural: string) => (object: KubernetesObject) => `${ownPath(plural)}/${object.metadata.name}`;
    return [
      ...of(services, ({ metadata }) => `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}`),
      ...of(eips, own("eips")),
      ...of(bgpConfs, own("bgpconfs")),
      ...of(bgpPeers, own("bgppeers")),
    ];
  }

  /** @returns false when it must be decided again, the object changed meanwhile or the API server refused; "unknown" when it may have been taken */
  async function write<T extends KubernetesObject>(
    into: Collection<T>,
    method: "PATCH" | "PUT",
    path: string,
    body: unknown,
  ): Promise<Outcome> {
    try {
      into.put((await api.send(method, path, body)) as T);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return true;
      if (error instanceof ApiError && error.status === 429) notBefore = Date.now() + (error.retryAfter ?? retryInterval);
      if (!(error instanceof ApiError && error.status === 409)) {
        failedWrites++;
        logger.warn({ event: "writeFailed", path, error: String(error) }, `cannot write ${path}; trying again`);
      }
      return error instanceof ApiError && error.status < 500 ? false : "unknown";
    }
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
      settleDoubts();
      if (inDoubt.size === 0) await leadership?.close();
    },
  };
}

/** Runs tasks, at most so many at a time, in order; stops early when `mayGoOn` says no. */
async function inParallel(tasks: readonly (() => Promise<Outcome>)[], limit: number, mayGoOn: () => boolean): Promise<Outcome[]> {
  const results: Outcome[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) results.push(mayGoOn() ? await task() : false);
  };
  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, worker));
  return results;
}
