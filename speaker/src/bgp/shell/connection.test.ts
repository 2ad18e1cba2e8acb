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
function established(): { readonly wire: Duplex; readonly count: (type: string) => number } {
  const counts = new Map<string, number>();
  const owner: ConnectionOwner = {
    dial: () => assert.fail("nobody dials"),
    isRestarting: false,
    recorder: undefined,
    onEffect: (_, { type }) => void counts.set(type, (counts.get(type) ?? 0) + 1),
    onStep: () => undefined,
    onDrain: () => undefined,
  };
  const wire = new Duplex({ allowHalfOpen: false, read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const first = acceptedSession(config, false);
  const connection = new Connection(first.session, owner);
  // What a connection uses of a socket a Duplex has, too.
  connection.accept(wire as unknown as Socket, first);
  after(() => connection.destroy());
  return { wire, count: (type) => counts.get(type) ?? 0 };
}

/** So many turns of the event loop are enough for anything here. */
async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds() && turns < 10_000; turns++) await nextTurn();
  assert.ok(holds());
}

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
