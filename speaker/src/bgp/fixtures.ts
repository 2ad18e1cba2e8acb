import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { EipBgp } from "@berth/api/eipBgp";
import type { AssignedAddress, ClusterView, NodeView } from "../announce/view.ts";
import { type Address, parseAddress } from "../net/address.ts";

/** Clusters for tests, written in few words. */

export const address = (text: string): Address => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`"${text}" is no address`);
  return parsed;
};
const object = (name: string) => ({ apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name } });

export const conf = (spec: BgpConf["spec"]): BgpConf => ({ ...object("default"), kind: "BgpConf", spec });

export const peer = (spec: Partial<BgpPeer["spec"]> = {}, name = "router"): BgpPeer => ({
  ...object(name),
  kind: "BgpPeer",
  spec: { conf: { neighborAddress: "192.0.2.1", peerAs: 65001 }, ...spec },
});

export const node = (number: number, more: Partial<NodeView> = {}): NodeView => ({
  name: `node${number}`,
  labels: {},
  internalAddresses: [address(`172.30.0.1${number}`), address(`fd00:30::1${number}`)],
  refusal: undefined,
  ...more,
});

/** An address in use of an Eip with this `bgp`; its pool is 203.0.113.0/24 and 2001:db8::/64. */
export const assigned = (text: string, bgp?: EipBgp, more: Partial<AssignedAddress> = {}): AssignedAddress => ({
  address: address(text),
  eip: { ...object("e"), kind: "Eip", spec: { address: "203.0.113.0/24", bgp } },
  pool: [
    { family: 4, first: 0xcb007100n, last: 0xcb0071ffn },
    { family: 6, first: 0x20010db8n << 96n, last: (0x20010db8n << 96n) + (1n << 64n) - 1n },
  ],
  services: ["ns/s"],
  localOnly: false,
  endpointsByNode: new Map([["node2", 1]]),
  ...more,
});

/** The same address, of an Eip of another name. */
export const ofEip = (name: string, one: AssignedAddress): AssignedAddress => ({
  ...one,
  eip: { ...one.eip, metadata: { name } },
});

/** What node1 knows of a cluster. */
export const cluster = (more: Partial<ClusterView> = {}): ClusterView => ({
  nodeName: "node1",
  nodes: [node(1)],
  addresses: ["203.0.113.1", "2001:db8::1"].map((text) => assigned(text)),
  bgpConf: conf({ as: 65000 }),
  bgpPeers: [peer()],
  passwords: new Map(),
  ...more,
});
