import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, parseAddress } from "../../net/address.ts";
import type { Asn } from "../../net/asn.ts";
import { seconds } from "../../net/duration.ts";
import type { Message, OpenMessage } from "../message.ts";
import { type Effect, type Event, newSession, type Session, type SessionConfig, type State } from "../session.ts";
import { acceptedSession, step } from "./step.ts";

/** The answer of every state to every event, one cell each: the next state, and what is done. */
const config: SessionConfig = {
  localAs: 65000 as Asn,
  peerAs: 65001 as Asn,
  bgpIdentifier: parseAddress("172.30.0.11") as Address,
  holdTime: 90,
  connectRetry: seconds(5),
  keepaliveInterval: undefined,
  role: undefined,
  families: ["ipv4/unicast"],
  gracefulRestart: undefined,
  addPathReceive: [],
  addPathSend: [],
};
const peerOpen: OpenMessage = {
  type: "open",
  version: 4,
  myAs: 65001 as Asn,
  holdTime: 90,
  bgpIdentifier: parseAddress("172.30.0.1") as Address,
  capabilities: [{ name: "routeRefresh" }, { name: "enhancedRouteRefresh" }],
};
const update: Message = {
  type: "update",
  withdrawn: [],
  announced: [],
  attributes: {},
  attributeOctets: 0,
  faults: [],
  endOfRib: undefined,
  passedOver: undefined,
};
const message = (value: Message): Event => ({ type: "message", message: value });
const notified = (code: number, subcode: number): Event =>
  message({ type: "notification", code, subcode, data: new Uint8Array(0) });
const malformed = (code: number, subcode: number): Event => ({
  type: "malformed",
  error: { code, subcode, data: new Uint8Array(0), reason: "test" },
});
const connected: Event = { type: "tcpConnected", isRestarting: false };
const begin: readonly Event[] = [{ type: "start" }, connected];

/** How a session gets into each state; and into Connect while OPEN is held back. */
const ways: Readonly<Record<State | "Delaying", readonly Event[]>> = {
  Idle: [],
  Connect: [{ type: "start" }],
  Active: [{ type: "startPassive" }],
  Delaying: begin,
  OpenSent: begin,
  OpenConfirm: [...begin, message(peerOpen)],
  Established: [...begin, message(peerOpen), message({ type: "keepalive" })],
};

const events: Readonly<Record<string, Event>> = {
  "1 start": { type: "start" },
  "4 startPassive": { type: "startPassive" },
  "2 stop": { type: "stop", subcode: 2, reason: "test" },
  "- stopForRestart": { type: "stopForRestart" },
  "9 connectRetry": { type: "connectRetryTimerExpires" },
  "10 hold": { type: "holdTimerExpires" },
  "11 keepalive": { type: "keepaliveTimerExpires" },
  "12 delayOpen": { type: "delayOpenTimerExpires" },
  "13 idleHold": { type: "idleHoldTimerExpires" },
  "- sendHold": { type: "sendHoldTimerExpires" },
  "- bfdDown": { type: "bfdDown", reason: "test" },
  "16 tcpConnected": connected,
  "18 tcpFails": { type: "tcpFails", reason: "test" },
  "19 OPEN": message(peerOpen),
  "19 OPEN of another AS": message({ ...peerOpen, myAs: 65009 as Asn }),
  "21 header error": malformed(1, 1),
  "22 OPEN error": malformed(2, 6),
  "23 collisionDump": { type: "openCollisionDump" },
  "24 NOTIFICATION 2/1": notified(2, 1),
  "25 NOTIFICATION 6/4": notified(6, 4),
  "26 KEEPALIVE": message({ type: "keepalive" }),
  "27 UPDATE": message(update),
  "28 UPDATE error": malformed(3, 1),
  "- ROUTE-REFRESH": message({ type: "routeRefresh", afi: 1, safi: 1, subtype: 0 }),
  "- refresh begins": message({ type: "routeRefresh", afi: 1, safi: 1, subtype: 1 }),
  "- askForRoutes": { type: "askForRoutes", family: "ipv4/unicast" },
};

/** Effects in short: what is sent, dialled, closed, told, and which timers run from now on. Timers that stop are left out. */
function brief(effects: readonly Effect[]): string {
  return effects
    .flatMap((effect) => {
      switch (effect.type) {
        case "send":
          return effect.message.type === "notification"
            ? `${effect.message.code}/${effect.message.subcode}`
            : effect.message.type.toUpperCase();
        case "startTimer":
          return `+${effect.timer}${effect.timer === "hold" ? effect.after / 1000 : ""}`;
        case "stopTimer":
          return [];
        case "closeTcp":
          return "close";
        case "sessionDown":
          return "down";
        case "sessionUp":
          return "up";
        default:
          return effect.type;
      }
    })
    .join(" ");
}

