import { addressAssigned, addressConflict, announced } from "@berth/api/conditions";
import type { ServiceAnnouncementStatus } from "@berth/api/serviceAnnouncement";
import { sizeOf } from "../allocate/ranges.ts";
import type { ClusterFacts } from "../explain/clusterFacts.ts";
import { healthRows, poolRows } from "../explain/overview.ts";
import { isReady, wellNodes } from "../kubernetes/announced.ts";
import { keyOf, type Service } from "../kubernetes/objects.ts";
import { isOurs, type PoolOfEip, pools } from "../kubernetes/requests.ts";
import { nodeView } from "../kubernetes/view.ts";
import { formatAddress } from "../net/address.ts";
import type { AddressCell, ConsoleModel, EndpointCell, NodeRow, PoolRow, RouterRow, ServiceRow, TimelineEntry } from "./model.ts";

/** A pool with at most so many addresses is drawn address by address. */
const drawnAddresses = 1024;

/** What the page shows of a cluster. Pure. */
export function snapshot(facts: ClusterFacts, timeline: readonly TimelineEntry[]): ConsoleModel {
  const entries = pools(facts.eips);
  return {
    health: healthRows(facts).map(({ part, isWell, message }) => ({ key: part, isWell, message })),
    nodes: nodeRows(facts),
    routers: routerRows(facts),
    services: serviceRows(facts, entries),
    pools: consolePools(facts, entries),
    timeline,
  };
}

function nodeRows({ nodes, speakers, announcements }: ClusterFacts): NodeRow[] {
  const pods = new Map(speakers.map((pod) => [pod.spec?.nodeName, pod]));
  const counts = Map.groupBy(
    announcements.filter(({ status }) => status.announcing),
    ({ status }) => status.node,
  );
  return nodes
    .map((node) => {
      const view = nodeView(node);
      const pod = pods.get(view.name);
      return {
        key: view.name,
        addresses: view.internalAddresses.map(formatAddress),
        problem: view.refusal?.message ?? "",
        hasSpeaker: pod !== undefined,
        isSpeakerReady: pod !== undefined && isReady(pod),
        announces: new Set(counts.get(view.name)?.map(({ status }) => status.address)).size,
      };
    })
    .sort(byKey);
}

function routerRows({ bgpPeers, speakers }: ClusterFacts): RouterRow[] {
  const well = wellNodes(speakers);
  return bgpPeers
    .map(({ metadata, spec, status }) => ({
      key: metadata.name,
      neighbor: spec.conf.neighborAddress ?? "",
      as: String(spec.conf.peerAs ?? ""),
      problem: status?.conditions?.find(({ type, status: holds }) => type === "Accepted" && holds === "False")?.message ?? "",
      sessions: Object.entries(status?.nodesPeerStatus ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([node, { peerState, timersState, lastError }]) => {
          const state = (peerState?.sessionState ?? "unknown").toLowerCase();
          // What a speaker reported last is not believed when it is not well: a node that was lost never says that its sessions ended.
          const isBelieved = well.has(node);
          return {
            node,
            state: isBelieved ? state : "unknown",
            since: isBelieved ? (timersState?.uptime ?? timersState?.downtime ?? "") : "",
            error: isBelieved ? (lastError ?? "") : `its speaker is not Ready; it reported ${state} last`,
          };
        }),
    }))
    .sort(byKey);
}

