/** What a speaker tells of the machine that it runs on: what only that machine can tell. Plain JSON, published with the note of the node. */
export interface HostFacts {
  /** How kube-proxy says that it works: iptables, ipvs, nftables; empty where nobody answers on its port. */
  readonly kubeProxyMode: string;
  /** Whether the interface is there to which kube-proxy's ipvs mode gives the addresses of Services. */
  readonly hasIpvsInterface: boolean;
  /** net.ipv4.conf.all.arp_ignore: 0 answers on every interface for every address of the machine. */
  readonly arpIgnore: number;
  readonly forwardsIpv4: boolean;
  readonly forwardsIpv6: boolean;
  readonly links: readonly HostLink[];
  /** Who listens on the ports that Berth, or another implementation, would use. */
  readonly listeners: readonly HostListener[];
}

/** One interface with an address. */
export interface HostLink {
  readonly name: string;
  readonly mtu: number;
  /** The filter that is in effect, 0 none, 1 strict, 2 loose: the greater of the interface's own and that of all. */
  readonly rpFilter: number;
  /** With prefix lengths. */
  readonly addresses: readonly string[];
}

/** One port that somebody listens on. */
export interface HostListener {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** Whether it is this speaker. */
  readonly isOurs: boolean;
}

/** The name under which the facts are published, beside those of the protocols. */
export const hostFactsKey = "host";

/** The ports that tell something, and whose they usually are. */
export const knownPorts: Readonly<Record<number, string>> = {
  179: "BGP",
  7472: "Berth's health, or MetalLB's metrics",
  7475: "Berth's metrics",
  7946: "the membership of MetalLB's or OpenELB's speakers",
  50051: "OpenELB's API",
};

/**
 * Who listens, from the text of /proc/net/tcp and its kin.
 * @param states of sockets that listen: 0A for TCP, 07 for UDP
 * @param own the inodes of this process's sockets
 * @returns one row for each known port
 */
export function listenersIn(
  tables: readonly (readonly [protocol: "tcp" | "udp", text: string])[],
  own: ReadonlySet<string>,
): HostListener[] {
  const found = new Map<string, HostListener>();
  for (const [protocol, text] of tables) {
    for (const line of text.split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const port = Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16);
      if (!Object.hasOwn(knownPorts, port) || state !== (protocol === "tcp" ? "0A" : "07")) continue;
      const key = `${protocol} ${port}`;
      // One foreign socket among several is what a person must know of.
      found.set(key, { port, protocol, isOurs: own.has(inode) && (found.get(key)?.isOurs ?? true) });
    }
  }
  return [...found.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

/** What a node has told of itself; undefined when it told nothing that can be read. */
export function hostFactsIn(published: Readonly<Record<string, unknown>> | undefined): HostFacts | undefined {
  const value = published?.[hostFactsKey] as Partial<HostFacts> | undefined;
  if (typeof value !== "object" || value === null || !Array.isArray(value.links) || !Array.isArray(value.listeners))
    return undefined;
  return {
    kubeProxyMode: String(value.kubeProxyMode ?? ""),
    hasIpvsInterface: value.hasIpvsInterface === true,
    arpIgnore: Number(value.arpIgnore ?? 0),
    forwardsIpv4: value.forwardsIpv4 === true,
    forwardsIpv6: value.forwardsIpv6 === true,
    links: value.links,
    listeners: value.listeners,
  };
}