const quiet = "";
const dials = "Connect: close dial +connectRetry";
const again = "same: down close dial +connectRetry";
const ends = "Idle: close down +idleHold";
const sends = (code: string): string => `Idle: ${code} close down +idleHold`;
const gone = "Idle: close down";
/** Rows are events, columns are states; "" is: nothing happens. */
const table: Readonly<Record<string, Readonly<Record<keyof typeof ways, string>>>> = Object.fromEntries(
  (
    [
      ["1 start", dials, quiet, quiet, quiet, quiet, quiet, quiet],
      ["4 startPassive", "Active:", quiet, quiet, quiet, quiet, quiet, quiet],
      ["2 stop", quiet, gone, gone, gone, "Idle: 6/2 close down", "Idle: 6/2 close down", "Idle: 6/2 close down"],
      ["- stopForRestart", quiet, "Idle: close", "Idle: close", "Idle: close", "Idle: close", "Idle: close", "Idle: close"],
      ["9 connectRetry", quiet, again, dials, again, quiet, quiet, quiet],
      ["10 hold", quiet, quiet, quiet, quiet, sends("4/0"), sends("4/0"), sends("4/0")],
      ["11 keepalive", quiet, quiet, quiet, quiet, quiet, "same: KEEPALIVE +keepalive", "same: KEEPALIVE +keepalive"],
      ["12 delayOpen", quiet, quiet, quiet, "OpenSent: OPEN +hold30", quiet, quiet, quiet],
      ["13 idleHold", dials, quiet, quiet, quiet, quiet, quiet, quiet],
      ["- sendHold", quiet, quiet, quiet, quiet, ends, ends, ends],
      ["- bfdDown", quiet, quiet, quiet, ends, sends("6/10"), sends("6/10"), sends("6/10")],
      ["16 tcpConnected", quiet, "OpenSent: OPEN +hold30", quiet, "same: +delayOpen", quiet, quiet, quiet],
      [
        "18 tcpFails",
        quiet,
        "Active: close down +connectRetry",
        quiet,
        "Active: close down +connectRetry",
        "Active: close down +connectRetry",
        ends,
        ends,
      ],
      [
        "19 OPEN",
        quiet,
        quiet,
        quiet,
        "OpenConfirm: OPEN opened KEEPALIVE +hold90 +keepalive",
        "OpenConfirm: opened KEEPALIVE +hold90 +keepalive",
        sends("5/2"),
        sends("5/3"),
      ],
      ["19 OPEN of another AS", quiet, quiet, quiet, ends, sends("2/2"), sends("5/2"), sends("5/3")],
      ["21 header error", quiet, quiet, quiet, ends, sends("1/1"), sends("1/1"), sends("1/1")],
      ["22 OPEN error", quiet, quiet, quiet, ends, sends("2/6"), sends("2/6"), sends("2/6")],
      ["23 collisionDump", quiet, gone, gone, gone, "Idle: 6/7 close down", "Idle: 6/7 close down", "Idle: 6/7 close down"],
      ["24 NOTIFICATION 2/1", quiet, quiet, quiet, ends, ends, ends, ends],
      ["25 NOTIFICATION 6/4", quiet, quiet, quiet, ends, ends, ends, ends],
      ["26 KEEPALIVE", quiet, quiet, quiet, ends, sends("5/1"), "Established: +hold90 up", "same: +hold90"],
      ["27 UPDATE", quiet, quiet, quiet, ends, sends("5/1"), sends("5/2"), "same: +hold90 routes"],
      ["28 UPDATE error", quiet, quiet, quiet, ends, sends("3/1"), sends("3/1"), sends("3/1")],
      ["- ROUTE-REFRESH", quiet, quiet, quiet, ends, sends("5/1"), sends("5/2"), "same: sendTable"],
      ["- refresh begins", quiet, quiet, quiet, ends, sends("5/1"), sends("5/2"), "same: refresh"],
      ["- askForRoutes", quiet, quiet, quiet, quiet, quiet, quiet, "same: ROUTEREFRESH"],
    ] as const
  ).map(([name, Idle, Connect, Active, Delaying, OpenSent, OpenConfirm, Established]) => [
    name,
    { Idle, Connect, Active, Delaying, OpenSent, OpenConfirm, Established },
  ]),
);

function comeTo(name: keyof typeof ways): Session {
  const own = name === "Delaying" ? { ...config, delayOpen: seconds(3) } : config;
  return ways[name].reduce((session, event) => step(session, event).session, newSession(own));
}

