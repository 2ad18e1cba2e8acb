import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Judgement } from "../announce/judge.ts";
import type { Refusal } from "../announce/view.ts";
import { isLinkLocal, parseAddress, sameAddress } from "../net/address.ts";
import { connectionChecks } from "./judgeConnection.ts";
import { leftToCni, notesOnRestart } from "./judgeShared.ts";
import { digits, entriesOf, familiesOf, listedFamilies, sendMaxOf } from "./peerFields.ts";

type Check = (peer: BgpPeer, conf: BgpConf | undefined) => Refusal | undefined;
const no = (reason: string, message: string): Refusal => ({ reason, message });

/** Why a BgpPeer cannot be used, in the order in which a person would mend it. */
const checks: readonly Check[] = [
  ({ metadata }) => leftToCni(metadata),
  ({ spec: { conf } }) =>
    conf.neighborAddress && parseAddress(conf.neighborAddress) === undefined
      ? no("InvalidAddress", `spec.conf.neighborAddress: "${conf.neighborAddress}" is not an IP address, such as 172.30.0.1`)
      : undefined,
  ({ spec: { conf } }) =>
    !conf.neighborAddress && !conf.neighborInterface
      ? no("NoAddress", "spec.conf.neighborAddress is missing; give it, or neighborInterface for a peer without one")
      : undefined,
  ({ spec: { conf } }) => {
    const address = parseAddress(conf.neighborAddress ?? "");
    return address !== undefined && isLinkLocal(address) && !conf.neighborInterface
      ? no(
          "NoInterface",
          `spec.conf.neighborInterface is missing: "${conf.neighborAddress}" is link-local and means nothing without an interface`,
        )
      : undefined;
  },
  ({ spec: { conf } }) =>
    Boolean(conf.peerAs) === Boolean(conf.dynamicAs)
      ? no("InvalidAs", "spec.conf: give one of peerAs, the peer's AS number, and dynamicAs, internal or external")
      : undefined,
  ({ spec: { timers } }) => {
    const hold = digits(timers?.config?.holdTime);
    return hold === 1 || hold === 2
      ? no("InvalidHoldTime", `spec.timers.config.holdTime: "${hold}" is neither 0 nor at least 3 seconds (RFC 4271 §4.2)`)
      : undefined;
  },
  ({ spec: { conf, transport } }) => {
    const { remoteAddress } = transport ?? {};
    if (!remoteAddress) return undefined;
    const [wanted, named] = [remoteAddress, conf.neighborAddress ?? ""].map(parseAddress);
    return wanted === undefined || named === undefined || !sameAddress(wanted, named)
      ? no(
          "RemoteAddressDiffers",
          `spec.transport.remoteAddress: "${remoteAddress}" is not conf.neighborAddress, "${conf.neighborAddress ?? ""}"; one peer has one address: take it away`,
        )
      : undefined;
  },
  ({ spec: { conf, transport } }) => {
    const local = parseAddress(transport?.localAddress ?? "");
    const peer = parseAddress(conf.neighborAddress ?? "");
    return local !== undefined && peer !== undefined && local.family !== peer.family
      ? no(
          "LocalAddressFamily",
          `spec.transport.localAddress: "${transport?.localAddress}" is IPv${local.family}, and the peer "${conf.neighborAddress}" is IPv${peer.family}; both must be of one family`,
        )
      : undefined;
  },
  ({ spec: { conf, transport } }) =>
    conf.vrf && transport?.bindInterface
      ? no(
          "TwoDevices",
          `spec.conf.vrf "${conf.vrf}" and spec.transport.bindInterface "${transport.bindInterface}": a connection is bound to one device; keep one of them`,
        )
      : undefined,
  ({ spec: { ttlSecurity, ebgpMultihop } }) =>
    ttlSecurity?.enabled === true && ebgpMultihop?.enabled === true
      ? no(
          "TtlSecurityAndMultihop",
          "spec.ttlSecurity and spec.ebgpMultihop exclude each other; lower ttlSecurity.ttlMin instead",
        )
      : undefined,
  ({ spec: { transport } }, conf) =>
    transport?.passiveMode === true && conf?.spec.listenPort === -1
      ? no(
          "NobodyConnects",
          "spec.transport.passiveMode waits for the peer, and BgpConf default listens on no port (listenPort -1); change one of them",
        )
      : undefined,
  ...connectionChecks,
  (peer, conf) =>
    familiesOf(peer, conf).length === 0
      ? no(
          "NoFamily",
          "spec.afiSafis: no family is left; enable one that BgpConf default's families allow (0 is IPv4 unicast, 1 is IPv6 unicast)",
        )
      : undefined,
];

/** What is to be said of a BgpPeer. Secrets are judged where they can be read, on the nodes. */
export function judgePeer(peer: BgpPeer, conf: BgpConf | undefined): Judgement {
  for (const check of checks) {
    const refusal = check(peer, conf);
    if (refusal !== undefined) return { refusal, notes: [] };
  }
  return { refusal: undefined, notes: notesOn(peer, conf) };
}

