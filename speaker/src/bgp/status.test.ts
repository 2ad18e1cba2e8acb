import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { desiredBgp } from "./desired.ts";
import { idleFacts, type PeerFacts } from "./facts.ts";
import { cluster } from "./fixtures.ts";
import { mergePatch, nodePeerStatus, sessionEvent } from "./status.ts";

const idle: PeerFacts = idleFacts(desiredBgp(cluster()).peers[0]!);
const up: PeerFacts = {
  ...idle,
  state: "Established",
  since: "2026-11-25T12:00:00.000Z",
  holdTime: 9,
  peerIdentifier: "172.30.0.1",
};
const down: PeerFacts = {
  ...idle,
  since: "2026-11-25T12:05:00.000Z",
  lastError: "received Cease/Administrative Reset (6/4)",
  flaps: 1,
};

describe("the status of a session", () => {
  it("has OpenELB's shape", () =>
    assert.deepEqual(nodePeerStatus(up), {
      peerState: {
        neighborAddress: "192.0.2.1",
        peerAs: 65001,
        localAs: 65000,
        peerType: 1,
        sessionState: "ESTABLISHED",
        adminState: "UP",
        flops: 0,
        routerId: "172.30.0.1",
      },
      timersState: {
        connectRetry: "5",
        holdTime: "90",
        keepaliveInterval: "30",
        negotiatedHoldTime: "9",
        uptime: "2026-11-25T12:00:00.000Z",
      },
      lastError: "",
    }));
  it("takes back what is not so any more, in a merge patch", () => {
    const patch = mergePatch(nodePeerStatus(up), nodePeerStatus(down)) as ReturnType<typeof nodePeerStatus>;
    assert.deepEqual([patch.timersState?.uptime, patch.peerState?.routerId], [null, null]);
    assert.equal(patch.timersState?.downtime, down.since);
  });
});

describe("events of a session", () => {
  it("tell that it came up, that it went down with the NOTIFICATION in words, and why it does not come up, once", () => {
    const refused = {
      ...idle,
      lastError: "sent OPEN Message Error/Bad Peer AS (2/2): the peer is AS 65009, and AS 65001 was expected",
    };
    assert.deepEqual(
      [sessionEvent("node1", idle, up), sessionEvent("node1", up, down), sessionEvent("node1", idle, refused)].map((event) => [
        event?.type,
        event?.reason,
        event?.message,
      ]),
      [
        ["Normal", "SessionUp", "node node1: the session with 192.0.2.1 (AS 65001) is up"],
        ["Warning", "SessionDown", "node node1: the session with 192.0.2.1 is down: received Cease/Administrative Reset (6/4)"],
        [
          "Warning",
          "SessionFailed",
          "node node1: the session with 192.0.2.1 does not come up: sent OPEN Message Error/Bad Peer AS (2/2): the peer is AS 65009, and AS 65001 was expected",
        ],
      ],
    );
    assert.deepEqual([sessionEvent("node1", up, up), sessionEvent("node1", refused, refused)], [undefined, undefined]);
  });
  it("tell of a session that went down and up between two looks", () =>
    assert.equal(sessionEvent("node1", up, { ...up, since: "2026-11-25T12:09:00.000Z" })?.reason, "SessionUp"));
});