describe("every event in every state (RFC 4271 §8.2.2)", () => {
  it("has a row for every event", () => assert.deepEqual(Object.keys(table).sort(), Object.keys(events).sort()));
  for (const [name, event] of Object.entries(events)) {
    for (const state of Object.keys(ways) as (keyof typeof ways)[]) {
      const wanted = table[name]?.[state];
      it(`${name} in ${state}: ${wanted === quiet ? "nothing" : wanted}`, () => {
        const before = comeTo(state);
        const { session, effects, reason } = step(before, event);
        const next = session.state === before.state ? "same" : session.state;
        const seen = `${next}: ${brief(effects)}`.trim();
        // Ending in the state that it was in reads as what it is.
        assert.equal(seen === "same:" ? quiet : seen, wanted);
        assert.notEqual(reason, "");
      });
    }
  }
});

describe("a connection that the peer made", () => {
  const delaying = { ...config, delayOpen: seconds(3) };
  it("gets our OPEN at once, or after the peer's when OPEN is held back", () => {
    assert.equal(brief(acceptedSession(config, false).effects), "OPEN +hold30");
    const first = acceptedSession(delaying, false);
    assert.deepEqual([first.session.state, brief(first.effects)], ["Active", "+delayOpen"]);
    assert.equal(brief(step(first.session, message(peerOpen)).effects), "OPEN opened KEEPALIVE +hold90 +keepalive");
    assert.equal(brief(step(first.session, { type: "delayOpenTimerExpires" }).effects), "OPEN +hold30");
  });
  it("is never dialled again, however it ends", () => {
    for (const from of [acceptedSession(config, false).session, acceptedSession(delaying, false).session])
      for (const event of Object.values(events)) {
        const { session, effects } = step(from, event);
        const again = effects.filter(
          (effect) =>
            effect.type === "dial" ||
            (effect.type === "startTimer" && (effect.timer === "connectRetry" || effect.timer === "idleHold")),
        );
        assert.deepEqual(again, [], `${event.type}: ${session.state}`);
      }
  });
});

describe("graceful restart in the state machine (RFC 4724, RFC 8538)", () => {
  const restart = (keepsAfterNotification: boolean) => ({
    isRestarting: false,
    keepsAfterNotification,
    restartTime: 120,
    families: [{ afi: 1, safi: 1, flags: 0x80 }],
  });
  const up = (ours: boolean | undefined, theirs: boolean | undefined): Session => {
    const capability = theirs === undefined ? [] : [{ name: "gracefulRestart" as const, ...restart(theirs) }];
    const open = message({ ...peerOpen, capabilities: [...peerOpen.capabilities, ...capability] });
    const own = { ...config, gracefulRestart: ours === undefined ? undefined : restart(ours) };
    return [...begin, open, message({ type: "keepalive" })].reduce(
      (session, event) => step(session, event).session,
      newSession(own),
    );
  };
  const keeps = (session: Session, event: Event): boolean | undefined => {
    const down = step(session, event).effects.find((effect) => effect.type === "sessionDown");
    return down?.type === "sessionDown" ? down.keepsRoutes : undefined;
  };
  const fails: Event = { type: "tcpFails", reason: "reset" };

  it("keeps a peer's routes when the connection breaks, if both agreed on it", () =>
    assert.deepEqual(
      [keeps(up(false, false), fails), keeps(up(undefined, false), fails), keeps(up(false, undefined), fails)],
      [true, false, false],
    ));
  it("keeps them over a NOTIFICATION and an expired hold timer only when both said so, and never over a hard reset", () => {
    for (const event of [notified(6, 4), { type: "holdTimerExpires" } as const])
      assert.deepEqual(
        [keeps(up(true, true), event), keeps(up(true, false), event), keeps(up(false, true), event)],
        [true, false, false],
      );
    assert.equal(keeps(up(true, true), notified(6, 9)), false);
  });
  it("says goodbye for good with a hard reset around the Cease, where a NOTIFICATION alone would keep routes", () => {
    const sent = (session: Session, subcode: number): number[] => {
      const [first] = step(session, { type: "stop", subcode, reason: "x" }).effects;
      assert.ok(first?.type === "send" && first.message.type === "notification");
      return [first.message.code, first.message.subcode, ...first.message.data];
    };
    assert.deepEqual(sent(up(true, true), 2), [6, 9, 6, 2, 1, 0x78]);
    assert.deepEqual(sent(up(true, true), 6), [6, 6]);
    assert.deepEqual(sent(up(true, false), 2), [6, 2, 1, 0x78]);
  });
  it("says in OPEN that it was restarted, until a session is up", () => {
    const bits = (session: Session, isRestarting: boolean): unknown => {
      const open = step(session, { type: "tcpConnected", isRestarting }).effects.find((effect) => effect.type === "send");
      assert.ok(open?.type === "send" && open.message.type === "open");
      return open.message.capabilities.find((capability) => capability.name === "gracefulRestart");
    };
    const own = step(newSession({ ...config, gracefulRestart: restart(true) }), { type: "start" }).session;
    assert.deepEqual(bits(own, true), { name: "gracefulRestart", ...restart(true), isRestarting: true });
    assert.deepEqual(bits(own, false), { name: "gracefulRestart", ...restart(true) });
  });
});
