import type { PeerFacts } from "../bgp/facts.ts";
import type { AddressCounts } from "../layer2/addressCounter.ts";
import { type ControllerFacts, holdsAddress, poolSizeOf } from "./controllerRows.ts";
import type { MetricRow, Sample } from "./row.ts";
import { single } from "./row.ts";
import type { SpeakerFacts } from "./speakerRows.ts";

/**
 * The names that dashboards of OpenELB and MetalLB know, with what they mean there. On request: they say nothing that berth_ metrics do not.
 * What neither of the two ever set has a value here.
 */
export const compatibleNames = ["openelb", "metallb"] as const;
export type CompatibleNames = (typeof compatibleNames)[number];

/** States of a session as GoBGP counts them, which OpenELB exposes. */
const states = ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"];

const fact = <Facts>(
  name: string,
  type: "gauge" | "counter",
  labels: readonly string[],
  help: string,
  read: (facts: Facts) => readonly Sample[],
): MetricRow<Facts> => ({ name, type, tells: "fact", labels, help, read });

const counted =
  (what: keyof AddressCounts) =>
  ({ layer2 }: SpeakerFacts): readonly Sample[] =>
    Object.entries(layer2?.counts ?? {}).map(([ip, counts]) => ({ labels: { ip }, value: counts[what] }));

const peersOf =
  (labels: (peer: PeerFacts, node: string) => Readonly<Record<string, string>>, value: (peer: PeerFacts) => number) =>
  ({ peers, node }: SpeakerFacts): readonly Sample[] =>
    peers.map((peer) => ({ labels: labels(peer, node), value: value(peer) }));

const openelbPeer = ({ address }: PeerFacts, node: string) => ({ peerIP: address, nodeName: node });
const metallbPeer = ({ address }: PeerFacts) => ({ peer: address });
const isUp = ({ state }: PeerFacts): number => Number(state === "Established");

const speakerRowsOf: Readonly<Record<CompatibleNames, readonly MetricRow<SpeakerFacts>[]>> = {
  openelb: [
    fact("requests_received", "counter", ["ip"], "OpenELB's name for berth_address_requests_total.", counted("questions")),
    fact("responses_sent", "counter", ["ip"], "OpenELB's name for berth_address_answers_total.", counted("answers")),
    fact("gratuitous_sent", "counter", ["ip"], "OpenELB's name for berth_address_gratuitous_total.", counted("gratuitous")),
    fact(
      "session_up",
      "gauge",
      ["peerIP", "nodeName"],
      "As OpenELB has it: the state of the session, 0 idle to 5 established.",
      peersOf(openelbPeer, ({ state }) => Math.max(0, states.indexOf(state))),
    ),
    fact(
      "announced_prefixes_total",
      "gauge",
      ["peerIP", "nodeName"],
      "OpenELB's name for berth_bgp_routes_sent.",
      peersOf(openelbPeer, ({ routesSent }) => routesSent),
    ),
  ],
  metallb: [
    fact(
      "metallb_layer2_requests_received",
      "counter",
      ["ip"],
      "MetalLB's name for berth_address_requests_total.",
      counted("questions"),
    ),
    fact(
      "metallb_layer2_responses_sent",
      "counter",
      ["ip"],
      "MetalLB's name for berth_address_answers_total.",
      counted("answers"),
    ),
    fact(
      "metallb_layer2_gratuitous_sent",
      "counter",
      ["ip"],
      "MetalLB's name for berth_address_gratuitous_total.",
      counted("gratuitous"),
    ),
    fact(
      "metallb_speaker_announced",
      "gauge",
      ["ip", "protocol", "node"],
      "1 for each address that this node announces; a fact here, a wish in MetalLB.",
      ({ announcements, node }) =>
        announcements.flatMap(({ address, protocol, isAnnouncing }) =>
          isAnnouncing ? [{ labels: { ip: address, protocol, node }, value: 1 }] : [],
        ),
    ),
    fact("metallb_bgp_session_up", "gauge", ["peer"], "MetalLB's name for berth_bgp_session_up.", peersOf(metallbPeer, isUp)),
    fact(
      "metallb_bgp_announced_prefixes_total",
      "gauge",
      ["peer"],
      "MetalLB's name for berth_bgp_routes_sent.",
      peersOf(metallbPeer, ({ routesSent }) => routesSent),
    ),
    fact("metallb_bfd_session_up", "gauge", ["peer"], "MetalLB's name for berth_bfd_session_up.", ({ peers }) =>
      peers.flatMap((peer) =>
        peer.bfd === undefined ? [] : [{ labels: metallbPeer(peer), value: Number(peer.bfd.state === "Up") }],
      ),
    ),
  ],
};

