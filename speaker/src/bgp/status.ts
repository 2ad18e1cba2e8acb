import type { BgpPeerStatus } from "@berth/api/bgpPeer";
import type { PeerFacts } from "./facts.ts";

/** What one node reports of one peer, in OpenELB's shape. */
export type NodePeerStatus = NonNullable<BgpPeerStatus["nodesPeerStatus"]>[string];

/** The report of one session. Numbers that grow all the time are left out, so that it changes only when the session does. */
export function nodePeerStatus(facts: PeerFacts): NodePeerStatus {
  const isUp = facts.state === "Established";
  return {
    peerState: {
      neighborAddress: facts.address,
      peerAs: facts.peerAs,
      localAs: facts.localAs,
      sessionState: facts.state.toUpperCase(),
      adminState: "UP",
      flops: facts.flaps,
      ...(facts.peerIdentifier === undefined ? {} : { routerId: facts.peerIdentifier }),
    },
    timersState: isUp ? { negotiatedHoldTime: String(facts.holdTime ?? 0), uptime: facts.since } : { downtime: facts.since },
    lastError: facts.lastError,
  };
}
