import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import type { ServiceAnnouncement } from "@berth/api/serviceAnnouncement";
import type { Lease } from "../kubernetes/lease.ts";
import type { EndpointSlice, Namespace, Node, Pod, Service } from "../kubernetes/objects.ts";
import type { Scope } from "../kubernetes/requests.ts";

/** What is known of the cluster at one moment by somebody who only reads it: the command line, or the page. */
export interface ClusterFacts {
  readonly services: readonly Service[];
  readonly nodes: readonly Node[];
  readonly namespaces: readonly Namespace[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly eips: readonly Eip[];
  readonly bgpConfs: readonly BgpConf[];
  readonly bgpPeers: readonly BgpPeer[];
  readonly announcements: readonly ServiceAnnouncement[];
  /** The pods of the speakers. */
  readonly speakers: readonly Pod[];
  /** The Lease by which controllers elect their leader; undefined when there is none. */
  readonly lease: Lease | undefined;
  readonly scope: Scope;
  /** When the API server answered last, in milliseconds since the epoch, where it does not answer any more; absent where it does. */
  readonly heardLast?: number;
  /** When this was read, in milliseconds since the epoch. */
  readonly now: number;
}

/** The part of Berth's health that stands before the others when nothing is heard of them any more. */
export const unheardPart = "API server";

/** A duration for people: "12 s", "3 min", "5 h", "2 d". */
export function ago(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
