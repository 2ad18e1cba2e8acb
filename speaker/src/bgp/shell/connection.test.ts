import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { after, describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Asn } from "../../net/asn.ts";
import { seconds } from "../../net/duration.ts";
import { encodeEndOfRib, encodeMessage } from "../encode.ts";
import { address } from "../fixtures.ts";
import { acceptedSession } from "../fsm/step.ts";
import type { SessionConfig } from "../session.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";

const config: SessionConfig = {
  localAs: 65000 as Asn,
  peerAs: 65001 as Asn,
  bgpIdentifier: address("172.30.0.11"),
  holdTime: 90,
  connectRetry: seconds(5),
  families: ["ipv4/unicast"],
  gracefulRestart: undefined,
  addPathReceive: [],
  addPathSend: [],
  keepaliveInterval: undefined,
  role: undefined,
};
const open = encodeMessage({
  type: "open",
  version: 4,
  myAs: 65001 as Asn,
  holdTime: 90,
  bgpIdentifier: address("172.30.0.1"),
  capabilities: [{ name: "multiprotocol", afi: 1, safi: 1 }],
});

/** A session that is up over a connection in memory, and what came of it: effects by their type. */
function established(): { readonly wire: Duplex; readonly count: (type: string) => number; readonly sent: readonly Buffer[] } {
  const counts = new Map<string, number>();
  const owner: ConnectionOwner = {
    dial: () => assert.fail("nobody dials"),
    isRestarting: false,
    recorder: undefined,
    onEffect: (_, { type }) => void counts.set(type, (counts.get(type) ?? 0) + 1),
    onStep: () => undefined,
    onDrain: () => undefined,
  };
  const sent: Buffer[] = [];
  const write = (chunk: Buffer, _: unknown, done: () => void): void => {
    sent.push(chunk);
    done();
  };
  const wire = new Duplex({ allowHalfOpen: false, read: () => undefined, write });
  const first = acceptedSession(config, false);
  const connection = new Connection(first.session, owner);
  // What a connection uses of a socket a Duplex has, too.
  connection.accept(wire as unknown as Socket, first);
  after(() => connection.destroy());
  return { wire, sent, count: (type) => counts.get(type) ?? 0 };
}

/** So many turns of the event loop are enough for anything here. */
async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds() && turns < 10_000; turns++) await nextTurn();
  assert.ok(holds());
}

/** The types of the messages in what was sent at once. */
function typesIn(octets: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < octets.length; at += octets.readUInt16BE(at + 16)) types.push(octets[at + 18] ?? 0);
  return types;
}

describe("a connection that the peer made", () => {
  it("answers an OPEN that is there with ours and a KEEPALIVE at once", async () => {
    const { wire, sent } = established();
    wire.push(open);
    await until(() => sent.length > 0);
    assert.deepEqual(sent.map(typesIn), [[1, 4]]);
  });

  it("is sent our OPEN soon when the peer says nothing", async () => {
    const { sent } = established();
    const end = performance.now() + 30_000;
    while (sent.length === 0 && performance.now() < end) await nextTurn();
    assert.deepEqual(sent.map(typesIn), [[1]]);
  });

  it("is sent our OPEN before the NOTIFICATION for what came in place of the peer's", async () => {
    const { wire, sent } = established();
    wire.push(encodeMessage({ type: "keepalive" }));
    await until(() => sent.length > 0);
    assert.deepEqual(sent.map(typesIn), [[1, 3]]);
  });
});

describe("a connection to a peer that sends much at once", () => {
  it("takes its share of each turn of the event loop, and everything in the end", async () => {
    const { wire, count } = established();
    wire.push(open);
    wire.push(encodeMessage({ type: "keepalive" }));
    await until(() => count("sessionUp") > 0);
    const sent = 5000;
    for (let round = 0; round < 2; round++) {
      wire.push(Buffer.concat(Array.from({ length: sent }, () => encodeEndOfRib("ipv4/unicast"))));
      let [turns, before, most] = [0, count("routes"), 0];
      for (const end = before + sent; count("routes") < end && turns < 10_000; turns++) {
        await nextTurn();
        most = Math.max(most, count("routes") - before);
        before = count("routes");
      }
      // Two shares may fall into one turn of whoever looks: what was kept, and what came behind it.
      assert.ok(most <= 300 && turns >= sent / 300, `${most} messages in one turn, ${turns} turns`);
    }
    assert.equal(count("sessionDown"), 0);
  });

  it("takes what came before the end of the connection", async () => {
    const { wire, count } = established();
    wire.push(open);
    wire.push(encodeMessage({ type: "keepalive" }));
    wire.push(Buffer.concat(Array.from({ length: 3000 }, () => encodeEndOfRib("ipv4/unicast"))));
    wire.push(null);
    await until(() => count("sessionDown") > 0);
    assert.deepEqual([count("routes"), count("sessionUp"), count("sessionDown")], [3000, 1, 1]);
  });
});
