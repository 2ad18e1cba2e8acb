import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import type { ClusterView } from "../../announce/view.ts";
import type { Logger } from "../../ports/logger.ts";
import { Gathered, type Pacing } from "../../shell/gathered.ts";
import { Crowd, waitingServices } from "../crowd.ts";
import { followDrains, noDrains } from "../draining.ts";
import { essenceOfNode, essenceOfService } from "../essence.ts";
import type { ConfigMap, EndpointSlice, KubernetesObject, Node, Secret, Service } from "../objects.ts";
import type { Scope } from "../requests.ts";
import { type SpeakerNote, speakerLabel } from "../speakerNotes.ts";
import { clusterView, defaultConfOf } from "../view.ts";
import type { Api } from "./api.ts";
import { Collection } from "./collection.ts";
import { NamedObjects } from "./namedObjects.ts";

/** When a view is made of changes: when thousands of Services change, several changes become one view. */
const pacing: Pacing = { gather: 10, rest: () => ({ factor: 24, longest: 500 }) };

/** Where the collections of our API group are. */
export const ownPath = (plural: string): string => `/apis/network.kubesphere.io/v1alpha2/${plural}`;

export interface WatchOptions {
  readonly nodeName: string;
  /** Berth's own namespace: Secrets and ConfigMaps are read there alone, those that an object names. */
  readonly namespace: string;
  readonly scope: Scope;
}

/**
 * Watches what a speaker needs and hands over the whole view at every change, once everything has been read.
 * The API server may be gone for any time: the last view stays in force.
 */
export function watchCluster(
  api: Api,
  options: WatchOptions,
  onView: (view: ClusterView) => void,
  logger: Logger,
): {
  readonly isSynced: () => boolean;
  readonly service: (key: string) => Service | undefined;
  readonly node: (name: string) => Node | undefined;
  /** Whether many Services are being given addresses right now. */
  readonly isCrowded: () => boolean;
  close(): void;
} {
  const views = new Gathered(publish, pacing);
  const changed = (): void => views.touch();
  const collection = <T extends KubernetesObject>(path: string): Collection<T> => new Collection<T>(api, path, changed, logger);
  const services = new Collection<Service>(api, "/api/v1/services", changed, logger, { essence: essenceOfService });
  const nodes = new Collection<Node>(api, "/api/v1/nodes", changed, logger, { essence: essenceOfNode });
  const endpointSlices = collection<EndpointSlice>("/apis/discovery.k8s.io/v1/endpointslices");
  const eips = collection<Eip>(ownPath("eips"));
  const bgpConfs = collection<BgpConf>(ownPath("bgpconfs"));
  const bgpPeers = collection<BgpPeer>(ownPath("bgppeers"));
  const all = [services, nodes, endpointSlices, eips, bgpConfs, bgpPeers];
  const home = `/api/v1/namespaces/${options.namespace}`;
  const secrets = new NamedObjects<Secret>(api, `${home}/secrets`, changed, logger);
  const configMaps = new NamedObjects<ConfigMap>(api, `${home}/configmaps`, changed, logger);
  const notesPath = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`;
  const notes = new Collection<SpeakerNote>(api, notesPath, changed, logger, { selectors: { labelSelector: speakerLabel } });
  const crowd = new Crowd();
  let drains = noDrains;
  const isSynced = (): boolean => all.every((one) => one.isSynced);

  function publish(): void {
    if (!isSynced()) return;
    secrets.follow(bgpPeers.objects.flatMap(({ spec }) => spec.conf.passwordSecretRef?.name ?? []));
    const policy = defaultConfOf(bgpConfs.objects)?.spec.policy;
    configMaps.follow(policy ? [policy] : []);
    drains = followDrains(drains, nodes.objects, endpointSlices.objects);
    if (!secrets.isSettled || !configMaps.isSettled) return;
    const objects = {
      services: services.objects,
      nodes: nodes.objects,
      endpointSlices: endpointSlices.objects,
      secrets: secrets.objects,
      configMaps: configMaps.objects,
      eips: eips.objects,
      bgpConfs: bgpConfs.objects,
      bgpPeers: bgpPeers.objects,
      speakerNotes: notes.objects,
    };
    onView(clusterView(objects, options.nodeName, options.scope, drains.nodes));
  }

  return {
    isSynced,
    service: (key) => services.get(key),
    node: (name) => nodes.get(name),
    isCrowded: () => crowd.isThere(waitingServices(services.objects, options.scope), performance.now()),
    close(): void {
      views.close();
      for (const one of [...all, secrets, configMaps, notes]) one.close();
    },
  };
}
