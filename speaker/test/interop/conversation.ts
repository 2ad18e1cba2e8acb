import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathIdOf } from "../../src/bgp/decide.ts";
import { parseAddress } from "../../src/net/address.ts";
import type { Daemon, Router, RouterConfig, SeenRoute } from "./daemons/daemon.ts";
import type { Line } from "./speakerProcess.ts";
import { eventually, hostAddress, routerAddress, type Speaker, stillness, Testbed } from "./testbed.ts";

/** What a daemon can do of what every daemon is tried with. */
export interface Abilities {
  /** Whether it signs its sessions. */
  readonly hasPassword: boolean;
  /** How many of its two routes, one of each family, over one IPv4 session can be used. */
  readonly usableRoutes: 1 | 2;
  /** Whether it can be made to ask for a table once more. */
  readonly asksRefresh: boolean;
  /** What it calls the community 65535:65281. @see RFC 1997 §3 */
  readonly noExport: string;
  /** Whether it shows the path identifiers that it takes. */
  readonly showsPathIds: boolean;
  /** Whether it keeps the routes of a speaker that restarts, and tells them apart. */
  readonly helpsRestart: boolean;
}

type Peer = Line["peers"][number];
/** Seconds that anything may take before it counts as not happening: how fast things are is not what these tests are about. */
const soon = 60;
const families = (["AFI_IP", "AFI_IP6"] as const).map((afi) => ({ config: { family: { afi, safi: "SAFI_UNICAST" as const } } }));

/** The peer as we see it: what mirrors the configuration of the router. */
function peerOf({ over, dials, hasAddPath, keepsRoutesFor, holdTime = 9 }: RouterConfig): Peer {
  const addPaths = { config: { receive: true, sendMax: 4 } };
  return {
    conf: { neighborAddress: routerAddress[over], peerAs: 65001 },
    transport: { passiveMode: dials },
    timers: { config: { connectRetry: "1", holdTime: String(holdTime) } },
    afiSafis: families.map((family) => (hasAddPath === true ? { ...family, addPaths } : family)),
    ...(keepsRoutesFor === undefined ? {} : { gracefulRestart: { enabled: true, restartTime: keepsRoutesFor } }),
  };
}

/** What the speaker is told so that it talks to a router with this configuration. */
function lineOf(config: RouterConfig, addresses: Line["addresses"]): Line {
  const { password } = config;
  return {
    as: config.peerAs,
    listenPort: 179,
    peers: [peerOf(config)],
    addresses,
    ...(password === undefined ? {} : { password }),
  };
}

/** Two programs that talk: the speaker, and a daemon. */
export class Conversation {
  readonly testbed: Testbed;
  readonly router: Router;
  readonly config: RouterConfig;
  speaker: Speaker;

  private constructor(testbed: Testbed, config: RouterConfig, speaker: Speaker, router: Router) {
    this.testbed = testbed;
    this.config = config;
    this.speaker = speaker;
    this.router = router;
  }

  /** Starts both; who is to be connected to first, so that nobody waits for a second attempt. */
  static async begin(testbed: Testbed, config: RouterConfig, daemon: Daemon): Promise<Conversation> {
    const speaker = testbed.speaker();
    if (config.dials) {
      speaker.tell(lineOf(config, []));
      const listeners = (): string => testbed.ask(testbed.host, ["ss", "-Hltn", "sport", "=", ":179"]);
      await eventually("the speaker listens", soon, listeners, (seen) => seen !== "");
    }
    return new Conversation(testbed, config, speaker, await daemon.start(testbed, config));
  }

  /** Makes the speaker announce addresses. */
  announce(...addresses: Line["addresses"]): void {
    this.speaker.tell(lineOf(this.config, addresses));
  }

  /** Waits until the router's routes are those to these prefixes. */
  async learns(...prefixes: readonly string[]): Promise<readonly SeenRoute[]> {
    const seen = await eventually(
      `the router has ${prefixes.join(" and ") || "nothing"}`,
      soon,
      () => ({ ...this.router.view(), said: this.router.said().slice(-1500) }),
      ({ routes }) => String(routes.map(({ prefix }) => prefix).sort()) === String([...prefixes].sort()),
    );
    return seen.routes;
  }
}

