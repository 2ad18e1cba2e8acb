import type { BgpPeerStatus } from "@berth/api/bgpPeer";
import type { PeerFacts } from "./facts.ts";

/** What one node reports of one peer, in OpenELB's shape. */
export type NodePeerStatus = NonNullable<BgpPeerStatus["nodesPeerStatus"]>[string];

/** The report of one session. Numbers that grow all the time are left out, so that it changes only when the session does. */
export function nodePeerStatus(facts: PeerFacts): NodePeerStatus {
  const isUp = facts.state === "Established";
  const { holdTime, keepaliveInterval, connectRetry } = facts.configured;
  return {
    peerState: {
      neighborAddress: facts.address,
      ...(facts.description === "" ? {} : { description: facts.description }),
      peerAs: facts.peerAs,
      localAs: facts.localAs,
      peerType: facts.isInternal ? 0 : 1,
      sessionState: facts.state.toUpperCase(),
      adminState: facts.isHeldDown ? "DOWN" : "UP",
      flops: facts.flaps,
      ...(facts.peerIdentifier === undefined ? {} : { routerId: facts.peerIdentifier }),
    },
    timersState: {
      connectRetry: String(connectRetry),
      holdTime: String(holdTime),
      keepaliveInterval: String(keepaliveInterval),
      ...(isUp ? { negotiatedHoldTime: String(facts.holdTime ?? 0), uptime: facts.since } : {}),
      ...(isUp || facts.since === "" ? {} : { downtime: facts.since }),
    },
    ...(facts.bfd === undefined ? {} : { bfdState: facts.bfd.state.toUpperCase() }),
    lastError: facts.lastError,
  };
}

/** A change that makes `before` into `after` as a JSON merge patch: what is gone is null. @see RFC 7386 §2 */
export function mergePatch(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return after;
  const gone = Object.keys(before).filter((key) => !(key in after));
  return {
    ...Object.fromEntries(gone.map((key) => [key, null])),
    ...Object.fromEntries(Object.entries(after).map(([key, value]) => [key, mergePatch(before[key], value)])),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Something that happened to a session, for `kubectl describe`. */
export interface SessionEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: "SessionUp" | "SessionDown" | "SessionFailed";
  readonly message: string;
}

/** What happened to a session between two looks at it; undefined: nothing that anybody should be told. */
export function sessionEvent(nodeName: string, before: PeerFacts | undefined, after: PeerFacts): SessionEvent | undefined {
  const [wasUp, isUp] = [before, after].map((facts) => facts?.state === "Established");
  const who = `node ${nodeName}: the session with ${after.address}`;
  if (isUp && !(wasUp === true && before?.since === after.since))
    return { type: "Normal", reason: "SessionUp", message: `${who} (AS ${after.peerAs}) is up` };
  if (wasUp === true && !isUp)
    return { type: "Warning", reason: "SessionDown", message: `${who} is down: ${after.lastError || "the connection broke"}` };
  if (!isUp && after.lastError !== "" && after.lastError !== before?.lastError)
    return { type: "Warning", reason: "SessionFailed", message: `${who} does not come up: ${after.lastError}` };
  return undefined;
}
