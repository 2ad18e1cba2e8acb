import { formatAddress } from "../net/address.ts";
import type { Mac } from "../net/mac.ts";
import type { Neighbor } from "./frame.ts";
import type { Contender, Effect, Role, Target, Tuning } from "./model.ts";
import { contenderKey } from "./model.ts";
import { lastRank, type Note, type NoteKind, noteOfOurs } from "./note.ts";

/** What one address's decisions depend on besides the address. */
export interface Context {
  readonly now: number;
  readonly tuning: Tuning;
  /** The Ethernet address of the interface. */
  readonly mac: Mac;
  readonly cluster: number;
  /** This node is stopping. */
  readonly isLeaving: boolean;
  /** A number that nobody can guess. */
  readonly nonce: () => number;
  /** A moment not before `now + after` at which this address may speak aloud: many at once are spread. */
  readonly slot: (after: number) => number;
  /** The node of a speaker's Ethernet address; undefined for foreign hosts. */
  readonly nodeOf: (mac: Mac) => string | undefined;
  /** This node has less than its share on the interface. */
  readonly hasRoom: () => boolean;
}

/** One address after an event: what it is now, and what is to be done. */
export interface Move {
  readonly next: Contender;
  readonly effects: readonly Effect[];
}

/** A foreign host that has not been heard for so long, in milliseconds, is taken for gone. */
const conflictEnds = 25_000;
const never = Number.POSITIVE_INFINITY;
const stay = (next: Contender, ...effects: readonly Effect[]): Move => ({ next, effects });

/** How long an address was owned, as a class that only grows: 1 up to 10 s, 2 up to 100 s, 3 up to 1,000 s, 4. Coarse, so that two owners who compare agree. */
function tenureOf(ownedFor: number): number {
  return ownedFor < 10_000 ? 1 : ownedFor < 100_000 ? 2 : ownedFor < 1_000_000 ? 3 : 4;
}

/** A name for people: the node of a speaker, or the Ethernet address. */
function nameOf(context: Context, mac: Mac): string {
  const node = context.nodeOf(mac);
  return node === undefined ? mac : `${node} (${mac})`;
}

function noteOf(contender: Contender, kind: NoteKind, context: Context, nonce?: number): Note {
  return {
    kind,
    rank: Math.min(contender.target.rank, lastRank),
    tenure: contender.role === "owner" && context.now >= contender.doubtUntil ? tenureOf(context.now - contender.tenureFrom) : 0,
    nonce: nonce ?? context.nonce(),
    cluster: context.cluster,
  };
}

const goes = (contender: Contender, context: Context): boolean => context.isLeaving || contender.target.standsBack;

/** A question about the address, to all or to one. */
export function ask(contender: Contender, kind: NoteKind, context: Context, to?: Mac): Effect {
  const { address, link } = contender.target;
  return { type: "ask", link, address, to, note: noteOf(contender, kind, context) };
}

function announce(
  contender: Contender,
  context: Context,
  kind: NoteKind = goes(contender, context) ? "leaving" : "claim",
): Effect {
  const { address, link } = contender.target;
  return { type: "announce", link, address, note: noteOf(contender, kind, context) };
}

/** Offers an address to nodes with less than their share; this node stays its owner until one takes it. */
export function offer(contender: Contender, context: Context): Move {
  const until = context.now + 1000;
  const next = { ...contender, handsOverUntil: until, dueAt: Math.min(contender.dueAt, until), saidAt: context.now };
  return stay(next, announce(next, context, "offer"));
}

/** An address that was not known before: nobody is known to own it. */
export function newContender(target: Target, context: Context): Contender {
  return {
    key: contenderKey(formatAddress(target.address), target.link),
    target,
    role: "seeking",
    owner: undefined,
    ownerRank: 0,
    dueAt: context.slot(0),
    sent: 0,
    since: context.now,
    tenureFrom: context.now,
    doubtUntil: -never,
    saidAt: -never,
    handsOverUntil: undefined,
    wasOwner: false,
    because: "looking for who owns it",
    conflict: undefined,
  };
}

/** Begins anew, as after a sleep or a cable that was out. */
export function restart(contender: Contender, because: string, context: Context): Move {
  return become(contender, "seeking", { because, owner: undefined, sent: 0, dueAt: context.slot(0) }, context);
}

type Change = Partial<Pick<Contender, "because" | "owner" | "ownerRank" | "sent" | "dueAt" | "conflict" | "tenureFrom">>;

function become(contender: Contender, role: Role, change: Change, context: Context): Move {
  const isNew = contender.role !== role;
  const next: Contender = {
    ...contender,
    ...change,
    role,
    since: isNew ? context.now : contender.since,
    handsOverUntil: role === "owner" ? contender.handsOverUntil : undefined,
  };
  if (!isNew) return stay(next);
  const { address, link } = contender.target;
  return stay(next, { type: "changed", address, link, from: contender.role, role, reason: next.because });
}

