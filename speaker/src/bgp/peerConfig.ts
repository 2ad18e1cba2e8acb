import { type Address, formatAddress } from "../net/address.ts";
import type { LivenessOptions } from "../ports/liveness.ts";
import type { RouteFamily } from "./family.ts";
import type { SessionConfig } from "./session.ts";

/** A peer of this node, as the cluster's objects want it. */
export interface PeerConfig {
  /** The name of the BgpPeer. */
  readonly name: string;
  readonly description: string;
  /** The peer's address; the unspecified one while `interface` is all that is known of it. */
  readonly address: Address;
  /** The interface of a link-local or unnumbered peer. */
  readonly interface: string | undefined;
  readonly port: number;
  readonly isPassive: boolean;
  /** The address to come from; undefined leaves it to the kernel. */
  readonly localAddress: Address | undefined;
  /** The interface or VRF that the connection is bound to. */
  readonly bindDevice: string | undefined;
  /** The TTL of our packets; undefined leaves it to the kernel. */
  readonly ttl: number | undefined;
  /** Packets with a lower TTL are dropped by the kernel. */
  readonly minimumTtl: number | undefined;
  readonly tcpMss: number | undefined;
  readonly password: string | undefined;
  readonly session: SessionConfig;
  /** Whether the session is held down on purpose. */
  readonly isHeldDown: boolean;
  /** BFD beside the session; undefined is none. */
  readonly bfd: LivenessOptions | undefined;
  /** How often our own AS may be in the path of a route that comes in. */
  readonly allowOwnAs: number;
  readonly outbound: Outbound;
}

/** What is done to routes on the way to one peer; none of it needs a new session. */
export interface Outbound {
  /** How many paths of one prefix the peer is sent where both sides do ADD-PATH, by family. */
  readonly sendMax: Readonly<Partial<Record<RouteFamily, number>>>;
  /** Which kinds of communities the peer is sent. */
  readonly communities: { readonly standard: boolean; readonly extended: boolean; readonly large: boolean };
  /** What is done to private AS numbers in the path. */
  readonly privateAs: "keep" | "remove" | "replace";
  /** Whether the peer's AS in the path is replaced by ours. */
  readonly replacesPeerAs: boolean;
  /** What the peer is told of each address: this node, or every node that serves it. */
  readonly nextHops: "self" | "all";
}

/** Whether two configurations of one peer need different sessions: what OPEN or the connection is made of differs. */
export function needsNewSession(a: PeerConfig, b: PeerConfig): boolean {
  return sessionKey(a) !== sessionKey(b);
}

function sessionKey({
  name: _name,
  description: _description,
  bfd: _bfd,
  outbound: _outbound,
  allowOwnAs: _allowOwnAs,
  ...rest
}: PeerConfig): string {
  return JSON.stringify(rest, (_, value: unknown) => (isAddress(value) ? formatAddress(value) : value));
}

function isAddress(value: unknown): value is Address {
  return typeof value === "object" && value !== null && "family" in value && "value" in value;
}
