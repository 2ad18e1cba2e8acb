/** Grafana dashboards, made from what the metrics are. `npm run generate` writes them to monitoring/. */

interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly help: string;
  readonly kind: "stat" | "timeseries" | "table";
  readonly unit?: string;
  readonly queries: readonly Query[];
}

interface Dashboard {
  readonly file: string;
  readonly title: string;
  /** Rows of panels. */
  readonly rows: readonly (readonly Panel[])[];
}

const query = (expr: string, legend = ""): Query => ({ expr, legend });
const stat = (title: string, help: string, ...queries: readonly Query[]): Panel => ({ title, help, kind: "stat", queries });
const lines = (title: string, help: string, ...queries: readonly Query[]): Panel => ({
  title,
  help,
  kind: "timeseries",
  queries,
});

export const dashboards: readonly Dashboard[] = [
  {
    file: "berth.json",
    title: "Berth",
    rows: [
      [
        stat("Leader", "1 when exactly one controller leads.", query("sum(berth_controller_is_leader)")),
        stat(
          "Speakers ready",
          "Of those that should be.",
          query("max(berth_speakers_ready)", "ready"),
          query("max(berth_speakers_wanted)", "wanted"),
        ),
        stat(
          "Services",
          "That want an address, that hold one, that somebody announces.",
          query("max(berth_services_wanted)", "wanted"),
          query("max(berth_services_with_address)", "with address"),
          query("max(berth_services_announced)", "announced"),
        ),
        stat(
          "Sessions up",
          "Of those that should be.",
          query("sum(berth_bgp_session_up)", "up"),
          query("sum(berth_bgp_session_wanted)", "wanted"),
        ),
        stat("Conflicts", "Addresses that a foreign host claims.", query("sum(berth_speaker_address_conflicts)")),
      ],
      [
        lines(
          "Wish and fact: addresses",
          "Addresses that Services hold, and those that somebody announces.",
          query("count(max by (address) (berth_address_wanted))", "wanted"),
          query("sum(max by (address) (berth_address_announced))", "announced"),
        ),
        lines(
          "Services that wait, by reason",
          "As in the condition of the Service.",
          query("max by (reason) (berth_services_waiting)", "{{reason}}"),
        ),
        lines(
          "Services that nobody announces, by reason",
          "As in the condition of the Service.",
          query("max by (reason) (berth_services_silent)", "{{reason}}"),
        ),
      ],
      [
        {
          ...lines(
            "Pools: share in use",
            "Full at 1.",
            query("max by (eip) (berth_pool_addresses_used) / max by (eip) (berth_pool_addresses)", "{{eip}}"),
          ),
          unit: "percentunit",
        },
        lines(
          "Addresses announced, by node",
          "Layer2: one node an address. BGP: every next hop.",
          query("berth_speaker_announced_addresses", "{{instance}}"),
        ),
        lines(
          "Why nodes refuse",
          "Addresses that a node may not announce, by reason.",
          query("sum by (reason) (berth_address_refused)", "{{reason}}"),
        ),
      ],
      [
        lines(
          "Configuration that is not used",
          "BgpConfs and BgpPeers by kind, Eips by name.",
          query("max by (kind) (berth_objects_refused)", "{{kind}}"),
          query("max by (eip) (berth_pool_wanted) - max by (eip) (berth_pool_in_use)", "Eip {{eip}}"),
        ),
        lines(
          "Decisions of the controller",
          "A second.",
          query("sum(rate(berth_controller_reconciles_total[5m]))", "decided"),
          query("sum(rate(berth_controller_reconcile_failures_total[5m]))", "failed"),
        ),
        lines(
          "Requests to the API server",
          "A second, by status.",
          query("sum by (code) (rate(berth_kubernetes_requests_total[5m]))", "{{code}}"),
        ),
      ],
    ],
  },
  {
    file: "berth-network.json",
    title: "Berth: Layer2 and BGP",
    rows: [
      [
        lines(
          "Requests by address",
          "ARP requests and neighbour solicitations heard, a second.",
          query("sum by (address) (rate(berth_address_requests_total[5m]))", "{{address}}"),
        ),
        lines(
          "Answers by address",
          "A second.",
          query("sum by (address) (rate(berth_address_answers_total[5m]))", "{{address}}"),
        ),
        lines(
          "Unasked announcements by address",
          "Gratuitous ARP and unsolicited advertisements, a second.",
          query("sum by (address) (rate(berth_address_gratuitous_total[5m]))", "{{address}}"),
        ),
      ],
      [
        lines(
          "Frames by kind",
          "Over all nodes, a second.",
          query("sum by (kind) (rate(berth_layer2_frames_total[5m]))", "{{kind}}"),
        ),
        lines(
          "Frames passed over, by reason",
          "Over all nodes, a second.",
          query("sum by (reason) (rate(berth_layer2_dropped_frames_total[5m]))", "{{reason}}"),
        ),
        lines(
          "Owners of each Layer2 address",
          "One; two where the address is on two segments.",
          query('sum by (address) (berth_address_announced{protocol="layer2"})', "{{address}}"),
        ),
      ],
      [
        lines(
          "Sessions: wish and fact",
          "0 is down. A session that is held down is not wanted.",
          query("min by (peer) (berth_bgp_session_up)", "{{peer}} up"),
          query("max by (peer) (berth_bgp_session_wanted)", "{{peer}} wanted"),
        ),
        lines(
          "Sessions that went down",
          "In an hour.",
          query("sum by (peer, instance) (increase(berth_bgp_session_flaps_total[1h]))", "{{peer}} {{instance}}"),
        ),
        lines(
          "Connections of others, by what became of them",
          "To the BGP port, a second, over all nodes.",
          query("sum by (outcome) (rate(berth_bgp_connections_total[5m]))", "{{outcome}}"),
        ),
        lines(
          "BFD",
          "0 where the peer is not seen.",
          query("min by (peer, instance) (berth_bfd_session_up)", "{{peer}} {{instance}}"),
        ),
      ],
      [
        lines("Routes told", "By peer and node.", query("berth_bgp_routes_sent", "{{peer}} {{instance}}")),
        lines(
          "Routes heard",
          "Shown, never used; those refused and stale apart.",
          query("berth_bgp_routes_received", "{{peer}} {{instance}}"),
          query("berth_bgp_routes_refused", "{{peer}} {{instance}} refused"),
          query("berth_bgp_routes_stale", "{{peer}} {{instance}} stale"),
        ),
        {
          ...lines(
            "Age of sessions",
            "Since when each is as it is.",
            query("time() - berth_bgp_session_since_timestamp_seconds > 0", "{{peer}} {{instance}}"),
          ),
          unit: "s",
        },
      ],
      [
        {
          ...lines("Memory", "Resident, by process.", query("berth_process_resident_memory_bytes", "{{instance}}")),
          unit: "bytes",
        },
        lines("CPU", "Cores, by process.", query("rate(berth_process_cpu_seconds_total[5m])", "{{instance}}")),
        {
          ...lines(
            "Longest stall of the main thread",
            "Answers and sessions have threads of their own.",
            query("berth_process_longest_stall_seconds", "{{instance}}"),
          ),
          unit: "s",
        },
      ],
    ],
  },
];

