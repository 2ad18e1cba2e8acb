import { parseRange, rangesContain } from "../allocate/ranges.ts";
import { healthRows, poolRows, problemsIn } from "../explain/overview.ts";
import { keyOf, type Node } from "../kubernetes/objects.ts";
import { pools } from "../kubernetes/requests.ts";
import { defaultConfOf } from "../kubernetes/view.ts";
import { parseAddress } from "../net/address.ts";
import { parsePrefix, prefixContains } from "../net/prefix.ts";
import { conflictRows } from "./conflicts.ts";
import { hostRows } from "./hostChecks.ts";
import { type CheckFacts, type CheckRow, fine, noted, some, wrong } from "./model.ts";

/** Looks at everything that Berth needs: what is installed, its configuration, the nodes, and who else is there. */
export function check(facts: CheckFacts): CheckRow[] {
  return [
    ...installedRows(facts),
    ...configurationRows(facts),
    ...overlapRows(facts),
    ...conflictRows(facts),
    ...hostRows(facts),
  ];
}

const remedies: Readonly<Record<string, string>> = {
  controller: "kubectl get pods,events -n <berth's namespace>: see why no pod of the Deployment berth-controller runs and leads",
  speakers: "kubectl describe daemonset berth-speaker -n <berth's namespace>, and the logs of the pod that is not Ready",
};

function installedRows({ cluster }: CheckFacts): CheckRow[] {
  const health = healthRows(cluster).filter(({ part }) => part === "controller" || part === "speakers");
  const rows = health.map(({ part, isWell, message }) =>
    isWell ? fine(part, message) : wrong(part, message, remedies[part] ?? ""),
  );
  const images = new Set(
    cluster.speakers.flatMap(
      (pod) =>
        (pod as { readonly spec?: { readonly containers?: readonly { readonly image?: string }[] } }).spec?.containers?.[0]
          ?.image ?? [],
    ),
  );
  return images.size > 1
    ? [
        ...rows,
        noted(
          "speakers",
          `they run different images: ${some([...images])}`,
          "wait for the rollout to end, or see why it does not",
        ),
      ]
    : rows;
}

/** Every Eip, BgpConf and BgpPeer that Berth refuses or only partly uses. */
function configurationRows({ cluster }: CheckFacts): CheckRow[] {
  const { eips, bgpConfs, bgpPeers } = cluster;
  const rows = poolRows(cluster).flatMap(({ eip, inUse }): CheckRow[] =>
    inUse.startsWith("no:")
      ? [
          wrong(
            "configuration",
            `Eip ${eip} is not in use: ${inUse.slice(4)}`,
            "change the Eip; what is wrong is in the sentence",
          ),
        ]
      : inUse === "yes" || inUse.startsWith("Eip")
        ? []
        : [noted("configuration", `Eip ${eip}: ${problemsIn(inUse)}`, "")],
  );
  for (const [kind, objects] of [
    ["BgpConf", bgpConfs],
    ["BgpPeer", bgpPeers],
  ] as const)
    for (const { metadata, status } of objects)
      for (const { type, status: holds, message } of status?.conditions ?? [])
        if (type === "Accepted" && holds === "False")
          rows.push(
            wrong(
              "configuration",
              `${kind} ${metadata.name} is not used: ${message}`,
              `kubectl edit ${kind.toLowerCase()} ${metadata.name}`,
            ),
          );
  const needsBgp = eips.filter(({ spec }) => (spec.protocol ?? "bgp") === "bgp" && spec.disable !== true);
  if (needsBgp.length > 0 && bgpPeers.length === 0)
    rows.push(
      wrong(
        "configuration",
        `Eip ${some(needsBgp.map(({ metadata }) => metadata.name))} is announced by BGP, and there is no BgpPeer`,
        "make a BgpPeer for each router, or set spec.protocol: layer2",
      ),
    );
  const isSaid = rows.some(({ message }) => message.includes('no BgpConf named "default"'));
  if (!isSaid && bgpPeers.length > 0 && defaultConfOf(bgpConfs) === undefined)
    rows.push(
      wrong(
        "configuration",
        'there are BgpPeers and no BgpConf named "default": BGP is off',
        'make a BgpConf named "default" with spec.as',
      ),
    );
  if (eips.length === 0)
    rows.push(
      wrong("configuration", "there is no Eip: no Service can get an address", "make an Eip with addresses of your network"),
    );
  return rows.length > 0
    ? rows
    : [fine("configuration", `${eips.length} Eips, ${bgpConfs.length} BgpConfs, ${bgpPeers.length} BgpPeers are in use`)];
}

/** Addresses that a pool must not have: those of nodes, of pods, of Services inside the cluster. */
function overlapRows({ cluster }: CheckFacts): CheckRow[] {
  const name = "pools";
  const rows = pools(cluster.eips).flatMap(({ eip, pool }): CheckRow[] => {
    const is = (text: string | undefined): boolean => {
      const address = parseAddress(text ?? "");
      return address !== undefined && rangesContain(pool.ranges, address);
    };
    const label = `Eip ${eip.metadata.name}`;
    const nodes = cluster.nodes.flatMap(({ metadata, status }) =>
      (status?.addresses ?? []).filter(({ address }) => is(address)).map(({ address }) => `${address} of ${metadata.name}`),
    );
    const clusterIps = cluster.services.flatMap((service) =>
      ((service.spec as { readonly clusterIPs?: readonly string[] }).clusterIPs ?? [])
        .filter(is)
        .map((ip) => `${ip} of ${keyOf(service)}`),
    );
    const pods = cluster.nodes.flatMap((node) => podNetworks(node).filter((text) => touches(text, pool.ranges)));
    return [
      ...(nodes.length > 0
        ? [
            wrong(
              name,
              `${label} has the address ${some(nodes)}: a Service would take it from the node`,
              "put it into spec.exclude of the Eip",
            ),
          ]
        : []),
      ...(clusterIps.length > 0
        ? [
            wrong(
              name,
              `${label} has addresses of Services inside the cluster: ${some(clusterIps)}`,
              "take other addresses: the cluster's own never reach the network",
            ),
          ]
        : []),
      ...(pods.length > 0
        ? [wrong(name, `${label} has addresses of the pod network ${some(pods)}`, "take other addresses: pods use these")]
        : []),
    ];
  });
  return rows.length > 0
    ? rows
    : [fine(name, "none has an address of a node, of the pod network or of a Service inside the cluster")];
}

function podNetworks(node: Node): readonly string[] {
  return (node.spec as { readonly podCIDRs?: readonly string[] } | undefined)?.podCIDRs ?? [];
}

function touches(network: string, ranges: Parameters<typeof rangesContain>[0]): boolean {
  const parsed = parseRange(network);
  const prefix = parsePrefix(network);
  if (!("range" in parsed) || prefix === undefined) return false;
  const { family, first } = parsed.range;
  return (
    rangesContain(ranges, { family, value: first }) ||
    ranges.some((range) => prefixContains(prefix, { family: range.family, value: range.first }))
  );
}
