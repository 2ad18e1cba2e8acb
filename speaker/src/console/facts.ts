import type { ClusterFacts } from "../explain/clusterFacts.ts";

/** What a speaker tells of one of its sessions when it is asked: numbers that are not in the cluster, because they change all the time. */
export interface SessionNumbers {
  /** The name of the BgpPeer. */
  readonly name: string;
  readonly routesSent: number;
  readonly routesReceived: number;
  /** Routes for which there was no room. */
  readonly routesPassedOver: number;
  /** How often the session went down. */
  readonly flaps: number;
}

/** What the page is made of: what is known of the cluster, and what only the controller and the speakers know. */
export interface ConsoleFacts extends ClusterFacts {
  /** Until when freed addresses rest, in milliseconds since the epoch, by the text of the address. */
  readonly resting?: ReadonlyMap<string, number>;
  /** By node. Absent for a node that was not asked, or did not answer. */
  readonly numbers?: ReadonlyMap<string, readonly SessionNumbers[]>;
}
