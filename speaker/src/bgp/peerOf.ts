import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import { noPasswordIn, passwordSecretOf } from "../announce/passwordSecret.ts";
import type { Refusal } from "../announce/view.ts";
import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import { type Asn, asn } from "../net/asn.ts";
import { seconds } from "../net/duration.ts";
import type { LivenessOptions } from "../ports/liveness.ts";
import { type RouteFamily, wireFamily } from "./family.ts";
import { defaultConnectRetry } from "./iana.ts";
import { judgePeer } from "./judgePeer.ts";
import { isInternalPeer, type PeerAs } from "./open.ts";
import type { Outbound, PeerConfig } from "./peerConfig.ts";
import { digits, entriesOf, familiesOf, sendMaxOf } from "./peerFields.ts";
import type { SessionConfig } from "./session.ts";

/** What a node is to BGP. */
export interface LocalSpeaker {
  readonly as: Asn;
  readonly bgpIdentifier: Address;
}

/** The flag of a family whose forwarding goes on while the speaker restarts: the kernel's. @see RFC 4724 §3 */
const forwardingKept = 0x80;
const roles = { provider: 0, rs: 1, "rs-client": 2, customer: 3, peer: 4 } as const;
const unspecified: Address = { family: 6, value: 0n };

/** What this node has for a BgpPeer, or why it has nothing. */
export function peerOf(peer: BgpPeer, conf: BgpConf, local: LocalSpeaker, password: string | undefined): PeerConfig | Refusal {
  const { refusal } = judgePeer(peer, conf);
  if (refusal !== undefined) return refusal;
  const secretProblem = judgePassword(peer, password);
  if (secretProblem !== undefined) return secretProblem;
  const { conf: who, timers, transport } = peer.spec;
  const address = parseAddress(who.neighborAddress ?? "") ?? unspecified;
  const localAs = asn(who.localAs || local.as) ?? local.as;
  const peerAs: PeerAs = who.dynamicAs || (asn(who.peerAs ?? 0) ?? localAs);
  const isInternal = isInternalPeer({ localAs, peerAs });
  const families = familiesOf(peer, conf);
  return {
    name: peer.metadata.name,
    description: who.description ?? "",
    address,
    interface: who.neighborInterface || undefined,
    port: transport?.remotePort || 179,
    isPassive: transport?.passiveMode ?? false,
    localAddress: parseAddress(transport?.localAddress ?? ""),
    bindDevice: who.vrf || transport?.bindInterface || undefined,
    ...hops(peer, isInternal),
    tcpMss: transport?.tcpMss || undefined,
    password,
    session: {
      localAs,
      peerAs,
      bgpIdentifier: local.bgpIdentifier,
      holdTime: digits(timers?.config?.holdTime) ?? 90,
      connectRetry: connectRetryOf(peer),
      keepaliveInterval: digits(timers?.config?.keepaliveInterval) || undefined,
      role: who.role && !isInternal ? roles[who.role] : undefined,
      families,
      ...addPathsOf(peer, families),
      gracefulRestart: gracefulRestartOf(peer, conf, families),
    },
    isHeldDown: who.adminDown ?? false,
    bfd: livenessOf(peer, isInternal),
    allowOwnAs: who.allowOwnAs ?? 0,
    outbound: outboundOf(peer, conf),
  };
}

/** A password can only be judged where the Secret can be read. */
function judgePassword(peer: BgpPeer, password: string | undefined): Refusal | undefined {
  const secret = passwordSecretOf(peer);
  if (secret !== undefined && password === undefined) return { reason: "NoPassword", message: noPasswordIn(secret) };
  const octets = new TextEncoder().encode(password ?? "").length;
  if (octets > 80)
    return { reason: "InvalidPassword", message: `the password has ${octets} octets; TCP-MD5 takes at most 80 (RFC 2385)` };
  return undefined;
}

function connectRetryOf({ spec }: BgpPeer): SessionConfig["connectRetry"] {
  const retry = digits(spec.timers?.config?.connectRetry);
  return retry === undefined ? defaultConnectRetry : seconds(Math.max(1, retry));
}

