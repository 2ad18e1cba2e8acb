import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AnnouncementFact } from "../announce/announcer.ts";
import type { configuredFacts, PeerFacts } from "../bgp/facts.ts";
import { eip, service, speaker } from "../explain/fixtures.ts";
import { openMetrics } from "../shell/metrics.ts";
import { compatibleControllerRows, compatibleNames, compatibleSpeakerRows } from "./compatibleRows.ts";
import { type ControllerFacts, controllerRows } from "./controllerRows.ts";
import type { MetricRow, ProcessFacts } from "./row.ts";
import { type SpeakerFacts, speakerRows } from "./speakerRows.ts";

/** Every metric has a row here that says what makes it move, and to what. A metric without one fails the test. */

const itself: Omit<ProcessFacts, "component"> = {
  version: "0.1.0",
  startedAt: 100,
  cpuSeconds: 1,
  residentBytes: 1000,
  heapBytes: 500,
  longestStall: 0.1,
  requests: { "GET 200": 1 },
  isSynced: true,
};

const web: AnnouncementFact = {
  address: "172.30.0.200",
  protocol: "layer2",
  isAnnouncing: false,
  via: [],
  refusal: undefined,
  because: "",
};
const router: PeerFacts = {
  ...({
    name: "router",
    description: "",
    address: "172.30.0.1",
    localAs: 65000,
    isInternal: false,
    isHeldDown: false,
  } satisfies Omit<ReturnType<typeof configuredFacts>, "configured">),
  configured: { holdTime: 90, keepaliveInterval: 30, connectRetry: 5 },
  peerAs: 65001,
  state: "Idle",
  since: "",
  routesSent: 0,
  routesReceived: 0,
  routesStale: 0,
  routesPassedOver: 0,
  routesRefused: 0,
  holdTime: undefined,
  families: [],
  peerIdentifier: undefined,
  lastError: "",
  flaps: 0,
};
const bfd = (state: "Up" | "Down"): NonNullable<PeerFacts["bfd"]> => ({
  name: "router",
  state,
  reason: "",
  since: "",
  transmitInterval: 300,
  detectionTime: 900,
  remoteState: "",
  remoteDiagnostic: "",
});

const speakerFacts: SpeakerFacts = {
  ...itself,
  component: "speaker",
  node: "node1",
  announcements: [web],
  layer2: {
    frames: { answers: 0 },
    dropped: { Unheld: 0 },
    counts: { "172.30.0.200": { questions: 0, answers: 0, gratuitous: 0 } },
  },
  peers: [{ ...router, bfd: bfd("Down") }],
  connections: { TooMany: 0 },
};
const address = (more: Partial<AnnouncementFact>): Partial<SpeakerFacts> => ({ announcements: [{ ...web, ...more }] });
const counts = (more: object): Partial<SpeakerFacts> => ({
  layer2: { ...speakerFacts.layer2!, counts: { "172.30.0.200": { questions: 0, answers: 0, gratuitous: 0, ...more } } },
});
const peer = (more: Partial<PeerFacts>): Partial<SpeakerFacts> => ({ peers: [{ ...router, bfd: bfd("Down"), ...more }] });

