import type { AnnouncementFact, Protocol } from "../announce/announcer.ts";

/** What one speaker says of itself on GET /state. */
export interface SpeakerState {
  readonly node: string;
  readonly announcements: readonly AnnouncementFact[];
  /** What each protocol reports besides addresses, by protocol. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What is known of one speaker from outside: its state, or why it could not be asked. */
export type SpeakerAnswer =
  | { readonly node: string; readonly state: SpeakerState }
  | { readonly node: string; readonly problem: string };

/** One Service of type LoadBalancer, as far as the report needs it. */
export interface ExposedServiceFacts {
  readonly service: string;
  readonly addresses: readonly string[];
  readonly ports: readonly string[];
  /** Why it has no address: the message of its condition; undefined when it has one. */
  readonly problem: string | undefined;
}

/** One line of the report: an address, or a Service that waits for one. */
export interface ReportRow {
  readonly service: string;
  readonly address: string;
  readonly ports: string;
  readonly protocol: Protocol | "";
  /** For Layer2 the node that answers; for BGP the nodes that are next hops. */
  readonly announcedBy: readonly string[];
  /** What a person should know: who took over from whom, why nobody announces. */
  readonly remark: string;
}

/**
 * Joins the ledger with what the speakers say.
 * @returns one row for each address of each Service, in the order of the Services; a Service without an address has one row that says why
 */
export function report(services: readonly ExposedServiceFacts[], speakers: readonly SpeakerAnswer[]): ReportRow[] {
  return services.flatMap((service): ReportRow[] => {
    const ports = service.ports.join(",");
    if (service.addresses.length === 0) {
      return [
        {
          service: service.service,
          address: "",
          ports,
          protocol: "",
          announcedBy: [],
          remark: service.problem ?? "has no address yet",
        },
      ];
    }
    return service.addresses.map((address) => ({
      service: service.service,
      address,
      ports,
      ...announcementOf(address, speakers),
    }));
  });
}

/** Whether every row has an address and somebody who announces it. */
export function isAllWell(rows: readonly ReportRow[]): boolean {
  return rows.every((row) => row.address !== "" && row.announcedBy.length > 0);
}

/** The report as a table for people: columns aligned, one line a row, no trailing blanks. */
export function formatReport(rows: readonly ReportRow[]): string {
  const header = ["SERVICE", "ADDRESS", "PORTS", "PROTOCOL", "ANNOUNCED BY", "REMARK"];
  const body = rows.map((row) => [
    row.service,
    row.address || "-",
    row.ports,
    row.protocol || "-",
    row.announcedBy.join(", ") || "nobody",
    row.remark,
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...body.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd();
  return [header, ...body].map(line).join("\n");
}

function announcementOf(
  address: string,
  speakers: readonly SpeakerAnswer[],
): Pick<ReportRow, "protocol" | "announcedBy" | "remark"> {
  const facts = speakers.flatMap((speaker) =>
    "state" in speaker
      ? speaker.state.announcements.filter((fact) => fact.address === address).map((fact) => ({ node: speaker.node, fact }))
      : [],
  );
  const announcing = facts.filter(({ fact }) => fact.isAnnouncing);
  const silent = speakers.flatMap((speaker) => ("problem" in speaker ? [`${speaker.node}: ${speaker.problem}`] : []));
  const because = announcing.length === 1 ? announcing[0]?.fact.because : undefined;
  const refusals = facts.flatMap(({ node, fact }) => (fact.refusal === undefined ? [] : [`${node}: ${fact.refusal.message}`]));
  const remark = announcing.length > 0 ? [because, ...silent] : [...refusals, ...silent];
  return {
    protocol: (announcing[0] ?? facts[0])?.fact.protocol ?? "",
    announcedBy: announcing.map(({ node }) => node).sort(),
    remark: remark.filter((text) => text !== undefined && text !== "").join("; "),
  };
}
