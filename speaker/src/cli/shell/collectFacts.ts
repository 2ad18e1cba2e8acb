import type { ClusterFacts } from "../../explain/clusterFacts.ts";
import { speakerSelector } from "../../kubernetes/announced.ts";
import { announcementsPath } from "../../kubernetes/announcements.ts";
import type { Lease } from "../../kubernetes/lease.ts";
import type { Scope } from "../../kubernetes/requests.ts";
import { type Api, ApiError } from "../../kubernetes/shell/api.ts";
import { ownPath } from "../../kubernetes/shell/watchCluster.ts";

/**
 * Reads from the cluster what the command line explains from. Reading is all the rights it needs.
 * @param namespace where Berth is installed
 * @throws Error with a sentence when the cluster does not serve Berth's kinds; ApiError when it refuses
 */
export async function collectFacts(api: Api, namespace: string, scope: Scope): Promise<ClusterFacts> {
  const [services, nodes, namespaces, endpointSlices, eips, bgpConfs, bgpPeers, announcements, speakers, lease] =
    await Promise.all([
      list(api, "/api/v1/services"),
      list(api, "/api/v1/nodes"),
      list(api, "/api/v1/namespaces"),
      list(api, "/apis/discovery.k8s.io/v1/endpointslices"),
      list(api, ownPath("eips")),
      list(api, ownPath("bgpconfs")),
      list(api, ownPath("bgppeers")),
      list(api, announcementsPath),
      list(api, `/api/v1/namespaces/${namespace}/pods`, speakerSelector),
      optional(api.send("GET", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/berth-controller`)),
    ]);
  if (eips === undefined)
    throw new Error("this cluster does not serve eips.network.kubesphere.io: neither Berth nor OpenELB is installed");
  // Read as empty lists, they would be taken for objects that nobody made.
  const gone = Object.entries({ bgpconfs: bgpConfs, bgppeers: bgpPeers }).find(([, objects]) => objects === undefined);
  if (gone !== undefined)
    throw new Error(
      `this cluster does not serve ${gone[0]}.network.kubesphere.io, though it serves eips: that CustomResourceDefinition is gone; install it again, as with pulumi up --refresh`,
    );
  return {
    services: services ?? [],
    nodes: nodes ?? [],
    namespaces: namespaces ?? [],
    endpointSlices: endpointSlices ?? [],
    eips,
    bgpConfs: bgpConfs ?? [],
    bgpPeers: bgpPeers ?? [],
    announcements: announcements ?? [],
    speakers: speakers ?? [],
    lease: lease as Lease | undefined,
    scope,
    now: Date.now(),
  } as ClusterFacts;
}

/** All objects of a collection, page by page; undefined when the cluster does not serve the kind. */
export async function list(api: Api, path: string, labelSelector?: string): Promise<readonly unknown[] | undefined> {
  const items: unknown[] = [];
  let token: string | undefined;
  do {
    const query = new URLSearchParams({
      limit: "2000",
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(token === undefined ? {} : { continue: token }),
    });
    const page = (await optional(api.send("GET", `${path}?${query}`))) as
      | { readonly items: readonly unknown[]; readonly metadata: { readonly continue?: string } }
      | undefined;
    if (page === undefined) return undefined;
    items.push(...page.items);
    token = page.metadata.continue === "" ? undefined : page.metadata.continue;
  } while (token !== undefined);
  return items;
}

export async function optional(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
