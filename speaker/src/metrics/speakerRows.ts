import type { AnnouncementFact } from "../announce/announcer.ts";
import type { PeerFacts } from "../bgp/facts.ts";
import type { AddressCounts } from "../layer2/addressCounter.ts";
import { each, type MetricRow, type ProcessFacts, processRows, type Sample, single } from "./row.ts";

/** What a speaker's metrics are read from. */
export interface SpeakerFacts extends ProcessFacts {
  readonly node: string;
  readonly announcements: readonly AnnouncementFact[];
  /** Undefined where Layer2 is off. */
  readonly layer2:
    | {
        readonly frames: Readonly<Record<string, number>>;
        readonly dropped: Readonly<Record<string, number>>;
        readonly counts: Readonly<Record<string, AddressCounts>>;
      }
    | undefined;
  readonly peers: readonly PeerFacts[];
  /** What became of connections to the BGP port. */
  readonly connections: Readonly<Record<string, number>>;
}

const ofAddress = ({ address, protocol }: AnnouncementFact) => ({ address, protocol });
const isEstablished = ({ state }: PeerFacts): boolean => state === "Established";
const ofPeer = ({ name, address }: PeerFacts) => ({ peer: name, address });
const eachPeer =
  (value: (peer: PeerFacts) => number) =>
  ({ peers }: SpeakerFacts): readonly Sample[] =>
    peers.map((peer) => ({ labels: ofPeer(peer), value: value(peer) }));
const eachCount =
  (what: keyof AddressCounts) =>
  ({ layer2 }: SpeakerFacts): readonly Sample[] =>
    Object.entries(layer2?.counts ?? {}).map(([address, counts]) => ({ labels: { address }, value: counts[what] }));

const peerLabels = ["peer", "address"] as const;

