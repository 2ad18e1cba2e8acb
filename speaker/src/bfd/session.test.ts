import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LivenessOptions } from "../ports/liveness.ts";
import type { ControlPacket, State } from "./packet.ts";
import {
  detectionTime,
  type Effect,
  type Event,
  newSession,
  type Session,
  type Step,
  step,
  transmitInterval,
} from "./session.ts";

const options: LivenessOptions = {
  receiveInterval: 100,
  transmitInterval: 100,
  detectMultiplier: 3,
  isPassive: false,
  minimumTtl: undefined,
};
const heard = (state: State, more: Partial<ControlPacket> = {}): ControlPacket => ({
  diagnostic: 0,
  state,
  poll: false,
  final: false,
  detectMultiplier: 3,
  myDiscriminator: 7,
  yourDiscriminator: 1,
  desiredMinTx: 100_000,
  requiredMinRx: 100_000,
  requiredMinEchoRx: 0,
  ...more,
});
const packet = (now: number, state: State, more: Partial<ControlPacket> = {}): Event => ({
  type: "packet",
  now,
  random: 1,
  packet: heard(state, more),
});
const run = (events: readonly Event[], from: Session = newSession(1, options, 0)): Step =>
  events.reduce<Step>((last, event) => step(last.session, event), { session: from, effects: [] });
const up = (): Session => run([packet(0, "Down"), packet(10, "Up")]).session;
const sent = (effects: readonly Effect[]): ControlPacket[] =>
  effects.flatMap((effect) => (effect.type === "send" ? [effect.packet] : []));
const change = (effects: readonly Effect[]): boolean | undefined => {
  const found = effects.find((effect) => effect.type === "changed");
  return found?.type === "changed" ? found.isLost : undefined;
};

describe("BFD states (RFC 5880 §6.2)", () => {
  const moves: readonly (readonly [from: readonly Event[], theirs: State, to: State])[] = [
    [[], "Down", "Init"],
    [[], "Init", "Up"],
    [[], "Up", "Down"],
    [[], "AdminDown", "Down"],
    [[packet(0, "Down")], "Down", "Init"],
    [[packet(0, "Down")], "Init", "Up"],
    [[packet(0, "Down")], "Up", "Up"],
    [[packet(0, "Down")], "AdminDown", "Down"],
    [[packet(0, "Init")], "Init", "Up"],
    [[packet(0, "Init")], "Up", "Up"],
    [[packet(0, "Init")], "Down", "Down"],
    [[packet(0, "Init")], "AdminDown", "Down"],
  ];
  for (const [from, theirs, to] of moves) {
    const { state } = run(from).session;
    it(`go from ${state} to ${to} when the neighbour says ${theirs}`, () =>
      assert.equal(run([...from, packet(10, theirs)]).session.state, to));
  }
  it("tell the neighbour at once", () => assert.equal(sent(run([packet(0, "Down")]).effects)[0]?.state, "Init"));
});

describe("a neighbour that falls silent", () => {
  it("is down when its multiplier of the slower interval has passed, and not before", () => {
    const session = up();
    assert.equal(detectionTime(session), 300);
    const early = step(session, { type: "tick", now: 309, random: 1 });
    assert.equal(early.session.state, "Up");
    const late = step(session, { type: "tick", now: 310, random: 1 });
    assert.deepEqual([late.session.state, change(late.effects)], ["Down", true]);
    assert.equal(late.session.reason, "nothing came from the neighbour for 300 ms");
    assert.equal(sent(late.effects)[0]?.diagnostic, 1);
  });
  it("is measured by its own pace when that is slower than ours", () =>
    assert.equal(detectionTime(run([packet(20, "Up", { desiredMinTx: 500_000, detectMultiplier: 2 })], up()).session), 1000));
  it("is lost when it says that it is down, with the reason it gives", () => {
    const { session, effects } = step(up(), packet(20, "Down", { diagnostic: 1 }));
    assert.deepEqual([session.state, change(effects)], ["Down", true]);
    assert.equal(session.reason, "the neighbour says that it is down: Control Detection Time Expired");
  });
  it("is not lost when it took itself out of service (RFC 5882 §3.2)", () => {
    const { session, effects } = step(up(), packet(20, "AdminDown", { diagnostic: 7 }));
    assert.deepEqual([session.state, change(effects)], ["Down", false]);
  });
  it("is found again by anybody's first packet: the old number is forgotten", () => {
    const down = step(up(), { type: "tick", now: 400, random: 1 });
    assert.equal(sent(down.effects)[0]?.yourDiscriminator, 0);
    assert.equal(
      run([packet(500, "Down", { myDiscriminator: 9 }), packet(510, "Up", { myDiscriminator: 9 })], down.session).session.state,
      "Up",
    );
  });
});

