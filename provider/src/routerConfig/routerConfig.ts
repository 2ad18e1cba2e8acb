import type { BgpPeerSpec } from "@berth/api/bgpPeer";
import { parseAddress } from "../checks/addresses.ts";
import { record } from "../checks/problem.ts";
import { arista } from "./arista.ts";
import { bird } from "./bird.ts";
import { cisco } from "./cisco.ts";
import { frr } from "./frr.ts";
import { gobgp } from "./gobgp.ts";
import { junos } from "./junos.ts";
import { mikrotik } from "./mikrotik.ts";
import { acceptedRoutes, type Bfd, type RouterSide } from "./model.ts";
import { openbgpd } from "./openbgpd.ts";

/** Whose configuration is written. */
const writers = { frr, bird, gobgp, openbgpd, cisco, arista, junos, mikrotik } as const;

/** The makers of routers whose configuration `BgpPeer.routerConfig` writes. `bird` is BIRD 2, `cisco` is IOS-XE, `arista` EOS, `mikrotik` RouterOS 7. */
export type RouterVendor = keyof typeof writers;

export const routerVendors = Object.keys(writers) as RouterVendor[];

/** What a router's configuration needs besides the BgpPeer. */
export interface RouterConfigFacts {
  /** The AS number of the speakers: BgpConf's. */
  readonly as: number;
  /** Addresses of the nodes, or networks that they are in. */
  readonly nodes: readonly string[];
  /** Addresses that are accepted, as ranges, CIDRs or single ones: `ranges` of the Eips. */
  readonly pools: readonly string[];
  /** Among how many nodes traffic is spread. Default 16. */
  readonly maximumPaths?: number | undefined;
  /** The length of IPv4 aggregates, if pools are announced as such. */
  readonly aggregationLength?: number | undefined;
  /** The length of IPv6 aggregates. */
  readonly aggregationLengthV6?: number | undefined;
}

/**
 * Writes the configuration of the router at the other end of a peer.
 * @throws Error that names what cannot be: a maker that is not known, an AS number that is missing, a node that is no address
 */
export function routerConfig(
  vendor: string,
  name: string,
  peer: BgpPeerSpec,
  hasPassword: boolean,
  facts: RouterConfigFacts,
): string {
  const write = writers[vendor as RouterVendor];
  if (write === undefined) throw new Error(`"${vendor}" is not a router that is known; there are ${routerVendors.join(", ")}`);
  return write(routerSide(name, peer, hasPassword, facts));
}

function routerSide(name: string, peer: BgpPeerSpec, hasPassword: boolean, facts: RouterConfigFacts): RouterSide {
  const { conf, timers, transport, ebgpMultihop } = peer;
  const { neighborAddress = "", peerAs = 0 } = conf;
  const router = parseAddress(neighborAddress);
  if (router === undefined)
    throw new Error(`conf.neighborAddress: "${neighborAddress}" is not an IP address, such as 172.30.0.1; the router needs one`);
  if (peerAs === 0) throw new Error("conf.peerAs is missing: with dynamicAs the BgpPeer does not know the router's AS number");
  const speakersAs = (conf.localAs ?? 0) === 0 ? facts.as : (conf.localAs ?? 0);
  if (speakersAs === 0) throw new Error("as: 0 is no AS number; give that of the BgpConf");
  const holdTime = seconds(timers?.config?.holdTime) ?? 90;
  const listed = (peer.afiSafis ?? [])
    .filter(({ config }) => config?.enabled !== false)
    .map(({ config }) => (config?.family?.afi === undefined ? router.family : config.family.afi === "AFI_IP6" ? 6 : 4));
  const families = listed.length > 0 ? [...new Set(listed)] : [router.family];
  const ttlSecurity = record(record(peer)["ttlSecurity"]);
  const accepted = acceptedRoutes(facts.pools, { 4: facts.aggregationLength, 6: facts.aggregationLengthV6 });
  return {
    name,
    routerAddress: neighborAddress,
    routerAs: peerAs,
    speakersAs,
    nodes: nodesOf(facts.nodes, router.family),
    families,
    accepted: accepted.filter(({ family }) => families.includes(family)),
    hasPassword,
    holdTime,
    keepalive: seconds(timers?.config?.keepaliveInterval) ?? Math.max(1, Math.floor(holdTime / 3)),
    multihop: ebgpMultihop?.enabled === true ? ebgpMultihop.multihopTtl || 255 : undefined,
    ttlSecurity: ttlSecurity["enabled"] === true ? 256 - (Number(ttlSecurity["ttlMin"] ?? 0) || 255) : undefined,
    addPath: peer.afiSafis === undefined || peer.afiSafis.some(({ addPaths }) => (addPaths?.config?.sendMax ?? 0) > 0),
    bfd: bfdOf(record(peer)["bfd"]),
    gracefulRestart: peer.gracefulRestart?.enabled === true,
    maximumPaths: facts.maximumPaths ?? 16,
    speakersWait: transport?.passiveMode === true,
  };
}

/** The router's side of BFD: what we send is what it receives. */
function bfdOf(value: unknown): Bfd | undefined {
  const { enabled, receiveInterval = 300, transmitInterval = 300, detectMultiplier = 3 } = record(value);
  if (value === undefined || enabled === false) return undefined;
  return { receive: Number(transmitInterval), transmit: Number(receiveInterval), multiplier: Number(detectMultiplier) };
}

/** Those of the session's family: a node has a neighbour's address of each family, and the session uses one. */
function nodesOf(nodes: readonly string[], family: 4 | 6): string[] {
  const own = nodes.filter((node) => {
    const [base = "", length] = node.split("/");
    const address = parseAddress(base);
    const isLength = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (address?.family === 4 ? 32 : 128));
    if (address === undefined || !isLength)
      throw new Error(
        `nodes: "${node}" is neither the address of a node, such as 172.30.0.11, nor a network that nodes are in, such as 172.30.0.0/24`,
      );
    return address.family === family;
  });
  if (own.length === 0)
    throw new Error(`nodes: there is no IPv${family} address among ${JSON.stringify(nodes)}, and the router's is IPv${family}`);
  return own;
}

function seconds(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}