/** What a speaker tells. */
export const speakerRows: readonly MetricRow<SpeakerFacts>[] = [
  ...processRows,
  {
    name: "berth_address_wanted",
    type: "gauge",
    tells: "wish",
    help: "1 for each address that a Service holds: somebody should announce it.",
    labels: ["address", "protocol"],
    read: ({ announcements }) => announcements.map((fact) => ({ labels: ofAddress(fact), value: 1 })),
  },
  {
    name: "berth_address_announced",
    type: "gauge",
    tells: "fact",
    help: "Whether this node announces the address now: it answers ARP or NDP for it, or a router with an established session was told.",
    labels: ["address", "protocol"],
    read: ({ announcements }) => announcements.map((fact) => ({ labels: ofAddress(fact), value: Number(fact.isAnnouncing) })),
  },
  {
    name: "berth_address_refused",
    type: "gauge",
    tells: "fact",
    help: "1 for each address that this node may not announce, with the reason as in conditions and events.",
    labels: ["address", "protocol", "reason"],
    read: ({ announcements }) =>
      announcements.flatMap((fact) =>
        fact.refusal === undefined ? [] : [{ labels: { ...ofAddress(fact), reason: fact.refusal.reason }, value: 1 }],
      ),
  },
  {
    name: "berth_address_conflict",
    type: "gauge",
    tells: "fact",
    help: "1 for each address that a foreign host claims too, with that host's Ethernet address.",
    labels: ["address", "mac"],
    read: ({ announcements }) =>
      announcements.flatMap(({ address, conflict }) =>
        conflict === undefined ? [] : [{ labels: { address, mac: conflict.mac }, value: 1 }],
      ),
  },
  {
    name: "berth_speaker_announced_addresses",
    type: "gauge",
    tells: "fact",
    help: "Addresses that this node announces now.",
    labels: [],
    read: ({ announcements }) => single(announcements.filter(({ isAnnouncing }) => isAnnouncing).length),
  },
  {
    name: "berth_speaker_address_conflicts",
    type: "gauge",
    tells: "fact",
    help: "Addresses that a foreign host claims too.",
    labels: [],
    read: ({ announcements }) => single(announcements.filter(({ conflict }) => conflict !== undefined).length),
  },
  {
    name: "berth_address_requests_total",
    type: "counter",
    tells: "fact",
    help: "ARP requests and neighbour solicitations heard about the address, those of other speakers among them.",
    labels: ["address"],
    read: eachCount("questions"),
  },
  {
    name: "berth_address_answers_total",
    type: "counter",
    tells: "fact",
    help: "ARP requests and neighbour solicitations about the address that this node answered.",
    labels: ["address"],
    read: eachCount("answers"),
  },
  {
    name: "berth_address_gratuitous_total",
    type: "counter",
    tells: "fact",
    help: "Gratuitous ARP and unsolicited neighbour advertisements sent for the address.",
    labels: ["address"],
    read: eachCount("gratuitous"),
  },
  {
    name: "berth_layer2_frames_total",
    type: "counter",
    tells: "fact",
    help: "Questions heard, answers given, announcements made, questions asked, and conflicts reported.",
    labels: ["kind"],
    read: ({ layer2 }) => each("kind", layer2?.frames ?? {}),
  },
  {
    name: "berth_layer2_dropped_frames_total",
    type: "counter",
    tells: "fact",
    help: "ARP and NDP frames that were not looked at further, by reason; frames about other addresses are dropped in the kernel, uncounted.",
    labels: ["reason"],
    read: ({ layer2 }) => each("reason", layer2?.dropped ?? {}),
  },
  {
    name: "berth_bgp_session_wanted",
    type: "gauge",
    tells: "wish",
    help: "Whether a session with the peer is meant to be up: 0 for one that spec.conf.adminDown holds down.",
    labels: peerLabels,
    read: eachPeer(({ isHeldDown }) => Number(!isHeldDown)),
  },
  {
    name: "berth_bgp_session_up",
    type: "gauge",
    tells: "fact",
    help: "Whether the session with the peer is established.",
    labels: peerLabels,
    read: eachPeer((peer) => Number(isEstablished(peer))),
  },
  {
    name: "berth_bgp_session_flaps_total",
    type: "counter",
    tells: "fact",
    help: "How often the session with the peer went down.",
    labels: peerLabels,
    read: eachPeer(({ flaps }) => flaps),
  },
  {
    name: "berth_bgp_session_since_timestamp_seconds",
    type: "gauge",
    tells: "fact",
    help: "Since when the session is as it is, in seconds since 1970; 0 while that is not known.",
    labels: peerLabels,
    read: eachPeer(({ since }) => (Date.parse(since) || 0) / 1000),
  },
  {
    name: "berth_bgp_routes_sent",
    type: "gauge",
    tells: "fact",
    help: "Routes that the peer was told and that hold.",
    labels: peerLabels,
    read: eachPeer(({ routesSent }) => routesSent),
  },
  {
    name: "berth_bgp_routes_received",
    type: "gauge",
    tells: "fact",
    help: "Routes of the peer that are kept to be shown; they are never used.",
    labels: peerLabels,
    read: eachPeer(({ routesReceived }) => routesReceived),
  },
  {
    name: "berth_bgp_routes_stale",
    type: "gauge",
    tells: "fact",
    help: "Routes of the peer from before its restart, until it has told all anew.",
    labels: peerLabels,
    read: eachPeer(({ routesStale }) => routesStale),
  },
  {
    name: "berth_bgp_routes_refused",
    type: "gauge",
    tells: "fact",
    help: "Routes of the peer that are well formed and must not be used, such as loops.",
    labels: peerLabels,
    read: eachPeer(({ routesRefused }) => routesRefused),
  },
  {
    name: "berth_bgp_connections_total",
    type: "counter",
    tells: "fact",
    help: "Connections to the BGP port, by what became of them: Taken; UnknownSource, no peer has the address; SessionUp; TooMany, more than a peer may make; NotSigned, NotUsable.",
    labels: ["outcome"],
    read: ({ connections }) => each("outcome", connections),
  },
  {
    name: "berth_bfd_session_up",
    type: "gauge",
    tells: "fact",
    help: "Whether BFD sees the peer, for peers that are watched by it.",
    labels: peerLabels,
    read: ({ peers }) =>
      peers.flatMap((peer) => (peer.bfd === undefined ? [] : [{ labels: ofPeer(peer), value: Number(peer.bfd.state === "Up") }])),
  },
];
