import type { ClusterFacts } from "../../src/explain/clusterFacts.ts";
import { announcement, eip, node, now, peer, service, slice, speaker, wellCluster } from "../../src/explain/fixtures.ts";

const own = "network.kubesphere.io/v1alpha2";
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** How large a cluster is made up. */
export interface Size {
  readonly nodes: number;
  readonly addresses: number;
}

const lanAddress = (index: number): string => `10.20.${index >> 8}.${index & 255}`;
const farAddress = (index: number): string => `192.0.${2 + (index >> 8)}.${index & 255}`;
/** The name of a node that is made up, by its number. */
export const nodeName = (index: number): string => `node${String(index + 1).padStart(3, "0")}`;

/** The node that answers for a Layer2 address, by the number of the address. */
const ownerIndex = (index: number, { nodes }: Size): number => (index * 7) % nodes;

/** A cluster of any size in which everything is well: half of its addresses are on the LAN, half are announced by every node to two routers. */
export function syntheticCluster(size: Size): ClusterFacts {
  const nodes = range(size.nodes);
  const half = range(size.addresses >> 1);
  const names = nodes.map(nodeName);
  const address = (index: number): string => `10.1.${index >> 8}.${index & 255}`;
  const sessions = Object.fromEntries(names.map((name) => [name, { state: "ESTABLISHED" }]));
  const router = (name: string, neighborAddress: string) => {
    const one = peer(sessions);
    return { ...one, metadata: { name }, spec: { conf: { ...one.spec.conf, neighborAddress } } };
  };
  const used = (addressOf: (index: number) => string, prefix: string) => ({
    usage: half.length,
    poolSizeText: "1024",
    used: Object.fromEntries(half.map((index) => [addressOf(index), `demo/${prefix}${index}`])),
  });
  return {
    ...wellCluster,
    nodes: nodes.map((index) =>
      node(nodeName(index), {
        status: {
          addresses: [{ type: "InternalIP", address: address(index) }],
          conditions: [{ type: "Ready", status: "True" }],
        },
      }),
    ),
    speakers: names.map((name) => speaker(name)),
    services: half.flatMap((index) => [
      service(`lan${index}`, lanAddress(index)),
      service(`far${index}`, farAddress(index), { ipFamilies: ["IPv4"] }),
    ]),
    endpointSlices: half.flatMap((index) => [
      slice(`lan${index}`, [nodeName(index % size.nodes), true], [nodeName((index + 1) % size.nodes), true]),
      slice(`far${index}`, [nodeName(index % size.nodes), true]),
    ]),
    eips: [
      { ...eip("lan", "10.20.0.0/22", "layer2"), status: used(lanAddress, "lan") },
      { ...eip("far", "192.0.2.0-192.0.5.255", "bgp"), status: used(farAddress, "far") },
    ],
    bgpConfs: [{ apiVersion: own, kind: "BgpConf", metadata: { name: "default" }, spec: { as: 65000 } }],
    bgpPeers: [router("leaf1", "10.1.255.1"), router("leaf2", "10.1.255.2")],
    announcements: half.flatMap((index) => [
      layer2Announcement(index, ownerIndex(index, size)),
      ...names.map((name) =>
        announcement({
          service: `far${index}`,
          node: name,
          address: farAddress(index),
          protocol: "bgp",
          via: "leaf1, leaf2",
          message: "announced to 2 routers",
        }),
      ),
    ]),
    now,
  };
}

function layer2Announcement(index: number, owner: number, more: { readonly since?: string; readonly message?: string } = {}) {
  return announcement({ service: `lan${index}`, node: nodeName(owner), address: lanAddress(index), ...more });
}

/** The same cluster after the owner of a Layer2 address was lost: another node took over; the lost one cannot take its report back. */
export function withMove(facts: ClusterFacts, index: number, to: number, message: string): ClusterFacts {
  const since = new Date(now).toISOString();
  return { ...facts, announcements: [...facts.announcements, layer2Announcement(index, to, { since, message })] };
}
