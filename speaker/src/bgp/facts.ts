import { formatAddress } from "../net/address.ts";
import type { LivenessFacts } from "../ports/liveness.ts";
import { isInternalPeer } from "./open.ts";
import type { PeerConfig } from "./peerConfig.ts";

/** What is known of a peer from its configuration alone. */
interface ConfiguredFacts {
  /** The name of the BgpPeer. */
  readonly name: string;
  readonly description: string;
  /** As text; with an interface where that is all that is known. */
  readonly address: string;
  readonly localAs: number;
  readonly isInternal: boolean;
  /** Whether the session is held down on purpose. */
  readonly isHeldDown: boolean;
  /** In seconds. */
  readonly configured: { readonly holdTime: number; readonly keepaliveInterval: number; readonly connectRetry: number };
}

/** The facts of one peer on one node, for status and people. */
export interface PeerFacts extends ConfiguredFacts {
  readonly peerAs: number;
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
  /** What BFD says of the peer; undefined where it is not watched. */
  readonly bfd?: LivenessFacts | undefined;
}

/** What is known of a peer before anything happened. */
export function configuredFacts({
  name,
  description,
  address,
  interface: link,
  session,
  isHeldDown,
}: PeerConfig): ConfiguredFacts {
  const { localAs, holdTime, keepaliveInterval, connectRetry } = session;
  return {
    name,
    description,
    address: address.value === 0n ? `on ${link ?? ""}` : formatAddress(address),
    localAs,
    isInternal: isInternalPeer(session),
    isHeldDown,
    configured: {
      holdTime,
      keepaliveInterval: keepaliveInterval ?? Math.floor(holdTime / 3),
      connectRetry: connectRetry / 1000,
    },
  };
}

/** The facts of a peer that cannot be used. */
export function refusedFacts({
  name,
  address,
  refusal,
}: {
  readonly name: string;
  readonly address: string;
  readonly refusal: { readonly message: string };
}): PeerFacts {
  return {
    ...nothing,
    name,
    description: "",
    address,
    localAs: 0,
    isInternal: false,
    isHeldDown: false,
    configured: { holdTime: 0, keepaliveInterval: 0, connectRetry: 0 },
    peerAs: 0,
    lastError: refusal.message,
  };
}

/** The facts of a peer that nothing is known of yet. */
export function idleFacts(config: PeerConfig): PeerFacts {
  const { peerAs } = config.session;
  return {
    ...nothing,
    ...configuredFacts(config),
    peerAs: typeof peerAs === "number" ? peerAs : 0,
    lastError: config.isHeldDown ? "spec.conf.adminDown holds the session down" : "",
  };
}

const nothing = {
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
} as const;
