import { addressAssigned, announced, type Condition } from "@berth/api/conditions";
import type { Eip } from "@berth/api/eip";
import { isReady } from "../kubernetes/announced.ts";
import type { Pod, Service } from "../kubernetes/objects.ts";
import { each, type MetricRow, type ProcessFacts, processRows, type Sample, single } from "./row.ts";

interface Judged {
  readonly status?: { readonly conditions?: readonly Condition[] | undefined } | undefined;
}

/** What a controller's metrics are read from: the cluster as it watches it. */
export interface ControllerFacts extends ProcessFacts {
  readonly isLeader: boolean;
  /** Those that are Berth's to serve. */
  readonly services: readonly Service[];
  readonly eips: readonly Eip[];
  /** BgpConfs and BgpPeers, with their kind. */
  readonly objects: readonly ({ readonly kind: string } & Judged)[];
  readonly speakers: readonly Pod[];
  readonly reconciles: number;
  readonly failedReconciles: number;
}

function has(object: Judged, type: string, status: string): boolean {
  return object.status?.conditions?.some((condition) => condition.type === type && condition.status === status) ?? false;
}

const eachPool =
  (value: (eip: Eip) => number) =>
  ({ eips }: ControllerFacts): readonly Sample[] =>
    eips.map((eip) => ({ labels: { eip: eip.metadata.name }, value: value(eip) }));

/** How many addresses an Eip has: too many for a number with IPv6, but a rounded one tells as much. */
export function poolSizeOf({ status }: Eip): number {
  return Number(status?.poolSizeText ?? status?.poolSize ?? 0);
}

export const holdsAddress = (service: Service): boolean =>
  (service.status?.loadBalancer?.ingress ?? []).some(({ ip }) => ip !== undefined);

/** What a controller tells. Every replica tells the same, but for who leads. */
export const controllerRows: readonly MetricRow<ControllerFacts>[] = [
  ...processRows,
  {
    name: "berth_controller_is_leader",
    type: "gauge",
    tells: "fact",
    help: "Whether this controller leads.",
    labels: [],
    read: ({ isLeader }) => single(Number(isLeader)),
  },
  {
    name: "berth_controller_reconciles_total",
    type: "counter",
    tells: "fact",
    help: "How often everything was decided anew.",
    labels: [],
    read: ({ reconciles }) => single(reconciles),
  },
  {
    name: "berth_controller_reconcile_failures_total",
    type: "counter",
    tells: "fact",
    help: "How often that failed, or the API server refused to write what came of it; it is tried again.",
    labels: [],
    read: ({ failedReconciles }) => single(failedReconciles),
  },
  {
    name: "berth_services_wanted",
    type: "gauge",
    tells: "wish",
    help: "Services that want an address from Berth.",
    labels: [],
    read: ({ services }) => single(services.length),
  },
  {
    name: "berth_services_with_address",
    type: "gauge",
    tells: "fact",
    help: "Of those, the ones that hold every address that they ask for.",
    labels: [],
    read: ({ services }) =>
      single(services.filter((service) => holdsAddress(service) && has(service, addressAssigned, "True")).length),
  },
  {
    name: "berth_services_announced",
    type: "gauge",
    tells: "fact",
    help: "Of those, the ones whose addresses somebody announces, as the nodes report.",
    labels: [],
    read: ({ services }) => single(services.filter((service) => has(service, announced, "True")).length),
  },
  {
    name: "berth_services_waiting",
    type: "gauge",
    tells: "fact",
    help: "Services that do not get an address, by reason as in their condition.",
    labels: ["reason"],
    read: ({ services }) => each("reason", countBy(services.flatMap((service) => waitingReason(service) ?? []))),
  },
  {
    name: "berth_services_silent",
    type: "gauge",
    tells: "fact",
    help: "Services with an address that nobody announces, by reason as in their condition.",
    labels: ["reason"],
    read: ({ services }) =>
      each(
        "reason",
        countBy(
          services.flatMap(
            ({ status }) =>
              status?.conditions?.find(({ type, status: holds }) => type === announced && holds === "False")?.reason ?? [],
          ),
        ),
      ),
  },
  {
    name: "berth_pool_wanted",
    type: "gauge",
    tells: "wish",
    help: "Whether the Eip is meant to be in use: 0 for one that spec.disable takes out.",
    labels: ["eip"],
    read: eachPool(({ spec }) => Number(spec.disable !== true)),
  },
  {
    name: "berth_pool_in_use",
    type: "gauge",
    tells: "fact",
    help: "Whether addresses are given from the Eip.",
    labels: ["eip"],
    read: eachPool((eip) => Number(has(eip, "Ready", "True") && eip.spec.disable !== true)),
  },
  {
    name: "berth_pool_addresses",
    type: "gauge",
    tells: "fact",
    help: "Addresses of the Eip.",
    labels: ["eip"],
    read: eachPool(poolSizeOf),
  },
  {
    name: "berth_pool_addresses_used",
    type: "gauge",
    tells: "fact",
    help: "Addresses of the Eip that Services hold.",
    labels: ["eip"],
    read: eachPool(({ status }) => status?.usage ?? 0),
  },
  {
    name: "berth_objects_refused",
    type: "gauge",
    tells: "fact",
    help: "BgpConfs and BgpPeers that are not used because something in them is wrong, by kind.",
    labels: ["kind"],
    read: ({ objects }) =>
      ["BgpConf", "BgpPeer"].map((kind) => ({
        labels: { kind },
        value: objects.filter((object) => object.kind === kind && has(object, "Accepted", "False")).length,
      })),
  },
  {
    name: "berth_speakers_wanted",
    type: "gauge",
    tells: "wish",
    help: "Pods of speakers: one for each node that the DaemonSet selects.",
    labels: [],
    read: ({ speakers }) => single(speakers.length),
  },
  {
    name: "berth_speakers_ready",
    type: "gauge",
    tells: "fact",
    help: "Of those, the ones that are Ready.",
    labels: [],
    read: ({ speakers }) => single(speakers.filter(isReady).length),
  },
];

function waitingReason(service: Service): string | undefined {
  const condition = service.status?.conditions?.find(({ type }) => type === addressAssigned);
  return condition?.status === "False" ? condition.reason : undefined;
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
