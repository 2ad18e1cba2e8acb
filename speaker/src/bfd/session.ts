import type { LivenessOptions } from "../ports/liveness.ts";
import { type ControlPacket, diagnostics, type State } from "./packet.ts";

/** While a session is not up, packets go no faster than this, in milliseconds. @see RFC 5880 §6.8.3 */
const slowInterval = 1000;
const diagnostic = { none: 0, expired: 1, neighborSaidSo: 3, administrative: 7 } as const;

/** One session with one neighbour. Instants and intervals are in milliseconds of one clock that never goes back. */
export interface Session {
  readonly state: State;
  readonly reason: string;
  readonly options: LivenessOptions;
  /** Ours: unique on this node, never 0. */
  readonly discriminator: number;
  readonly diagnostic: number;
  /** Our intervals in force. They differ from `options` until the neighbour has agreed. @see RFC 5880 §6.8.3 */
  readonly desiredMinTx: number;
  readonly requiredMinRx: number;
  /** Whether a change of intervals waits for the neighbour's answer. @see RFC 5880 §6.5 */
  readonly isPolling: boolean;
  readonly remote: RemoteEnd | undefined;
  /** When the next packet is due; undefined: none is. */
  readonly transmitAt: number | undefined;
  /** When the neighbour is down unless something comes; undefined: nothing is expected. */
  readonly expiresAt: number | undefined;
}

/** What the neighbour said last. */
export interface RemoteEnd {
  readonly discriminator: number;
  readonly state: State;
  readonly diagnostic: number;
  readonly desiredMinTx: number;
  readonly requiredMinRx: number;
  readonly detectMultiplier: number;
}

/** `now` is the instant of the event, `random` a number from 0 up to 1 for the jitter. */
export type Event =
  | { readonly type: "packet"; readonly now: number; readonly random: number; readonly packet: ControlPacket }
  | { readonly type: "tick"; readonly now: number; readonly random: number }
  | { readonly type: "options"; readonly now: number; readonly random: number; readonly options: LivenessOptions }
  /** This end is taken out of service: the neighbour is told. @see RFC 5880 §6.8.16 */
  | { readonly type: "stop"; readonly now: number };

export type Effect =
  | { readonly type: "send"; readonly packet: ControlPacket }
  /** The state changed. `isLost`: it was up, and the neighbour did not take itself out of service. */
  | { readonly type: "changed"; readonly isLost: boolean };

export interface Step {
  readonly session: Session;
  readonly effects: readonly Effect[];
}

/** A session that begins. A passive one says nothing before the neighbour does. @see RFC 5880 §6.1 */
export function newSession(discriminator: number, options: LivenessOptions, now: number): Session {
  return {
    state: "Down",
    reason: options.isPassive ? "waiting for the neighbour to begin" : "nothing came yet",
    options,
    discriminator,
    diagnostic: diagnostic.none,
    desiredMinTx: Math.max(slowInterval, options.transmitInterval),
    requiredMinRx: options.receiveInterval,
    isPolling: false,
    remote: undefined,
    transmitAt: options.isPassive ? undefined : now,
    expiresAt: undefined,
  };
}

/**
 * Advances one session by one event. Pure and total.
 * @see RFC 5880 §6.8
 */
export function step(session: Session, event: Event): Step {
  switch (event.type) {
    case "packet":
      return receive(session, event.packet, event.now, event.random);
    case "tick":
      return tick(session, event.now, event.random);
    case "options":
      return adopt(session, event.options, event.now, event.random);
    case "stop": {
      const stopped = {
        ...session,
        state: "AdminDown",
        diagnostic: diagnostic.administrative,
        reason: "taken out of service",
      } as const;
      return { session: { ...stopped, transmitAt: undefined, expiresAt: undefined }, effects: [say(stopped, false)] };
    }
    default:
      return event satisfies never;
  }
}

/** How often packets go: as we wish, and no faster than the neighbour takes them; undefined: it takes none. @see RFC 5880 §6.8.7 */
export function transmitInterval({ desiredMinTx, remote }: Session): number | undefined {
  if (remote?.requiredMinRx === 0) return undefined;
  return Math.max(desiredMinTx, remote?.requiredMinRx ?? 0);
}

/** How long nothing may come before the neighbour is down. @see RFC 5880 §6.8.4 */
export function detectionTime({ requiredMinRx, remote }: Session): number {
  return remote === undefined ? 0 : remote.detectMultiplier * Math.max(requiredMinRx, remote.desiredMinTx);
}

/** Up to a quarter less, so that many sessions do not send at once; with a multiplier of one at least a tenth. @see RFC 5880 §6.8.7 */
function nextTransmission(session: Session, now: number, random: number): number | undefined {
  const interval = transmitInterval(session);
  if (interval === undefined || (session.options.isPassive && session.remote === undefined)) return undefined;
  const share = session.options.detectMultiplier === 1 ? 0.75 + random * 0.15 : 0.75 + random * 0.25;
  return now + interval * share;
}

function say(session: Session, isFinal: boolean): Effect {
  return {
    type: "send",
    packet: {
      diagnostic: session.diagnostic,
      state: session.state,
      // Never both: an answer asks nothing. @see RFC 5880 §6.5
      poll: session.isPolling && !isFinal,
      final: isFinal,
      detectMultiplier: session.options.detectMultiplier,
      myDiscriminator: session.discriminator,
      yourDiscriminator: session.remote?.discriminator ?? 0,
      desiredMinTx: wishedTransmission(session) * 1000,
      requiredMinRx: session.options.receiveInterval * 1000,
      requiredMinEchoRx: 0,
    },
  };
}

