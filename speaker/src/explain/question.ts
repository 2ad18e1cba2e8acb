import type { Eip } from "@berth/api/eip";
import type { ServiceAnnouncementStatus } from "@berth/api/serviceAnnouncement";
import { isServing, type Service } from "../kubernetes/objects.ts";
import type { ClusterFacts } from "./clusterFacts.ts";

/** What one check came to. "problem": this keeps the Service from working; "note": worth knowing; "unknown": it could not be told. */
export type Verdict = "ok" | "problem" | "note" | "unknown";

/** One question that was asked about a Service, and its answer. `reason` is the word of conditions and events. */
export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly message: string;
  /** What to do; absent where nothing is to be done. */
  readonly remedy?: string;
}

/** Who announces one address of a Service. */
export type Announcement = ServiceAnnouncementStatus;

/** Why a Service works or does not: the checks in the order in which they were made, the first problem is the cause. */
export interface Explanation {
  readonly service: string;
  readonly addresses: readonly string[];
  readonly cause: Check | undefined;
  readonly checks: readonly Check[];
  /** What the nodes report of its addresses, those that announce first. */
  readonly announcements: readonly Announcement[];
  /** For each node that announces: what happens to the Service when that node is gone. */
  readonly withoutNode: readonly { readonly node: string; readonly message: string }[];
}

/** What every check gets to see. */
export interface Subject {
  readonly facts: ClusterFacts;
  readonly service: Service;
  /** The addresses that it holds, as text, each with the Eip that has it. */
  readonly held: readonly { readonly address: string; readonly eip: Eip | undefined }[];
  /** The reports about this Service by nodes whose speakers are well. */
  readonly reports: readonly ServiceAnnouncementStatus[];
}

/** One check: undefined when it does not apply. */
export type Question = (subject: Subject) => Check | undefined;

/** @param remedy what to do, where more is known than the reason tells */
export const problem = (name: string, reason: string, message: string, remedy?: string): Check => ({
  name,
  verdict: "problem",
  reason,
  message,
  ...(remedy === undefined ? {} : { remedy }),
});
export const note = (name: string, reason: string, message: string): Check => ({ name, verdict: "note", reason, message });
export const ok = (name: string, message: string): Check => ({ name, verdict: "ok", reason: "Ok", message });

/** The nodes with an endpoint that is ready, or still serves. */
export function servingNodes(facts: ClusterFacts, service: Service): Set<string> {
  return new Set(
    endpointsOf(facts, service)
      .filter(isServing)
      .flatMap(({ nodeName }) => nodeName ?? []),
  );
}

/** The EndpointSlices of a Service. */
export function slicesOf(facts: ClusterFacts, service: Service) {
  return facts.endpointSlices.filter(
    ({ metadata }) =>
      metadata.namespace === service.metadata.namespace &&
      metadata.labels?.["kubernetes.io/service-name"] === service.metadata.name,
  );
}

/** All endpoints of a Service, ready or not. */
export function endpointsOf(facts: ClusterFacts, service: Service) {
  return slicesOf(facts, service).flatMap(({ endpoints }) => endpoints ?? []);
}