const width = 24;
const height = 8;
const datasource = { type: "prometheus", uid: "$datasource" };

/** A dashboard as Grafana imports it; it asks for the data source. */
export function dashboardJson({ title, file, rows }: Dashboard): object {
  let id = 0;
  let y = 0;
  const panels = rows.flatMap((row) => {
    const isSmall = row.every(({ kind }) => kind === "stat");
    const h = isSmall ? height / 2 : height;
    const placed = row.map((panel, column) =>
      panelJson(panel, ++id, { x: Math.floor((column * width) / row.length), y, w: Math.floor(width / row.length), h }),
    );
    y += h;
    return placed;
  });
  return {
    uid: file.replace(".json", ""),
    title,
    tags: ["berth", "kubernetes"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: { list: [{ name: "datasource", label: "Data source", type: "datasource", query: "prometheus" }] },
    annotations: { list: [] },
    panels,
  };
}

function panelJson({ title, help, kind, unit, queries }: Panel, id: number, gridPos: object): object {
  return {
    id,
    title,
    description: help,
    type: kind,
    datasource,
    gridPos,
    fieldConfig: { defaults: { unit: unit ?? "short", min: 0 }, overrides: [] },
    options:
      kind === "stat"
        ? { graphMode: "none", textMode: "auto" }
        : { legend: { showLegend: true, displayMode: "list", placement: "bottom" } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      expr,
      datasource,
      ...(legend === "" ? {} : { legendFormat: legend }),
    })),
  };
}
