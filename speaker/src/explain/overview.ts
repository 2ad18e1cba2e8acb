import { addressAssigned, addressConflict, announced } from "@berth/api/conditions";
import { isReady, wellNodes } from "../kubernetes/announced.ts";
import { keyOf, type Service } from "../kubernetes/objects.ts";
import { isOurs } from "../kubernetes/requests.ts";
import { nodeView } from "../kubernetes/view.ts";
import { ago, type ClusterFacts, unheardPart } from "./clusterFacts.ts";

/** One pool, as `berth pools` shows it. Counts are text: IPv6 pools are larger than numbers. */
export interface PoolRow {
  readonly eip: string;
  readonly addresses: string;
  readonly protocol: string;
  readonly used: string;
  readonly size: string;
  /** "yes", or why not. */
  readonly inUse: string;
}

/** One session of one node with one router. */
export interface SessionRow {
  readonly peer: string;
  readonly neighbor: string;
  readonly node: string;
  readonly state: string;
  readonly since: string;
  readonly remark: string;
}

/** One address and who announces it. */
export interface OwnerRow {
  readonly address: string;
  readonly service: string;
  readonly protocol: string;
  readonly node: string;
  readonly via: string;
  readonly since: string;
  readonly why: string;
}

/** Every Eip, sorted by name. */
export function poolRows({ eips }: ClusterFacts): PoolRow[] {
  return [...eips].sort(byName).map(({ metadata, spec, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    const problem = ["Overlapping", "Exhausted", "Shrunk", "DefaultConflict"].flatMap((wanted) => {
      const condition = status?.conditions?.find(({ type, status: holds }) => type === wanted && holds === "True");
      return condition === undefined ? [] : [condition.message];
    });
    return {
      eip: metadata.name,
      addresses: [spec.address, ...(spec.addresses ?? [])].join(", "),
      protocol: spec.protocol === "vip" ? "layer2" : spec.protocol || "bgp",
      used: String(status?.usage ?? 0),
      size: status?.poolSizeText ?? String(status?.poolSize ?? ""),
      inUse:
        ready === undefined
          ? "not looked at yet"
          : [
              ready.status === "True" ? (ready.reason === "Disabled" ? ready.message : "yes") : `no: ${ready.message}`,
              ...problem,
            ].join("; "),
    };
  });
}

/** What is wrong with a pool, of what its row says; a pool that is in use may have something wrong with it all the same. */
export const problemsIn = (inUse: string): string => inUse.replace(/^yes; /, "");

/** Every session that a node has reported, and every BgpPeer that none has. */
export function sessionRows({ bgpPeers, speakers, now }: ClusterFacts): SessionRow[] {
  const well = wellNodes(speakers);
  return [...bgpPeers].sort(byName).flatMap(({ metadata, spec, status }): SessionRow[] => {
    const common = { peer: metadata.name, neighbor: spec.conf.neighborAddress ?? "" };
    const refused = status?.conditions?.find(({ type, status: holds }) => type === "Accepted" && holds === "False");
    const nodes = Object.entries(status?.nodesPeerStatus ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    if (nodes.length === 0)
      return [{ ...common, node: "", state: "", since: "", remark: refused?.message ?? "no node has reported a session" }];
    return nodes.map(([node, { peerState, timersState, lastError }]) => {
      const reported = (peerState?.sessionState ?? "UNKNOWN").toLowerCase();
      const state = well.has(node) ? reported : "unknown";
      const instant = Date.parse(timersState?.uptime ?? timersState?.downtime ?? "");
      return {
        ...common,
        node,
        state,
        since: Number.isNaN(instant) ? "" : ago(now - instant),
        remark: remarkOf(state, reported, lastError || refused?.message || ""),
      };
    });
  });
}

/** What is to be said of a session. What a node said last may be old when its speaker is not Ready. */
function remarkOf(state: string, reported: string, error: string): string {
  if (state === "unknown") return `its speaker is not Ready; it reported ${reported} last`;
  return state === "established" ? "" : error;
}

/** Every address that is announced, by address and node; addresses that nobody announces too. */
export function ownerRows({ announcements, services, scope, now }: ClusterFacts): OwnerRow[] {
  const rows = announcements
    .filter(({ status }) => status.announcing)
    .map(({ metadata, status }) => ({
      address: status.address,
      service: `${metadata.namespace}/${status.service}`,
      protocol: status.protocol,
      node: status.node,
      via: status.via ?? "",
      since: ago(now - Date.parse(status.since)),
      why: status.message ?? "",
    }));
  const silent = services
    .filter((service) => isOurs(service, scope))
    .flatMap((service) => {
      const condition = service.status?.conditions?.find(({ type, status }) => type === announced && status === "False");
      return (service.status?.loadBalancer?.ingress ?? [])
        .filter(({ ip }) => ip !== undefined && !rows.some((row) => row.address === ip))
        .map(({ ip }) => ({
          address: ip ?? "",
          service: keyOf(service),
          protocol: "",
          node: "nobody",
          via: "",
          since: "",
          why: condition?.message ?? "no node has reported",
        }));
    });
  const key = (row: OwnerRow): string => `${row.address.padStart(45)} ${row.node}`;
  return [...rows, ...silent].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** One line of `berth status`: a part of Berth, and whether it is well. */
export interface HealthRow {
  readonly part: string;
  readonly isWell: boolean;
  readonly message: string;
}

/** Whether everything is well, part by part. */
export function healthRows(facts: ClusterFacts): HealthRow[] {
  const { lease, speakers, nodes, eips, bgpPeers, services, scope, now } = facts;
  const renewed = Date.parse(lease?.spec.renewTime ?? "");
  const isLed = (lease?.spec.holderIdentity ?? "") !== "" && now - renewed <= (lease?.spec.leaseDurationSeconds ?? 15) * 2000;
  const ready = speakers.filter(isReady);
  const covered = new Set(ready.flatMap((pod) => pod.spec?.nodeName ?? []));
  const without = nodes.filter(({ metadata }) => !covered.has(metadata.name)).map(({ metadata }) => metadata.name);
  const refusals = nodes.flatMap((node) => nodeView(node).refusal ?? []);
  // That a node is excluded is somebody's will, not a fault.
  const refused = refusals.filter(({ reason }) => reason !== "NodeExcluded").map(({ message }) => message);
  const excluded = refusals.length - refused.length;
  const badPools = poolRows(facts).filter(({ inUse }) => inUse !== "yes" && !inUse.startsWith("disabled"));
  const sessions = sessionRows(facts);
  const known = sessions.filter(({ state }) => state !== "unknown");
  const lost = sessions.length - known.length;
  const down = known.filter(({ state }) => state !== "established");
  const ours = services.filter((service) => isOurs(service, scope));
  const has = (service: Service, type: string, status: string): boolean =>
    service.status?.conditions?.some((condition) => condition.type === type && condition.status === status) ?? false;
  const waiting = ours.filter((service) => !has(service, addressAssigned, "True"));
  const silent = ours.filter((service) => has(service, announced, "False") && !waiting.includes(service));
  const claimed = ours.filter((service) => has(service, addressConflict, "True"));
  const list = (names: readonly string[]): string =>
    names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  const row = (part: string, isWell: boolean, message: string): HealthRow => ({ part, isWell, message });
  return [
    // Whether another leads cannot be told without the API server.
    facts.heardLast !== undefined
      ? row(unheardPart, false, `has not answered for ${ago(now - facts.heardLast)}: all of this is from before`)
      : row(
          "controller",
          isLed,
          isLed
            ? `${(lease?.spec.holderIdentity ?? "").replace(/_.*/, "")} leads`
            : Number.isNaN(renewed)
              ? "no controller has ever led"
              : `no controller leads since ${ago(now - renewed)}: nothing new gets an address`,
        ),
    row(
      "speakers",
      ready.length === speakers.length && speakers.length > 0,
      speakers.length === 0
        ? "no speaker runs"
        : `${ready.length} of ${speakers.length} Ready${without.length > 0 ? `; nodes without one: ${list(without)}` : ""}`,
    ),
    row(
      "nodes",
      refused.length === 0,
      refused.length === 0
        ? `${nodes.length - excluded} may announce${excluded > 0 ? `; ${excluded} excluded by a label` : ""}`
        : list(refused),
    ),
    row(
      "pools",
      badPools.length === 0,
      badPools.length === 0
        ? `${eips.length} in use`
        : badPools.map(({ eip, inUse }) => `${eip}: ${problemsIn(inUse)}`).join("; "),
    ),
    ...(bgpPeers.length === 0
      ? []
      : [
          row(
            "sessions",
            down.length === 0,
            `${known.length - down.length} of ${known.length} up${lost > 0 ? `, ${lost} not known` : ""}${down.length > 0 ? `; down: ${list(down.map(({ peer, node, remark }) => `${peer}${node === "" ? "" : ` on ${node}`}${remark === "" ? "" : ` (${remark})`}`))}` : ""}`,
          ),
        ]),
    row(
      "services",
      waiting.length + silent.length + claimed.length === 0,
      waiting.length + silent.length + claimed.length === 0
        ? `${ours.length} with an address that is announced`
        : [
            waiting.length > 0 ? `waiting for an address: ${list(waiting.map(keyOf))}` : "",
            silent.length > 0 ? `announced by nobody: ${list(silent.map(keyOf))}` : "",
            claimed.length > 0 ? `claimed by a foreign host: ${list(claimed.map(keyOf))}` : "",
          ]
            .filter((text) => text !== "")
            .join("; "),
    ),
  ];
}

function byName(
  a: { readonly metadata: { readonly name: string } },
  b: { readonly metadata: { readonly name: string } },
): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
