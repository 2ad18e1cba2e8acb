import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { AllocationResult } from "../allocate/model.ts";
import type { HeldAddress, Judge, Judgement, PolicyText } from "../announce/judge.ts";
import { eipEvents, eipStatus } from "./eipStatus.ts";
import type { HappenedEvent, Node } from "./objects.ts";
import type { PoolOfEip } from "./requests.ts";
import { bgpConfConditions, bgpPeerConditions, goneNodes, same } from "./statuses.ts";
import { defaultConfOf, nodeView, wholePool } from "./view.ts";

/** A status that differs from what an object of ours should have: a merge patch, and the events of what it changes. */
export interface StatusWrite<T> {
  readonly object: T;
  readonly patch: object;
  readonly events: readonly HappenedEvent[];
}

/** What the statuses of Eips should become. @param isLocal whether a Service, by its key, only takes traffic on nodes with its endpoints */
export function eipWrites(
  entries: readonly PoolOfEip[],
  result: AllocationResult,
  judge: Judge,
  peers: readonly BgpPeer[],
  isLocal: (service: string) => boolean,
  instant: string,
): StatusWrite<PoolOfEip["eip"]>[] {
  const held = (used: readonly (readonly [string, readonly string[]])[]): HeldAddress[] =>
    used.map(([address, services]) => ({ address, services, localOnly: services.every(isLocal) }));
  return entries.flatMap((entry) => {
    const { eip } = entry;
    const status = eipStatus(entry, result, instant, (of, used) => judge.eip(of, wholePool(of), held(used), peers));
    if (same(status, eip.status)) return [];
    const gone = Object.keys(eip.status?.used ?? {}).filter((address) => status.used?.[address] === undefined);
    const used = { ...status.used, ...Object.fromEntries(gone.map((address) => [address, null])) };
    const events = eipEvents(eip.status?.conditions, status.conditions ?? []);
    return [{ object: eip, patch: { status: { ...status, used } }, events }];
  });
}

/** What BgpConfs and BgpPeers are judged by. */
export interface BgpObjects {
  readonly bgpConfs: readonly BgpConf[];
  readonly bgpPeers: readonly BgpPeer[];
  readonly nodes: readonly Node[];
  /** The policy that BgpConf "default" names. */
  readonly policy: PolicyText | undefined;
}

/** What the statuses of BgpConfs should become: reports of nodes that are gone, or of a BgpConf that does not count, are taken out. */
export function bgpConfWrites({ bgpConfs, nodes, policy }: BgpObjects, judge: Judge, instant: string): StatusWrite<BgpConf>[] {
  const counts = defaultConfOf(bgpConfs);
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  return bgpConfs.flatMap((object) => {
    const { metadata, status } = object;
    const conditions = bgpConfConditions(object, judge.bgpConf(object, object === counts ? policy : undefined), instant);
    const gone = Object.keys(status?.nodesConfStatus ?? {}).filter((name) => object !== counts || !known.has(name));
    if (gone.length === 0 && same(conditions, status?.conditions)) return [];
    const nodesConfStatus = Object.fromEntries(gone.map((name) => [name, null]));
    const { resourceVersion } = metadata;
    return [{ object, patch: { metadata: { resourceVersion }, status: { conditions, nodesConfStatus } }, events: [] }];
  });
}

/** What the statuses of BgpPeers should become. */
export function bgpPeerWrites(
  { bgpConfs, bgpPeers, nodes, policy }: BgpObjects,
  judge: Judge,
  instant: string,
): StatusWrite<BgpPeer>[] {
  const conf = defaultConfOf(bgpConfs);
  const refusal = conf === undefined ? undefined : judge.bgpConf(conf, policy).refusal;
  const hasConf = conf !== undefined && isUsable(refusal);
  const views = nodes.map(nodeView);
  const known = new Set(views.map(({ name }) => name));
  const ready = new Set(views.filter((node) => node.refusal?.reason !== "NodeNotReady").map(({ name }) => name));
  return bgpPeers.flatMap((object) => {
    const conditions = bgpPeerConditions(object, judge.bgpPeer(object, conf), hasConf, ready, instant);
    const gone = goneNodes(object, known);
    if (same(conditions, object.status?.conditions) && gone.length === 0) return [];
    const nodesPeerStatus = Object.fromEntries(gone.map((name) => [name, null]));
    const { resourceVersion } = object.metadata;
    return [{ object, patch: { metadata: { resourceVersion }, status: { conditions, nodesPeerStatus } }, events: [] }];
  });
}

/** Whether sessions come up under a BgpConf: one whose policy alone is refused still has them. */
const isUsable = (refusal: Judgement["refusal"]): boolean => refusal === undefined || refusal.reason.startsWith("Policy");
