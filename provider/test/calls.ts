import * as pulumi from "@pulumi/pulumi";

/** An Eip and a BgpPeer as a program sees them through either door. */
export interface CalledEip {
  readonly ranges: pulumi.Output<string[]>;
  contains(inputs: { readonly address: pulumi.Input<string> }): pulumi.Output<boolean>;
  addressAt(inputs: { readonly index: pulumi.Input<number> }): pulumi.Output<string>;
}
export interface CalledPeer {
  routerConfig(vendor: pulumi.Input<string>, inputs: pulumi.Inputs): pulumi.Output<string>;
}

/** One of the two ways to the package. */
export interface Door {
  eip(name: string, args: pulumi.Inputs): CalledEip;
  peer(name: string, args: pulumi.Inputs): CalledPeer;
  getAddress(args: pulumi.Inputs): pulumi.Output<string>;
}

/** A program that calls, and what comes of it: what it exports, or the sentence that the engine prints. */
export interface Calls {
  readonly name: string;
  readonly program: (door: Door) => Readonly<Record<string, pulumi.Output<unknown>>>;
  readonly exported?: Readonly<Record<string, unknown>>;
  readonly said?: string;
}

const later = <T>(value: T): pulumi.Output<T> =>
  pulumi.output(new Promise<T>((resolve) => setTimeout(resolve, 20, value))) as pulumi.Output<T>;
const office = (door: Door): CalledEip =>
  door.eip("office", { address: "192.0.2.10-192.0.2.40", addresses: ["2001:db8::/120"], exclude: ["192.0.2.20"] });
const router = (door: Door): CalledPeer =>
  door.peer("router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 }, bgpConf: "default" });
const facts = { as: 65000, nodes: ["172.30.0.0/24"], pools: ["192.0.2.0/24"] };

export const calls: readonly Calls[] = [
  {
    name: "methods of an Eip",
    program: (door) => {
      const pool = office(door);
      return {
        first: pool.addressAt({ index: 0 }),
        afterTheHole: pool.addressAt({ index: later(10) }),
        last: pool.addressAt({ index: -1 }),
        holds: pool.contains({ address: later("192.0.2.21") }),
        holdsSixth: pool.contains({ address: "2001:db8::ff" }),
        holdsExcluded: pool.contains({ address: "192.0.2.20" }),
      };
    },
    exported: {
      first: "192.0.2.10",
      afterTheHole: "192.0.2.21",
      last: "2001:db8::ff",
      holds: true,
      holdsSixth: true,
      holdsExcluded: false,
    },
  },
  {
    name: "the function getAddress",
    program: (door) => ({
      first: door.getAddress({ addresses: ["192.0.2.0/24"] }),
      tenth: door.getAddress({ addresses: [later("192.0.2.0/24")], exclude: ["192.0.2.0"], index: 9 }),
    }),
    exported: { first: "192.0.2.0", tenth: "192.0.2.10" },
  },
  {
    name: "a text that is no address",
    program: (door) => ({ holds: office(door).contains({ address: "192.0.2.300" }) }),
    said: 'contains of Eip "office": "192.0.2.300" is not an IP address, such as 192.0.2.10',
  },
  {
    name: "a place that the pool does not have",
    program: (door) => ({ far: door.eip("small", { address: "192.0.2.8/30" }).addressAt({ index: 4 }) }),
    said: 'addressAt of Eip "small": there is no address at 4: 192.0.2.8-192.0.2.11 has 4; take a place from 0 to 3',
  },
  {
    name: "a place that is no whole number",
    program: (door) => ({ half: office(door).addressAt({ index: 0.5 }) }),
    said: 'addressAt of Eip "office": 0.5 is not a place: a whole number such as 0, or -1 for the last',
  },
  {
    name: "a malformed pool of getAddress",
    program: (door) => ({ first: door.getAddress({ addresses: ["192.0.2.9-192.0.2.1"] }) }),
    said: 'getAddress: "192.0.2.9-192.0.2.1" is reversed; a range starts with its lower end',
  },
  {
    name: "getAddress without a pool",
    program: (door) => ({ first: door.getAddress({ addresses: [] }) }),
    said: 'getAddress: addresses: give the entries of a pool as a list, such as ["192.0.2.0/24"]',
  },
  {
    name: "a router that nobody knows",
    program: (door) => ({ text: router(door).routerConfig("nokia", facts) }),
    said: 'routerConfig of BgpPeer "router": "nokia" is not a router that is known; there are frr, bird, gobgp, openbgpd, cisco, arista, junos, mikrotik',
  },
  {
    name: "a router's configuration for a node that is no address",
    program: (door) => ({ text: router(door).routerConfig("frr", { ...facts, nodes: ["node1"] }) }),
    said: 'routerConfig of BgpPeer "router": nodes: "node1" is neither the address of a node, such as 172.30.0.11, nor a network that nodes are in, such as 172.30.0.0/24',
  },
];
