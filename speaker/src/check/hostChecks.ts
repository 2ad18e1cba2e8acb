import { publishedBy } from "../kubernetes/speakerNotes.ts";
import { defaultConfOf } from "../kubernetes/view.ts";
import { formatPrefix, parsePrefix } from "../net/prefix.ts";
import { type HostFacts, hostFactsIn, knownPorts } from "./hostFacts.ts";
import { type CheckFacts, type CheckRow, fine, noted, some, untold, wrong } from "./model.ts";

/** A node that told of itself. */
interface Told {
  readonly node: string;
  readonly host: HostFacts;
}

/** What only the nodes themselves can tell, each thing once with the nodes that it holds for. */
export function hostRows(facts: CheckFacts): CheckRow[] {
  if (facts.notes === undefined)
    return [untold("nodes", "Leases in Berth's namespace cannot be read", "look with the right to list leases there")];
  const published = publishedBy(facts.notes);
  const told = facts.cluster.nodes.flatMap(({ metadata: { name } }): Told[] => {
    const host = hostFactsIn(published.get(name));
    return host === undefined ? [] : [{ node: name, host }];
  });
  const silent = facts.cluster.nodes
    .map(({ metadata }) => metadata.name)
    .filter((name) => !told.some(({ node }) => node === name));
  const unknown =
    silent.length === 0
      ? []
      : [untold("nodes", `${some(silent)} told nothing of themselves`, "see whether a speaker runs there: berth status")];
  if (told.length === 0) return unknown;
  return [
    ...unknown,
    proxyRow(told, facts),
    strictArpRow(told, facts),
    ...reversePathRows(told),
    ...mtuRows(told),
    ...portRows(told, facts),
    ...forwardingRows(told, facts),
  ];
}

const namesOf = (told: readonly Told[]): string => some(told.map(({ node }) => node));

/** The mode that kube-proxy's ConfigMap asks for. */
function configuredMode({ kubeProxy }: CheckFacts): string {
  return /^mode:\s*"?([a-z]*)"?\s*$/m.exec(kubeProxy?.data?.["config.conf"] ?? "")?.[1] ?? "";
}

function proxyRow(told: readonly Told[], facts: CheckFacts): CheckRow {
  const modes = Map.groupBy(told, ({ host }) => host.kubeProxyMode);
  const known = [...modes].filter(([mode]) => mode !== "").map(([mode, on]) => `${mode} on ${namesOf(on)}`);
  if (known.length > 1)
    return noted(
      "kube-proxy",
      `nodes differ: ${known.join("; ")}`,
      "give all kube-proxies one configuration; the same Service behaves differently from node to node",
    );
  const silent = modes.get("") ?? [];
  if (known.length === 0) {
    const configured = configuredMode(facts);
    return configured === ""
      ? untold(
          "kube-proxy",
          `it does not answer on 127.0.0.1:10249 of ${namesOf(silent)}`,
          "nothing, if another program such as Cilium takes its place; otherwise see whether kube-proxy runs",
        )
      : fine("kube-proxy", `${configured}, as its ConfigMap says`);
  }
  // No more than a note: where one node works without kube-proxy on purpose, nothing is wrong.
  return silent.length > 0
    ? noted(
        "kube-proxy",
        `${known.join("; ")}; it does not answer on 127.0.0.1:10249 of ${namesOf(silent)}`,
        `see whether kube-proxy runs on ${namesOf(silent)}: without it a node goes on with the Services and pods of before, also when it answers for an address; nothing, if another program such as Cilium takes its place there`,
      )
    : fine("kube-proxy", known.join("; "));
}

/** In ipvs mode every node holds every address of a Service: without strict ARP all of them answer. */
function strictArpRow(told: readonly Told[], facts: CheckFacts): CheckRow {
  const name = "strict ARP";
  const ipvs = told.filter(({ host }) => host.kubeProxyMode === "ipvs" || host.hasIpvsInterface);
  if (ipvs.length === 0) return fine(name, "not needed: no kube-proxy works in ipvs mode");
  const lax = ipvs.filter(({ host }) => host.arpIgnore === 0);
  if (lax.length === 0) return fine(name, `set where kube-proxy works in ipvs mode (${namesOf(ipvs)})`);
  const isLayer2 = facts.cluster.eips.some(({ spec }) => spec.protocol === "layer2" || spec.protocol === "vip");
  const message = `kube-proxy works in ipvs mode on ${namesOf(lax)} without strict ARP: these nodes' kernels answer for every address of a Service`;
  const remedy =
    "set ipvs.strictARP: true in the ConfigMap kube-proxy of kube-system, then kubectl rollout restart -n kube-system daemonset/kube-proxy";
  return isLayer2 ? wrong(name, message, remedy) : noted(name, `${message}; it matters as soon as an Eip is layer2`, remedy);
}

/** Strict filtering drops what comes in by another interface than the answer goes out by. */
function reversePathRows(told: readonly Told[]): CheckRow[] {
  const name = "rp_filter";
  const strict = told.flatMap(({ node, host }) => {
    const uplinks = host.links.filter(({ name: link }) => !isPodLink(link));
    const filtered = uplinks.filter(({ rpFilter }) => rpFilter === 1);
    return uplinks.length > 1 && filtered.length > 0 ? [{ node, links: filtered.map((link) => link.name) }] : [];
  });
  if (strict.length === 0) return [fine(name, "no node with several interfaces filters strictly")];
  return [
    noted(
      name,
      `strict (1) on ${some(strict.map(({ node, links }) => `${node} (${links.join(", ")})`))}: packets for an address that come in by another interface than the answer goes out by are dropped silently`,
      `sysctl -w ${strict
        .flatMap(({ links }) => links)
        .filter((link, at, all) => all.indexOf(link) === at)
        .slice(0, 3)
        .map((link) => `net.ipv4.conf.${link.replaceAll(".", "/")}.rp_filter=2`)
        .join(" ")} net.ipv4.conf.all.rp_filter=0 on these nodes, and in /etc/sysctl.d`,
    ),
  ];
}

