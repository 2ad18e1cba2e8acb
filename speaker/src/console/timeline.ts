import type { ConsoleModel, TimelineEntry } from "./model.ts";

/** So many entries are kept, the newest. */
const kept = 500;

type News = Pick<TimelineEntry, "kind" | "subject" | "message"> & Partial<Pick<TimelineEntry, "eip">>;

/**
 * What happened between two snapshots, added to what happened before.
 * @param at when, RFC 3339
 */
export function extend(
  timeline: readonly TimelineEntry[],
  before: ConsoleModel,
  after: ConsoleModel,
  at: string,
): readonly TimelineEntry[] {
  const news = [
    ...addressNews(before, after),
    ...ownerNews(before, after),
    ...sessionNews(before, after),
    ...nodeNews(before, after),
  ];
  if (news.length === 0) return timeline;
  const next = Number(timeline[0]?.key ?? 0) + 1;
  const entries = news.map((one, index): TimelineEntry => ({ key: String(next + index), at, eip: "", ...one }));
  return [...entries.reverse(), ...timeline].slice(0, kept);
}

function* addressNews(before: ConsoleModel, after: ConsoleModel): Iterable<News> {
  const old = new Map(before.services.map((row) => [row.key, row]));
  const current = new Set(after.services.map(({ key }) => key));
  for (const row of after.services) {
    const had = old.get(row.key);
    const held = had?.addresses.map(({ address }) => address) ?? [];
    for (const { address, eip, conflict } of row.addresses) {
      if (!held.includes(address))
        yield { kind: "address", subject: row.key, message: `got ${address}${eip === "" ? "" : ` from Eip ${eip}`}`, eip };
      const was = had?.addresses.find((one) => one.address === address)?.conflict ?? "";
      if (conflict !== was)
        yield {
          kind: "conflict",
          subject: row.key,
          eip,
          message:
            conflict === "" ? `no foreign host claims ${address} any more` : `a foreign host claims ${address}: ${conflict}`,
        };
    }
    for (const { address, eip } of had?.addresses ?? [])
      if (!row.addresses.some((one) => one.address === address))
        yield { kind: "address", subject: row.key, message: `gave ${address} back`, eip };
    if (row.state === "waiting" && (had?.state !== "waiting" || had.why !== row.why))
      yield { kind: "address", subject: row.key, message: `waits: ${row.why}` };
  }
  for (const [key, { addresses }] of old)
    if (!current.has(key))
      yield {
        kind: "address",
        subject: key,
        message: `is gone${addresses.map(({ address }) => `, gave ${address} back`).join("")}`,
        eip: addresses[0]?.eip ?? "",
      };
}

function* ownerNews(before: ConsoleModel, after: ConsoleModel): Iterable<News> {
  const old = new Map(before.services.map((row) => [row.key, row]));
  for (const row of after.services) {
    for (const { address, protocol, announcers } of row.addresses) {
      const had = old.get(row.key)?.addresses.find((one) => one.address === address)?.announcers ?? [];
      const came = announcers.filter(({ node }) => !had.some((one) => one.node === node));
      const went = had.filter(({ node }) => !announcers.some((one) => one.node === node));
      if (came.length === 0 && went.length === 0) continue;
      const [owner] = came;
      const message =
        protocol === "layer2" && owner !== undefined
          ? `${owner.node} answers for ${address}${went.length > 0 ? ` in place of ${went.map(({ node }) => node).join(", ")}` : ""}: ${owner.why}`
          : announcers.length === 0
            ? `nobody announces ${address} any more`
            : [
                ...came.map(({ node }) => `${node} announces ${address}`),
                ...went.map(({ node }) => `${node} does not announce ${address} any more`),
              ].join(", ");
      yield { kind: "owner", subject: row.key, message };
    }
  }
}

function* sessionNews(before: ConsoleModel, after: ConsoleModel): Iterable<News> {
  const old = new Map(before.routers.flatMap(({ key, sessions }) => sessions.map((one) => [`${key} ${one.node}`, one])));
  for (const { key, sessions } of after.routers) {
    for (const { node, state, error } of sessions) {
      const was = old.get(`${key} ${node}`)?.state;
      const [isUp, wasUp] = [state === "established", was === "established"];
      if (isUp === wasUp && was !== undefined) continue;
      if (!isUp && was === undefined) continue;
      yield {
        kind: "session",
        subject: `${key} on ${node}`,
        message: isUp
          ? "the session is up"
          : `the session is ${state === "unknown" ? "not known" : "down"}${error === "" ? "" : `: ${error}`}`,
      };
    }
  }
}

function* nodeNews(before: ConsoleModel, after: ConsoleModel): Iterable<News> {
  const old = new Map(before.nodes.map((row) => [row.key, row]));
  for (const { key, problem, isSpeakerReady } of after.nodes) {
    const was = old.get(key);
    if (was === undefined) continue;
    if (was.problem !== problem) yield { kind: "node", subject: key, message: problem === "" ? "may announce again" : problem };
    if (was.isSpeakerReady !== isSpeakerReady)
      yield { kind: "node", subject: key, message: isSpeakerReady ? "its speaker is Ready" : "its speaker is not Ready" };
  }
}
