import type { CheckRow } from "../check/model.ts";
import type { HealthRow, OwnerRow, PoolRow, SessionRow } from "../explain/overview.ts";
import type { Check, Explanation } from "../explain/question.ts";
import type { DrainRow } from "../explain/simulateDrain.ts";
import { table } from "../explain/table.ts";

const marks: Readonly<Record<Check["verdict"], string>> = { ok: "ok", problem: "PROBLEM", note: "note", unknown: "?" };

/** `berth explain service`, for people: the cause first, then every check, then who announces and what if that node left. */
export function renderExplanation({ service, addresses, cause, checks, announcements, withoutNode }: Explanation): string {
  // One whose addresses are announced serves its clients, also where it does not get another that it asks for.
  const isServing = addresses.length > 0 && checks.some(({ name, verdict }) => name === "announced" && verdict === "ok");
  const what =
    isServing && ["request", "address"].includes(cause?.name ?? "") ? "works, and lacks what it asks for" : "does not work";
  const headline =
    cause === undefined
      ? `${service} is well: ${addresses.join(", ")}`
      : `${service} ${what}: ${cause.message} (${cause.reason})`;
  const rows = checks.map(({ name, verdict, message }) => [marks[verdict], name, message]);
  const announcing = announcements
    .filter((one) => one.announcing)
    .map((one) => [one.address, one.node, one.via ?? "", one.since, one.message ?? ""]);
  const silent = announcements
    .filter((one) => !one.announcing)
    .map((one) => `  ${one.node} does not announce ${one.address}: ${one.message ?? one.reason}`);
  return [
    headline,
    ...(cause?.remedy === undefined ? [] : [`What to do: ${cause.remedy}`]),
    "",
    table(
      ["", "CHECK", "ANSWER"],
      rows.map(([mark = "", ...rest]) => [mark, ...rest]),
    ),
    ...(announcing.length > 0 ? ["", table(["ADDRESS", "ANNOUNCED BY", "ON", "SINCE", "WHY"], announcing)] : []),
    ...(silent.length > 0 ? ["", ...silent] : []),
    ...(withoutNode.length > 0 ? ["", ...withoutNode.map(({ node, message }) => `  If ${node} left: ${message}.`)] : []),
  ].join("\n");
}

/** The parts of Berth and whether they are well: the head of `berth status`. */
export function renderHealth(rows: readonly HealthRow[]): string {
  return table(
    ["PART", "", "WHAT"],
    rows.map(({ part, isWell, message }) => [part, isWell ? "ok" : "PROBLEM", message]),
  );
}

/** `berth pools`. */
export function renderPools(rows: readonly PoolRow[]): string {
  return table(
    ["EIP", "ADDRESSES", "PROTOCOL", "USED", "OF", "IN USE"],
    rows.map((row) => [row.eip, row.addresses, row.protocol, row.used, row.size, row.inUse]),
  );
}

/** `berth sessions`. */
export function renderSessions(rows: readonly SessionRow[]): string {
  return table(
    ["PEER", "NEIGHBOR", "NODE", "STATE", "SINCE", "REMARK"],
    rows.map((row) => [row.peer, row.neighbor, row.node, row.state, row.since, row.remark]),
  );
}

/** `berth owners` and `berth routes`. */
export function renderOwners(rows: readonly OwnerRow[]): string {
  return table(
    ["ADDRESS", "SERVICE", "PROTOCOL", "NODE", "VIA", "SINCE", "WHY"],
    rows.map((row) => [row.address, row.service, row.protocol, row.node, row.via, row.since, row.why]),
  );
}

/** `berth simulate drain`. */
export function renderDrain(node: string, rows: readonly DrainRow[]): string {
  if (rows.length === 0) return `${node} announces nothing; draining it changes nothing for clients`;
  return table(
    ["SERVICE", "ADDRESS", "PROTOCOL", "OUTCOME", "HOW"],
    rows.map((row) => [row.service, row.address, row.protocol, row.outcome, row.message]),
  );
}

const checkMarks: Readonly<Record<CheckRow["verdict"], string>> = { ok: "ok", problem: "PROBLEM", note: "note", unknown: "?" };

/** `berth check`: what is wrong first, each with what to do. */
export function renderCheck(rows: readonly CheckRow[]): string {
  const count = rows.filter(({ verdict }) => verdict === "problem").length;
  const headline = count === 0 ? "nothing is wrong" : count === 1 ? "one thing is wrong" : `${count} things are wrong`;
  const order: readonly CheckRow["verdict"][] = ["problem", "note", "unknown", "ok"];
  const sorted = [...rows].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const remedies = sorted.filter(({ remedy, verdict }) => remedy !== "" && verdict !== "ok");
  return [
    headline,
    "",
    table(
      ["", "CHECK", "ANSWER"],
      sorted.map(({ verdict, check, message }) => [checkMarks[verdict], check, message]),
    ),
    ...(remedies.length > 0 ? ["", "What to do:", ...remedies.map(({ check, remedy }) => `  ${check}: ${remedy}`)] : []),
  ].join("\n");
}
