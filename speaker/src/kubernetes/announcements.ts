import {
  berthGroup,
  berthVersion,
  nodeLabel,
  type ServiceAnnouncement,
  type ServiceAnnouncementStatus,
} from "@berth/api/serviceAnnouncement";
import type { AnnouncementFact } from "../announce/announcer.ts";
import type { ClusterView } from "../announce/view.ts";
import { formatAddress } from "../net/address.ts";
import type { HappenedEvent } from "./objects.ts";
import { keyOf } from "./objects.ts";
import { same } from "./statuses.ts";

/** Where the reports of all nodes are. */
export const announcementsPath = `/apis/${berthGroup}/${berthVersion}/serviceannouncements`;

const longestName = 253;
const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** What a node has to do about one report. */
export type ReportAction =
  | { readonly type: "create"; readonly object: ServiceAnnouncement; readonly events: readonly HappenedEvent[] }
  | { readonly type: "replace"; readonly object: ServiceAnnouncement; readonly events: readonly HappenedEvent[] }
  | { readonly type: "delete"; readonly object: ServiceAnnouncement };

/**
 * The reports that a node should have written: one for each address of each Service that it announces, or hears a foreign host claim.
 * The first node of the cluster also reports why it does not announce, so that a Service which nobody announces has a reason.
 * @param existing what it has written before: an instant is kept as long as what it says holds
 */
export function wantedReports(
  view: ClusterView,
  facts: readonly AnnouncementFact[],
  existing: readonly ServiceAnnouncement[],
  now: number,
): ServiceAnnouncement[] {
  const speaksForAll = (view.nodes.find((node) => node.refusal === undefined) ?? view.nodes[0])?.name === view.nodeName;
  const written = new Map(existing.map((object) => [keyOf(object), object]));
  const byAddress = new Map(facts.map((fact) => [fact.address, fact]));
  return view.addresses.flatMap(({ address, services }): ServiceAnnouncement[] => {
    const fact = byAddress.get(formatAddress(address));
    if (fact === undefined) return [];
    const isSilent = !fact.isAnnouncing && fact.conflict === undefined;
    if (isSilent && (fact.refusal === undefined || !speaksForAll)) return [];
    return services.map((key) => {
      const [namespace = "", service = ""] = key.split("/");
      const name = reportName(service, view.nodeName, address.family);
      const before = written.get(`${namespace}/${name}`)?.status;
      const status = statusOf(fact, service, view.nodeName, before, now);
      return {
        apiVersion: `${berthGroup}/${berthVersion}`,
        kind: "ServiceAnnouncement",
        metadata: { name, namespace, labels: { [nodeLabel]: labelOf(view.nodeName) } },
        status,
      };
    });
  });
}

/** The value of the label that finds a node's reports: node names may be longer than labels. */
export function labelOf(node: string): string {
  return node.slice(0, 63).replace(/[^A-Za-z0-9]+$/, "");
}

/** What must be replaced, deleted and created, so that what is written is what is wanted, in this order: what is wrong goes first. */
export function reportActions(wanted: readonly ServiceAnnouncement[], existing: readonly ServiceAnnouncement[]): ReportAction[] {
  const written = new Map(existing.map((object) => [keyOf(object), object]));
  const wantedKeys = new Set(wanted.map(keyOf));
  const actions = [
    ...wanted.flatMap((object): ReportAction[] => {
      const before = written.get(keyOf(object));
      const events = eventsOf(before?.status, object.status);
      if (before === undefined) return [{ type: "create", object, events }];
      if (same(before.status, object.status)) return [];
      const metadata = { ...object.metadata, resourceVersion: before.metadata.resourceVersion ?? "" };
      return [{ type: "replace", object: { ...object, metadata }, events }];
    }),
    ...existing.filter((object) => !wantedKeys.has(keyOf(object))).map((object): ReportAction => ({ type: "delete", object })),
  ];
  return [...actions.filter(({ type }) => type !== "create"), ...actions.filter(({ type }) => type === "create")];
}

function reportName(service: string, node: string, family: 4 | 6): string {
  const name = `${service}.${node}${family === 6 ? ".v6" : ""}`;
  return name.length <= longestName ? name : `${name.slice(0, longestName - 12).replace(/[^a-z0-9]+$/, "")}.${checksum(name)}`;
}

/** FNV-1a: tells long names with one beginning apart. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

function statusOf(
  fact: AnnouncementFact,
  service: string,
  node: string,
  before: ServiceAnnouncementStatus | undefined,
  now: number,
): ServiceAnnouncementStatus {
  const { conflict, refusal, isAnnouncing } = fact;
  const kept = before?.announcing === isAnnouncing ? before.since : instant(now);
  return {
    service,
    node,
    address: fact.address,
    protocol: fact.protocol,
    announcing: isAnnouncing,
    ...(fact.via.length > 0 ? { via: fact.via.join(", ") } : {}),
    since: fact.since === undefined ? kept : instant(fact.since),
    reason: refusal?.reason ?? (isAnnouncing ? "Announcing" : "AddressConflict"),
    message: refusal?.message ?? fact.because,
    ...(conflict === undefined
      ? {}
      : { conflict: { mac: conflict.mac, interface: conflict.interface, since: instant(conflict.since) } }),
  };
}

/** A claim is an event where one node at a time announces; a foreign host's claim always is. */
function eventsOf(before: ServiceAnnouncementStatus | undefined, after: ServiceAnnouncementStatus): HappenedEvent[] {
  const { address, node, via } = after;
  const hasClaimed = after.announcing && (before?.announcing !== true || before.since !== after.since);
  const claimed: HappenedEvent = {
    type: "Normal",
    reason: "Announcing",
    message: `${node} answers for ${address} on ${via ?? "no interface"}: ${after.message ?? ""}`,
  };
  const conflict: HappenedEvent = {
    type: "Warning",
    reason: "AddressConflict",
    message: `a foreign host, ${after.conflict?.mac}, claims ${address} on ${after.conflict?.interface} of ${node}`,
  };
  return [
    ...(hasClaimed && after.protocol === "layer2" ? [claimed] : []),
    ...(after.conflict !== undefined && before?.conflict?.mac !== after.conflict.mac ? [conflict] : []),
  ];
}
