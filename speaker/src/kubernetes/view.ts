import { excludeNodeLabel } from "@berth/api/annotations";
import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import { Pools } from "../allocate/pool.ts";
import { parsePool } from "../allocate/ranges.ts";
import type { PolicyText } from "../announce/judge.ts";
import { passwordSecretOf } from "../announce/passwordSecret.ts";
import type { AddressSpan, AssignedAddress, ClusterView, NodeView, Refusal } from "../announce/view.ts";
import { type Address, compareAddresses, formatAddress, parseAddress } from "../net/address.ts";
import { type ConfigMap, type EndpointSlice, isServing, keyOf, type Node, type Secret, type Service } from "./objects.ts";
import { perObject } from "./perObject.ts";
import { heldAddresses, isOurs, pools, type Scope, serviceRequest } from "./requests.ts";
import { publishedBy, type SpeakerNote } from "./speakerNotes.ts";

/** Everything that a speaker watches. */
export interface ClusterObjects {
  readonly services: readonly Service[];
  readonly nodes: readonly Node[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly eips: readonly Eip[];
  readonly bgpConfs: readonly BgpConf[];
  readonly bgpPeers: readonly BgpPeer[];
  /** Secrets of Berth's own namespace that BgpPeers name. */
  readonly secrets: readonly Secret[];
  /** ConfigMaps of Berth's own namespace that the BgpConf names. */
  readonly configMaps: readonly ConfigMap[];
  /** What speakers tell of themselves. */
  readonly speakerNotes?: readonly SpeakerNote[];
}

/**
 * What the announcers of one node get to see. Pure: equal objects give equal views.
 * @param draining nodes that are being emptied, by name
 */
export function clusterView(
  objects: ClusterObjects,
  nodeName: string,
  scope: Scope,
  draining: ReadonlyMap<string, Refusal> = new Map(),
): ClusterView {
  const bgpConf = defaultConfOf(objects.bgpConfs);
  const published = publishedBy(objects.speakerNotes ?? []);
  const clusterId = objects.services.find((service) => keyOf(service) === "default/kubernetes")?.metadata.uid;
  return {
    nodeName,
    ...(clusterId === undefined ? {} : { clusterId }),
    nodes: objects.nodes
      .map((node) => {
        const told = published.get(node.metadata.name);
        return {
          ...nodeView(node),
          draining: draining.get(node.metadata.name),
          ...(told === undefined ? {} : { published: told }),
        };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    addresses: assignedAddresses(objects, scope),
    bgpConf,
    bgpPeers: [...objects.bgpPeers].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    bgpPolicy: policyOf(bgpConf, objects.configMaps),
    passwords: passwords(objects),
  };
}

/** The BgpConf that counts. */
export const defaultConfOf = (confs: readonly BgpConf[]): BgpConf | undefined =>
  confs.find(({ metadata }) => metadata.name === "default");

/** The policy that a BgpConf names; undefined when it names none. OpenELB's key. */
export function policyOf(conf: BgpConf | undefined, configMaps: readonly ConfigMap[]): PolicyText | undefined {
  const name = conf?.spec.policy;
  if (name === undefined || name === "") return undefined;
  return { name, text: configMaps.find(({ metadata }) => metadata.name === name)?.data?.["gobgp.conf"] };
}

/** A node, and why it may not announce. Being cordoned alone is no reason: its endpoints still serve. */
export const nodeView = perObject((node: Node): NodeView => {
  return {
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    internalAddresses: (node.status?.addresses ?? []).flatMap(({ type, address }) =>
      type === "InternalIP" ? (parseAddress(address) ?? []) : [],
    ),
    refusal: nodeRefusal(node),
    ...(node.spec?.unschedulable === true ? { isCordoned: true } : {}),
  };
});

function nodeRefusal(node: Node): Refusal | undefined {
  const { name, labels } = node.metadata;
  const has = (type: string, status: string): boolean =>
    node.status?.conditions?.some((condition) => condition.type === type && condition.status === status) ?? false;
  if (labels !== undefined && excludeNodeLabel in labels)
    return { reason: "NodeExcluded", message: `node ${name} carries the label ${excludeNodeLabel}` };
  if (!has("Ready", "True")) return { reason: "NodeNotReady", message: `node ${name} is not Ready` };
  if (has("NetworkUnavailable", "True"))
    return { reason: "NodeNetworkUnavailable", message: `the network of node ${name} is unavailable` };
  return undefined;
}

function assignedAddresses(objects: ClusterObjects, scope: Scope): AssignedAddress[] {
  const entries = pools(objects.eips);
  const eips = new Map(entries.map((entry) => [entry.pool.name, entry.eip]));
  const all = new Pools(entries.map((entry) => entry.pool));
  const slices = Map.groupBy(
    objects.endpointSlices,
    (slice) => `${slice.metadata.namespace}/${slice.metadata.labels?.["kubernetes.io/service-name"] ?? ""}`,
  );
  const byAddress = new Map<string, { readonly address: Address; readonly services: Service[] }>();
  for (const service of objects.services) {
    if (!isOurs(service, scope) || service.metadata.deletionTimestamp !== undefined) continue;
    for (const address of heldAddresses(service)) {
      const text = formatAddress(address);
      const held = byAddress.get(text);
      if (held === undefined) byAddress.set(text, { address, services: [service] });
      else held.services.push(service);
    }
  }
  return [...byAddress]
    .flatMap(([text, { address, services }]): AssignedAddress[] => {
      const [eip] = services.flatMap((service) => {
        const { eip: named, givenBy } = serviceRequest(service);
        return eips.get(all.holderOf({ eip: named, givenBy }, address, text)?.name ?? "") ?? [];
      });
      if (eip === undefined) return [];
      return [
        assigned(
          address,
          eip,
          services,
          services.flatMap((service) => slices.get(keyOf(service)) ?? []),
        ),
      ];
    })
    .sort((a, b) => compareAddresses(a.address, b.address));
}

/** What was made of an address, and of what. A Service's addresses are the same objects as long as it is. */
const made = new WeakMap<Address, { readonly of: readonly object[]; readonly result: AssignedAddress }>();

/** One object for each address as long as it is made of the same objects: of thousands, few change between two views. */
function assigned(address: Address, eip: Eip, services: readonly Service[], slices: readonly EndpointSlice[]): AssignedAddress {
  const of = [eip, ...services, ...slices];
  const before = made.get(address);
  if (before !== undefined && before.of.length === of.length && before.of.every((object, index) => object === of[index]))
    return before.result;
  const result: AssignedAddress = {
    address,
    eip,
    pool: wholePool(eip),
    services: services.map(keyOf).sort(),
    localOnly: services.every((service) => service.spec.externalTrafficPolicy === "Local"),
    endpointsByNode: endpointsByNode(slices),
  };
  made.set(address, { of, result });
  return result;
}

/** The addresses of an Eip, excluded ones included: what lies between them may be announced as one network. */
export const wholePool = perObject(({ spec }: Eip): readonly AddressSpan[] => {
  const parsed = parsePool([spec.address, ...(spec.addresses ?? [])], []);
  return "ranges" in parsed ? parsed.ranges : [];
});

function endpointsByNode(slices: readonly EndpointSlice[]): ReadonlyMap<string, number> {
  const counts = new Map<string, Set<string>>();
  for (const slice of slices) {
    for (const endpoint of slice.endpoints ?? []) {
      if (!isServing(endpoint)) continue;
      const node = endpoint.nodeName ?? "";
      const addresses = counts.get(node) ?? new Set();
      for (const address of endpoint.addresses ?? []) addresses.add(address);
      counts.set(node, addresses);
    }
  }
  return new Map(
    [...counts].map(([node, addresses]): [string, number] => [node, addresses.size]).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Passwords by BgpPeer: the one in clear, else the one in the Secret that the peer names. */
function passwords(objects: ClusterObjects): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const peer of objects.bgpPeers) {
    const { authPassword } = peer.spec.conf;
    const named = passwordSecretOf(peer);
    const secret = objects.secrets.find((candidate) => candidate.metadata.name === named?.name);
    const encoded = secret?.data?.[named?.key ?? ""];
    const password = encoded === undefined ? authPassword : utf8In(encoded);
    if (password !== undefined && password !== "") found.set(peer.metadata.name, password);
  }
  return found;
}

/** The text in base64. The octets of a password are those that it was stored with, as the router has them. */
function utf8In(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (octet) => octet.charCodeAt(0)));
}