/** The tests that every daemon takes. @param more tests of this daemon alone */
export function conversation(
  daemon: Daemon,
  abilities: Abilities,
  more: (start: (config?: Partial<RouterConfig>) => Promise<Conversation>) => void = () => undefined,
): void {
  describe(`${daemon.name} ${daemon.version}`, () => {
    let testbed: Testbed;
    beforeEach(() => {
      testbed = new Testbed(daemon.name.toLowerCase());
    });
    afterEach(() => testbed.close());
    const start = async (config: Partial<RouterConfig> = {}): Promise<Conversation> => {
      const whole: RouterConfig = { as: 65001, peerAs: 65000, over: 4, dials: false, ...config };
      return Conversation.begin(testbed, whole, daemon);
    };

    it("is the version that these tests are about", () => {
      assert.ok(daemon.installed().startsWith(daemon.version), daemon.installed());
    });

    for (const over of [4, 6] as const)
      for (const dials of [false, true])
        it(`${dials ? "connects to us" : "takes our connection"} over IPv${over}, and learns hosts of both families through our node`, async () => {
          const one = await start({ over, dials });
          one.announce("192.0.2.1", "192.0.2.2", "2001:db8::1");
          const routes = await one.learns("192.0.2.1/32", "192.0.2.2/32", "2001:db8::1/128");
          for (const { prefix, nextHops, asPath } of routes) {
            assert.ok(nextHops.includes(hostAddress[prefix.includes(":") ? 6 : 4]), `${prefix} via ${nextHops}`);
            assert.equal(asPath, "65000");
          }
        });

    it("stays with us beyond two hold times of three seconds, while routes come and go", async () => {
      const one = await start({ holdTime: 3 });
      one.announce("192.0.2.1", "2001:db8::1");
      await one.learns("192.0.2.1/32", "2001:db8::1/128");
      const seen = async () => {
        const { isUp, session } = one.router.view();
        const [{ since, flaps, holdTime } = {}] = await one.speaker.peers();
        return { isUp, session, since, flaps, holdTime };
      };
      // What a daemon writes about its session is read a moment after it has our routes.
      await eventually(
        "the daemon says when its session came up",
        soon,
        () => one.router.view().session,
        (session) => /^\d/.test(session),
      );
      const before = await seen();
      one.announce("2001:db8::1");
      await one.learns("2001:db8::1/128");
      one.announce("192.0.2.9", "2001:db8::1");
      await one.learns("192.0.2.9/32", "2001:db8::1/128");
      assert.match(before.session, /^\d/);
      assert.partialDeepStrictEqual(before, { isUp: true, holdTime: 3, flaps: 0 });
      // Three seconds are short on a machine that stands still for one: then nothing is shown, and it is tried again.
      let [first, last] = [before, before];
      for (let tries = 0, stall = Number.POSITIVE_INFINITY; stall > 700 && tries < 4; tries++) {
        first = tries === 0 ? before : await seen();
        stall = await stillness(6500);
        last = await seen();
      }
      assert.deepEqual(last, first);
    });

    it("has its routes counted that a packet could follow, and stays when one cannot be", async () => {
      const one = await start({ announces: ["198.51.100.0/24", "2001:db8:1::/48"] });
      one.announce();
      await eventually(
        "its routes came",
        soon,
        () => one.speaker.peers(),
        ([peer]) => peer?.routesReceived === abilities.usableRoutes,
      );
      await sleep(500);
      const [{ routesReceived = 0, state = "" } = {}] = await one.speaker.peers();
      assert.deepEqual([routesReceived, state], [abilities.usableRoutes, "Established"]);
    });

    if (abilities.asksRefresh)
      it("gets the table again when it asks for a route refresh", async () => {
        const one = await start();
        one.announce("192.0.2.1");
        await one.learns("192.0.2.1/32");
        const before = one.router.updatesReceived();
        one.router.refresh();
        await eventually(
          "the table comes once more",
          soon,
          () => one.router.updatesReceived(),
          (seen) => seen > before,
        );
        await one.learns("192.0.2.1/32");
        assert.equal((await one.speaker.peers())[0]?.flaps, 0);
      });

    it("takes path identifiers with our routes and their withdrawals", async () => {
      const one = await start({ hasAddPath: true });
      one.announce("192.0.2.1", "192.0.2.2", "2001:db8::1");
      const routes = await one.learns("192.0.2.1/32", "192.0.2.2/32", "2001:db8::1/128");
      // What OpenELB computes: FNV-1a of the next hop.
      const wanted = routes.map(({ prefix }) => {
        const nextHop = parseAddress(hostAddress[prefix.includes(":") ? 6 : 4]);
        return nextHop === undefined ? undefined : pathIdOf(nextHop);
      });
      if (abilities.showsPathIds)
        assert.deepEqual(
          routes.map(({ pathId }) => pathId),
          wanted,
        );
      one.announce("192.0.2.2");
      await one.learns("192.0.2.2/32");
    });

    if (abilities.showsPathIds)
      it("keeps no path that is ours no more, when next hops change on a session that stays", async () => {
        const one = await start({ hasAddPath: true });
        const line = lineOf(one.config, ["192.0.2.1"]);
        const [peer] = line.peers;
        const tell = (nextHops: "self" | "all", other: string): void =>
          one.speaker.tell({ ...line, peers: peer === undefined ? [] : [{ ...peer, nextHops }], otherNode: [other] });
        tell("all", "10.99.0.12");
        const first = await one.learns("192.0.2.1/32", "192.0.2.1/32");
        const nextHops = (): string[] =>
          one.router
            .view()
            .routes.flatMap((route) => route.nextHops)
            .sort();
        assert.deepEqual(first.flatMap((route) => route.nextHops).sort(), ["10.99.0.11", "10.99.0.12"]);
        const { session } = one.router.view();
        tell("all", "10.99.0.13");
        await eventually("the other's new address alone", soon, nextHops, (seen) => String(seen) === "10.99.0.11,10.99.0.13");
        tell("self", "10.99.0.13");
        await eventually("our own next hop alone", soon, nextHops, (seen) => String(seen) === "10.99.0.11");
        assert.equal(one.router.view().session, session);
      });

    it("shows communities, MED and a longer path as we send them, and follows their change", async () => {
      const one = await start();
      const said = { communities: ["65000:7", "no-export"], largeCommunities: ["65000:1:2"], med: 50, asPathPrepend: 2 };
      one.announce({ address: "192.0.2.1", bgp: said });
      const [route] = await one.learns("192.0.2.1/32");
      assert.deepEqual(
        [route?.communities, route?.largeCommunities, route?.med, route?.asPath],
        [["65000:7", abilities.noExport], ["65000:1:2"], 50, "65000 65000 65000"],
      );
      const { session } = one.router.view();
      one.announce({ address: "192.0.2.1", bgp: { communities: ["65000:8"], med: 60 } });
      await eventually(
        "the new attributes",
        soon,
        () => one.router.view().routes[0],
        (seen) => String(seen?.communities) === "65000:8" && seen?.med === 60 && seen.asPath === "65000",
      );
      assert.deepEqual([one.router.view().session, (await one.speaker.peers())[0]?.flaps], [session, 0]);
    });

    if (abilities.hasPassword)
      for (const dials of [false, true])
        it(`${dials ? "connects to us" : "takes our connection"} when both know the TCP-MD5 password, and not when it is another one`, async () => {
          const one = await start({ password: "opensesame", dials });
          one.announce("192.0.2.1");
          await one.learns("192.0.2.1/32");
          one.speaker.tell(lineOf({ ...one.config, password: "wrong" }, ["192.0.2.1"]));
          await one.learns();
          await sleep(1500);
          assert.equal(one.router.view().isUp, false);
        });

    if (abilities.helpsRestart) {
      it("keeps our routes, as stale ones, while a killed speaker restarts gracefully", async () => {
        const one = await start({ keepsRoutesFor: 120 });
        one.announce("192.0.2.1", "192.0.2.2");
        await one.learns("192.0.2.1/32", "192.0.2.2/32");
        await one.speaker.kill();
        await eventually(
          "the session is down",
          soon,
          () => one.router.view(),
          ({ isUp }) => !isUp,
        );
        const { routes } = one.router.view();
        assert.deepEqual(routes.map(({ prefix, isStale }) => [prefix, isStale]).sort(), [
          ["192.0.2.1/32", true],
          ["192.0.2.2/32", true],
        ]);
        one.speaker = one.testbed.speaker();
        // One of the two is not ours any more: what is not announced again before End-of-RIB goes.
        one.announce("192.0.2.2");
        const [left] = await one.learns("192.0.2.2/32");
        await eventually(
          "the route is no stale one any more",
          soon,
          () => one.router.view().routes[0]?.isStale,
          (isStale) => isStale === false,
        );
        assert.equal(left?.prefix, "192.0.2.2/32");
      });

      it("drops our routes when a speaker without graceful restart is killed", async () => {
        const one = await start();
        one.announce("192.0.2.1");
        await one.learns("192.0.2.1/32");
        await one.speaker.kill();
        await one.learns();
      });
    }
    more(start);
  });
}
