/** The address plan of the lab: which host is where. Pure. */

export type RouterKind = "frr" | "bird";

/** What `up` was asked for. */
export interface LabOptions {
  readonly nodes: number;
  readonly router: RouterKind;
  readonly segments: 1 | 2;
}

export const defaultOptions: LabOptions = { nodes: 3, router: "frr", segments: 1 };

/** One interface of a host. Addresses are with their prefix length. */
export interface Interface {
  readonly name: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string;
  /** The segment it is plugged into: 1 and 2 are the LAN's, 0 is the link between the router and the outside host. */
  readonly segment: 0 | 1 | 2;
}

/** One host of the lab: a network namespace called `berth-<name>`. */
export interface Host {
  readonly name: string;
  readonly interfaces: readonly Interface[];
  /** The router's address on its segment, for its default routes; undefined for hosts without one. */
  readonly gateway: { readonly ipv4: string; readonly ipv6: string } | undefined;
}

export const routerAs = 65001;
export const berthAs = 65000;
export const podCidrs = ["10.244.0.0/16", "fd00:10:244::/56"] as const;
export const serviceCidrs = ["10.96.0.0/16", "fd00:10:96::/112"] as const;
export const controlAddress = "172.30.0.2";

/** The namespace of a host. */
export function namespaceOf(host: string): string {
  return `berth-${host}`;
}

/** The names of the nodes, node1 to nodeN. */
export function nodeNames(options: LabOptions): string[] {
  return Array.from({ length: options.nodes }, (_, index) => `node${index + 1}`);
}

/** The networks that the pods of the N-th node (from 1) live in. */
export function podSubnets(node: number): { readonly ipv4: string; readonly ipv6: string } {
  return { ipv4: `10.244.${node}.0/24`, ipv6: `fd00:10:244:${node}::/64` };
}

/** The number in a node's name; NaN for other hosts. */
export function nodeNumber(name: string): number {
  return Number(/^node(\d+)$/.exec(name)?.[1]);
}

/** Every host with its interfaces. With two segments, nodes with an even number stand on the second, with another interface name. */
export function hosts(options: LabOptions): Host[] {
  const gateway = lanGateway(1);
  const outside = { ipv4: "172.31.0.1", ipv6: "fd00:31::1" };
  return [
    { name: "control", interfaces: [lanInterface("eth0", 1, 2)], gateway },
    { name: "router", interfaces: routerInterfaces(options), gateway: undefined },
    { name: "client", interfaces: [lanInterface("eth0", 1, 100)], gateway },
    {
      name: "outside",
      interfaces: [{ name: "eth0", mac: mac(0, 2), ipv4: "172.31.0.2/24", ipv6: "fd00:31::2/64", segment: 0 }],
      gateway: outside,
    },
    ...nodeNames(options).map((name) => {
      const number = nodeNumber(name);
      const segment = options.segments === 2 && number % 2 === 0 ? 2 : 1;
      return {
        name,
        interfaces: [lanInterface(segment === 1 ? "eth0" : "ens7", segment, 10 + number)],
        gateway: lanGateway(segment),
      };
    }),
  ];
}

/** The addresses of a node, without prefix lengths. @throws Error when the host has no interface */
export function addressesOf(host: Host): { readonly ipv4: string; readonly ipv6: string } {
  const [first] = host.interfaces;
  if (first === undefined) throw new Error(`${host.name} has no interface`);
  return { ipv4: first.ipv4.replace(/\/.*/, ""), ipv6: first.ipv6.replace(/\/.*/, "") };
}

function lanGateway(segment: 1 | 2): { ipv4: string; ipv6: string } {
  return { ipv4: `172.30.${segment - 1}.1`, ipv6: segment === 1 ? "fd00:30::1" : "fd00:30:1::1" };
}

function lanInterface(name: string, segment: 1 | 2, last: number): Interface {
  const network6 = segment === 1 ? "fd00:30::" : "fd00:30:1::";
  return { name, mac: mac(segment, last), ipv4: `172.30.${segment - 1}.${last}/24`, ipv6: `${network6}${last}/64`, segment };
}

function routerInterfaces(options: LabOptions): Interface[] {
  const outside: Interface = { name: "eth1", mac: mac(0, 1), ipv4: "172.31.0.1/24", ipv6: "fd00:31::1/64", segment: 0 };
  return [lanInterface("eth0", 1, 1), outside, ...(options.segments === 2 ? [lanInterface("eth2", 2, 1)] : [])];
}

function mac(segment: number, last: number): string {
  return `02:be:00:00:${segment.toString(16).padStart(2, "0")}:${last.toString(16).padStart(2, "0")}`;
}
