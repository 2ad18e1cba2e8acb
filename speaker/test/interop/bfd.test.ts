import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { PeerFacts } from "../../src/bgp/facts.ts";
import { bird } from "./daemons/bird.ts";
import { eventually, hostAddress, type Program, routerAddress, type Speaker, Testbed } from "./testbed.ts";

/** BFD between our thread and a daemon's, 300 ms and three packets, beside a BGP session. */
const fast = { receiveInterval: 300, transmitInterval: 300, detectMultiplier: 3 };
const peer = (over: 4 | 6, more: Partial<BgpPeer["spec"]> = {}): BgpPeer["spec"] => ({
  conf: { neighborAddress: routerAddress[over], peerAs: 65001 },
  bfd: fast,
  ...more,
});
const first = async (speaker: Speaker): Promise<PeerFacts | undefined> => (await speaker.peers())[0];
const isWatched = (facts: PeerFacts | undefined): boolean => facts?.bfd?.state === "Up" && facts.bfd.detectionTime === 900;

for (const over of [4, 6] as const) {
  describe(`BFD with BIRD 2.0 over IPv${over}`, () => {
    const testbed = new Testbed(`bfd-bird${over}`);
    let speaker: Speaker;
    before(async () => {
      await bird.start(testbed, { as: 65001, peerAs: 65000, over, dials: true, hasBfd: true } as Parameters<
        typeof bird.start
      >[1]);
      speaker = testbed.speaker();
      speaker.tell({ as: 65000, listenPort: 179, peers: [peer(over)], addresses: ["192.0.2.1"] });
    });
    after(() => testbed.close());

    const sessions = (): string =>
      testbed.ask(testbed.router, ["birdc", "-s", testbed.file("bird.ctl"), "show", "bfd", "sessions"]);

    it("comes up at both ends, and stays", async () => {
      await eventually(
        "the session beside BGP",
        60,
        () => first(speaker),
        (facts) => facts?.state === "Established" && isWatched(facts),
      );
      assert.match(sessions(), new RegExp(`${hostAddress[over]}\\s+eth0\\s+Up.*\\b0\\.(300|900)\\b`));
      const since = (await first(speaker))?.bfd?.since;
      await sleep(3000);
      const facts = await first(speaker);
      assert.deepEqual([facts?.bfd?.since, facts?.flaps], [since, 0]);
    });

    it("ends the BGP session when the daemon freezes, and says that BFD did", async () => {
      const pids = spawnSync("ip", ["netns", "pids", testbed.router], { encoding: "utf8" }).stdout.trim().split("\n").map(Number);
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      const facts = await eventually(
        "the session is down",
        60,
        () => first(speaker),
        (seen) => seen?.state !== "Established",
      );
      for (const pid of pids) process.kill(pid, "SIGCONT");
      assert.match(facts?.lastError ?? "", /^sent Cease\/BFD Down \(6\/10\): BFD: nothing came from the neighbour for 900 ms$/);
      await eventually(
        "both sessions again",
        60,
        () => first(speaker),
        (seen) => seen?.state === "Established" && isWatched(seen),
      );
    });

    it("tells the daemon of new intervals without losing the session", async () => {
      const since = (await first(speaker))?.bfd?.since;
      speaker.tell({
        as: 65000,
        listenPort: 179,
        peers: [peer(over, { bfd: { ...fast, receiveInterval: 500 } })],
        addresses: ["192.0.2.1"],
      });
      const facts = await eventually(
        "a slower neighbour",
        60,
        () => first(speaker),
        (seen) => seen?.bfd?.detectionTime === 1500,
      );
      assert.deepEqual([facts?.bfd?.since, facts?.state], [since, "Established"]);
    });

    it("takes itself out of service when the peer goes, and the daemon does not take it for dead", async () => {
      speaker.tell({ as: 65000, listenPort: 179, peers: [], addresses: [] });
      await eventually("the daemon knows", 60, sessions, (seen) => !/Up/.test(seen));
    });
  });
}