/** A line of the exposition: from what, to what. */
type Move<Facts> = readonly [change: Partial<Facts>, before: RegExp, after: string];
const absent = /^$/;
const zero = / 0$/;
const conflict = { mac: "02:00:00:00:00:09", interface: "eth0", since: 0 };
const onPeer = 'peer="router",address="172.30.0.1"';
const ofProcess: Readonly<Record<string, Move<ProcessFacts>>> = {
  berth_build_info: [{ version: "9.9.9" }, /0\.1\.0/, 'version="9.9.9"'],
  berth_synced: [{ isSynced: false }, / 1$/, "berth_synced 0"],
  berth_kubernetes_requests_total: [{ requests: { "GET 200": 2 } }, / 1$/, '{method="GET",code="200"} 2'],
  berth_process_start_time_seconds: [{ startedAt: 101 }, / 100$/, " 101"],
  berth_process_cpu_seconds_total: [{ cpuSeconds: 2 }, / 1$/, " 2"],
  berth_process_resident_memory_bytes: [{ residentBytes: 2000 }, / 1000$/, " 2000"],
  berth_process_heap_bytes: [{ heapBytes: 600 }, / 500$/, " 600"],
  berth_process_longest_stall_seconds: [{ longestStall: 0.5 }, / 0\.1$/, " 0.5"],
};
const ofSpeaker: Readonly<Record<string, Move<SpeakerFacts>>> = {
  berth_address_wanted: [{ announcements: [] }, /\{address="172\.30\.0\.200",protocol="layer2"\} 1$/, ""],
  berth_address_announced: [address({ isAnnouncing: true }), zero, '{address="172.30.0.200",protocol="layer2"} 1'],
  berth_address_refused: [address({ refusal: { reason: "NoEndpoint", message: "" } }), absent, 'reason="NoEndpoint"} 1'],
  berth_address_conflict: [address({ conflict }), absent, '{address="172.30.0.200",mac="02:00:00:00:00:09"} 1'],
  berth_speaker_announced_addresses: [address({ isAnnouncing: true }), zero, " 1"],
  berth_speaker_address_conflicts: [address({ conflict }), zero, " 1"],
  berth_address_requests_total: [counts({ questions: 3 }), zero, '{address="172.30.0.200"} 3'],
  berth_address_answers_total: [counts({ answers: 2 }), zero, '{address="172.30.0.200"} 2'],
  berth_address_gratuitous_total: [counts({ gratuitous: 1 }), zero, '{address="172.30.0.200"} 1'],
  berth_layer2_frames_total: [{ layer2: { ...speakerFacts.layer2!, frames: { answers: 7 } } }, zero, '{kind="answers"} 7'],
  berth_layer2_dropped_frames_total: [
    { layer2: { ...speakerFacts.layer2!, dropped: { Unheld: 4 } } },
    zero,
    '{reason="Unheld"} 4',
  ],
  berth_bgp_session_wanted: [peer({ isHeldDown: true }), / 1$/, `{${onPeer}} 0`],
  berth_bgp_session_up: [peer({ state: "Established" }), zero, `{${onPeer}} 1`],
  berth_bgp_session_flaps_total: [peer({ flaps: 2 }), zero, " 2"],
  berth_bgp_session_since_timestamp_seconds: [peer({ since: "1970-01-01T00:01:00Z" }), zero, " 60"],
  berth_bgp_routes_sent: [peer({ routesSent: 5 }), zero, " 5"],
  berth_bgp_routes_received: [peer({ routesReceived: 6 }), zero, " 6"],
  berth_bgp_routes_stale: [peer({ routesStale: 7 }), zero, " 7"],
  berth_bgp_routes_refused: [peer({ routesRefused: 8 }), zero, " 8"],
  berth_bgp_connections_total: [{ connections: { TooMany: 3 } }, zero, '{outcome="TooMany"} 3'],
  berth_bfd_session_up: [peer({ bfd: bfd("Up") }), zero, " 1"],
  requests_received: [counts({ questions: 3 }), zero, '{ip="172.30.0.200"} 3'],
  responses_sent: [counts({ answers: 3 }), zero, '{ip="172.30.0.200"} 3'],
  gratuitous_sent: [counts({ gratuitous: 3 }), zero, '{ip="172.30.0.200"} 3'],
  session_up: [peer({ state: "Established" }), zero, '{peerIP="172.30.0.1",nodeName="node1"} 5'],
  announced_prefixes_total: [peer({ routesSent: 5 }), zero, '{peerIP="172.30.0.1",nodeName="node1"} 5'],
  metallb_layer2_requests_received: [counts({ questions: 3 }), zero, '{ip="172.30.0.200"} 3'],
  metallb_layer2_responses_sent: [counts({ answers: 3 }), zero, '{ip="172.30.0.200"} 3'],
  metallb_layer2_gratuitous_sent: [counts({ gratuitous: 3 }), zero, '{ip="172.30.0.200"} 3'],
  metallb_speaker_announced: [address({ isAnnouncing: true }), absent, '{ip="172.30.0.200",protocol="layer2",node="node1"} 1'],
  metallb_bgp_session_up: [peer({ state: "Established" }), zero, '{peer="172.30.0.1"} 1'],
  metallb_bgp_announced_prefixes_total: [peer({ routesSent: 5 }), zero, '{peer="172.30.0.1"} 5'],
  metallb_bfd_session_up: [peer({ bfd: bfd("Up") }), zero, '{peer="172.30.0.1"} 1'],
};

