import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Judgement } from "../announce/judge.ts";
import type { Refusal } from "../announce/view.ts";
import { isLinkLocal, parseAddress, sameAddress } from "../net/address.ts";
import { leftToCni, notesOnRestart } from "./judgeShared.ts";
import { digits, familiesOf } from "./peerFields.ts";

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

function notesOn({ spec }: BgpPeer, conf: BgpConf | undefined): string[] {
  const { conf: who, timers, transport, ebgpMultihop, bfd } = spec;
  const localAs = who.localAs || conf?.spec.as;
  const isInternal = who.dynamicAs === "internal" || (who.peerAs !== undefined && who.peerAs === localAs);
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
    [who.routeFlapDamping === true, "spec.conf.routeFlapDamping has no effect: routes of peers are never used"],
    [
      ebgpMultihop?.enabled === true && isInternal,
      "spec.ebgpMultihop has no effect: the peer is internal, and may be any number of hops away",
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
    [transport?.mtuDiscovery === false, "spec.transport.mtuDiscovery false has no effect: the kernel discovers the path MTU"],
    [
      bfd !== undefined && bfd.minimumTtl !== undefined && ebgpMultihop?.enabled !== true && !isInternal,
      "spec.bfd.minimumTtl has no effect: the peer is one hop away, where the TTL must be 255 (RFC 5881 §5)",
    ],
  ];
  return [
    ...notes.flatMap(([holds, note]) => (holds ? [note] : [])),
    ...notesOnRestart("spec.gracefulRestart", spec.gracefulRestart),
  ];
}