function isPodLink(name: string): boolean {
  return /^(cni\d|cbr\d|docker\d|br-|cali|flannel|cilium|vxlan|tunl|kube-|nodelocaldns|virbr|lxc|veth|dummy)/.test(name);
}

/** Nodes of one segment must agree on the size of what they send. */
function mtuRows(told: readonly Told[]): CheckRow[] {
  const name = "MTU";
  const seen = told.flatMap(({ node, host }) =>
    host.links
      .filter((link) => !isPodLink(link.name))
      .flatMap((link) =>
        link.addresses.flatMap((text) => {
          const network = parsePrefix(text);
          return network === undefined || network.address.family !== 4 || network.length >= 31
            ? []
            : [{ node, link: link.name, mtu: link.mtu, network: formatPrefix(network) }];
        }),
      ),
  );
  const rows = [...Map.groupBy(seen, ({ network }) => network)].flatMap(([network, members]): CheckRow[] => {
    const byMtu = [...Map.groupBy(members, ({ mtu }) => mtu)].sort(([a], [b]) => b - a);
    if (byMtu.length < 2) return [];
    const texts = byMtu.map(([mtu, on]) => `${mtu} on ${some(on.map(({ node, link }) => `${node} (${link})`))}`);
    return [
      wrong(
        name,
        `interfaces on ${network} differ: ${texts.join("; ")}: large packets vanish, small ones pass, and connections hang after they were made`,
        `give all of them one MTU, such as: ip link set dev ${byMtu[0]?.[1][0]?.link ?? "eth0"} mtu ${byMtu[0]?.[0] ?? 1500}`,
      ),
    ];
  });
  const pods = told.flatMap(({ node, host }) => {
    const uplink = Math.min(...host.links.filter((link) => !isPodLink(link.name)).map(({ mtu }) => mtu));
    const larger = host.links.filter((link) => isPodLink(link.name) && link.mtu > uplink);
    return larger.map((link) => `${node} (${link.name} ${link.mtu}, uplink ${uplink})`);
  });
  if (pods.length > 0)
    rows.push(
      noted(
        name,
        `pods may send more than the uplink takes on ${some(pods)}`,
        "set the MTU of the network plugin to the uplink's, less what its encapsulation takes",
      ),
    );
  return rows.length > 0 ? rows : [fine(name, "the same on all nodes of each segment")];
}

function portRows(told: readonly Told[], { cluster }: CheckFacts): CheckRow[] {
  const name = "ports";
  const conf = defaultConfOf(cluster.bgpConfs);
  const wantsBgpPort = (conf?.spec.as ?? 0) > 0 && (conf?.spec.listenPort ?? 179) === 179;
  const foreign = told.flatMap(({ node, host }) =>
    host.listeners.filter(({ isOurs }) => !isOurs).map(({ port, protocol }) => ({ node, port, protocol })),
  );
  const rows = [...Map.groupBy(foreign, ({ port, protocol }) => `${port}/${protocol}`)].map(([key, on]): CheckRow => {
    const { port } = on[0] ?? { port: 0 };
    const seen = `another program listens on ${key} of ${some(on.map(({ node }) => node))} (usually ${knownPorts[port] ?? "unknown"})`;
    if (port === 179)
      return wantsBgpPort
        ? wrong(
            name,
            `${seen}: routers that dial get that program`,
            "stop it (`ss -ltnp sport = :179` on the node names it), or set spec.listenPort of the BgpConf; sessions that Berth dials work all the same",
          )
        : noted(name, seen, "nothing, as long as Berth does not listen there");
    return port === 7946 || port === 50051
      ? noted(name, `${seen}: speakers of another implementation still run, or did not end`, "see `other implementations` above")
      : noted(name, seen, `\`ss -ltnup sport = :${port}\` on the node names it`);
  });
  return rows.length > 0 ? rows : [fine(name, "no other program listens on Berth's ports")];
}

function forwardingRows(told: readonly Told[], { cluster }: CheckFacts): CheckRow[] {
  const name = "forwarding";
  const wants6 = cluster.eips.some(({ spec }) => [spec.address, ...(spec.addresses ?? [])].some((text) => text.includes(":")));
  const rows: CheckRow[] = [];
  const without4 = told.filter(({ host }) => !host.forwardsIpv4);
  const without6 = told.filter(({ host }) => !host.forwardsIpv6);
  if (without4.length > 0)
    rows.push(
      wrong(
        name,
        `net.ipv4.ip_forward is 0 on ${namesOf(without4)}: what comes for a pod of another node is dropped`,
        "sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d",
      ),
    );
  if (wants6 && without6.length > 0)
    rows.push(
      wrong(
        name,
        `net.ipv6.conf.all.forwarding is 0 on ${namesOf(without6)}, and an Eip has IPv6 addresses`,
        "sysctl -w net.ipv6.conf.all.forwarding=1, and in /etc/sysctl.d; then see that accept_ra still suits the node",
      ),
    );
  return rows.length > 0 ? rows : [fine(name, "on where it is needed")];
}
