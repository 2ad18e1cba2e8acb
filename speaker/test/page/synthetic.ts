import type { ConsoleFacts } from "../../src/console/facts.ts";
import type { NodeAnswer } from "../../src/console/routes.ts";
import { announcement, eip, node, now, peer, service, slice, speaker, wellCluster } from "../../src/explain/fixtures.ts";
import type { Service } from "../../src/kubernetes/objects.ts";

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
export function syntheticCluster(size: Size): ConsoleFacts {
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
    conditions: [condition("Ready", "the pool is in use")],
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
      withConditions(service(`lan${index}`, lanAddress(index))),
      withConditions(service(`far${index}`, farAddress(index))),
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
          via: "10.1.255.1, 10.1.255.2",
          message: "next hop for 10.1.255.1, 10.1.255.2",
        }),
      ),
    ]),
    now,
  };
}

function condition(type: string, message: string) {
  return { type, status: "True" as const, reason: "AsExpected", message, lastTransitionTime: new Date(now).toISOString() };
}

function withConditions(one: Service): Service {
  const conditions = [
    condition("berth.dev/AddressAssigned", "it has its address"),
    condition("berth.dev/Announced", "it is announced"),
  ];
  return { ...one, status: { ...one.status, conditions } };
}

function layer2Announcement(index: number, owner: number, more: { readonly since?: string; readonly message?: string } = {}) {
  return announcement({ service: `lan${index}`, node: nodeName(owner), address: lanAddress(index), ...more });
}

/** The same cluster after the owner of a Layer2 address was lost: another node took over; the lost one cannot take its report back. */
export function withMove(facts: ConsoleFacts, index: number, to: number, message: string): ConsoleFacts {
  const since = new Date(now).toISOString();
  return { ...facts, announcements: [...facts.announcements, layer2Announcement(index, to, { since, message })] };
}

/** The same cluster with what goes wrong: a Service that waits, a session that is down, a foreign host, addresses that rest. */
export function withFaults(facts: ConsoleFacts): ConsoleFacts {
  const [leaf, ...others] = facts.bgpPeers;
  const broken = {
    peerState: { sessionState: "IDLE" },
    timersState: { downtime: new Date(now).toISOString() },
    lastError: "the router sent NOTIFICATION: Cease, Administrative Shutdown",
  };
  const conflict = { mac: "02:00:00:00:00:99", interface: "eth0", since: new Date(now).toISOString() };
  const waits = service("waits", undefined);
  return {
    ...facts,
    services: [...facts.services, waits],
    bgpPeers:
      leaf === undefined
        ? []
        : [
            { ...leaf, status: { ...leaf.status, nodesPeerStatus: { ...leaf.status?.nodesPeerStatus, [nodeName(1)]: broken } } },
            ...others,
          ],
    eips: facts.eips.map((one) =>
      one.metadata.name === "lan" ? { ...one, spec: { ...one.spec, exclude: ["10.20.3.0/24"], perNamespaceLimit: 20 } } : one,
    ),
    announcements: facts.announcements.map((one) =>
      one.status.protocol === "bgp" && one.status.node === nodeName(1)
        ? { ...one, status: { ...one.status, via: "10.1.255.2", message: "next hop for 10.1.255.2" } }
        : one.status.service === "lan2"
          ? { ...one, status: { ...one.status, conflict } }
          : one,
    ),
    resting: new Map([[lanAddress(600), now + 60_000]]),
    numbers: new Map(
      facts.nodes.map(({ metadata }) => [
        metadata.name,
        facts.bgpPeers.map((one) => ({
          name: one.metadata.name,
          routesSent: facts.services.length >> 1,
          routesReceived: 1,
          routesPassedOver: 0,
          flaps: 0,
        })),
      ]),
    ),
  };
}

/** What the speakers of a made-up cluster answer when they are asked for routes. */
export function routesOf(facts: ConsoleFacts): NodeAnswer[] {
  const prefixes = facts.services.flatMap(({ metadata, status }) =>
    metadata.name.startsWith("far") ? (status?.loadBalancer?.ingress ?? []).map(({ ip }) => `${ip}/32`) : [],
  );
  return facts.nodes.map(({ metadata, status }) => {
    const nextHop = status?.addresses?.[0]?.address ?? "";
    const rows = prefixes.slice(0, 100).flatMap((prefix) =>
      facts.bgpPeers.map((one) => ({
        peer: one.metadata.name,
        prefix,
        pathId: 0,
        nextHop,
        asPath: [65000],
        med: 10,
        localPref: undefined,
        communities: [],
        largeCommunities: [],
        extendedCommunities: [],
        isStale: false,
        attributes: [
          { name: "ORIGIN", value: "igp" },
          { name: "AS_PATH", value: "65000" },
          { name: "MULTI_EXIT_DISC", value: "10" },
          { name: "COMMUNITIES", value: "65000:100 no-export" },
        ],
      })),
    );
    return { node: metadata.name, page: { rows, total: rows.length, matching: rows.length, hasMore: false } };
  });
}