function notesOn(peer: BgpPeer, conf: BgpConf | undefined): string[] {
  const { spec } = peer;
  const { conf: who, timers, transport, ebgpMultihop, bfd } = spec;
  const localAs = who.localAs || conf?.spec.as;
  const isInternal = who.dynamicAs === "internal" || (who.peerAs !== undefined && who.peerAs === localAs);
  const isExternal = who.dynamicAs === "external" || (Boolean(who.peerAs) && Boolean(localAs) && who.peerAs !== localAs);
  const isPassive = transport?.passiveMode === true;
  const hold = digits(timers?.config?.holdTime) ?? 90;
  const keepalive = digits(timers?.config?.keepaliveInterval);
  const notes: readonly (readonly [boolean, string])[] = [
    [
      Boolean(who.authPassword),
      "spec.conf.authPassword: the password can be read by everybody who can read this object; put it into a Secret and name it in passwordSecretRef",
    ],
    [Boolean(who.peerGroup), `spec.conf.peerGroup "${who.peerGroup}" has no effect: there are no groups`],
    [
      who.peerType !== undefined && who.peerType === 1 && isInternal,
      "spec.conf.peerType 1 (external) has no effect: the AS numbers make the peer internal",
    ],
    [who.peerType === 0 && isExternal, "spec.conf.peerType 0 (internal) has no effect: the AS numbers make the peer external"],
    [
      who.peerAs === 65535 || who.peerAs === 4294967295,
      `spec.conf.peerAs ${who.peerAs} is reserved and nobody's (RFC 7300); routers may refuse paths that it is in`,
    ],
    [who.routeFlapDamping === true, "spec.conf.routeFlapDamping has no effect: routes of peers are never used"],
    [
      ebgpMultihop?.enabled === true && isInternal,
      "spec.ebgpMultihop has no effect: the peer is internal, and may be any number of hops away",
    ],
    [
      Boolean(ebgpMultihop?.multihopTtl) && ebgpMultihop?.enabled !== true,
      `spec.ebgpMultihop.multihopTtl ${ebgpMultihop?.multihopTtl} has no effect while enabled is not true`,
    ],
    [Boolean(who.role) && isInternal, `spec.conf.role "${who.role}" has no effect: roles are for external peers (RFC 9234 §4.1)`],
    [
      digits(timers?.config?.minimumAdvertisementInterval) !== undefined &&
        digits(timers?.config?.minimumAdvertisementInterval) !== 0,
      "spec.timers.config.minimumAdvertisementInterval has no effect: changes are sent at once",
    ],
    [
      keepalive !== undefined && hold > 0 && keepalive * 3 > hold,
      `spec.timers.config.keepaliveInterval "${keepalive}" is more than a third of the hold time; KEEPALIVEs go every ${Math.max(1, Math.floor(hold / 3))} s`,
    ],
    [
      Boolean(keepalive) && hold === 0,
      `spec.timers.config.keepaliveInterval "${keepalive}" has no effect: with a hold time of 0 there are no KEEPALIVEs`,
    ],
    [
      isPassive && Boolean(transport?.localAddress) && bfd === undefined,
      `spec.transport.localAddress "${transport?.localAddress}" has no effect: with passiveMode the peer chooses which address it connects to`,
    ],
    [
      isPassive && digits(timers?.config?.connectRetry) !== undefined,
      "spec.timers.config.connectRetry has no effect: with passiveMode nobody dials",
    ],
    [transport?.mtuDiscovery === false, "spec.transport.mtuDiscovery false has no effect: the kernel discovers the path MTU"],
    [
      bfd !== undefined && bfd.minimumTtl !== undefined && ebgpMultihop?.enabled !== true && !isInternal,
      "spec.bfd.minimumTtl has no effect: the peer is one hop away, where the TTL must be 255 (RFC 5881 §5)",
    ],
  ];
  return [
    ...notes.flatMap(([holds, note]) => (holds ? [note] : [])),
    ...notesOnFamilies(peer, conf),
    ...notesOnRestart("spec.gracefulRestart", spec.gracefulRestart),
  ];
}

/** Wishes of afiSafis that come to nothing. */
function notesOnFamilies(peer: BgpPeer, conf: BgpConf | undefined): string[] {
  const listed = listedFamilies(peer);
  const left = familiesOf(peer, conf);
  const named = entriesOf(peer).map(([family]) => family);
  const twice = new Set(named.filter((family, index) => named.indexOf(family) < index));
  const tellsAll = (peer.spec.nextHops || conf?.spec.nextHops) === "all";
  const sendMax = sendMaxOf(peer);
  return [
    ...((peer.spec.afiSafis ?? []).length === 0 ? [] : listed.filter((family) => !left.includes(family))).map(
      (family) =>
        `spec.afiSafis: ${family} is not offered: BgpConf default's families, ${JSON.stringify(conf?.spec.families)}, leave it out`,
    ),
    ...[...twice].map((family) => `spec.afiSafis has ${family} more than once; of addPaths the last one counts`),
    ...(tellsAll ? left.filter((family) => (sendMax[family] ?? 0) < 2) : []).map(
      (family) =>
        `spec.afiSafis: nextHops is all, and ${family} has addPaths.config.sendMax ${sendMax[family] ?? 0}: only one next hop of each address is told; set it to the number of nodes`,
    ),
  ];
}