/** What a packet says that we wish, which comes into force when the neighbour has agreed. */
function wishedTransmission({ state, options }: Session): number {
  return state === "Up" ? options.transmitInterval : Math.max(slowInterval, options.transmitInterval);
}

function tick(session: Session, now: number, random: number): Step {
  if (session.expiresAt !== undefined && now >= session.expiresAt) return expire(session, now, random);
  if (session.transmitAt === undefined || now < session.transmitAt) return { session, effects: [] };
  return { session: { ...session, transmitAt: nextTransmission(session, now, random) }, effects: [say(session, false)] };
}

/** @see RFC 5880 §6.8.4 */
function expire(session: Session, now: number, random: number): Step {
  const silence = `nothing came from the neighbour for ${Math.round(detectionTime(session))} ms`;
  const silent = { ...session, remote: undefined, expiresAt: undefined };
  if (session.state !== "Up" && session.state !== "Init")
    return { session: { ...silent, transmitAt: nextTransmission(silent, now, random) }, effects: [] };
  return become(silent, "Down", diagnostic.expired, silence, now, random, session.state === "Up");
}

/** Enters a state: the neighbour is told at once. */
function become(before: Session, state: State, why: number, reason: string, now: number, random: number, isLost: boolean): Step {
  const isUp = state === "Up";
  const desiredMinTx = isUp ? before.options.transmitInterval : Math.max(slowInterval, before.options.transmitInterval);
  const session: Session = { ...before, state, reason, diagnostic: why, desiredMinTx, isPolling: isUp };
  return {
    session: { ...session, transmitAt: nextTransmission(session, now, random) },
    effects: [say(session, false), { type: "changed", isLost }],
  };
}

/** @see RFC 5880 §6.8.6 */
function receive(before: Session, packet: ControlPacket, now: number, random: number): Step {
  if (before.state === "AdminDown") return { session: before, effects: [] };
  const remote: RemoteEnd = {
    discriminator: packet.myDiscriminator,
    state: packet.state,
    diagnostic: packet.diagnostic,
    desiredMinTx: packet.desiredMinTx / 1000,
    requiredMinRx: packet.requiredMinRx / 1000,
    detectMultiplier: packet.detectMultiplier,
  };
  const heard = settle({ ...before, remote }, packet.final);
  const { session, effects } = react(heard, now, random);
  const current: Session = { ...session, expiresAt: now + detectionTime(session) };
  const due = nextTransmission(current, now, random);
  // A neighbour that takes packets sooner than before gets them sooner.
  const transmitAt = due === undefined ? undefined : Math.min(current.transmitAt ?? due, due);
  return {
    session: { ...current, transmitAt },
    effects: packet.poll ? [...effects, say(current, true)] : effects,
  };
}

/** The neighbour's answer to a poll brings changed intervals into force. @see RFC 5880 §6.8.3 */
function settle(session: Session, isFinal: boolean): Session {
  if (!session.isPolling || !isFinal) return session;
  return {
    ...session,
    isPolling: false,
    desiredMinTx: wishedTransmission(session),
    requiredMinRx: session.options.receiveInterval,
  };
}

/** What the neighbour's state makes of ours. @see RFC 5880 §6.2 */
function react(session: Session, now: number, random: number): Step {
  const { state, remote } = session;
  const theirs = remote?.state ?? "Down";
  const cause = diagnostics[remote?.diagnostic ?? 0] ?? `diagnostic ${remote?.diagnostic}`;
  if (theirs === "AdminDown") {
    if (state === "Down") return { session, effects: [] };
    const reason = "the neighbour took itself out of service";
    return become(session, "Down", diagnostic.neighborSaidSo, reason, now, random, false);
  }
  if (state === "Down") {
    if (theirs === "Down") return become(session, "Init", diagnostic.none, "the neighbour is there", now, random, false);
    if (theirs === "Init") return become(session, "Up", diagnostic.none, "the neighbour answers", now, random, false);
    return { session, effects: [] };
  }
  if (state === "Init" && theirs !== "Down")
    return become(session, "Up", diagnostic.none, "the neighbour answers", now, random, false);
  if (state === "Up" && theirs === "Down")
    return become(session, "Down", diagnostic.neighborSaidSo, `the neighbour says that it is down: ${cause}`, now, random, true);
  return { session, effects: [] };
}

/** Takes changed options: longer pauses of ours, and shorter ones of the neighbour's, come into force when it has agreed. @see RFC 5880 §6.8.3 */
function adopt(session: Session, options: LivenessOptions, now: number, random: number): Step {
  const changed: Session = { ...session, options };
  const isUp = session.state === "Up";
  const wished = wishedTransmission(changed);
  const adopted: Session = {
    ...changed,
    isPolling: isUp,
    desiredMinTx: isUp && wished > session.desiredMinTx ? session.desiredMinTx : wished,
    requiredMinRx: isUp && options.receiveInterval < session.requiredMinRx ? session.requiredMinRx : options.receiveInterval,
  };
  return { session: { ...adopted, transmitAt: nextTransmission(adopted, now, random) }, effects: [] };
}
