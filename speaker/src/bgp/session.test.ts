import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, parseAddress } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { seconds } from "../net/duration.ts";
import { decodeMessage, frame } from "./decode.ts";
import { encodeMessage, shutdownCommunication } from "./encode.ts";
import { judgeType } from "./fsm/expected.ts";
import { acceptedSession, step } from "./fsm/step.ts";
import type { Message, OpenMessage } from "./message.ts";
import { contextOf, judgeOpen } from "./open.ts";
import {
  type Effect,
  type Event,
  keepsAccepted,
  newSession,
  type Session,
  type SessionConfig,
  type State,
  sendHoldTime,
} from "./session.ts";

const identifier = (text: string): Address => parseAddress(text) as Address;
const config: SessionConfig = {
  localAs: 65000 as Asn,
  peerAs: 65001 as Asn,
  bgpIdentifier: identifier("172.30.0.11"),
  holdTime: 90,
  connectRetry: seconds(5),
  families: ["ipv4/unicast", "ipv6/unicast"],
  gracefulRestart: undefined,
  addPathReceive: ["ipv4/unicast"],
  addPathSend: [],
  keepaliveInterval: undefined,
  role: undefined,
};
const peerOpen: OpenMessage = {
  type: "open",
  version: 4,
  myAs: 65001 as Asn,
  holdTime: 9,
  bgpIdentifier: identifier("172.30.0.1"),
  capabilities: [
    { name: "multiprotocol", afi: 1, safi: 1 },
    { name: "routeRefresh" },
    { name: "extendedMessage" },
    { name: "addPath", families: [{ afi: 1, safi: 1, mode: 3 }] },
  ],
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
const keepalive = message({ type: "keepalive" });

function after(events: readonly Event[], from: Session = newSession(config)): Session {
  return events.reduce((session, event) => step(session, event).session, from);
}

/** How a session gets into each state. */
const paths: Readonly<Record<State, readonly Event[]>> = {
  Idle: [],
  Connect: [{ type: "start" }],
  Active: [{ type: "start" }, { type: "tcpFails", reason: "refused" }],
  OpenSent: [{ type: "start" }, { type: "tcpConnected", isRestarting: false }],
  OpenConfirm: [{ type: "start" }, { type: "tcpConnected", isRestarting: false }, message(peerOpen)],
  Established: [{ type: "start" }, { type: "tcpConnected", isRestarting: false }, message(peerOpen), keepalive],
};

const sent = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) =>
    effect.type === "send"
      ? [effect.message.type === "notification" ? `${effect.message.code}/${effect.message.subcode}` : effect.message.type]
      : [],
  );

