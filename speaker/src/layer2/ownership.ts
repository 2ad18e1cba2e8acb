import { type Address, formatAddress } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Neighbor, Note } from "./frame.ts";

/** How failover is timed; all in milliseconds. */
export interface Tuning {
  /** Between two probes of one owner. */
  readonly probeInterval: number;
  /** After so many unanswered probes the owner is taken for dead. */
  readonly misses: number;
  /** Between two probes before a claim, and how many. @see RFC 5227 §2.1.1, whose seconds are too long for a failover */
  readonly claimInterval: number;
  readonly claimProbes: number;
  /** How much later each next one in the order begins to claim. */
  readonly rankDelay: number;
  /** After a claim, announcements are repeated every second for this long. */
  readonly repeatFor: number;
  /** Later on they are repeated this often. */
  readonly repeatEvery: number;
}

export const defaultTuning: Tuning = {
  probeInterval: 150,
  misses: 3,
  claimInterval: 50,
  claimProbes: 2,
  rankDelay: 200,
  repeatFor: 5000,
  repeatEvery: 60_000,
};

/** An address that this node may answer for. */
export interface Target {
  readonly address: Address;
  /** The interfaces on which it is answered for. The first is where owners are probed. */
  readonly interfaces: readonly string[];
  /** The place of this node in the address's order, 0 for the first. */
  readonly rank: number;
  /** How many nodes are in the order. */
  readonly candidates: number;
}

/** An interface of this node. */
export interface Link {
  readonly name: string;
  readonly mac: Mac;
  readonly addresses: readonly Address[];
}

/** What this node is to one address. */
export type Role =
  /** Nobody is known to own it; probes go out. */
  | "seeking"
  /** Another owns it. */
  | "standby"
  /** Nobody answers; the last probes before the claim go out. */
  | "claiming"
  | "owner";

interface Held {
  readonly target: Target;
  readonly role: Role;
  readonly ownerMac: Mac | undefined;
  /** Whether the owner said that it goes. */
  readonly isOwnerLeaving: boolean;
  readonly misses: number;
  /** When the next thing is due. */
  readonly dueAt: number;
  /** Probes sent in this role. */
  readonly sent: number;
  readonly since: number;
  readonly because: string;
}

/** The ownership of every address on one node. Opaque; advanced by `step`. */
export interface Ownership {
  readonly tuning: Tuning;
  readonly links: ReadonlyMap<string, Link>;
  readonly held: ReadonlyMap<string, Held>;
  readonly isLeaving: boolean;
  /** Echoed by speakers: tells their answers from those of a device that answers for others. */
  readonly nonce: number;
}

/** What happens to a node's ownership. `now` is milliseconds of a clock that never goes back. */
export type Event =
  | { readonly type: "desired"; readonly now: number; readonly targets: readonly Target[]; readonly links: readonly Link[] }
  | { readonly type: "tick"; readonly now: number }
  | { readonly type: "frame"; readonly now: number; readonly link: string; readonly frame: Neighbor }
  /** A planned stop: others take over first. */
  | { readonly type: "leave"; readonly now: number };

export type Effect =
  | { readonly type: "ask"; readonly link: string; readonly address: Address; readonly to: Mac | undefined; readonly note: Note }
  | {
      readonly type: "answer";
      readonly link: string;
      readonly address: Address;
      readonly asker: { readonly mac: Mac; readonly address: Address | undefined };
      readonly note: Note | undefined;
    }
  | { readonly type: "announce"; readonly link: string; readonly address: Address; readonly note: Note }
  | { readonly type: "changed"; readonly address: Address; readonly role: Role; readonly reason: string }
  | { readonly type: "conflict"; readonly address: Address; readonly mac: Mac; readonly link: string };

export interface Step {
  readonly state: Ownership;
  readonly effects: readonly Effect[];
}

/** The ownership of a node that owns nothing. @param nonce a random number of 32 bits */
export function newOwnership(tuning: Tuning, nonce: number): Ownership {
  return { tuning, links: new Map(), held: new Map(), isLeaving: false, nonce };
}

/** Advances the ownership by one event. Pure and total. */
export function step(state: Ownership, event: Event): Step {
  switch (event.type) {
    case "desired":
      return want(state, event.targets, event.links, event.now);
    case "tick":
      return tick(state, event.now);
    case "frame":
      return hear(state, event.link, event.frame, event.now);
    case "leave":
      return leave(state, event.now);
    default:
      return event satisfies never;
  }
}

/** What this node is to each address, for status: role, since when, and why. */
export function facts(state: Ownership): {
  readonly address: string;
  readonly role: Role;
  readonly since: number;
  readonly because: string;
  readonly ownerMac: Mac | undefined;
  readonly interfaces: readonly string[];
}[] {
  return [...state.held].map(([address, { role, since, because, ownerMac, target }]) => ({
    address,
    role,
    since,
    because,
    ownerMac,
    interfaces: target.interfaces,
  }));
}

const noteOf = (state: Ownership, held: Held, kind: Note["kind"], nonce = state.nonce): Note => ({
  kind,
  rank: held.target.rank,
  nonce,
});

