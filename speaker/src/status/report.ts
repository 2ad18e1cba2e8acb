import { addressAssigned } from "@berth/api/conditions";
import type { ServiceAnnouncementStatus } from "@berth/api/serviceAnnouncement";
import type { ClusterFacts } from "../explain/clusterFacts.ts";
import { table } from "../explain/table.ts";
import { wellNodes } from "../kubernetes/announced.ts";
import { keyOf } from "../kubernetes/objects.ts";
import { isOurs } from "../kubernetes/requests.ts";

/** One line of the report: an address, or a Service that waits for one. */
export interface ReportRow {
  readonly service: string;
  readonly address: string;
  readonly ports: string;
  readonly protocol: string;
  /** For Layer2 the node that answers; for BGP the nodes that are next hops. */
  readonly announcedBy: readonly string[];
  /** What a person should know: who took over from whom, why nobody announces. */
  readonly remark: string;
}

/**
 * Joins the ledger with what the nodes report.
 * @returns one row for each address of each Service, sorted; a Service without an address has one row that says why
 */
export function report({ services, announcements, speakers, scope }: ClusterFacts): ReportRow[] {
  const well = wellNodes(speakers);
  const believed = Map.groupBy(
    announcements.filter(({ status }) => well.has(status.node)),
    ({ metadata, status }) => `${metadata.namespace}/${status.service}`,
  );
  return services
    .filter((service) => isOurs(service, scope))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .flatMap((service): ReportRow[] => {
      const key = keyOf(service);
      const ports = (service.spec.ports ?? []).map(({ port, protocol }) => `${port}/${protocol ?? "TCP"}`).join(",");
      const addresses = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
      const condition = service.status?.conditions?.find(({ type }) => type === addressAssigned);
      if (addresses.length === 0)
        return [
          { service: key, address: "", ports, protocol: "", announcedBy: [], remark: condition?.message ?? "has no address yet" },
        ];
      const reports = (believed.get(key) ?? []).map(({ status }) => status);
      return addresses.map((address) => ({
        service: key,
        address,
        ports,
        ...announcementOf(reports.filter((one) => one.address === address)),
      }));
    });
}

/** Whether every row has an address and somebody who announces it. */
export function isAllWell(rows: readonly ReportRow[]): boolean {
  return rows.every((row) => row.address !== "" && row.announcedBy.length > 0);
}

/** The report as a table for people. */
export function formatReport(rows: readonly ReportRow[]): string {
  return table(
    ["SERVICE", "ADDRESS", "PORTS", "PROTOCOL", "ANNOUNCED BY", "REMARK"],
    rows.map((row) => [row.service, row.address, row.ports, row.protocol, row.announcedBy.join(", ") || "nobody", row.remark]),
  );
}

function announcementOf(reports: readonly ServiceAnnouncementStatus[]): Pick<ReportRow, "protocol" | "announcedBy" | "remark"> {
  const announcing = reports.filter((one) => one.announcing);
  const conflicts = reports.flatMap(({ conflict, node }) =>
    conflict === undefined ? [] : [`a foreign host, ${conflict.mac}, claims it on ${conflict.interface} of ${node}`],
  );
  const [only] = announcing.length === 1 ? announcing : [];
  const refusals = reports.filter((one) => !one.announcing).map(({ node, message, reason }) => `${node}: ${message ?? reason}`);
  const remark = announcing.length > 0 ? [only?.message ?? "", ...conflicts] : [...refusals, ...conflicts];
  return {
    protocol: reports[0]?.protocol ?? "",
    announcedBy: announcing.map(({ node }) => node).sort(),
    remark: remark.filter((text) => text !== "").join("; ") || (announcing.length === 0 ? "no node has reported" : ""),
  };
}