function serviceRows(facts: ClusterFacts, entries: readonly PoolOfEip[]): ServiceRow[] {
  const well = wellNodes(facts.speakers);
  const reports = Map.groupBy(facts.announcements, ({ metadata, status }) => `${metadata.namespace}/${status.service}`);
  const slices = Map.groupBy(
    facts.endpointSlices,
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.["kubernetes.io/service-name"] ?? ""}`,
  );
  const eipOf = new Map(
    entries.flatMap(({ eip }) =>
      Object.keys(eip.status?.used ?? {}).map((address): [string, string] => [address, eip.metadata.name]),
    ),
  );
  const protocols = new Map(
    entries.map(({ eip }) => [eip.metadata.name, eip.spec.protocol === "vip" ? "layer2" : eip.spec.protocol || "bgp"]),
  );
  return facts.services
    .filter((service) => isOurs(service, facts.scope))
    .map((service): ServiceRow => {
      const key = keyOf(service);
      const statuses = (reports.get(key) ?? []).map(({ status }) => status).filter(({ node }) => well.has(node));
      const addresses = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) =>
        ip === undefined ? [] : [addressCell(ip, eipOf.get(ip) ?? "", protocols, statuses)],
      );
      const endpoints = (slices.get(key) ?? []).flatMap((slice) =>
        (slice.endpoints ?? []).map(
          (endpoint): EndpointCell => ({
            pod: endpoint.targetRef?.name ?? "",
            address: endpoint.addresses?.[0] ?? "",
            node: endpoint.nodeName ?? "",
            isServing: endpoint.conditions?.ready !== false || endpoint.conditions.serving === true,
          }),
        ),
      );
      return {
        key,
        ports: (service.spec.ports ?? []).map(({ port, protocol }) => `${port}/${protocol ?? "TCP"}`).join(", "),
        isLocal: service.spec.externalTrafficPolicy === "Local",
        addresses,
        endpoints: endpoints.sort((a, b) => (`${a.node} ${a.pod}` < `${b.node} ${b.pod}` ? -1 : 1)),
        ...stateOf(service, addresses),
      };
    })
    .sort(byKey);
}

function addressCell(
  address: string,
  eip: string,
  protocols: ReadonlyMap<string, string>,
  statuses: readonly ServiceAnnouncementStatus[],
): AddressCell {
  const of = statuses.filter((status) => status.address === address).sort((a, b) => (a.node < b.node ? -1 : 1));
  const told = protocols.get(eip) ?? of[0]?.protocol ?? "";
  const announcing = of.filter((status) => status.announcing);
  // One node answers for a Layer2 address: the one that began last. A node that was lost cannot take its report back.
  const owner = told === "layer2" ? announcing.reduce(later, undefined) : undefined;
  const announcers = owner === undefined ? announcing : [owner];
  const claimed = of.find(({ conflict }) => conflict !== undefined);
  return {
    address,
    eip,
    protocol: told,
    announcers: announcers.map(({ node, via, since, message }) => ({ node, via: via ?? "", since, why: message ?? "" })),
    refusals: of
      .filter((status) => !announcers.includes(status))
      .map(({ node, message, reason, announcing: isAnnouncing }) => ({
        node,
        why: isAnnouncing ? `answered until ${owner?.node} took over, and has not reported since` : (message ?? reason),
      })),
    conflict: claimed?.conflict === undefined ? "" : `${claimed.conflict.mac} (${claimed.conflict.interface}, ${claimed.node})`,
  };
}

function later(a: ServiceAnnouncementStatus | undefined, b: ServiceAnnouncementStatus): ServiceAnnouncementStatus {
  return a === undefined || Date.parse(b.since) >= Date.parse(a.since) ? b : a;
}

function stateOf(service: Service, addresses: readonly AddressCell[]): Pick<ServiceRow, "state" | "why"> {
  const condition = (type: string) => service.status?.conditions?.find((candidate) => candidate.type === type);
  const claimed = condition(addressConflict);
  const assigned = condition(addressAssigned);
  const told = condition(announced);
  const foreign = addresses.find(({ conflict }) => conflict !== "")?.conflict;
  if (claimed?.status === "True" || foreign !== undefined)
    return { state: "conflict", why: claimed?.message ?? `a foreign host claims it: ${foreign}` };
  if (addresses.length === 0 || assigned?.status === "False")
    return { state: "waiting", why: assigned?.message ?? "the controller has not looked at it yet" };
  if (addresses.some(({ announcers }) => announcers.length === 0))
    return { state: "silent", why: told?.message ?? "no node has reported yet" };
  return { state: "ok", why: told?.message ?? "" };
}

function consolePools(facts: ClusterFacts, entries: readonly PoolOfEip[]): PoolRow[] {
  const byName = new Map(entries.map((entry) => [entry.eip.metadata.name, entry]));
  return poolRows(facts).map((row) => {
    const entry = byName.get(row.eip);
    const used = Object.entries(entry?.eip.status?.used ?? {}).map(([address, users]) => ({ address, users: users.split(";") }));
    const byNamespace: Record<string, number> = {};
    for (const { users } of used)
      for (const namespace of new Set(users.map((user) => user.split("/")[0] ?? "")))
        byNamespace[namespace] = (byNamespace[namespace] ?? 0) + 1;
    return {
      key: row.eip,
      addresses: row.addresses,
      protocol: row.protocol,
      used: row.used,
      size: row.size,
      inUse: row.inUse,
      isWell: !row.inUse.startsWith("no:"),
      limit: String(entry?.eip.spec.perNamespaceLimit ?? ""),
      byNamespace,
      map: used,
      cells: entry === undefined ? [] : cellsOf(entry),
    };
  });
}

function cellsOf({ pool }: PoolOfEip): string[] {
  if (sizeOf(pool.ranges) > BigInt(drawnAddresses)) return [];
  return pool.ranges.flatMap(({ family, first, last }) =>
    Array.from({ length: Number(last - first) + 1 }, (_, index) => formatAddress({ family, value: first + BigInt(index) })),
  );
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}
