import type { Memory } from "./model.ts";

/** The most freed addresses that are remembered: the oldest beyond them count as never used. */
const freedKept = 65_536;

/** When addresses that nobody uses now were freed: those known before, and those that were in use the last time. */
export function freedAddresses(memory: Memory, used: ReadonlyMap<string, unknown>, now: number): Map<string, number> {
  const freed = new Map([...memory.freedAt].filter(([text]) => !used.has(text)));
  for (const text of memory.lastUsers.keys()) if (!used.has(text) && !freed.has(text)) freed.set(text, now);
  const oldest = [...freed.keys()].slice(0, Math.max(0, freed.size - freedKept));
  for (const text of oldest) freed.delete(text);
  return freed;
}

/**
 * What a controller that stands by remembers: it gives nothing, but it sees what is freed, so that addresses rest when it leads.
 * @param users who uses which address, as the ledger says
 */
export function observe(memory: Memory, users: ReadonlyMap<string, readonly string[]>, now: number): Memory {
  return { ...memory, freedAt: freedAddresses(memory, users, now), lastUsers: users };
}

/** What each Service had after the last time, as text: whoever needs but a few of them reads but a few. */
export function heldLast({ lastUsers }: Memory): ReadonlyMap<string, readonly string[]> {
  const held = new Map<string, readonly string[]>();
  for (const [text, users] of lastUsers) for (const key of users) held.set(key, [...(held.get(key) ?? []), text]);
  return held;
}