const condition = (type: string, status: "True" | "False", reason: string) => ({
  type,
  status,
  reason,
  message: "",
  lastTransitionTime: "",
});
const lan = { ...eip("lan", "172.30.0.200-172.30.0.209", "layer2"), status: { poolSize: 10, poolSizeText: "10", usage: 0 } };
const pool = (status: object, spec: object = {}): Partial<ControllerFacts> => ({
  eips: [{ ...lan, spec: { ...lan.spec, ...spec }, status: { ...lan.status, ...status } }],
});
const withConditions = (ip: string | undefined, ...conditions: ReturnType<typeof condition>[]): Partial<ControllerFacts> => {
  const one = service("web", ip);
  return { services: [{ ...one, status: { ...one.status, conditions } }] };
};
const controllerFacts: ControllerFacts = {
  ...itself,
  component: "controller",
  isLeader: false,
  services: [service("web", undefined)],
  eips: [lan],
  objects: [{ kind: "BgpPeer" }],
  speakers: [speaker("node1", false)],
  reconciles: 0,
  failedReconciles: 0,
};
const assigned = withConditions("172.30.0.200", condition("berth.dev/AddressAssigned", "True", "Assigned"));
const used = { eips: [{ ...lan, status: { ...lan.status, usage: 1, used: { "172.30.0.200": "demo/web" } } }] };
const ofController: Readonly<Record<string, Move<ControllerFacts>>> = {
  berth_controller_is_leader: [{ isLeader: true }, zero, " 1"],
  berth_controller_reconciles_total: [{ reconciles: 3 }, zero, " 3"],
  berth_controller_reconcile_failures_total: [{ failedReconciles: 1 }, zero, " 1"],
  berth_services_wanted: [{ services: [] }, / 1$/, " 0"],
  berth_services_with_address: [assigned, zero, " 1"],
  berth_services_announced: [withConditions("172.30.0.200", condition("berth.dev/Announced", "True", "Announced")), zero, " 1"],
  berth_services_waiting: [
    withConditions(undefined, condition("berth.dev/AddressAssigned", "False", "EipFull")),
    absent,
    '{reason="EipFull"} 1',
  ],
  berth_services_silent: [
    withConditions("172.30.0.200", condition("berth.dev/Announced", "False", "NoSession")),
    absent,
    '{reason="NoSession"} 1',
  ],
  berth_pool_wanted: [pool({}, { disable: true }), / 1$/, '{eip="lan"} 0'],
  berth_pool_in_use: [pool({ conditions: [condition("Ready", "True", "Ready")] }), zero, '{eip="lan"} 1'],
  berth_pool_addresses: [pool({ poolSizeText: "20" }), / 10$/, '{eip="lan"} 20'],
  berth_pool_addresses_used: [used, zero, '{eip="lan"} 1'],
  berth_objects_refused: [
    { objects: [{ kind: "BgpPeer", status: { conditions: [condition("Accepted", "False", "NoPeerAs")] } }] },
    /\{kind="BgpPeer"\} 0$/,
    '{kind="BgpPeer"} 1',
  ],
  berth_speakers_wanted: [{ speakers: [] }, / 1$/, " 0"],
  berth_speakers_ready: [{ speakers: [speaker("node1")] }, zero, " 1"],
  addresses_total: [pool({ poolSizeText: "20" }), / 10$/, '{eipName="lan"} 20'],
  addresses_in_use_total: [used, zero, '{eipName="lan"} 1'],
  services_allocated_total: [{ ...used, ...assigned }, zero, '{eipName="lan"} 1'],
  metallb_allocator_addresses_total: [pool({ poolSizeText: "20" }), / 10$/, '{pool="lan"} 20'],
  metallb_allocator_addresses_in_use_total: [used, zero, '{pool="lan"} 1'],
  metallb_allocator_services_allocated_total: [{ ...used, ...assigned }, zero, '{pool="lan"} 1'],
  metallb_k8s_client_config_loaded_bool: [{ isSynced: false }, / 1$/, " 0"],
  metallb_k8s_client_config_stale_bool: [pool({ conditions: [condition("Ready", "False", "Invalid")] }), zero, " 1"],
};

/** The values of one metric in the exposition. */
async function linesOf<Facts>(rows: readonly MetricRow<Facts>[], facts: Facts, name: string): Promise<string> {
  const text = await openMetrics(rows, () => facts).metrics();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.join("\n");
}

function everyMetricMoves<Facts>(
  component: string,
  rows: readonly MetricRow<Facts>[],
  facts: Facts,
  moves: Readonly<Record<string, Move<Facts>>>,
): void {
  describe(`metrics of the ${component}`, () => {
    it("are those of the table of moves, each once", () => {
      assert.deepEqual(rows.map(({ name }) => name).sort(), Object.keys(moves).sort());
    });
    for (const { name, labels } of rows)
      it(`${name} moves`, async () => {
        const [change, before, after] = moves[name] ?? assert.fail("no test makes it move");
        const seen = await linesOf(rows, facts, name);
        assert.match(seen.split("\n").at(-1) ?? "", before);
        const moved = await linesOf(rows, { ...facts, ...change }, name);
        assert.notEqual(moved, seen);
        assert.ok(moved.includes(after), moved);
        if (labels.length > 0 && moved !== "")
          for (const label of labels) assert.ok(moved.includes(`${label}="`), `${label} in ${moved}`);
      });
    it("say what they are in words, begin with berth_ unless they are another's, and end as Prometheus wants it", () => {
      for (const { name, help, type } of rows) {
        assert.match(help, /^[A-Z0-9].*\.$/, name);
        if (name.startsWith("berth_")) assert.equal(name.endsWith("_total"), type === "counter", name);
      }
    });
  });
}

everyMetricMoves("speaker", [...speakerRows, ...compatibleSpeakerRows(compatibleNames)], speakerFacts, {
  ...ofProcess,
  ...ofSpeaker,
} as never);
everyMetricMoves("controller", [...controllerRows, ...compatibleControllerRows(compatibleNames)], controllerFacts, {
  ...ofProcess,
  ...ofController,
} as never);

describe("names of others", () => {
  it("are there on request only", () => {
    assert.ok([...speakerRows, ...controllerRows].every(({ name }) => name.startsWith("berth_")));
    assert.deepEqual(compatibleSpeakerRows([]), []);
    assert.ok(compatibleSpeakerRows(["metallb"]).every(({ name }) => name.startsWith("metallb_")));
  });
});
