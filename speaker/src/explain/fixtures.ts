import type { ServiceAnnouncementStatus } from "@berth/api/serviceAnnouncement";
import type { EndpointSlice, Node, Pod, Service } from "../kubernetes/objects.ts";
import type { ClusterFacts } from "./clusterFacts.ts";

/** A small cluster in which everything is well, for tests: two nodes, one Layer2 Service, one BGP Service. */

export const now = Date.parse("2026-01-01T12:00:00Z");
const instant = "2026-01-01T11:59:00Z";
const own = "network.kubesphere.io/v1alpha2";

export function node(name: string, more: Partial<Node> = {}): Node {
  return {
    metadata: { name },
    status: { addresses: [{ type: "InternalIP", address: "172.30.0.11" }], conditions: [{ type: "Ready", status: "True" }] },
    ...more,
  };
}

export function speaker(nodeName: string, isReady = true): Pod {
  return {
    metadata: { name: `berth-speaker-${nodeName}`, namespace: "berth-system" },
    spec: { nodeName },
    status: { conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] },
  };
}

export function service(name: string, ip: string | undefined, more: Partial<Service["spec"]> = {}): Service {
  return {
    metadata: { name, namespace: "demo", generation: 1, uid: name, creationTimestamp: instant },
    spec: {
      type: "LoadBalancer",
      selector: { app: name },
      ports: [{ port: 80, protocol: "TCP" }],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      ...more,
    },
    status: ip === undefined ? {} : { loadBalancer: { ingress: [{ ip }] } },
  };
}

export function slice(name: string, ...endpoints: readonly (readonly [node: string, isReady: boolean])[]): EndpointSlice {
  return {
    metadata: { name: `${name}-x`, namespace: "demo", labels: { "kubernetes.io/service-name": name } },
    endpoints: endpoints.map(([nodeName, ready], index) => ({
      nodeName,
      conditions: { ready, serving: ready },
      addresses: [`10.244.0.${index + 1}`],
    })),
  };
}

export function announcement(status: Partial<ServiceAnnouncementStatus> & { readonly service: string; readonly node: string }) {
  const full: ServiceAnnouncementStatus = {
    address: "172.30.0.200",
    protocol: "layer2",
    announcing: true,
    via: "eth0",
    since: instant,
    reason: "Announcing",
    message: "rank 1 of 2",
    ...status,
  };
  return {
    apiVersion: "berth.dev/v1alpha1",
    kind: "ServiceAnnouncement" as const,
    metadata: { name: `${full.service}.${full.node}`, namespace: "demo" },
    status: full,
  };
}

export function eip(name: string, address: string, protocol: "layer2" | "bgp", more: object = {}) {
  return {
    apiVersion: own,
    kind: "Eip" as const,
    metadata: {
      name,
      creationTimestamp: instant,
      annotations: protocol === "layer2" ? { "eip.openelb.kubesphere.io/is-default-eip": "true" } : {},
    },
    spec: { address, protocol, ...more },
  };
}

export function peer(nodes: Readonly<Record<string, { readonly state: string; readonly lastError?: string }>>) {
  return {
    apiVersion: own,
    kind: "BgpPeer" as const,
    metadata: { name: "router" },
    spec: { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 } },
    status: {
      nodesPeerStatus: Object.fromEntries(
        Object.entries(nodes).map(([name, { state, lastError }]) => [
          name,
          { peerState: { sessionState: state }, timersState: { uptime: instant }, lastError: lastError ?? "" },
        ]),
      ),
    },
  };
}

/** The cluster in which everything is well. */
export const wellCluster: ClusterFacts = {
  nodes: [node("node1"), node("node2")],
  namespaces: [{ metadata: { name: "demo" } }],
  speakers: [speaker("node1"), speaker("node2")],
  services: [service("web", "172.30.0.200"), service("routed", "192.0.2.1")],
  endpointSlices: [slice("web", ["node1", true], ["node2", true]), slice("routed", ["node1", true])],
  eips: [eip("lan", "172.30.0.200-172.30.0.209", "layer2"), eip("far", "192.0.2.0/24", "bgp")],
  bgpConfs: [{ apiVersion: own, kind: "BgpConf", metadata: { name: "default" }, spec: { as: 65000 } }],
  bgpPeers: [peer({ node1: { state: "ESTABLISHED" }, node2: { state: "ESTABLISHED" } })],
  announcements: [
    announcement({ service: "web", node: "node1" }),
    announcement({ service: "routed", node: "node1", address: "192.0.2.1", protocol: "bgp", via: "172.30.0.1" }),
    announcement({ service: "routed", node: "node2", address: "192.0.2.1", protocol: "bgp", via: "172.30.0.1" }),
  ],
  lease: {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "berth-controller", namespace: "berth-system" },
    spec: { holderIdentity: "berth-controller-1_x", leaseDurationSeconds: 15, renewTime: "2026-01-01T11:59:55.000000Z" },
  },
  scope: { loadBalancerClasses: ["berth.dev/berth"], handlesClassless: true },
  now,
};