describe("packets of ours", () => {
  it("go once a second until the session is up, then as often as both sides want (RFC 5880 §6.8.3)", () => {
    assert.equal(transmitInterval(newSession(1, options, 0)), 1000);
    assert.equal(transmitInterval(up()), 100);
    assert.equal(transmitInterval(run([packet(20, "Up", { requiredMinRx: 400_000 })], up()).session), 400);
  });
  it("are spread by up to a quarter (RFC 5880 §6.8.7)", () => {
    const due = (random: number) => step({ ...up(), transmitAt: 50 }, { type: "tick", now: 50, random }).session.transmitAt;
    assert.deepEqual([due(0), due(1)], [125, 150]);
  });
  it("stop when the neighbour takes none", () =>
    assert.equal(run([packet(20, "Up", { requiredMinRx: 0 })], up()).session.transmitAt, undefined));
  it("answer a poll at once, and poll when the session comes up", () => {
    const [answer] = sent(step(up(), packet(20, "Up", { poll: true })).effects).filter(({ final }) => final);
    assert.deepEqual([answer?.final, answer?.poll], [true, false]);
    assert.equal(up().isPolling, true);
    assert.equal(run([packet(20, "Up", { final: true })], up()).session.isPolling, false);
  });
  it("of a passive end wait for the neighbour", () => {
    const passive = newSession(1, { ...options, isPassive: true }, 0);
    assert.deepEqual(step(passive, { type: "tick", now: 5000, random: 1 }).effects, []);
    assert.equal(sent(step(passive, packet(6000, "Down")).effects)[0]?.state, "Init");
  });
  it("say that this end is taken out of service, and then nothing more", () => {
    const { session, effects } = step(up(), { type: "stop", now: 20 });
    assert.deepEqual([sent(effects)[0]?.state, sent(effects)[0]?.diagnostic], ["AdminDown", 7]);
    assert.deepEqual(step(session, packet(30, "Up")).effects, []);
  });
});

describe("changed intervals (RFC 5880 §6.8.3)", () => {
  const settled = (): Session => run([packet(20, "Up", { final: true })], up()).session;
  it("that are slower come into force when the neighbour has agreed", () => {
    const slower = step(settled(), {
      type: "options",
      now: 30,
      random: 1,
      options: { ...options, transmitInterval: 400 },
    }).session;
    assert.equal(transmitInterval(slower), 100);
    assert.equal(
      sent(step({ ...slower, transmitAt: 40 }, { type: "tick", now: 40, random: 1 }).effects)[0]?.desiredMinTx,
      400_000,
    );
    assert.equal(transmitInterval(run([packet(50, "Up", { final: true })], slower).session), 400);
  });
  it("that shorten detection come into force when the neighbour has agreed", () => {
    const faster = step(settled(), { type: "options", now: 30, random: 1, options: { ...options, receiveInterval: 50 } }).session;
    assert.equal(faster.requiredMinRx, 100);
    assert.equal(run([packet(50, "Up", { final: true })], faster).session.requiredMinRx, 50);
  });
  it("keep the session up", () =>
    assert.equal(
      step(settled(), { type: "options", now: 30, random: 1, options: { ...options, detectMultiplier: 9 } }).session.state,
      "Up",
    ));
});
