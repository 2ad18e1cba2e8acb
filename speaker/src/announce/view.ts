import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { Eip } from "@berth/api/eip";
import type { Address, Family } from "../net/address.ts";
import type { PolicyText } from "./judge.ts";

/** A node as announcers see it. */
export interface NodeView {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The addresses of type InternalIP, in the order of the Node's status. */
  readonly internalAddresses: readonly Address[];
  /** No new pods come to it. Alone no reason not to announce, but others come first. */
  readonly isCordoned?: boolean;
  /** What this node's announcers have published for those of other nodes, by protocol, as JSON. Absent while nothing is known. */
  readonly published?: Readonly<Record<string, unknown>>;
  /** Why this node may not announce (NotReady, excluded by label, …), or undefined when it may. */
  readonly refusal: Refusal | undefined;
  /** Why traffic should be led past this node although it may still take it: it is being emptied. */
  readonly draining?: Refusal | undefined;
}

/** A named reason not to announce. `reason` is the CamelCase word of conditions, events and metric labels; `message` is a sentence. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Addresses from `first` to `last`, both included. */
export interface AddressSpan {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** One address that the ledger says is in use, with everything an announcer needs to know about it. */
export interface AssignedAddress {
  readonly address: Address;
  /** The Eip that holds the address. */
  readonly eip: Eip;
  /** The Eip's addresses, those that it excludes included; the same object for all addresses of an Eip. */
  readonly pool?: readonly AddressSpan[];
  /** "namespace/name" of each Service on the address, sorted. More than one when the address is shared. */
  readonly services: readonly string[];
  /** True when every Service on the address wants only nodes that have an endpoint (`externalTrafficPolicy: Local`). */
  readonly localOnly: boolean;
  /** Ready or serving endpoints by node name; a node without one is absent. Endpoints on no node of the cluster are under "". */
  readonly endpointsByNode: ReadonlyMap<string, number>;
}

/**
 * Everything one speaker knows of the cluster at one moment; announcers get it whole, never as changes.
 * Maps and arrays are in a stable order, so that equal clusters give equal views.
 */
export interface ClusterView {
  /** The node that this speaker runs on. */
  readonly nodeName: string;
  readonly nodes: readonly NodeView[];
  /** A text that no other cluster has; absent while it is not known. */
  readonly clusterId?: string;
  readonly addresses: readonly AssignedAddress[];
  /** The BgpConf named "default", or undefined. */
  readonly bgpConf: BgpConf | undefined;
  readonly bgpPeers: readonly BgpPeer[];
  /** The policy that the BgpConf names; undefined when it names none. */
  readonly bgpPolicy?: PolicyText | undefined;
  /** Passwords of peers by BgpPeer name, resolved from Secrets. */
  readonly passwords: ReadonlyMap<string, string>;
}
