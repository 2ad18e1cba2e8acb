import { addressToBytes, formatAddress, parseAddress } from "../net/address.ts";
import { encodeMessage } from "./encode.ts";
import { readMessage } from "./fsm/readMessage.ts";
import { acceptedSession, step } from "./fsm/step.ts";
import { hexOf } from "./notification.ts";
import { type Effect, type Event, newSession, type Session, type SessionConfig, type Step } from "./session.ts";

/** One line of a recording: what a connection began with, or what happened to it. Messages are kept as they were on the wire. */
export type RecordedLine =
  | {
      readonly connection: number;
      readonly begins: "dialled" | "accepted";
      readonly isRestarting: boolean;
      readonly config: unknown;
    }
  | { readonly connection: number; readonly at: number; readonly octets: string }
  | { readonly connection: number; readonly at: number; readonly event: Exclude<Event, { type: "message" | "malformed" }> };

/** A configuration as plain JSON; passwords are not part of it. */
export function plainConfig(config: SessionConfig): unknown {
  return { ...config, bgpIdentifier: formatAddress(config.bgpIdentifier) };
}

function configOf(plain: unknown): SessionConfig {
  const config = plain as Omit<SessionConfig, "bgpIdentifier"> & { readonly bgpIdentifier: string };
  const bgpIdentifier = parseAddress(config.bgpIdentifier);
  if (bgpIdentifier === undefined) throw new Error(`config.bgpIdentifier: "${config.bgpIdentifier}" is not an IPv4 address`);
  return { ...config, bgpIdentifier };
}

/** What a session did, as plain JSON: where it went, what it did, and why. */
export interface ReplayedLine {
  readonly connection: number;
  readonly state: string;
  readonly effects: readonly string[];
  readonly reason: string;
}

/**
 * Plays a recording against the state machine, without a socket or a clock.
 * @returns one line for each event, and one for the beginning of each connection that the peer made
 * @throws Error for a line that is none
 */
export function replay(lines: readonly RecordedLine[]): ReplayedLine[] {
  const sessions = new Map<number, Session>();
  return lines.flatMap((line) => {
    const known = sessions.get(line.connection);
    const steps = "begins" in line ? begin(line, sessions) : stepsOf(known, line);
    return steps.map((result) => {
      sessions.set(line.connection, result.session);
      const { session, effects, reason } = result;
      return { connection: line.connection, state: session.state, effects: effects.map(describe), reason };
    });
  });
}

function begin(line: Extract<RecordedLine, { begins: string }>, sessions: Map<number, Session>): Step[] {
  const config = configOf(line.config);
  if (line.begins === "accepted") return [acceptedSession(config, line.isRestarting)];
  sessions.set(line.connection, newSession(config));
  return [];
}

function stepsOf(session: Session | undefined, line: Exclude<RecordedLine, { begins: string }>): Step[] {
  if (session === undefined) throw new Error(`connection ${line.connection} has no beginning in the recording`);
  if ("event" in line) return [step(session, line.event)];
  const read = readMessage(
    session,
    Uint8Array.from(line.octets.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  );
  if ("needsMore" in read) throw new Error(`connection ${line.connection} at ${line.at}: the message is cut off`);
  return [step(session, read.event)];
}

/** One effect in short; what is sent as octets. */
function describe(effect: Effect): string {
  switch (effect.type) {
    case "send":
      return `send ${hexOf(encodeMessage(effect.message))}`;
    case "startTimer":
      return `startTimer ${effect.timer} ${effect.after}`;
    case "stopTimer":
      return `stopTimer ${effect.timer}`;
    case "opened":
      return `opened ${hexOf(addressToBytes(effect.peerIdentifier))}`;
    case "sessionUp":
      return `sessionUp hold time ${effect.negotiated.holdTime}, ${effect.negotiated.families.join(" ")}`;
    case "sessionDown":
      return `sessionDown${effect.keepsRoutes ? ", routes are kept" : ""}`;
    case "routes":
      return `routes +${effect.update.announced.length} -${effect.update.withdrawn.length}`;
    case "sendTable":
    case "refresh":
      return `${effect.type} ${effect.family}`;
    default:
      return effect.type;
  }
}