/** The owner says nothing any more, or says that it is the owner no more: who is next claims first, the others later. */
export function ownerGone(contender: Contender, because: string, context: Context, isAnnounced = false): Move {
  const { tuning } = context;
  const { rank } = contender.target;
  const position = Math.min(rank > contender.ownerRank ? rank - 1 : rank, 10);
  const delay = position * (isAnnounced ? tuning.rankDelay / 2 : tuning.rankDelay);
  const sent = isAnnounced ? tuning.claimProbes : 0;
  return become(contender, "claiming", { because, sent, dueAt: context.slot(delay) }, context);
}

/** This node slept: an owner's tenure begins anew, and for a while it yields to any other, for somebody may have taken over. */
export function doubt(contender: Contender, context: Context): Contender {
  const { now, tuning } = context;
  return { ...contender, tenureFrom: now, doubtUntil: now + tuning.beaconInterval * 4 };
}

/** The interface went away, or its carrier. */
export function suspend(contender: Contender, because: string, context: Context): Move {
  const moved = become(contender, "waiting", { because, owner: undefined, dueAt: never }, context);
  return { ...moved, next: { ...moved.next, wasOwner: contender.role === "owner" } };
}

/** The carrier was away so briefly that nobody can have taken over. */
export function resume(contender: Contender, context: Context): Move {
  return become(contender, "owner", { dueAt: context.slot(0), because: "its cable was out for a moment" }, context);
}

/** What is due for one address. */
export function due(contender: Contender, context: Context): Move {
  const { tuning, now } = context;
  switch (contender.role) {
    case "waiting":
    case "standby":
      return stay({ ...contender, dueAt: never });
    case "seeking": {
      if (goes(contender, context)) return stay({ ...contender, dueAt: never });
      const dueAt = now + tuning.claimInterval;
      if (contender.sent < tuning.seekProbes)
        return stay({ ...contender, sent: contender.sent + 1, dueAt }, ask(contender, "seek", context));
      const delay = Math.min(contender.target.rank, 10) * tuning.rankDelay;
      return become(
        contender,
        "claiming",
        { sent: 0, dueAt: now + delay, because: "claimed it, nobody answered for it" },
        context,
      );
    }
    case "claiming":
      if (goes(contender, context)) return restart(contender, "does not claim it: this node stands back", context);
      if (contender.sent < tuning.claimProbes)
        return stay(
          { ...contender, sent: contender.sent + 1, dueAt: now + tuning.claimInterval },
          ask(contender, "claiming", context),
        );
      return own(contender, context);
    case "owner":
      return speakUp(contender, context);
    case "yielded":
      return lookWhetherFree(contender, context);
    default:
      return contender.role satisfies never;
  }
}

function own(contender: Contender, context: Context): Move {
  const { rank, candidates } = contender.target;
  const because = `${contender.because}; rank ${rank + 1} of ${candidates}`;
  const dueAt = context.now + 1000;
  const moved = become(contender, "owner", { because, owner: undefined, sent: 0, dueAt, tenureFrom: context.now }, context);
  return say(moved.next, context, moved.effects);
}

/** Announces, and remembers that it did. */
function say(contender: Contender, context: Context, before: readonly Effect[] = []): Move {
  return { next: { ...contender, saidAt: context.now }, effects: [...before, announce(contender, context)] };
}

/** The repeated and the periodic announcements, and the last ones of who hands over. */
function speakUp(contender: Contender, context: Context): Move {
  const { tuning, now } = context;
  if (goes(contender, context)) {
    if (contender.handsOverUntil !== undefined && now >= contender.handsOverUntil)
      return release(contender, "nobody took it over in time", context);
    return say({ ...contender, dueAt: Math.min(now + 300, contender.handsOverUntil ?? never) }, context);
  }
  if (contender.handsOverUntil !== undefined && now >= contender.handsOverUntil)
    return speakUp({ ...contender, handsOverUntil: undefined }, context);
  const age = now - contender.since;
  const regular = age < tuning.repeatFor ? now + 1000 : nextTurn(contender, now, tuning.repeatEvery);
  const { conflict } = contender;
  if (conflict === undefined) return say({ ...contender, dueAt: regular }, context);
  if (now - conflict.lastAt > conflictEnds) return stay({ ...contender, dueAt: regular, conflict: undefined });
  const dueAt = Math.min(regular, now + tuning.defendInterval);
  if (conflict.lastAt <= conflict.defendedAt) return stay({ ...contender, dueAt });
  return say({ ...contender, dueAt, conflict: { ...conflict, defendedAt: now } }, context);
}