function announce(state: Ownership, held: Held, kind: Note["kind"]): Effect[] {
  return held.target.interfaces.map((link) => ({
    type: "announce",
    link,
    address: held.target.address,
    note: noteOf(state, held, kind),
  }));
}

function want(state: Ownership, targets: readonly Target[], links: readonly Link[], now: number): Step {
  const effects: Effect[] = [];
  const next = new Map<string, Held>();
  const linkMap = new Map(links.map((link) => [link.name, link]));
  for (const target of targets) {
    const key = formatAddress(target.address);
    const before = state.held.get(key);
    if (before === undefined) {
      next.set(key, {
        target,
        role: "seeking",
        ownerMac: undefined,
        isOwnerLeaving: false,
        misses: 0,
        dueAt: now,
        sent: 0,
        since: now,
        because: "looking for who owns it",
      });
      continue;
    }
    const added = target.interfaces.filter(
      (link) => !before.target.interfaces.includes(link) || state.links.get(link)?.mac !== linkMap.get(link)?.mac,
    );
    if (before.role === "owner")
      for (const link of added)
        effects.push({ type: "announce", link, address: target.address, note: noteOf(state, before, "claim") });
    next.set(key, { ...before, target });
  }
  for (const [key, held] of state.held) {
    if (next.has(key)) continue;
    if (held.role === "owner")
      effects.push(...announce(state, held, "release"), {
        type: "changed",
        address: held.target.address,
        role: "standby",
        reason: "not wanted on this node any more",
      });
  }
  return { state: { ...state, links: linkMap, held: next }, effects };
}

function tick(state: Ownership, now: number): Step {
  const effects: Effect[] = [];
  const next = new Map(state.held);
  const flows = new Set<string>();
  for (const [key, held] of state.held) {
    if (held.dueAt > now) continue;
    const flow = `${held.ownerMac ?? key} ${held.target.interfaces[0] ?? ""}`;
    if (held.role === "standby" && flows.has(flow)) continue;
    const after = due(state, held, now);
    if (held.role === "standby" && after.effects.length > 0) flows.add(flow);
    next.set(key, after.held);
    effects.push(...after.effects);
  }
  return { state: { ...state, held: next }, effects };
}

/** What is due for one address. */
function due(state: Ownership, held: Held, now: number): { readonly held: Held; readonly effects: readonly Effect[] } {
  const { tuning } = state;
  const { target } = held;
  const link = target.interfaces[0];
  if (link === undefined) return { held: { ...held, dueAt: now + tuning.probeInterval }, effects: [] };
  const ask = (to: Mac | undefined): Effect => ({
    type: "ask",
    link,
    address: target.address,
    to,
    note: noteOf(state, held, "probe"),
  });
  switch (held.role) {
    case "seeking":
      if (state.isLeaving) return { held: { ...held, dueAt: now + tuning.probeInterval }, effects: [] };
      if (held.sent < tuning.misses)
        return { held: { ...held, sent: held.sent + 1, dueAt: now + tuning.claimInterval }, effects: [ask(undefined)] };
      return {
        held: { ...held, role: "claiming", sent: 0, dueAt: now + target.rank * tuning.rankDelay, because: "nobody answers" },
        effects: [],
      };
    case "standby": {
      if (target.rank > 2 || held.ownerMac === undefined || state.isLeaving)
        return { held: { ...held, dueAt: now + tuning.probeInterval }, effects: [] };
      if (held.misses < tuning.misses)
        return { held: { ...held, misses: held.misses + 1, dueAt: now + tuning.probeInterval }, effects: [ask(held.ownerMac)] };
      const wait = target.rank === 0 ? 0 : (target.rank - 1) * tuning.rankDelay;
      return {
        held: {
          ...held,
          role: "claiming",
          sent: 0,
          dueAt: now + wait,
          because: `took over from ${held.ownerMac}, which stopped to answer`,
        },
        effects: [],
      };
    }
    case "claiming":
      if (state.isLeaving) return { held: { ...held, dueAt: now + tuning.probeInterval }, effects: [] };
      if (held.sent < tuning.claimProbes)
        return { held: { ...held, sent: held.sent + 1, dueAt: now + tuning.claimInterval }, effects: [ask(undefined)] };
      return own(state, held, now);
    case "owner": {
      const isFresh = now - held.since < tuning.repeatFor;
      const spread = Number(target.address.value % 1000n) / 1000;
      const dueAt = now + (isFresh ? 1000 : tuning.repeatEvery * (0.9 + spread / 5));
      return { held: { ...held, dueAt }, effects: announce(state, held, "claim") };
    }
    default:
      return held.role satisfies never;
  }
}

function own(state: Ownership, held: Held, now: number): { readonly held: Held; readonly effects: readonly Effect[] } {
  const { rank, candidates, address } = held.target;
  const because = `${held.because}; rank ${rank + 1} of ${candidates}`;
  const owner: Held = { ...held, role: "owner", ownerMac: undefined, misses: 0, sent: 0, since: now, because, dueAt: now + 1000 };
  return {
    held: owner,
    effects: [...announce(state, owner, "claim"), { type: "changed", address, role: "owner", reason: because }],
  };
}

