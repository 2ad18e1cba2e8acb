/** What should wake somebody, or wait until the morning: Prometheus alert rules. `npm run generate` writes them to monitoring/. */

export interface Alert {
  readonly name: string;
  /** PromQL; `[window]` stands for the time that an increase or a rate is taken over. */
  readonly expr: string;
  /** That time, in minutes; only of an expression that has one. */
  readonly window?: number;
  /** How long it must hold, in seconds. */
  readonly seconds: number;
  /** critical: clients are cut off. warning: the next failure would cut them off, or somebody waits. */
  readonly severity: "critical" | "warning";
  /** One line; labels of the alert as {{ $labels.name }}. */
  readonly summary: string;
  /** What it means and what to do. */
  readonly description: string;
}

const minute = 60;

export const alerts: readonly Alert[] = [
  {
    name: "BerthNoController",
    expr: "(sum(berth_controller_is_leader) or vector(0)) < 1",
    seconds: minute,
    severity: "critical",
    summary: "No controller leads.",
    description:
      "Nothing new gets an address; what is given goes on being announced. See the pods of the Deployment berth-controller, and berth status.",
  },
  {
    name: "BerthSeveralLeaders",
    expr: "sum(berth_controller_is_leader) > 1",
    seconds: minute,
    severity: "critical",
    summary: "Several controllers believe that they lead.",
    description: "Their clocks may differ, or one is cut off from the API server. Restart all but one.",
  },
  {
    name: "BerthReconcileFails",
    expr: "increase(berth_controller_reconcile_failures_total[window]) > 0",
    window: 5,
    seconds: 5 * minute,
    severity: "warning",
    summary: "The controller fails again and again.",
    description:
      "It may lack a right, or a webhook refuses what it writes. Its log has the events writeFailed and reconcileFailed with the reason; berth bundle has the log.",
  },
  {
    name: "BerthNotSynced",
    expr: "berth_synced == 0",
    seconds: 5 * minute,
    severity: "warning",
    summary: "A {{ $labels.component }} has not read the cluster yet.",
    description: "It cannot reach the API server, or lacks a right. Its log says which.",
  },
  {
    name: "BerthServiceWaiting",
    expr: "max by (reason) (berth_services_waiting) > 0",
    seconds: 5 * minute,
    severity: "warning",
    summary: "Services wait for an address: {{ $labels.reason }}.",
    description: "berth status names them; berth explain service <namespace/name> names the cause.",
  },
  {
    name: "BerthAddressNotAnnounced",
    expr: 'max by (address) (berth_address_wanted) == 1 unless max by (address) (berth_address_announced) == 1 unless max by (address) (berth_address_refused{reason="NoEndpoint"}) == 1',
    seconds: minute,
    severity: "critical",
    summary: "Nobody announces {{ $labels.address }}.",
    description:
      "A Service holds the address, and no node may or can announce it: clients are cut off. berth owners and berth explain service say why.",
  },
  {
    name: "BerthNoEndpoint",
    expr: 'max by (address) (berth_address_refused{reason="NoEndpoint"}) == 1 unless max by (address) (berth_address_announced) == 1',
    seconds: 15 * minute,
    severity: "warning",
    summary: "No pod serves behind {{ $labels.address }}.",
    description: "An address without a ready endpoint is announced by nobody. See the pods that the Service selects.",
  },
  {
    name: "BerthAddressConflict",
    expr: "max by (address, mac) (berth_address_conflict) > 0",
    seconds: 0,
    severity: "critical",
    summary: "{{ $labels.mac }} claims {{ $labels.address }} too.",
    description: "A foreign host uses an address of a pool. Find it by its Ethernet address and give it another one.",
  },
  {
    name: "BerthSeveralOwners",
    expr: 'sum by (address) (berth_address_announced{protocol="layer2"}) > 1',
    seconds: 2 * minute,
    severity: "critical",
    summary: "Several nodes answer for {{ $labels.address }}.",
    description:
      "Right only where they stand on different segments: otherwise the segment is cut in two. berth owners names them.",
  },
  {
    name: "BerthFramesLost",
    expr: 'increase(berth_layer2_dropped_frames_total{reason="Overrun"}[window]) > 0',
    window: 5,
    seconds: 5 * minute,
    severity: "warning",
    summary: "A node gets more ARP or NDP than it can read.",
    description: "Answers may be late. Something floods the segment, or the node has no CPU left.",
  },
  {
    name: "BerthSpeakerMissing",
    expr: "max(berth_speakers_ready) < max(berth_speakers_wanted)",
    seconds: 5 * minute,
    severity: "warning",
    summary: "A speaker is not Ready.",
    description: "Its node announces nothing, or nobody knows what. See kubectl get pods of the DaemonSet berth-speaker.",
  },
  {
    name: "BerthPoolNotInUse",
    expr: "max by (eip) (berth_pool_wanted) == 1 unless max by (eip) (berth_pool_in_use) == 1",
    seconds: 5 * minute,
    severity: "warning",
    summary: "Eip {{ $labels.eip }} gives no addresses.",
    description: "Something in it is wrong, or it overlaps an older one: kubectl describe eip, or berth pools.",
  },
  {
    name: "BerthPoolFull",
    expr: "max by (eip) (berth_pool_addresses_used) >= max by (eip) (berth_pool_addresses)",
    seconds: minute,
    severity: "warning",
    summary: "Eip {{ $labels.eip }} has no address left.",
    description: "The next Service that needs one waits. Add addresses to spec.addresses: what is given stays.",
  },
  {
    name: "BerthPoolAlmostFull",
    expr: "max by (eip) (berth_pool_addresses_used) / max by (eip) (berth_pool_addresses) >= 0.9 < 1",
    seconds: 10 * minute,
    severity: "warning",
    summary: "Nine tenths of Eip {{ $labels.eip }} are used.",
    description: "Add addresses to spec.addresses before the last one is gone.",
  },
  {
    name: "BerthConfigurationRefused",
    expr: "max by (kind) (berth_objects_refused) > 0",
    seconds: 5 * minute,
    severity: "warning",
    summary: "A {{ $labels.kind }} is not used.",
    description: "Its condition Accepted says what is wrong and what would be right; berth check lists them.",
  },
  {
    name: "BerthBgpAllSessionsDown",
    expr: "sum(berth_bgp_session_up) == 0 and sum(berth_bgp_session_wanted) > 0",
    seconds: minute,
    severity: "critical",
    summary: "No BGP session is up.",
    description: "No router knows of any address. berth sessions has the last error of each.",
  },
  {
    name: "BerthBgpSessionDown",
    expr: "berth_bgp_session_wanted == 1 unless berth_bgp_session_up == 1",
    seconds: minute,
    severity: "warning",
    summary: "The session with {{ $labels.peer }} ({{ $labels.address }}) is down.",
    description: "The router sends nothing to this node. berth bgp peer {{ $labels.peer }} has the last error.",
  },
  {
    name: "BerthBgpSessionFlaps",
    expr: "increase(berth_bgp_session_flaps_total[window]) > 3",
    window: 15,
    seconds: 0,
    severity: "warning",
    summary: "The session with {{ $labels.peer }} ({{ $labels.address }}) comes and goes.",
    description: "Each time clients of this node are moved. Look at the last errors on both ends, at BFD's timers, at the link.",
  },
  {
    name: "BerthBfdDown",
    expr: "berth_bfd_session_up == 0",
    seconds: minute,
    severity: "warning",
    summary: "BFD does not see {{ $labels.peer }} ({{ $labels.address }}).",
    description:
      "The router does not speak BFD, a firewall drops UDP 3784, or the path is broken. berth bgp peer {{ $labels.peer }} says more.",
  },
  {
    name: "BerthApiServerErrors",
    expr: 'sum by (component) (rate(berth_kubernetes_requests_total{code=~"5..|none"}[window]) * on (instance) group_left (component) berth_build_info) > 0.05',
    window: 5,
    seconds: 10 * minute,
    severity: "warning",
    summary: "The API server does not answer the {{ $labels.component }}.",
    description: "What is announced stays; nothing new is learnt or written down.",
  },
];

/** When alerts fire, where it is not as they say themselves: a test cannot wait for a quarter of an hour. */
export interface Timing {
  /** How long an alert must hold, in seconds. */
  readonly hold: (alert: Alert) => number;
  /** What an increase or a rate is taken over, in PromQL's notation. */
  readonly window: (alert: Alert) => string;
}

const asWritten: Timing = { hold: ({ seconds }) => seconds, window: ({ window = 5 }) => `${window}m` };

/** An alert's expression as Prometheus reads it. */
export function expressionOf(alert: Alert, { window }: Pick<Timing, "window"> = asWritten): string {
  return alert.expr.replaceAll("[window]", () => `[${window(alert)}]`);
}

/** The rule file. Thresholds are the same whatever the timing. */
export function ruleFile(timing: Partial<Timing> = {}): object {
  const { hold, window } = { ...asWritten, ...timing };
  return {
    groups: [
      {
        name: "berth",
        rules: alerts.map((alert) => ({
          alert: alert.name,
          expr: expressionOf(alert, { window }),
          ...(hold(alert) > 0 ? { for: `${hold(alert)}s` } : {}),
          labels: { severity: alert.severity },
          annotations: { summary: alert.summary, description: alert.description },
        })),
      },
    ],
  };
}