describe("BFD with FRR 8.4", () => {
  const testbed = new Testbed("bfd-frr");
  let speaker: Speaker;
  let daemon: Program;
  before(() => {
    const vty = testbed.file("vty");
    mkdirSync(vty, { recursive: true });
    const profile = ["  receive-interval 300", "  transmit-interval 300", "  detect-multiplier 3", " !"];
    const config = [
      "bfd",
      ` peer ${hostAddress[4]} interface eth0`,
      ...profile,
      ` peer ${hostAddress[6]} multihop local-address ${routerAddress[6]}`,
      "  minimum-ttl 200",
      ...profile,
      "",
    ];
    writeFileSync(testbed.file("bfdd.conf"), config.join("\n"));
    spawnSync("chown", ["-R", "frr:frr", testbed.directory]);
    const zebra = ["-i", testbed.file("zebra.pid"), "-z", testbed.file("zserv"), "--vty_socket", vty];
    testbed.start(testbed.router, ["/usr/lib/frr/zebra", ...zebra]);
    daemon = testbed.start(testbed.router, [
      "/usr/lib/frr/bfdd",
      ...["-f", testbed.file("bfdd.conf"), "-i", testbed.file("bfdd.pid"), "-z", testbed.file("zserv"), "--vty_socket", vty],
      ...["--bfdctl", testbed.file("bfdd.sock"), "--log", "stdout"],
    ]);
    speaker = testbed.speaker();
    const far: BgpPeer["spec"] = {
      conf: { neighborAddress: routerAddress[6], peerAs: 65001 },
      ebgpMultihop: { enabled: true },
      bfd: { ...fast, minimumTtl: 250 },
    };
    speaker.tell({ as: 65000, listenPort: 179, peers: [peer(4), far], addresses: [] });
  });
  after(() => testbed.close());

  const show = (words: string): string =>
    testbed.ask(testbed.router, ["vtysh", "--vty_socket", testbed.file("vty"), "-c", words]);

  it("comes up over one hop and over several, with the intervals of both", async () => {
    await eventually(
      "both sessions",
      60,
      () => speaker.peers(),
      (peers) => peers.length === 2 && peers.every(isWatched),
    );
    const seen = JSON.parse(show("show bfd peers json")) as readonly Record<string, unknown>[];
    assert.deepEqual(
      seen.map(({ status, multihop }) => [status, multihop]).sort(),
      [
        ["up", false],
        ["up", true],
      ].sort(),
    );
    for (const one of seen)
      assert.deepEqual(
        [one["remote-receive-interval"], one["remote-transmit-interval"], one["remote-detect-multiplier"]],
        [300, 300, 3],
        daemon.said(),
      );
  });
});

describe("BFD packets from further away than one hop", () => {
  const testbed = new Testbed("bfd-ttl");
  after(() => testbed.close());

  it("are not taken (RFC 5881 §5)", async () => {
    const speaker = testbed.speaker();
    speaker.tell({ as: 65000, listenPort: 179, peers: [peer(4)], addresses: [] });
    await eventually(
      "it watches",
      60,
      () => first(speaker),
      (facts) => facts?.bfd !== undefined,
    );
    // A neighbour that is down and begins: our session goes to Init when it takes the packet.
    const packet = "2040031800000007000000000003d0900003d09000000000";
    const send = (ttl: number): string =>
      testbed.ask(testbed.router, [
        process.execPath,
        "-e",
        `const s=require("node:dgram").createSocket("udp4");s.bind(50000,()=>{s.setTTL(${ttl});s.send(Buffer.from("${packet}","hex"),3784,"${hostAddress[4]}",()=>s.close())})`,
      ]);
    send(254);
    await sleep(300);
    assert.equal((await first(speaker))?.bfd?.state, "Down");
    send(255);
    await eventually(
      "the packet of one hop is taken",
      60,
      () => first(speaker),
      (facts) => facts?.bfd?.state === "Init",
    );
  });
});
