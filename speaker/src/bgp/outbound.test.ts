import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BgpConf } from "@berth/api/bgpConf";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { EipBgp } from "@berth/api/eipBgp";
import type { ClusterView } from "../announce/view.ts";
import { formatAddress } from "../net/address.ts";
import { offeredRoutes } from "./decide.ts";
import { desiredBgp } from "./desired.ts";
import { assigned, cluster, conf, node, ofEip, peer } from "./fixtures.ts";
import { routesFor, tableFor } from "./outbound.ts";
import type { PathAttributes } from "./ribOut.ts";
import { packRoutes } from "./routeTable.ts";

const inside: Partial<BgpPeer["spec"]> = { conf: { neighborAddress: "192.0.2.1", peerAs: 65000 } };
const outside: Partial<BgpPeer["spec"]> = {};

function desired(view: Partial<ClusterView>) {
  const made = desiredBgp(cluster(view));
  assert.deepEqual(made.refusedPeers, []);
  return { peers: made.peers, offer: { table: packRoutes(offeredRoutes(made.decisions)), policy: made.policy, communities: [] } };
}
function told(bgp: EipBgp, spec: Partial<BgpPeer["spec"]>, more: Partial<ClusterView> = {}): PathAttributes | undefined {
  const { peers, offer } = desired({ addresses: [assigned("203.0.113.1", bgp)], bgpPeers: [peer(spec)], ...more });
  return [...routesFor(peers[0]!, offer)][0]?.attributes;
}

describe("the attributes of an Eip", () => {
  const all: EipBgp = {
    communities: ["65000:7", "no-export"],
    largeCommunities: ["65000:1:2"],
    localPref: 250,
    med: 30,
    asPathPrepend: 2,
  };
  it("go to an external peer without the local preference, and with our AS more often", () => {
    const { nextHop, ...rest } = told(all, outside)!;
    assert.equal(formatAddress(nextHop), "172.30.0.11");
    assert.deepEqual(rest, {
      asPath: [65000, 65000, 65000],
      med: 30,
      communities: [65000 * 65536 + 7, 0xffffff01],
      largeCommunities: [[65000, 1, 2]],
    });
  });
  it("go to an internal peer with the local preference, and with an empty path", () => {
    const { asPath, localPref, med } = told(all, inside)!;
    assert.deepEqual([asPath, localPref, med], [[], 250, 30]);
    assert.equal(told({}, inside)?.localPref, 100);
  });
  it("go to those peers alone that the Eip names", () => {
    const peers = [peer({}, "a"), peer({ conf: { neighborAddress: "192.0.2.2", peerAs: 65001 } }, "b")];
    const made = desired({
      addresses: [assigned("203.0.113.1", { peers: ["b"] }), ofEip("f", assigned("203.0.113.2"))],
      bgpPeers: peers,
    });
    assert.deepEqual(
      made.peers.map((one) => [...routesFor(one, made.offer)].length),
      [1, 2],
    );
  });
  it("carry the weight of a node as link bandwidth: two endpoints count twice", () => {
    const counts = { endpointsByNode: new Map([["node1", 2]]) };
    const { peers, offer } = desired({ addresses: [assigned("203.0.113.1", { weighted: true }, counts)] });
    const bandwidth = [...routesFor(peers[0]!, offer)][0]?.attributes.extendedCommunities?.[0];
    // 0x4004, AS 65000, 250,000,000 octets a second as a float
    assert.equal(bandwidth?.toString(16), "4004fde84d6e6b28");
  });
});

describe("options of a peer", () => {
  const carried: EipBgp = { communities: ["65000:7"], largeCommunities: ["65000:1:2"], weighted: true };
  it("sendCommunity: 0 standard and large, 1 extended, 2 all, 3 none; absent, all", () => {
    const kinds = (sendCommunity: number | undefined): string => {
      const sent = told(carried, { conf: { neighborAddress: "192.0.2.1", peerAs: 65001, sendCommunity } })!;
      return ["communities", "largeCommunities", "extendedCommunities"].filter((key) => key in sent).join(" ");
    };
    const everything = "communities largeCommunities extendedCommunities";
    assert.deepEqual([0, 1, 2, 3, undefined].map(kinds), [
      "communities largeCommunities",
      "extendedCommunities",
      everything,
      "",
      everything,
    ]);
  });
  it("localAs: the path holds it alone", () =>
    assert.deepEqual(
      told({ asPathPrepend: 1 }, { conf: { neighborAddress: "192.0.2.1", peerAs: 65001, localAs: 64520 } })?.asPath,
      [64520, 64520],
    ));
  it("sendMax: so many paths of a prefix and no more, to a peer that wants every next hop", () => {
    const nodes = [1, 2, 3].map((number) => node(number));
    const paths = (sendMax: number): number[] => {
      const afiSafis = [{ addPaths: { config: { sendMax } } }];
      const made = desired({ nodes, addresses: [assigned("203.0.113.1")], bgpPeers: [peer({ nextHops: "all", afiSafis })] });
      return [...tableFor(made.peers[0]!, made.offer).values()].map(({ pathId }) => pathId);
    };
    assert.deepEqual([paths(10).length, paths(2).length], [3, 2]);
    assert.equal(new Set(paths(10)).size, 3);
  });
});