/** TTLs: an external peer is one hop away unless it is said to be further. */
function hops({ spec }: BgpPeer, isInternal: boolean): Pick<PeerConfig, "ttl" | "minimumTtl"> {
  if (spec.ttlSecurity?.enabled === true) return { ttl: 255, minimumTtl: spec.ttlSecurity.ttlMin || 255 };
  if (isInternal) return { ttl: undefined, minimumTtl: undefined };
  const isFar = spec.ebgpMultihop?.enabled === true;
  return { ttl: isFar ? spec.ebgpMultihop?.multihopTtl || 255 : 1, minimumTtl: undefined };
}

/** The families for which several paths may come or go. @see RFC 7911 §4 */
function addPathsOf(peer: BgpPeer, families: readonly RouteFamily[]): Pick<SessionConfig, "addPathReceive" | "addPathSend"> {
  const receives = new Set(
    entriesOf(peer).flatMap(([family, { addPaths }]) => (addPaths?.config?.receive === true ? [family] : [])),
  );
  const sends = sendMaxOf(peer);
  return {
    addPathReceive: families.filter((family) => receives.has(family)),
    addPathSend: families.filter((family) => (sends[family] ?? 0) > 0),
  };
}

function gracefulRestartOf(peer: BgpPeer, conf: BgpConf, families: readonly RouteFamily[]): SessionConfig["gracefulRestart"] {
  const restart = peer.spec.gracefulRestart ?? conf.spec.gracefulRestart;
  if (restart?.enabled !== true) return undefined;
  const marked = entriesOf(peer).filter(([, { mpGracefulRestart }]) => mpGracefulRestart?.config?.enabled !== undefined);
  const isOn = (family: RouteFamily): boolean =>
    marked.length === 0 || marked.some(([one, entry]) => one === family && entry.mpGracefulRestart?.config?.enabled === true);
  return {
    isRestarting: false,
    keepsAfterNotification: restart.notificationEnabled ?? false,
    restartTime: Math.min(restart.restartTime || digits(peer.spec.timers?.config?.holdTime) || 90, 4095),
    families:
      restart.helperOnly === true
        ? []
        : families.filter(isOn).map((family) => ({ ...wireFamily(family), flags: forwardingKept })),
  };
}

/** A neighbour on the link is watched by single hop BFD, one that is further away by multihop. @see RFC 5883 §3 */
function livenessOf({ spec }: BgpPeer, isInternal: boolean): LivenessOptions | undefined {
  const { bfd, ebgpMultihop } = spec;
  if (bfd === undefined || bfd.enabled === false) return undefined;
  const isFar = ebgpMultihop?.enabled === true || (isInternal && bfd.minimumTtl !== undefined);
  return {
    receiveInterval: bfd.receiveInterval ?? 300,
    transmitInterval: bfd.transmitInterval ?? 300,
    detectMultiplier: bfd.detectMultiplier ?? 3,
    isPassive: bfd.passiveMode ?? false,
    minimumTtl: isFar ? (bfd.minimumTtl ?? 254) : undefined,
  };
}

function outboundOf(peer: BgpPeer, conf: BgpConf): Outbound {
  const { sendCommunity, removePrivateAs, replacePeerAs } = peer.spec.conf;
  const sends = (...kinds: readonly number[]): boolean => sendCommunity === undefined || kinds.includes(sendCommunity);
  return {
    sendMax: sendMaxOf(peer),
    communities: { standard: sends(0, 2), extended: sends(1, 2), large: sends(0, 2) },
    privateAs: removePrivateAs === "ALL" ? "remove" : removePrivateAs === "REPLACE" ? "replace" : "keep",
    replacesPeerAs: replacePeerAs ?? false,
    nextHops: peer.spec.nextHops || conf.spec.nextHops || "self",
  };
}

/** What two peers of one node must differ in: where the connection goes. */
export function endpointOf({ address, interface: link, bindDevice, port }: PeerConfig): string {
  return [formatAddress(address), link ?? "", bindDevice ?? "", port].join(" ");
}
