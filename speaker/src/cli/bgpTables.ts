/** What the speakers say of BGP, as tables. Pure. */

/** One session on one node: the facts of a speaker's peer, and the node. */
export interface Neighbor {
  readonly node: string;
  readonly name: string;
  readonly address: string;
  readonly peerAs: number;
  readonly localAs: number;
  readonly state: string;
  readonly since: string;
  readonly routesSent: number;
  readonly routesReceived: number;
  readonly lastError: string;
  readonly holdTime?: number;
  readonly families?: readonly string[];
  readonly flaps?: number;
  readonly peerIdentifier?: string;
  readonly description?: string;
  readonly bfd?: {
    readonly state: string;
    readonly reason: string;
    readonly detectionTime: number;
    readonly transmitInterval: number;
  };
}

/** One route of one node. */
export interface NodeRoute {
  readonly node: string;
  readonly peer: string;
  readonly prefix: string;
  readonly pathId?: number;
  readonly nextHop: string;
  readonly asPath: readonly number[];
  readonly med?: number;
  readonly localPref?: number;
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  readonly extendedCommunities: readonly string[];
  readonly isStale: boolean;
}

/** Sessions as a table, one row for each node and peer. */
export function renderNeighbors(neighbors: readonly Neighbor[]): string {
  if (neighbors.length === 0) return "no speaker has a BGP peer";
  return columns([
    ["NODE", "PEER", "ADDRESS", "AS", "STATE", "SINCE", "SENT", "RECEIVED", "BFD", "LAST ERROR"],
    ...neighbors.map((one) => [
      one.node,
      one.name,
      one.address,
      String(one.peerAs || "-"),
      one.state,
      one.since || "-",
      String(one.routesSent),
      String(one.routesReceived),
      one.bfd?.state ?? "-",
      one.lastError || "-",
    ]),
  ]);
}

/** Everything about one peer, node by node. */
export function renderPeer(neighbors: readonly Neighbor[]): string {
  return neighbors
    .map((one) =>
      columns([
        ["node", one.node],
        [
          "peer",
          `${one.name}${one.description ? ` (${one.description})` : ""}, ${one.address}, AS ${one.peerAs || "not known yet"}`,
        ],
        ["we are", `AS ${one.localAs}`],
        ["state", `${one.state}${one.since ? ` since ${one.since}` : ""}, went down ${one.flaps ?? 0} times`],
        ["hold time", one.holdTime === undefined ? "-" : `${one.holdTime} s`],
        ["families", (one.families ?? []).join(", ") || "-"],
        ["router ID", one.peerIdentifier ?? "-"],
        ["routes", `${one.routesSent} sent, ${one.routesReceived} received`],
        [
          "BFD",
          one.bfd === undefined
            ? "off"
            : `${one.bfd.state}: ${one.bfd.reason}; a packet every ${one.bfd.transmitInterval} ms, down after ${one.bfd.detectionTime} ms`,
        ],
        ["last error", one.lastError || "-"],
      ]),
    )
    .join("\n\n");
}

/** Routes as a table. */
export function renderRoutes(routes: readonly NodeRoute[]): string {
  if (routes.length === 0) return "no routes";
  const or = (value: unknown): string => (value === undefined || value === null ? "-" : String(value));
  return columns([
    ["NODE", "PEER", "PREFIX", "NEXT HOP", "PATH ID", "AS PATH", "MED", "LOCALPREF", "COMMUNITIES"],
    ...routes.map((one) => [
      one.node,
      one.peer || "-",
      `${one.prefix}${one.isStale ? " (stale)" : ""}`,
      one.nextHop,
      or(one.pathId),
      one.asPath.join(" ") || "-",
      or(one.med),
      or(one.localPref),
      [...one.communities, ...one.largeCommunities, ...one.extendedCommunities].join(" ") || "-",
    ]),
  ]);
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => (row[index] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