const poolsOf =
  (label: string, value: (eip: ControllerFacts["eips"][number], facts: ControllerFacts) => number) =>
  (facts: ControllerFacts): readonly Sample[] =>
    facts.eips.map((eip) => ({ labels: { [label]: eip.metadata.name }, value: value(eip, facts) }));

/** Services on addresses of a pool. */
function servicesOn(eip: ControllerFacts["eips"][number], { services }: ControllerFacts): number {
  const used = new Set(Object.keys(eip.status?.used ?? {}));
  return services.filter(
    (service) => holdsAddress(service) && (service.status?.loadBalancer?.ingress ?? []).some(({ ip }) => used.has(ip ?? "")),
  ).length;
}

const usage = ({ status }: ControllerFacts["eips"][number]): number => status?.usage ?? 0;

const controllerRowsOf: Readonly<Record<CompatibleNames, readonly MetricRow<ControllerFacts>[]>> = {
  openelb: [
    fact("addresses_total", "gauge", ["eipName"], "OpenELB's name for berth_pool_addresses.", poolsOf("eipName", poolSizeOf)),
    fact(
      "addresses_in_use_total",
      "gauge",
      ["eipName"],
      "OpenELB's name for berth_pool_addresses_used.",
      poolsOf("eipName", usage),
    ),
    fact(
      "services_allocated_total",
      "gauge",
      ["eipName"],
      "Services that hold an address of the Eip.",
      poolsOf("eipName", servicesOn),
    ),
  ],
  metallb: [
    fact(
      "metallb_allocator_addresses_total",
      "gauge",
      ["pool"],
      "MetalLB's name for berth_pool_addresses.",
      poolsOf("pool", poolSizeOf),
    ),
    fact(
      "metallb_allocator_addresses_in_use_total",
      "gauge",
      ["pool"],
      "MetalLB's name for berth_pool_addresses_used.",
      poolsOf("pool", usage),
    ),
    fact(
      "metallb_allocator_services_allocated_total",
      "gauge",
      ["pool"],
      "Services that hold an address of the pool.",
      poolsOf("pool", servicesOn),
    ),
    fact("metallb_k8s_client_config_loaded_bool", "gauge", [], "Whether the cluster has been read.", ({ isSynced }) =>
      single(Number(isSynced)),
    ),
    fact(
      "metallb_k8s_client_config_stale_bool",
      "gauge",
      [],
      "Whether an Eip, BgpConf or BgpPeer is refused as it is now.",
      ({ eips, objects }) =>
        single(
          Number(
            objects.some(({ status }) =>
              status?.conditions?.some(({ type, status: holds }) => type === "Accepted" && holds === "False"),
            ) ||
              eips.some(({ status }) =>
                status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "False"),
              ),
          ),
        ),
    ),
  ],
};

/** A speaker's metrics under the names of others. */
export function compatibleSpeakerRows(names: readonly CompatibleNames[]): readonly MetricRow<SpeakerFacts>[] {
  return names.flatMap((name) => speakerRowsOf[name]);
}

/** A controller's metrics under the names of others. */
export function compatibleControllerRows(names: readonly CompatibleNames[]): readonly MetricRow<ControllerFacts>[] {
  return names.flatMap((name) => controllerRowsOf[name]);
}