function hear(state: Ownership, link: string, frame: Neighbor, now: number): Step {
  const key = formatAddress(frame.target);
  const held = state.held.get(key);
  const own = state.links.get(link)?.mac;
  if (held === undefined || own === undefined || frame.source === own || !held.target.interfaces.includes(link))
    return { state, effects: [] };
  const to = (next: Held, effects: readonly Effect[]): Step => ({
    state: { ...state, held: new Map(state.held).set(key, next) },
    effects,
  });
  if (frame.kind === "question") return hearQuestion(state, held, link, frame, to, now);
  return held.role === "owner" ? hearRival(state, held, link, frame, to, now) : hearOwner(state, held, frame, to, now);
}

type Next = (next: Held, effects: readonly Effect[]) => Step;

function hearQuestion(state: Ownership, held: Held, link: string, frame: Neighbor, to: Next, now: number): Step {
  if (held.role === "owner") {
    const note =
      frame.note === undefined ? undefined : noteOf(state, held, state.isLeaving ? "leaving" : "alive", frame.note.nonce);
    const asker = { mac: frame.source, address: frame.senderAddress };
    return { state, effects: [{ type: "answer", link, address: held.target.address, asker, note }] };
  }
  const isRivalClaim = held.role === "claiming" && frame.note?.kind === "probe" && frame.senderAddress === undefined;
  if (isRivalClaim && frame.note !== undefined && frame.note.rank < held.target.rank) {
    return to(
      {
        ...held,
        role: "seeking",
        sent: 0,
        dueAt: now + state.tuning.rankDelay,
        because: "one before this node in the order is claiming it",
      },
      [],
    );
  }
  return { state, effects: [] };
}

/** Another says that the address is its own, while it is ours. @see RFC 5227 §2.4 */
function hearRival(state: Ownership, held: Held, link: string, frame: Neighbor, to: Next, now: number): Step {
  const { note } = frame;
  const { address } = held.target;
  if (note === undefined)
    return to(held, [{ type: "conflict", address, mac: frame.sender, link }, ...announce(state, held, "claim")]);
  if (note.kind === "release") return { state, effects: [] };
  const isTheirs = state.isLeaving || (note.kind !== "leaving" && note.rank < held.target.rank);
  if (!isTheirs) return to(held, announce(state, held, "claim"));
  const reason = state.isLeaving
    ? `handed over to ${frame.sender}`
    : `yielded to ${frame.sender}, which is before this node in the order`;
  const standby: Held = {
    ...held,
    role: "standby",
    ownerMac: frame.sender,
    isOwnerLeaving: false,
    misses: 0,
    since: now,
    dueAt: now + state.tuning.probeInterval,
    because: reason,
  };
  return to(standby, [{ type: "changed", address, role: "standby", reason }]);
}

/** Another says that the address is its own, and we thought so, or looked for it. */
function hearOwner(state: Ownership, held: Held, frame: Neighbor, to: Next, now: number): Step {
  const { note } = frame;
  const { tuning } = state;
  if (note?.kind === "release" || note?.kind === "leaving") {
    const isNext = note.kind === "leaving" ? held.role !== "claiming" && held.target.rank <= 2 : true;
    if (state.isLeaving || !isNext) return { state, effects: [] };
    const position = held.target.rank > note.rank ? held.target.rank - 1 : held.target.rank;
    const claiming: Held = {
      ...held,
      role: "claiming",
      ownerMac: undefined,
      isOwnerLeaving: true,
      sent: tuning.claimProbes,
      dueAt: now + position * (tuning.rankDelay / 2),
      because: `took over from ${frame.sender}, which leaves`,
    };
    return to(claiming, []);
  }
  const isNew = held.role !== "standby" || held.ownerMac !== frame.sender;
  const standby: Held = {
    ...held,
    role: "standby",
    ownerMac: frame.sender,
    isOwnerLeaving: false,
    misses: 0,
    sent: 0,
    because: `${frame.sender} owns it`,
  };
  return to(
    isNew ? { ...standby, since: now, dueAt: now + tuning.probeInterval } : standby,
    isNew && note === undefined ? [{ type: "conflict", address: held.target.address, mac: frame.sender, link: "" }] : [],
  );
}

/** From here on answers say that this node leaves; who is next claims at once. */
function leave(state: Ownership, now: number): Step {
  const leaving: Ownership = { ...state, isLeaving: true };
  const effects = [...state.held.values()].flatMap((held) => (held.role === "owner" ? announce(leaving, held, "leaving") : []));
  return tickless(leaving, effects, now);
}

function tickless(state: Ownership, effects: readonly Effect[], now: number): Step {
  const held = new Map(
    [...state.held].map(([key, one]) => [key, one.role === "owner" ? { ...one, dueAt: now + 3_600_000 } : one]),
  );
  return { state: { ...state, held }, effects };
}
