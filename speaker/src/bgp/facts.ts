import { formatAddress } from "../net/address.ts";
import type { PeerConfig } from "./peerConfig.ts";

/** The facts of one peer on one node, for status and people. */
export interface PeerFacts {
  /** The name of the BgpPeer. */
  readonly name: string;
  readonly address: string;
  readonly peerAs: number;
  readonly localAs: number;
  readonly state: string;
  /** Since when, as RFC 3339; empty while that is not known. */
  readonly since: string;
  readonly routesSent: number;
  /** Routes of the peer that are kept to be shown. */
  readonly routesReceived: number;
  /** Of those, routes from before a restart of the peer. @see RFC 4724 §4.2 */
  readonly routesStale: number;
  /** Routes for which there was no room. */
  readonly routesPassedOver: number;
  /** Routes that were well formed and must not be used: loops and leaks. */
  readonly routesRefused: number;
  /** In seconds; absent while the session is down. */
  readonly holdTime: number | undefined;
  readonly families: readonly string[];
  readonly peerIdentifier: string | undefined;
  /** The last NOTIFICATION or failure, in words. */
  readonly lastError: string;
  /** How often the session went down. */
  readonly flaps: number;
}

/** The facts of a peer that nothing is known of yet. */
export function idleFacts({ name, address, session }: PeerConfig): PeerFacts {
  return {
    name,
    address: formatAddress(address),
    peerAs: typeof session.peerAs === "number" ? session.peerAs : 0,
    localAs: session.localAs,
    state: "Idle",
    since: "",
    routesSent: 0,
    routesReceived: 0,
    routesStale: 0,
    routesPassedOver: 0,
    routesRefused: 0,
    holdTime: undefined,
    families: [],
    peerIdentifier: undefined,
    lastError: "",
    flaps: 0,
  };
}
