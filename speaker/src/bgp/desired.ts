import { rackLabel } from "@berth/api/annotations";
import type { BgpConf } from "@berth/api/bgpConf";
import { selects } from "../announce/selector.ts";
import type { ClusterView, NodeView, Refusal } from "../announce/view.ts";
import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import { AS_TRANS, type Asn, asn } from "../net/asn.ts";
import { type Decisions, decide, noDecisions } from "./decide.ts";
import { notListenedOn } from "./judgeConf.ts";
import { leftToCni } from "./judgeShared.ts";
import type { PeerConfig } from "./peerConfig.ts";
import { endpointOf, peerOf } from "./peerOf.ts";
import { noPolicy, type Policy } from "./policy/model.ts";
import { parsePolicy } from "./policy/parse.ts";

/** Everything that this node's BGP should be. */
export interface DesiredBgp {
  /** Why there is no BGP at all. */
  readonly refusal: Refusal | undefined;
  /** What this node is to BGP; undefined when there is none. */
  readonly speaker: { readonly as: Asn; readonly routerId: Address } | undefined;
  readonly listenPort: number;
  readonly listenAddresses: readonly string[];
  readonly peers: readonly PeerConfig[];
  readonly policy: Policy;
  readonly decisions: Decisions;
  /** Peers that cannot be used, and why. */
  readonly refusedPeers: readonly { readonly name: string; readonly address: string; readonly refusal: Refusal }[];
}

const no = (reason: string, message: string): Refusal => ({ reason, message });

/** Makes of the cluster what this node's BGP should be. Pure; never throws for the content of objects. */
export function desiredBgp(view: ClusterView): DesiredBgp {
  const node = view.nodes.find((candidate) => candidate.name === view.nodeName);
  const conf = view.bgpConf;
  const local = localSpeaker(node, conf, view.nodeName);
  if ("reason" in local || node === undefined || conf === undefined)
    return {
      refusal: "reason" in local ? local : undefined,
      speaker: undefined,
      listenPort: -1,
      listenAddresses: [],
      peers: [],
      policy: noPolicy,
      decisions: node === undefined ? noDecisions : decide(view, node, false),
      refusedPeers: [],
    };
  const peers: PeerConfig[] = [];
  const refusedPeers: { name: string; address: string; refusal: Refusal }[] = [];
  for (const peer of view.bgpPeers) {
    if (!selects(peer.spec.nodeSelector, node.labels)) continue;
    const { name } = peer.metadata;
    const found = peerOf(peer, conf, local, view.passwords.get(name));
    const refusal = "reason" in found ? found : judgeTwin(found, peers);
    if (refusal !== undefined) refusedPeers.push({ name, address: peer.spec.conf.neighborAddress ?? "", refusal });
    else peers.push(found as PeerConfig);
  }
  const hasOthers = peers.some(({ outbound }) => outbound.nextHops === "all");
  return {
    refusal: undefined,
    speaker: { as: local.as, routerId: local.bgpIdentifier },
    listenPort: conf.spec.listenPort || 179,
    listenAddresses: listenAddressesOf(conf.spec),
    peers,
    policy: view.bgpPolicy?.text === undefined ? noPolicy : parsePolicy(view.bgpPolicy.text).policy,
    decisions: decide(view, node, hasOthers),
    refusedPeers,
  };
}

/** One router is one peer: of two objects for it the first by name is used. */
function judgeTwin(peer: PeerConfig, others: readonly PeerConfig[]): Refusal | undefined {
  const twin = others.find((other) => endpointOf(other) === endpointOf(peer));
  return twin === undefined
    ? undefined
    : no(
        "DuplicatePeer",
        `spec.conf.neighborAddress: BgpPeer ${twin.name} has this peer on this node already; delete one of them, or have their nodeSelectors select different nodes`,
      );
}

/** What a node is to BGP, or why it is nothing. */
function localSpeaker(
  node: NodeView | undefined,
  conf: BgpConf | undefined,
  nodeName: string,
): { readonly as: Asn; readonly bgpIdentifier: Address } | Refusal {
  if (node === undefined) return no("NodeUnknown", `node ${nodeName} is not in the cluster`);
  if (conf === undefined) return no("NoBgpConf", 'there is no BgpConf named "default"');
  const left = leftToCni(conf.metadata);
  if (left !== undefined) return left;
  const as = localAsOf(conf.spec, node);
  if (as === AS_TRANS) return no("InvalidAs", `BgpConf default: ${AS_TRANS} is nobody's AS number (RFC 6793 §9)`);
  if (as === undefined) return no("NoAs", "BgpConf default: spec.as is 0 or absent");
  const bgpIdentifier = identifierOf(conf.spec, node);
  if (bgpIdentifier === undefined)
    return no("NoRouterId", `node ${node.name} has no IPv4 InternalIP, and BgpConf default names no routerId`);
  return { as, bgpIdentifier };
}

/** Each address once, none that no host has, and none beside the one that holds all of its family: the kernel gives a port to one socket. */
function listenAddressesOf({ listenAddresses = [] }: BgpConf["spec"]): readonly string[] {
  if (listenAddresses.length === 0) return ["0.0.0.0", "::"];
  const texts = [...new Set(listenAddresses.filter((text) => notListenedOn(text) === undefined).map((text) => formatted(text)))];
  return texts.filter((text) => {
    const all = text.includes(":") ? "::" : "0.0.0.0";
    return text === all || !texts.includes(all);
  });
}

function formatted(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

/** @see OpenELB's racks: a node with a rack label takes the AS of its rack */
function localAsOf(spec: BgpConf["spec"], node: NodeView): Asn | undefined {
  const rack = node.labels[rackLabel];
  const number = (rack === undefined ? undefined : spec.asPerRack?.[rack]) || spec.as || 0;
  return number === 0 ? undefined : asn(number);
}

function identifierOf(spec: BgpConf["spec"], node: NodeView): Address | undefined {
  const isInRack = node.labels[rackLabel] !== undefined && spec.asPerRack !== undefined;
  const named = spec.routerId === undefined || spec.routerId === "" || isInRack ? undefined : parseAddress(spec.routerId);
  return named ?? node.internalAddresses.find((address) => address.family === 4);
}
