/** The facts of one peer on one node, for status and people. */
export interface PeerFacts {
  /** The name of the BgpPeer. */
  readonly name: string;
  readonly address: string;
  readonly peerAs: number;
  readonly localAs: number;
  readonly state: string;
  /** Since when, as RFC 3339. */
  readonly since: string;
  readonly routesSent: number;
  readonly routesReceived: number;
  /** In seconds; absent while the session is down. */
  readonly holdTime: number | undefined;
  readonly families: readonly string[];
  readonly peerIdentifier: string | undefined;
  /** The last NOTIFICATION or failure, in words. */
  readonly lastError: string;
  /** How often the session went down. */
  readonly flaps: number;
}
