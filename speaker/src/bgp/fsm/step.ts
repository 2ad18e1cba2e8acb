import { type Event, newSession, type Session, type SessionConfig, type State, type Step } from "../session.ts";
import { active } from "./active.ts";
import { connect } from "./connect.ts";
import { established } from "./established.ts";
import { idle } from "./idle.ts";
import { openConfirm } from "./openConfirm.ts";
import { openSent } from "./openSent.ts";
import { connected, type Handlers } from "./transitions.ts";

const states: Readonly<Record<State, Handlers>> = {
  Idle: idle,
  Connect: connect,
  Active: active,
  OpenSent: openSent,
  OpenConfirm: openConfirm,
  Established: established,
};

/**
 * Advances one session by one event. Pure and total: every state answers every event.
 * @see RFC 4271 §8.2.2
 */
export function step(session: Session, event: Event): Step {
  // The handler of a type takes the event of that type; TypeScript does not follow the pair through the table.
  return (states[session.state][event.type] as (session: Session, event: Event) => Step)(session, event);
}

/** The session of a connection that the peer made, and what to do first. */
export function acceptedSession(config: SessionConfig, isRestarting: boolean): Step {
  return connected({ ...newSession(config), state: "Active", isDialled: false }, isRestarting);
}
