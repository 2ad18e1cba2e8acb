import { addressConflict, announced, type Condition } from "@berth/api/conditions";
import type { ServiceAnnouncement, ServiceAnnouncementStatus } from "@berth/api/serviceAnnouncement";
import { formatAddress } from "../net/address.ts";
import { keyOf, type Pod, type Service } from "./objects.ts";
import { heldAddresses } from "./requests.ts";

/** A report of a node without a speaker that is well is deleted after so many milliseconds. */
const staleAfter = 10_000;
/** More announcers of one address than this are counted, not named. */
const namesShown = 5;

type Fact = Omit<Condition, "lastTransitionTime">;

/** The labels of the speakers' pods. */
export const speakerSelector = "app.kubernetes.io/name=berth,app.kubernetes.io/component=speaker";

/** Whether a pod is Ready. */
export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
}

/** The nodes whose speakers are well. What others reported last is not believed: they may be dead, frozen or cut off. */
export function wellNodes(speakers: readonly Pod[]): Set<string> {
  const isWell = (pod: Pod): boolean => pod.metadata.deletionTimestamp === undefined && isReady(pod);
  return new Set(speakers.filter(isWell).flatMap(({ spec }) => spec?.nodeName ?? []));
}

/**
 * The conditions of a Service that come from the reports of nodes: whether its addresses are announced, and whether a foreign host claims one.
 * @param reports of this Service
 * @param well nodes whose reports are believed; undefined when that is not known, and all are
 */
export function announcementFacts(
  service: Service,
  reports: readonly ServiceAnnouncement[],
  well: ReadonlySet<string> | undefined,
): Fact[] {
  const has = (type: string): boolean => service.status?.conditions?.some((condition) => condition.type === type) ?? false;
  const addresses = heldAddresses(service).map(formatAddress);
  const believed = reports.map(({ status }) => status).filter(({ node }) => well?.has(node) ?? true);
  const conflicts = believed.filter(({ address, conflict }) => conflict !== undefined && addresses.includes(address));
  const observed = service.metadata.generation === undefined ? {} : { observedGeneration: service.metadata.generation };
  const isConflict = conflicts.length > 0;
  return [
    ...(addresses.length > 0 || has(announced)
      ? [{ type: announced, ...observed, ...announcedFact(addresses, believed) } satisfies Fact]
      : []),
    ...(isConflict || has(addressConflict)
      ? [
          {
            type: addressConflict,
            ...observed,
            status: isConflict ? "True" : "False",
            reason: isConflict ? "ForeignHost" : "None",
            message: isConflict
              ? conflicts
                  .map(({ address, conflict, node }) => `${conflict?.mac} claims ${address} on ${conflict?.interface} of ${node}`)
                  .sort()
                  .join("; ")
              : "no foreign host claims an address of this Service",
          } satisfies Fact,
        ]
      : []),
  ];
}

function announcedFact(
  addresses: readonly string[],
  reports: readonly ServiceAnnouncementStatus[],
): Pick<Fact, "status" | "reason" | "message"> {
  if (addresses.length === 0) return { status: "False", reason: "NoAddress", message: "the Service holds no address" };
  const lines = addresses.map((address) => {
    const of = reports.filter((report) => report.address === address);
    const by = of
      .filter((report) => report.announcing)
      .sort((a, b) => (a.since === b.since ? (a.node < b.node ? -1 : 1) : a.since > b.since ? -1 : 1));
    const [first] = by;
    if (first === undefined) {
      const refusal = of.find((report) => !report.announcing);
      const reason = refusal?.reason ?? "NotAnnounced";
      return {
        reason,
        isAnnounced: false,
        message: `nobody announces ${address}${refusal === undefined ? "" : `: ${refusal.message}`}`,
      };
    }
    const isOne = by.length === 1;
    const names = by.map(({ node }) => node);
    const nodes =
      names.length > namesShown ? `${names.length} nodes` : (first.protocol === "layer2" ? names : names.sort()).join(", ");
    const detail = isOne ? ` on ${first.via ?? "no interface"}: ${first.message ?? ""}` : "";
    return { reason: "Announced", isAnnounced: true, message: `${address} by ${nodes}${detail}` };
  });
  const missing = lines.find((line) => !line.isAnnounced);
  return {
    status: missing === undefined ? "True" : "False",
    reason: missing?.reason ?? "Announced",
    message: lines.map(({ message }) => message).join("; "),
  };
}

/** Which reports nobody stands behind any more, and when the next of them is due. */
export interface Stale {
  /** Since when each has been without a speaker that is well, by key. */
  readonly since: ReadonlyMap<string, number>;
  readonly due: readonly ServiceAnnouncement[];
  readonly wakeAt: number | undefined;
}

/**
 * Reports to delete: those of nodes that have had no speaker which is well for some time, and those of Services that are gone.
 * A speaker that comes back writes its own anew.
 * @param before what this gave the last time
 */
export function staleReports(
  reports: readonly ServiceAnnouncement[],
  services: ReadonlySet<string>,
  well: ReadonlySet<string>,
  before: ReadonlyMap<string, number>,
  now: number,
): Stale {
  const since = new Map(
    reports
      .filter(({ metadata, status }) => !well.has(status.node) || !services.has(`${metadata.namespace}/${status.service}`))
      .map((report) => [keyOf(report), before.get(keyOf(report)) ?? now]),
  );
  const isDue = (report: ServiceAnnouncement): boolean => (since.get(keyOf(report)) ?? now) + staleAfter <= now;
  const due = reports.filter(isDue);
  const waiting = [...since.values()].map((start) => start + staleAfter).filter((end) => end > now);
  return { since, due, wakeAt: waiting.length === 0 ? undefined : Math.min(...waiting) };
}