/** The moment in each period that belongs to an address: consecutive addresses are far from each other. */
function nextTurn(contender: Contender, now: number, period: number): number {
  const mixed = Number((contender.target.address.value * 2654435761n) % 4294967296n);
  const phase = (mixed / 4294967296) * period;
  return phase + (Math.floor((now - phase) / period) + 1) * period;
}

/** Tells everybody that this node owns it no more. */
export function release(contender: Contender, because: string, context: Context): Move {
  const moved = become(contender, "seeking", { because, owner: undefined, sent: 0, dueAt: never }, context);
  const { address, link } = contender.target;
  const note = noteOf(contender, "release", context);
  return { next: moved.next, effects: [...moved.effects, { type: "announce", link, address, note }] };
}

/** Begins to hand over, or takes that back. */
export function retarget(contender: Contender, target: Target, context: Context): Move {
  const next: Contender = { ...contender, target };
  if (!goes(next, context)) {
    const isBack = goes(contender, context) && contender.role === "seeking";
    return stay({ ...next, handsOverUntil: undefined, dueAt: isBack ? context.slot(0) : next.dueAt });
  }
  if (contender.role !== "owner" || contender.handsOverUntil !== undefined) return stay(next);
  const dueAt = context.slot(0);
  return stay({ ...next, dueAt, handsOverUntil: dueAt + context.tuning.handOver });
}

/** A frame about the address, of a speaker or of any other host. */
export function hear(contender: Contender, frame: Neighbor, context: Context): Move {
  const note = noteOfOurs(frame.note, context.cluster);
  if (frame.kind === "question") return hearQuestion(contender, frame, note, context);
  if (note === undefined) return hearForeign(contender, frame.sender, context);
  return hearSpeaker(contender, frame.sender, note, context);
}

function hearQuestion(contender: Contender, frame: Neighbor, note: Note | undefined, context: Context): Move {
  const { address, link } = contender.target;
  if (note !== undefined && (note.kind === "claim" || note.kind === "release"))
    return hearSpeaker(contender, frame.sender, note, context);
  if (contender.role === "owner") {
    const kind = goes(contender, context) ? "leaving" : "alive";
    const answer = note === undefined ? undefined : noteOf(contender, kind, context, note.nonce);
    return stay(contender, {
      type: "answer",
      link,
      address,
      asker: { mac: frame.sender, address: frame.senderAddress },
      note: answer,
    });
  }
  switch (note?.kind) {
    case "probe":
      return stay(contender, ask(contender, "release", context, frame.sender));
    case "seek":
      if (contender.role !== "standby" || contender.owner !== frame.sender) return stay(contender);
      return ownerGone(contender, `${nameOf(context, frame.sender)} started anew`, context);
    case "claiming":
      return giveWay(contender, frame, note, context);
    default:
      return stay(contender);
  }
}

/** Another is about to claim: of two that do, the earlier in the order goes on. */
function giveWay(contender: Contender, frame: Neighbor, note: Note, context: Context): Move {
  const { tuning, mac, now } = context;
  if (contender.role === "seeking" && contender.sent > 0)
    return stay({ ...contender, dueAt: Math.max(contender.dueAt, now + tuning.rankDelay) });
  if (contender.role !== "claiming") return stay(contender);
  const rank = Math.min(contender.target.rank, lastRank);
  const isFirst = rank < note.rank || (rank === note.rank && mac < frame.sender);
  if (isFirst && contender.sent > 0) return stay(contender);
  const because = `${nameOf(context, frame.sender)} is claiming it`;
  return become(contender, "seeking", { because, sent: 0, dueAt: now + tuning.rankDelay }, context);
}

/** A speaker says that it owns the address, or that it does not. */
function hearSpeaker(contender: Contender, sender: Mac, note: Note, context: Context): Move {
  if (contender.role === "waiting") return stay(contender);
  if (contender.role === "owner") return hearRival(contender, sender, note, context);
  if (note.kind === "leaving" || note.kind === "release") {
    const isTheirs = contender.owner === undefined || contender.owner === sender;
    if (goes(contender, context) || contender.role === "claiming" || !isTheirs) return stay(contender);
    const left = { ...contender, ownerRank: note.rank };
    const name = nameOf(context, sender);
    return note.kind === "leaving"
      ? ownerGone(left, `took over from ${name}, which hands over`, context, true)
      : ownerGone(left, `took over from ${name}, which gave it up`, context);
  }
  const change: Change = { owner: sender, ownerRank: note.rank, sent: 0, dueAt: never, conflict: undefined };
  const isSame = contender.role === "standby" && contender.owner === sender;
  if (isSame && note.kind === "offer" && !goes(contender, context) && context.hasRoom()) {
    const because = `took over from ${nameOf(context, sender)}, which had more than its share`;
    return ownerGone({ ...contender, ownerRank: note.rank }, because, context, true);
  }
  if (isSame) return stay({ ...contender, ownerRank: note.rank });
  return become(contender, "standby", { ...change, because: `${nameOf(context, sender)} owns it` }, context);
}

