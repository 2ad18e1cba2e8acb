import type { BgpPeer } from "@berth/api/bgpPeer";
import { notOfHost } from "@berth/api/hosts";
import type { Refusal } from "../announce/view.ts";
import { formatAddress, isLinkLocal, parseAddress, sameAddress } from "../net/address.ts";
import { AS_TRANS } from "../net/asn.ts";

type Check = (peer: BgpPeer) => Refusal | undefined;
const no = (reason: string, message: string): Refusal => ({ reason, message });

/** Segments that Linux takes, in octets. @see TCP_MIN_MSS and MAX_TCP_WINDOW of Linux */
const [leastMss, mostMss] = [88, 32767];

/** What the kernel takes as the name of an interface. */
const isName = (text: string): boolean => !/[\s/:]/.test(text) && text !== "." && text !== "..";

/** Contradictions between the fields that say where a connection goes, and what no connection can be made with. */
export const connectionChecks: readonly Check[] = [
  ({ spec: { conf, transport } }) => {
    const named = [
      ["spec.conf.neighborAddress", conf.neighborAddress, "the router's"],
      ["spec.transport.localAddress", transport?.localAddress, "one of the node's"],
    ] as const;
    for (const [field, text, whose] of named) {
      const address = parseAddress(text ?? "");
      const problem = address === undefined ? undefined : notOfHost(address.family, address.value);
      if (problem !== undefined) return no("InvalidAddress", `${field}: "${text}" ${problem}, which no host has; give ${whose}`);
    }
    return undefined;
  },
  ({ spec: { conf, transport } }) => {
    const [peer, local] = [conf.neighborAddress, transport?.localAddress].map((text) => parseAddress(text ?? ""));
    return peer !== undefined && local !== undefined && sameAddress(peer, local)
      ? no(
          "LocalAddressIsPeer",
          `spec.transport.localAddress: "${formatAddress(local)}" is conf.neighborAddress too; give an address of the node, or leave it out`,
        )
      : undefined;
  },
  ({ spec: { conf, transport } }) => {
    const names = [
      ["spec.conf.neighborInterface", conf.neighborInterface],
      ["spec.conf.vrf", conf.vrf],
      ["spec.transport.bindInterface", transport?.bindInterface],
    ] as const;
    const wrong = names.find(([, name]) => name !== undefined && !isName(name));
    return wrong === undefined
      ? undefined
      : no("InvalidInterface", `${wrong[0]}: "${wrong[1]}" is no name of an interface, such as eth0: no blanks, no / and no :`);
  },
  ({ spec: { conf, transport } }) => {
    const address = parseAddress(conf.neighborAddress ?? "");
    const isOnLink = address === undefined || isLinkLocal(address);
    const { bindInterface } = transport ?? {};
    return isOnLink && bindInterface && conf.neighborInterface && bindInterface !== conf.neighborInterface
      ? no(
          "TwoDevices",
          `spec.transport.bindInterface "${bindInterface}": the peer is on conf.neighborInterface "${conf.neighborInterface}", and a connection is bound to one device; take bindInterface away`,
        )
      : undefined;
  },
  ({ spec: { conf } }) => {
    const named = [
      ["spec.conf.peerAs", conf.peerAs],
      ["spec.conf.localAs", conf.localAs],
    ] as const;
    const wrong = named.find(([, as]) => as === AS_TRANS);
    return wrong === undefined
      ? undefined
      : no("InvalidAs", `${wrong[0]}: ${AS_TRANS} stands for AS numbers that need four octets and is nobody's (RFC 6793 §9)`);
  },
  ({ spec: { transport } }) => {
    const { tcpMss = 0 } = transport ?? {};
    return tcpMss !== 0 && (tcpMss < leastMss || tcpMss > mostMss)
      ? no(
          "InvalidTcpMss",
          `spec.transport.tcpMss: ${tcpMss} is not from ${leastMss} to ${mostMss}, which is what Linux takes; 0 leaves it to the kernel`,
        )
      : undefined;
  },
  ({ spec: { conf, transport } }) =>
    !conf.neighborAddress && transport?.passiveMode === true && (conf.passwordSecretRef || conf.authPassword)
      ? no(
          "NobodyConnects",
          "spec.transport.passiveMode waits for the peer, and TCP-MD5 needs its address before it connects: give conf.neighborAddress with conf.neighborInterface, or dial",
        )
      : undefined,
];
