import { formatAddress } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Neighbor, Note } from "./frame.ts";
import type { Effect, Event, Flow, Held, Link, Ownership, Role, Step, Target, Tuning } from "./model.ts";

/** The ownership of a node that owns nothing. @param nonce a random number of 32 bits */
export function newOwnership(tuning: Tuning, nonce: number): Ownership {
  return { tuning, links: new Map(), held: new Map(), flows: new Map(), beacon: { dueAt: 0, turn: 0 }, isLeaving: false, nonce };
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
  const owned = new Map<Mac, string[]>();
  for (const [key, held] of state.held) {
    if (held.role === "standby" && held.ownerMac !== undefined) {
      const keys = owned.get(held.ownerMac);
      if (keys === undefined) owned.set(held.ownerMac, [key]);
      else keys.push(key);
    }
    if (held.dueAt > now || held.role === "standby") continue;
    const after = due(state, held, now);
    next.set(key, after.held);
    effects.push(...after.effects);
  }
  const beacon = announceOne(state, now, effects);
  const flows = new Map<string, Flow>();
  if (!state.isLeaving) for (const [mac, keys] of owned) watch(state, mac, keys, now, { next, flows, effects });
  return { state: { ...state, held: next, flows, beacon }, effects };
}

/** The beacon of an owner, when it is due. */
function announceOne(state: Ownership, now: number, effects: Effect[]): Ownership["beacon"] {
  if (state.beacon.dueAt > now || state.isLeaving) return state.beacon;
  const owned = [...state.held.values()].filter((held) => held.role === "owner");
  const held = owned[state.beacon.turn % owned.length];
  if (held !== undefined) effects.push(...announce(state, held, "claim"));
  return { dueAt: now + state.tuning.beaconInterval, turn: state.beacon.turn + 1 };
}

/** Probes one owner for the next of its addresses; when it stopped to answer, claims them all. */
function watch(
  state: Ownership,
  mac: Mac,
  keys: readonly string[],
  now: number,
  into: { readonly next: Map<string, Held>; readonly flows: Map<string, Flow>; readonly effects: Effect[] },
): void {
  const { tuning } = state;
  const flow = state.flows.get(mac) ?? { misses: 0, dueAt: now + tuning.probeInterval, turn: 0 };
  into.flows.set(mac, flow);
  if (flow.dueAt > now) return;
  const gone = (key: string, held: Held): void => {
    const wait = Math.max(0, held.target.rank - 1) * tuning.rankDelay;
    into.next.set(key, {
      ...held,
      role: "claiming",
      sent: 0,
      dueAt: now + wait,
      because: `took over from ${mac}, which stopped to answer`,
    });
  };
  const isGone = flow.misses >= tuning.misses;
  for (const key of keys) {
    const held = state.held.get(key);
    if (held !== undefined && (isGone || held.misses >= tuning.misses)) gone(key, held);
  }
  const left = isGone ? [] : keys.filter((key) => into.next.get(key)?.role === "standby");
  const key = left[flow.turn % left.length];
  const held = key === undefined ? undefined : state.held.get(key);
  const link = held?.target.interfaces[0];
  if (key === undefined || held === undefined || link === undefined) {
    into.flows.delete(mac);
    return;
  }
  into.next.set(key, { ...held, misses: held.misses + 1 });
  into.effects.push({ type: "ask", link, address: held.target.address, to: mac, note: noteOf(state, held, "probe") });
  const nearest = Math.min(...left.map((one) => state.held.get(one)?.target.rank ?? 0));
  into.flows.set(mac, {
    misses: flow.misses + 1,
    turn: flow.turn + 1,
    dueAt: now + tuning.probeInterval * Math.max(1, nearest - 1),
  });
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
        held: {
          ...held,
          role: "claiming",
          sent: 0,
          dueAt: now + target.rank * tuning.rankDelay,
          because: "claimed it, nobody answered for it",
        },
        effects: [],
      };
    case "standby":
      return { held, effects: [] };
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
  return held.role === "owner" ? hearRival(state, held, link, frame, to, now) : hearOwner(state, held, link, frame, to, now);
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
  const isBefore =
    note.rank < held.target.rank || (note.rank === held.target.rank && frame.sender < (state.links.get(link)?.mac ?? ""));
  const isTheirs = state.isLeaving || (note.kind !== "leaving" && isBefore);
  if (!isTheirs) return sayAll(to(held, announce(state, held, "claim")), now);
  const reason = state.isLeaving
    ? `handed over to ${frame.sender}`
    : `yielded to ${frame.sender}, which is before this node in the order`;
  const standby: Held = {
    ...held,
    role: "standby",
    ownerMac: frame.sender,
    misses: 0,
    since: now,
    dueAt: now + state.tuning.probeInterval,
    because: reason,
  };
  const yielded = to(standby, [{ type: "changed", address, role: "standby", reason }]);
  return state.isLeaving ? yielded : sayAll(yielded, now);
}

/** Two owners met: what else this node owns is announced soon, so that every other double is found too. */
function sayAll({ state, effects }: Step, now: number): Step {
  const held = new Map(
    [...state.held].map(([key, one]) => [key, one.role === "owner" && one.dueAt > now + 100 ? { ...one, dueAt: now } : one]),
  );
  return { state: { ...state, held }, effects };
}

/** Another says that the address is its own, and we thought so, or looked for it. */
function hearOwner(state: Ownership, held: Held, link: string, frame: Neighbor, to: Next, now: number): Step {
  const { note } = frame;
  const { tuning } = state;
  if (note?.kind === "release" || note?.kind === "leaving") {
    if (state.isLeaving || held.role === "claiming") return { state, effects: [] };
    const position = held.target.rank > note.rank ? held.target.rank - 1 : held.target.rank;
    const claiming: Held = {
      ...held,
      role: "claiming",
      ownerMac: undefined,
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
    misses: 0,
    sent: 0,
    because: `${frame.sender} owns it`,
  };
  const isForeign = isNew && note === undefined;
  const next = to(
    isNew ? { ...standby, since: now } : standby,
    isForeign ? [{ type: "conflict", address: held.target.address, mac: frame.sender, link }] : [],
  );
  const flow = next.state.flows.get(frame.sender);
  if (flow === undefined) return next;
  return { ...next, state: { ...next.state, flows: new Map(next.state.flows).set(frame.sender, { ...flow, misses: 0 }) } };
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
