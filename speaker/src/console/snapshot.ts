import { addressAssigned, addressConflict, announced } from "@berth/api/conditions";
import type { ServiceAnnouncementStatus } from "@berth/api/serviceAnnouncement";
import { healthRows } from "../explain/overview.ts";
import { isReady, wellNodes } from "../kubernetes/announced.ts";
import { type EndpointSlice, isServing, keyOf, type Service } from "../kubernetes/objects.ts";
import { heldAddresses, isOurs, type PoolOfEip, pools } from "../kubernetes/requests.ts";
import { nodeView } from "../kubernetes/view.ts";
import { formatAddress } from "../net/address.ts";
import type { ConsoleFacts, SessionNumbers } from "./facts.ts";
import type {
  AddressCell,
  ConsoleModel,
  EndpointCell,
  NodeRow,
  RouterRow,
  ServiceRow,
  SessionCell,
  TimelineEntry,
} from "./model.ts";
import { consolePools, poolOf } from "./pools.ts";

/** The rows of Services, with what each was made of: a row whose parts are the same objects as before is the same object as before. */
export type RowMemory = Map<string, { readonly parts: readonly unknown[]; readonly row: ServiceRow }>;

/**
 * What the page shows of a cluster. Pure but for the memory, which only saves work.
 * @param memory of the snapshot before; with a thousand Services announced by a hundred nodes little of it changes at a time
 */
export function snapshot(facts: ConsoleFacts, timeline: readonly TimelineEntry[], memory: RowMemory = new Map()): ConsoleModel {
  const entries = pools(facts.eips);
  const services = serviceRows(facts, entries, memory);
  return {
    health: healthRows(facts).map(({ part, isWell, message }) => ({ key: part, isWell, message })),
    nodes: nodeRows(facts),
    routers: routerRows(facts),
    services,
    pools: consolePools(facts, entries, services),
    timeline,
  };
}

function nodeRows({ nodes, speakers, announcements }: ConsoleFacts): NodeRow[] {
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

function routerRows({ bgpPeers, speakers, numbers }: ConsoleFacts): RouterRow[] {
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
            ...(isBelieved ? numbersOf(numbers?.get(node)?.find(({ name }) => name === metadata.name)) : {}),
          };
        }),
    }))
    .sort(byKey);
}

function numbersOf(one: SessionNumbers | undefined): Partial<SessionCell> {
  if (one === undefined) return {};
  const { routesSent, routesReceived, routesPassedOver, flaps } = one;
  return { sent: routesSent, received: routesReceived, passedOver: routesPassedOver, flaps };
}

function serviceRows(facts: ConsoleFacts, entries: readonly PoolOfEip[], memory: RowMemory): ServiceRow[] {
  const well = wellNodes(facts.speakers);
  const reports = Map.groupBy(
    facts.announcements.filter(({ status }) => well.has(status.node)),
    ({ metadata, status }) => `${metadata.namespace}/${status.service}`,
  );
  const slices = Map.groupBy(
    facts.endpointSlices,
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.["kubernetes.io/service-name"] ?? ""}`,
  );
  const rows = facts.services
    .filter((service) => isOurs(service, facts.scope))
    .map((service) => {
      const key = keyOf(service);
      const statuses = (reports.get(key) ?? []).map(({ status }) => status);
      const cells = heldAddresses(service).map((address) => [formatAddress(address), poolOf(address, entries)] as const);
      const pooled = cells.flatMap(([, pool]) => [pool?.eip.metadata.name, pool?.eip.spec.protocol]);
      const parts = [service, ...pooled, ...(slices.get(key) ?? []), ...statuses];
      const known = memory.get(key);
      if (known?.parts.length === parts.length && known.parts.every((part, index) => part === parts[index])) return known.row;
      const row = serviceRow(service, cells, slices.get(key) ?? [], statuses);
      memory.set(key, { parts, row });
      return row;
    });
  if (memory.size > rows.length) {
    const kept = new Set(rows.map(({ key }) => key));
    for (const key of memory.keys()) if (!kept.has(key)) memory.delete(key);
  }
  return rows.sort(byKey);
}

function serviceRow(
  service: Service,
  cells: readonly (readonly [text: string, pool: PoolOfEip | undefined])[],
  slices: readonly EndpointSlice[],
  statuses: readonly ServiceAnnouncementStatus[],
): ServiceRow {
  const addresses = cells.map(([text, pool]) => addressCell(text, pool, statuses));
  const endpoints = slices.flatMap((slice) =>
    (slice.endpoints ?? []).map(
      (endpoint): EndpointCell => ({
        pod: endpoint.targetRef?.name ?? "",
        address: endpoint.addresses?.[0] ?? "",
        node: endpoint.nodeName ?? "",
        isServing: isServing(endpoint),
      }),
    ),
  );
  return {
    key: keyOf(service),
    ports: (service.spec.ports ?? []).map(({ port, protocol }) => `${port}/${protocol ?? "TCP"}`).join(", "),
    isLocal: service.spec.externalTrafficPolicy === "Local",
    addresses,
    endpoints: endpoints.sort((a, b) => (`${a.node} ${a.pod}` < `${b.node} ${b.pod}` ? -1 : 1)),
    ...stateOf(service, addresses),
  };
}

function addressCell(address: string, entry: PoolOfEip | undefined, statuses: readonly ServiceAnnouncementStatus[]): AddressCell {
  const of = statuses.filter((status) => status.address === address).sort((a, b) => (a.node < b.node ? -1 : 1));
  const protocol = entry?.eip.spec.protocol;
  const told = entry === undefined ? (of[0]?.protocol ?? "") : protocol === "vip" ? "layer2" : protocol || "bgp";
  const announcing = of.filter((status) => status.announcing);
  // One node answers for a Layer2 address: the one that began last. A node that was lost cannot take its report back.
  const owner = told === "layer2" ? announcing.reduce(later, undefined) : undefined;
  const announcers = owner === undefined ? announcing : [owner];
  const claimed = of.find(({ conflict }) => conflict !== undefined);
  return {
    address,
    eip: entry?.eip.metadata.name ?? "",
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

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}