describe("a policy over routes on their way out", () => {
  const policy = (text: string): Partial<ClusterView> => ({ bgpPolicy: { name: "p", text } });
  const one = (statement: string, more = ""): string => `
[global.apply-policy.config]
export-policy-list = ["out"]
${more}
[[policy-definitions]]
name = "out"
[[policy-definitions.statements]]
${statement}`;
  const actions = (text: string): string => one(`[policy-definitions.statements.actions.bgp-actions]\n${text}`);
  const config: BgpConf = conf({ as: 65000, policy: "p" });

  it("sets, adds to and takes from MED, sets the local preference of internal peers, prepends, sets communities", () => {
    const med = (text: string) =>
      told({ med: 100 }, outside, { bgpConf: config, ...policy(actions(`set-med = "${text}"`)) })?.med;
    assert.deepEqual([med("7"), med("+7"), med("-7"), med("-200")], [7, 107, 93, 0]);
    const preferred = policy(actions("set-local-pref = 300"));
    assert.deepEqual([told({}, inside, preferred)?.localPref, told({}, outside, preferred)?.localPref], [300, undefined]);
    const prepended = policy(actions('set-as-path-prepend = { as = "last-as", repeat-n = 2 }'));
    assert.deepEqual(told({}, outside, prepended)?.asPath, [65000, 65000, 65000]);
    const edit = (options: string) =>
      told(
        { communities: ["65000:1"] },
        outside,
        policy(
          actions(
            `set-community = { options = "${options}", set-community-method = { communities-list = ["65000:1", "65000:2"] } }`,
          ),
        ),
      )?.communities?.map((community) => community % 65536);
    assert.deepEqual([edit("ADD"), edit("REMOVE"), edit("REPLACE")], [[1, 2], undefined, [1, 2]]);
  });
  it("matches prefixes with bounds of length, neighbours and communities", () => {
    const sets = `
[[defined-sets.prefix-sets]]
prefix-set-name = "low"
[[defined-sets.prefix-sets.prefix-list]]
ip-prefix = "203.0.113.0/25"
masklength-range = "25..32"
[[defined-sets.neighbor-sets]]
neighbor-set-name = "there"
neighbor-info-list = ["192.0.2.0/31"]`;
    const rejects = (condition: string) =>
      policy(
        one(
          `[policy-definitions.statements.conditions]\n${condition}\n[policy-definitions.statements.actions]\nroute-disposition = "reject-route"`,
          sets,
        ),
      );
    const left = (condition: string): string[] => {
      const made = desired({ addresses: [assigned("203.0.113.1"), assigned("203.0.113.200")], ...rejects(condition) });
      return [...routesFor(made.peers[0]!, made.offer)].map(({ destination }) => formatAddress(destination.prefix.address));
    };
    assert.deepEqual(left('match-prefix-set = { prefix-set = "low" }'), ["203.0.113.200"]);
    assert.deepEqual(left('match-prefix-set = { prefix-set = "low", match-set-options = "invert" }'), ["203.0.113.1"]);
    assert.deepEqual(left('match-neighbor-set = { neighbor-set = "there" }'), []);
  });
  it("takes private AS numbers that it put into the path out again, where the peer is to be spared them", () => {
    const foreign = policy(actions('set-as-path-prepend = { as = "64999", repeat-n = 1 }'));
    const path = (removePrivateAs: "ALL" | "REPLACE" | "NONE") =>
      told({}, { conf: { neighborAddress: "192.0.2.1", peerAs: 65001, removePrivateAs } }, foreign)?.asPath;
    assert.deepEqual([path("NONE"), path("ALL"), path("REPLACE")], [[64999, 65000], [65000], [65000, 65000]]);
  });
});