/**
 * Two owners met. The one that has owned it for longer keeps it; of about the same age, the earlier in the order. Both compare the
 * same two triples, each as its sender gave it, so they agree.
 */
function hearRival(contender: Contender, sender: Mac, note: Note, context: Context): Move {
  const { now, mac } = context;
  if (note.kind === "release") return stay(contender);
  const own = noteOf(contender, "claim", context);
  const handsOver = contender.handsOverUntil !== undefined || goes(contender, context);
  const isTheirs = note.kind !== "leaving" && (handsOver || isBefore(note, sender, own, mac));
  if (!isTheirs) return now - contender.saidAt < 20 ? stay(contender) : say(contender, context);
  const because = handsOver
    ? `handed over to ${nameOf(context, sender)}`
    : `yielded to ${nameOf(context, sender)}, ${note.tenure > own.tenure ? "which has owned it for longer" : "which is before this node in the order"}`;
  return become(contender, "standby", { owner: sender, ownerRank: note.rank, sent: 0, dueAt: never, because }, context);
}

function isBefore(a: Note, macA: Mac, b: Note, macB: Mac): boolean {
  if (a.tenure !== b.tenure) return a.tenure > b.tenure;
  return a.rank === b.rank ? macA < macB : a.rank < b.rank;
}

/** A statement without a note of this cluster: a foreign host, or something that answers for a speaker. @see RFC 5227 §2.4 */
function hearForeign(contender: Contender, sender: Mac, context: Context): Move {
  const { now, tuning } = context;
  const { address, link, policy } = contender.target;
  const speaker = context.nodeOf(sender);
  if (contender.role === "waiting" || contender.role === "standby") return stay(contender);
  const isSettled = contender.role === "owner" && now - contender.tenureFrom > 5000;
  if (speaker !== undefined && !isSettled) return stay(contender);
  const before = contender.conflict?.mac === sender ? contender.conflict : undefined;
  const conflict = {
    mac: sender,
    since: before?.since ?? now,
    lastAt: now,
    count: (before?.count ?? 0) + 1,
    defendedAt: before?.defendedAt ?? -never,
  };
  const next: Contender = { ...contender, conflict };
  const who =
    speaker === undefined
      ? `a foreign host, ${sender},`
      : `${nameOf(context, sender)}, which does not own it (is strictARP set, if its kube-proxy uses IPVS?),`;
  const isNews =
    before === undefined || Math.floor((before.lastAt - before.since) / 1000) !== Math.floor((now - before.since) / 1000);
  const told: Effect[] = isNews
    ? [{ type: "conflict", address, link, mac: sender, policy, reason: `${who} answers for ${formatAddress(address)}` }]
    : [];
  if (contender.role === "owner") {
    const wasDefended = now - conflict.defendedAt < tuning.defendInterval;
    if (policy === "yield" && speaker === undefined && wasDefended) {
      const moved = become(
        next,
        "yielded",
        { owner: sender, sent: 0, dueAt: now + tuning.defendInterval, because: `left it to ${sender}, which claims it` },
        context,
      );
      return { next: moved.next, effects: [...told, ...moved.effects] };
    }
    if (wasDefended) return stay({ ...next, dueAt: Math.min(next.dueAt, conflict.defendedAt + tuning.defendInterval) }, ...told);
    return say({ ...next, conflict: { ...conflict, defendedAt: now } }, context, told);
  }
  if (policy === "defend" || contender.role === "yielded") return stay(next, ...told);
  const moved = become(
    next,
    "yielded",
    { owner: sender, sent: 0, dueAt: now + tuning.defendInterval, because: `leaves it to ${sender}, which uses it` },
    context,
  );
  return { next: moved.next, effects: [...told, ...moved.effects] };
}

/** Asks whether the foreign host still uses the address; claims it when nobody answers. */
function lookWhetherFree(contender: Contender, context: Context): Move {
  const { tuning, now } = context;
  const isQuiet =
    contender.conflict === undefined || now - contender.conflict.lastAt > tuning.claimInterval * (tuning.seekProbes + 1);
  if (contender.sent >= tuning.seekProbes)
    return isQuiet
      ? restart({ ...contender, conflict: undefined }, "the foreign host uses it no more", context)
      : stay({ ...contender, sent: 0, dueAt: now + tuning.defendInterval });
  return stay({ ...contender, sent: contender.sent + 1, dueAt: now + tuning.claimInterval }, ask(contender, "seek", context));
}
