import type { TimelineEntry } from "../src/console/model.ts";

/** So many entries are kept in this tab. */
const kept = 500;
const storageKey = "berth-timeline";
/** Two controllers tell of one thing at slightly different times. */
const apartMilliseconds = 5000;

/** The newest of two timelines together, the newest first; what both tell of is there once. */
export function mergeTimelines(current: readonly TimelineEntry[], before: readonly TimelineEntry[]): readonly TimelineEntry[] {
  const said = ({ kind, subject, message }: TimelineEntry): string => `${kind} ${subject} ${message}`;
  const known = Map.groupBy(current, said);
  const isKnown = (entry: TimelineEntry): boolean =>
    (known.get(said(entry)) ?? []).some(({ at }) => Math.abs(Date.parse(at) - Date.parse(entry.at)) < apartMilliseconds);
  return [...current, ...before.filter((entry) => !isKnown(entry))]
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .slice(0, kept)
    .map((entry) => ({ ...entry, key: `${entry.at} ${said(entry)}` }));
}

let last: { readonly from: readonly TimelineEntry[]; readonly merged: readonly TimelineEntry[] } | undefined;

/** What a controller tells, with what this tab saw before: of another controller, or before a reload. Signing out forgets it. */
export function remember(timeline: readonly TimelineEntry[]): readonly TimelineEntry[] {
  if (last?.from === timeline) return last.merged;
  const merged = mergeTimelines(timeline, read());
  last = { from: timeline, merged };
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(merged));
  } catch (error) {
    // There is no room: the page shows it all the same.
    if (!(error instanceof DOMException)) throw error;
  }
  return merged;
}

/** Forgets what this tab saw. */
export function forget(): void {
  last = undefined;
  sessionStorage.removeItem(storageKey);
}

function read(): readonly TimelineEntry[] {
  try {
    const saved: unknown = JSON.parse(sessionStorage.getItem(storageKey) ?? "[]");
    // Only this page writes there.
    return Array.isArray(saved) ? (saved as TimelineEntry[]) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