describe("BGP FSM (RFC 4271 §8.2.2)", () => {
  for (const [state, events] of Object.entries(paths)) it(`comes to ${state}`, () => assert.equal(after(events).state, state));

  it("sends OPEN when TCP is connected, with AS number, identifier and families", () => {
    const { effects } = step(after(paths.Connect), { type: "tcpConnected", isRestarting: false });
    assert.deepEqual(sent(effects), ["open"]);
  });

  it("takes the lower hold time, and a third of it for KEEPALIVEs", () => {
    const { session, effects } = step(after(paths.OpenSent), message(peerOpen));
    assert.equal(session.negotiated?.holdTime, 9);
    assert.ok(effects.some((effect) => effect.type === "startTimer" && effect.timer === "keepalive" && effect.after === 3000));
    assert.ok(effects.some((effect) => effect.type === "startTimer" && effect.timer === "hold" && effect.after === 9000));
  });

  it("takes several paths of a family that both want, and long messages when the peer takes them", () => {
    const negotiated = after(paths.OpenConfirm).negotiated;
    assert.deepEqual([negotiated?.addPathReceive, negotiated?.addPathSend, negotiated?.maxLength], [["ipv4/unicast"], [], 65535]);
  });

  it("waits longer after each error of the protocol, and forgets them when the session lives (RFC 4271 §8.1.1)", () => {
    const wait = (session: Session): [Session, number | undefined] => {
      const result = step(session, { type: "holdTimerExpires" });
      const timer = result.effects.find((effect) => effect.type === "startTimer" && effect.timer === "idleHold");
      return [result.session, timer?.type === "startTimer" ? timer.after : undefined];
    };
    let session = newSession(config);
    const waits: unknown[] = [];
    for (let round = 0; round < 6; round++) {
      const [next, milliseconds] = wait(after(paths.Established, session));
      waits.push(milliseconds);
      session = next;
    }
    assert.deepEqual(waits, [5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    assert.equal(wait(after([...paths.Established, keepalive], session))[1], 5000);
  });

  it("does not wait longer because nobody answers, or because of the lost one of two connections", () => {
    const refused = after([{ type: "tcpFails", reason: "refused" }], after(paths.Connect));
    assert.deepEqual([refused.state, refused.failures], ["Active", 0]);
    const collided = message({ type: "notification", code: 6, subcode: 7, data: new Uint8Array(0) });
    assert.equal(after([collided], after(paths.OpenSent)).failures, 0);
  });

  it("waits in Active for a passive peer, and never dials", () => {
    const { session, effects } = step(newSession(config), { type: "startPassive" });
    assert.deepEqual([session.state, effects.filter(({ type }) => type !== "stopTimer")], ["Active", []]);
  });

  it("gives up a session on which nothing gets out, without a word (RFC 9687)", () => {
    const { session, effects, reason } = step(after(paths.Established), { type: "sendHoldTimerExpires" });
    assert.deepEqual([session.state, sent(effects)], ["Idle", []]);
    assert.match(reason, /Send Hold Timer Expired \(8\/0\)/);
    assert.equal(sendHoldTime(after(paths.Established)), 480_000);
  });

  it("judges a message by its type before anybody looks into it", () => {
    assert.deepEqual(judgeType("OpenSent", 2), {
      code: 5,
      subcode: 1,
      data: Uint8Array.of(2),
      reason: "UPDATE came in OpenSent",
    });
    assert.equal(judgeType("Established", 5), undefined);
  });

  it("refuses a role that does not fit its own, and a peer of two roles, with 2/11 (RFC 9234)", () => {
    const role = (...numbers: number[]): OpenMessage => ({
      ...peerOpen,
      capabilities: numbers.map((number) => ({ name: "role", role: number })),
    });
    const judged = (open: OpenMessage, ours?: number): number | undefined =>
      judgeOpen(open, { ...config, ...(ours === undefined ? {} : { role: ours }) })?.subcode;
    assert.deepEqual(
      [judged(role(3), 0), judged(role(0), 0), judged(role(0)), judged(role(0, 4)), judged(role(), 4), judged(role(4, 4), 4)],
      [undefined, 11, undefined, 11, undefined, undefined],
    );
  });

  it("takes a peer of our own AS, or of any other, when no number is configured", () => {
    const judged = (peerAs: "internal" | "external", myAs: number) =>
      judgeOpen({ ...peerOpen, myAs: myAs as Asn }, { ...config, peerAs })?.subcode;
    assert.deepEqual(
      [judged("internal", 65000), judged("internal", 65001), judged("external", 65001), judged("external", 65000)],
      [undefined, 2, undefined, 2],
    );
  });

  it("ends a session that BFD lost with Cease/BFD Down (RFC 9384), and says so", () => {
    const { effects, reason } = step(after(paths.Established), { type: "bfdDown", reason: "nothing came for 300 ms" });
    assert.equal(reason, "sent Cease/BFD Down (6/10): nothing came for 300 ms");
    const sent = effects.find((effect) => effect.type === "send");
    assert.ok(sent?.type === "send" && sent.message.type === "notification" && sent.message.subcode === 10);
  });

  it("sends KEEPALIVEs as often as it is told, never less than a third of the hold time asks for", () => {
    const pause = (keepaliveInterval: number | undefined): number | undefined => {
      const session = { ...after(paths.Established), config: { ...config, keepaliveInterval } };
      const timer = step(session, { type: "keepaliveTimerExpires" }).effects.find((effect) => effect.type === "startTimer");
      return timer?.type === "startTimer" ? timer.after : undefined;
    };
    assert.deepEqual([pause(undefined), pause(1), pause(30)], [3000, 1000, 3000]);
  });

  it("runs no timers with a hold time of 0", () => {
    const { effects } = step(after(paths.OpenSent), message({ ...peerOpen, holdTime: 0 }));
    assert.ok(!effects.some((effect) => effect.type === "startTimer"));
  });

  it("speaks the families that both named; IPv4 alone when the peer named none", () => {
    assert.deepEqual(after(paths.OpenConfirm).negotiated?.families, ["ipv4/unicast"]);
    const mute = { ...peerOpen, capabilities: [] };
    assert.deepEqual(after([message(mute)], after(paths.OpenSent)).negotiated?.families, ["ipv4/unicast"]);
  });

  it("refuses an unexpected AS with 2/2, and its own identifier in its own AS with 2/3 (RFC 6286)", () => {
    assert.deepEqual(sent(step(after(paths.OpenSent), message({ ...peerOpen, myAs: 65009 as Asn })).effects), ["2/2"]);
    const inside = newSession({ ...config, peerAs: config.localAs });
    const twin = { ...peerOpen, myAs: config.localAs, bgpIdentifier: config.bgpIdentifier };
    assert.deepEqual(sent(step(after(paths.OpenSent, inside), message(twin)).effects), ["2/3"]);
  });

  it("answers an expired hold timer with 4/0 and connects again later", () => {
    const { session, effects } = step(after(paths.Established), { type: "holdTimerExpires" });
    assert.deepEqual([session.state, sent(effects)], ["Idle", ["4/0"]]);
    assert.ok(effects.some((effect) => effect.type === "startTimer" && effect.timer === "idleHold"));
  });

  for (const [state, event, expected] of [
    ["OpenSent", keepalive, "5/1"],
    ["OpenConfirm", message(update), "5/2"],
    ["Established", message(peerOpen), "5/3"],
  ] as const) {
    it(`answers a message that does not belong in ${state} with ${expected} (RFC 6608)`, () =>
      assert.deepEqual(sent(step(after(paths[state]), event).effects), [expected]));
  }

  it("never answers a NOTIFICATION, and quotes the text that came with it (RFC 9003)", () => {
    const notification: Message = { type: "notification", code: 6, subcode: 2, data: shutdownCommunication("maintenance") };
    const { effects, reason } = step(after(paths.Established), message(notification));
    assert.deepEqual(sent(effects), []);
    assert.equal(reason, 'received Cease/Administrative Shutdown (6/2): "maintenance"');
  });

  it("shows a text that is not UTF-8 as hexadecimal digits", () => {
    const { reason } = step(
      after(paths.Established),
      message({ type: "notification", code: 6, subcode: 2, data: Uint8Array.of(3, 0xc0, 0xaf, 0xfe) }),
    );
    assert.equal(reason, "received Cease/Administrative Shutdown (6/2) (data 03c0affe)");
  });

  it("names a Cease because of BFD", () => {
    assert.match(
      step(after(paths.Established), message({ type: "notification", code: 6, subcode: 10, data: new Uint8Array(0) })).reason,
      /BFD Down/,
    );
  });

  it("says goodbye with Cease and a reason, but for a restart only closes", () => {
    const stopped = step(after(paths.Established), { type: "stop", subcode: 2, reason: "the speaker stops" });
    assert.deepEqual([sent(stopped.effects), stopped.session.state], [["6/2"], "Idle"]);
    assert.deepEqual(sent(step(after(paths.Established), { type: "stopForRestart" }).effects), []);
  });

  it("answers a route refresh with the table of that family, and the marks of RFC 7313 with nothing", () => {
    const asked = (subtype: number): Effect[] =>
      step(after(paths.Established), message({ type: "routeRefresh", afi: 1, safi: 1, subtype })).effects.filter(
        (effect) => effect.type === "sendTable",
      );
    assert.deepEqual([asked(0).length, asked(1).length], [1, 0]);
  });

  it("does not dial again on a connection that the peer made", () => {
    const { session } = acceptedSession(config, false);
    const { effects } = step(session, { type: "tcpFails", reason: "reset" });
    assert.ok(!effects.some((effect) => effect.type === "startTimer" || effect.type === "dial"));
  });

  it("keeps the connection of the higher identifier, compared as a number (RFC 4271 §6.8)", () => {
    const side = (text: string, as = 1) => ({ identifier: identifier(text), as });
    assert.ok(keepsAccepted(side("9.255.255.255"), side("10.0.0.1")));
    assert.ok(!keepsAccepted(side("200.0.0.1"), side("10.0.0.1")));
    // Equal identifiers: the higher AS. @see RFC 6286 §2.3
    assert.ok(keepsAccepted(side("10.0.0.1", 65000), side("10.0.0.1", 4200000000)));
    assert.ok(!keepsAccepted(side("10.0.0.1", 65001), side("10.0.0.1", 65000)));
  });

  it("brings up two sessions that talk to each other through real octets", () => {
    const left = newSession({ ...config, localAs: 65000 as Asn, peerAs: 65001 as Asn });
    const right = acceptedSession(
      { ...config, localAs: 65001 as Asn, peerAs: 65000 as Asn, bgpIdentifier: identifier("172.30.0.1") },
      false,
    );
    let [a, b] = [after(paths.Connect, left), right.session];
    const queueA = step(a, { type: "tcpConnected", isRestarting: false });
    a = queueA.session;
    let toB = queueA.effects;
    let toA = right.effects;
    for (let round = 0; round < 6; round++) {
      const deliver = (session: Session, effects: readonly Effect[]): [Session, Effect[]] => {
        let current = session;
        const produced: Effect[] = [];
        for (const effect of effects) {
          if (effect.type !== "send") continue;
          const framed = frame(encodeMessage(effect.message), true);
          assert.ok("body" in framed);
          const decoded = decodeMessage(framed.type, framed.body, contextOf(current.negotiated));
          assert.ok("message" in decoded);
          const next = step(current, message(decoded.message));
          current = next.session;
          produced.push(...next.effects);
        }
        return [current, produced];
      };
      const [nextB, fromB] = deliver(b, toB);
      const [nextA, fromA] = deliver(a, toA);
      [a, b, toA, toB] = [nextA, nextB, fromB, fromA];
    }
    assert.deepEqual([a.state, b.state], ["Established", "Established"]);
  });
});
