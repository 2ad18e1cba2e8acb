import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, parseAddress } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { seconds } from "../net/duration.ts";
import { decodeMessage, frame } from "./decode.ts";
import { encodeMessage, shutdownCommunication } from "./encode.ts";
import type { Message, OpenMessage } from "./message.ts";
import {
  acceptedSession,
  type Effect,
  type Event,
  keepsAccepted,
  newSession,
  type Session,
  type SessionConfig,
  type State,
  step,
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
};
const peerOpen: OpenMessage = {
  type: "open",
  version: 4,
  as: 65001 as Asn,
  holdTime: 9,
  bgpIdentifier: identifier("172.30.0.1"),
  capabilities: {
    families: ["ipv4/unicast"],
    fourOctetAs: 65001 as Asn,
    routeRefresh: true,
    gracefulRestart: undefined,
    unknown: [],
  },
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
  OpenSent: [{ type: "start" }, { type: "tcpConnected" }],
  OpenConfirm: [{ type: "start" }, { type: "tcpConnected" }, message(peerOpen)],
  Established: [{ type: "start" }, { type: "tcpConnected" }, message(peerOpen), keepalive],
};

const sent = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) =>
    effect.type === "send"
      ? [effect.message.type === "notification" ? `${effect.message.code}/${effect.message.subcode}` : effect.message.type]
      : [],
  );

describe("BGP FSM (RFC 4271 §8.2.2)", () => {
  for (const [state, events] of Object.entries(paths)) it(`comes to ${state}`, () => assert.equal(after(events).state, state));

  it("answers every event in every state, with a reason", () => {
    const events: readonly Event[] = [
      { type: "start" },
      { type: "stop", subcode: 2, reason: "test" },
      { type: "stopForRestart" },
      { type: "connectRetryTimerExpires" },
      { type: "holdTimerExpires" },
      { type: "keepaliveTimerExpires" },
      { type: "tcpConnected" },
      { type: "tcpFails", reason: "test" },
      { type: "malformed", error: { code: 1, subcode: 1, data: new Uint8Array(0), reason: "test" } },
      message(peerOpen),
      keepalive,
      message({ type: "update", withdrawn: [], announced: [], endOfRib: undefined }),
      message({ type: "notification", code: 6, subcode: 2, data: new Uint8Array(0) }),
      message({ type: "routeRefresh", family: "ipv4/unicast", subtype: 0 }),
    ];
    for (const path of Object.values(paths))
      for (const event of events) assert.notEqual(step(after(path), event).reason, "", event.type);
  });

  it("sends OPEN when TCP is connected, with AS number, identifier and families", () => {
    const { effects } = step(after(paths.Connect), { type: "tcpConnected" });
    assert.deepEqual(sent(effects), ["open"]);
  });

  it("takes the lower hold time, and a third of it for KEEPALIVEs", () => {
    const { session, effects } = step(after(paths.OpenSent), message(peerOpen));
    assert.equal(session.negotiated?.holdTime, 9);
    assert.ok(effects.some((effect) => effect.type === "startTimer" && effect.timer === "keepalive" && effect.after === 3000));
    assert.ok(effects.some((effect) => effect.type === "startTimer" && effect.timer === "hold" && effect.after === 9000));
  });

  it("runs no timers with a hold time of 0", () => {
    const { effects } = step(after(paths.OpenSent), message({ ...peerOpen, holdTime: 0 }));
    assert.ok(!effects.some((effect) => effect.type === "startTimer"));
  });

  it("speaks the families that both named; IPv4 alone when the peer named none", () => {
    assert.deepEqual(after(paths.OpenConfirm).negotiated?.families, ["ipv4/unicast"]);
    const mute = { ...peerOpen, capabilities: { ...peerOpen.capabilities, families: undefined } };
    assert.deepEqual(after([message(mute)], after(paths.OpenSent)).negotiated?.families, ["ipv4/unicast"]);
  });

  it("refuses an unexpected AS with 2/2, and its own identifier in its own AS with 2/3 (RFC 6286)", () => {
    assert.deepEqual(sent(step(after(paths.OpenSent), message({ ...peerOpen, as: 65009 as Asn })).effects), ["2/2"]);
    const inside = newSession({ ...config, peerAs: config.localAs });
    const twin = { ...peerOpen, as: config.localAs, bgpIdentifier: config.bgpIdentifier };
    assert.deepEqual(sent(step(after(paths.OpenSent, inside), message(twin)).effects), ["2/3"]);
  });

  it("answers an expired hold timer with 4/0 and connects again later", () => {
    const { session, effects } = step(after(paths.Established), { type: "holdTimerExpires" });
    assert.deepEqual([session.state, sent(effects)], ["Idle", ["4/0"]]);
    assert.ok(effects.some((effect) => effect.type === "startTimer" && effect.timer === "connectRetry"));
  });

  for (const [state, event, expected] of [
    ["OpenSent", keepalive, "5/1"],
    ["OpenConfirm", message({ type: "update", withdrawn: [], announced: [], endOfRib: undefined }), "5/2"],
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
      step(after(paths.Established), message({ type: "routeRefresh", family: "ipv4/unicast", subtype })).effects.filter(
        (effect) => effect.type === "sendTable",
      );
    assert.deepEqual([asked(0).length, asked(1).length], [1, 0]);
  });

  it("does not dial again on a connection that the peer made", () => {
    const { session } = acceptedSession(config);
    const { effects } = step(session, { type: "tcpFails", reason: "reset" });
    assert.ok(!effects.some((effect) => effect.type === "startTimer" || effect.type === "dial"));
  });

  it("keeps the connection of the higher identifier, compared as a number (RFC 4271 §6.8)", () => {
    assert.ok(keepsAccepted(identifier("9.255.255.255"), identifier("10.0.0.1")));
    assert.ok(!keepsAccepted(identifier("200.0.0.1"), identifier("10.0.0.1")));
  });

  it("brings up two sessions that talk to each other through real octets", () => {
    const left = newSession({ ...config, localAs: 65000 as Asn, peerAs: 65001 as Asn });
    const right = acceptedSession({
      ...config,
      localAs: 65001 as Asn,
      peerAs: 65000 as Asn,
      bgpIdentifier: identifier("172.30.0.1"),
    });
    let [a, b] = [after(paths.Connect, left), right.session];
    const queueA = step(a, { type: "tcpConnected" });
    a = queueA.session;
    let toB = queueA.effects;
    let toA = right.effects;
    for (let round = 0; round < 6; round++) {
      const deliver = (session: Session, effects: readonly Effect[]): [Session, Effect[]] => {
        let current = session;
        const produced: Effect[] = [];
        for (const effect of effects) {
          if (effect.type !== "send") continue;
          const framed = frame(encodeMessage(effect.message));
          assert.ok("body" in framed);
          const decoded = decodeMessage(framed.type, framed.body, true);
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
