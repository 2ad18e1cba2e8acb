import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EipBgp } from "@berth/api/eipBgp";
import type { AssignedAddress, ClusterView } from "../announce/view.ts";
import { formatAddress } from "../net/address.ts";
import { formatPrefix } from "../net/prefix.ts";
import { decide, offeredRoutes, partOf } from "./decide.ts";
import { assigned, cluster, conf, node, ofEip } from "./fixtures.ts";

const rack = "openelb.kubesphere.io/rack";

function offered(view: Partial<ClusterView>, hasOthers = true) {
  const whole = cluster(view);
  return [...offeredRoutes(decide(whole, whole.nodes[0]!, hasOthers))];
}
const hops = (view: Partial<ClusterView>, hasOthers = true): string[] =>
  offered({ addresses: [assigned("203.0.113.1")], ...view }, hasOthers).map(({ terms }) => formatAddress(terms.nextHop));
const prefixes = (...addresses: readonly AssignedAddress[]): string[] =>
  offered({ addresses }).map(({ destination }) => formatPrefix(destination.prefix));
const refusals = (view: Partial<ClusterView>): (string | undefined)[] => {
  const whole = cluster(view);
  return [...decide(whole, whole.nodes[0]!, false)].map((decision) =>
    "refusal" in decision ? decision.refusal.reason : undefined,
  );
};

describe("next hops of an address", () => {
  const three = [node(1), node(2), node(3)];
  it("B-12: are this node alone, or every node of the cluster, this one first", () => {
    assert.deepEqual(hops({ nodes: three }, false), ["172.30.0.11"]);
    assert.deepEqual(hops({ nodes: three }), ["172.30.0.11", "172.30.0.12", "172.30.0.13"]);
  });
  it("B-16: leave with a node that is not Ready, excluded or being emptied, and come back with it", () => {
    const away = { reason: "NodeNotReady", message: "node node2 is not Ready" };
    for (const gone of [node(2, { refusal: away }), node(2, { draining: away })])
      assert.deepEqual(hops({ nodes: [node(1), gone, node(3)] }), ["172.30.0.11", "172.30.0.13"]);
    assert.deepEqual(refusals({ nodes: [node(1, { draining: away })], addresses: [assigned("203.0.113.1")] }), ["NodeNotReady"]);
    assert.deepEqual(hops({ nodes: [node(1, { draining: away }), node(2)] }), ["172.30.0.12"]);
  });
  it("B-09: stay in the rack where racks are set; a node without a rack has them all", () => {
    const racked = [
      node(1, { labels: { [rack]: "r1" } }),
      node(2, { labels: { [rack]: "r1" } }),
      node(3, { labels: { [rack]: "r2" } }),
    ];
    const racks = conf({ as: 65000, asPerRack: { r1: 65100 } });
    assert.deepEqual(hops({ nodes: racked, bgpConf: racks }), ["172.30.0.11", "172.30.0.12"]);
    assert.deepEqual(hops({ nodes: racked, bgpConf: conf({ as: 65000 }) }).length, 3);
    assert.deepEqual(hops({ nodes: [node(1), ...racked.slice(1)], bgpConf: racks }).length, 3);
  });
  it("are nodes that have an endpoint, with externalTrafficPolicy Local", () => {
    const local = assigned("203.0.113.1", undefined, {
      localOnly: true,
      endpointsByNode: new Map([
        ["node2", 1],
        ["node3", 2],
      ]),
    });
    assert.deepEqual(hops({ nodes: three, addresses: [local] }), ["172.30.0.12", "172.30.0.13"]);
  });
  it("are nodes that the Eip's nodeSelector selects", () => {
    const chosen = assigned("203.0.113.1", { nodeSelector: { matchLabels: { edge: "yes" } } });
    assert.deepEqual(hops({ nodes: [node(1), node(2, { labels: { edge: "yes" } })], addresses: [chosen] }), ["172.30.0.12"]);
    assert.deepEqual(refusals({ addresses: [chosen] }), ["NodeNotSelected"]);
  });
  it("are of the family of the address, wherever the node has one", () => {
    const [six] = offered({ addresses: [assigned("2001:db8::1")] });
    assert.equal(formatAddress(six!.terms.nextHop), "fd00:30::11");
    const fourOnly = node(1, { internalAddresses: [node(1).internalAddresses[0]!] });
    assert.deepEqual(refusals({ nodes: [fourOnly], addresses: [assigned("2001:db8::1")] }), ["NoNextHop"]);
  });
});

describe("aggregation", () => {
  const wide: EipBgp = { aggregationLength: 26, aggregationLengthV6: 80 };
  it("announces the network that holds the addresses, once, as long as one of them is there", () => {
    assert.deepEqual(prefixes(assigned("203.0.113.1", wide), assigned("203.0.113.9", wide), assigned("203.0.113.200", wide)), [
      "203.0.113.0/26",
      "203.0.113.192/26",
    ]);
    assert.deepEqual(prefixes(assigned("2001:db8::1:2", wide)), ["2001:db8::/80"]);
    assert.deepEqual(prefixes(), []);
  });
  it("is told of an address that is announced within it, and of no other", () => {
    const said = (address: AssignedAddress): string[] => {
      const whole = cluster({ addresses: [address] });
      return [...decide(whole, whole.nodes[0]!, false)].map(partOf);
    };
    assert.deepEqual(said(assigned("203.0.113.9", wide)), [", as part of 203.0.113.0/26"]);
    assert.deepEqual(said(assigned("203.0.113.9")), [""]);
    assert.deepEqual(said(assigned("203.0.113.9", wide, { endpointsByNode: new Map() })), [""], "a refusal");
  });
  it("never covers an address with externalTrafficPolicy Local: that one is announced on its own", () => {
    const local = assigned("203.0.113.7", wide, { localOnly: true, endpointsByNode: new Map([["node1", 1]]) });
    assert.deepEqual(prefixes(assigned("203.0.113.1", wide), local), ["203.0.113.7/32", "203.0.113.0/26"]);
  });
  it("never covers what is not in the pool", () => {
    const small = { pool: [{ family: 4 as const, first: 0xcb007100n, last: 0xcb00711fn }] };
    assert.deepEqual(prefixes(assigned("203.0.113.1", wide, small)), ["203.0.113.1/32"]);
    assert.deepEqual(prefixes(assigned("203.0.113.1", { aggregationLength: 27 }, small)), ["203.0.113.0/27"]);
  });
  it("joins the communities of two Eips that want one network, and takes the rest from the one with the lowest address", () => {
    const [route] = offered({
      addresses: [
        assigned("203.0.113.1", { ...wide, communities: ["65000:2", "no-export"], med: 10 }),
        ofEip("f", assigned("203.0.113.2", { ...wide, communities: ["65000:1"], med: 20 })),
      ],
    });
    assert.deepEqual(route?.terms.communities, [65000 * 65536 + 1, 65000 * 65536 + 2, 0xffffff01]);
    assert.equal(route?.terms.med, 10);
  });
});

describe("decisions on many addresses", () => {
  it("each have the address that they are about, whatever is decided on its neighbours", () => {
    const [first, second, third, fourth, fifth] = [1, 2, 3, 4, 5].map((last) =>
      assigned(`203.0.113.${last}`, { peers: ["router"] }),
    );
    const silent = { ...second!, endpointsByNode: new Map() };
    const layer2 = { ...third!, eip: { ...third!.eip, spec: { ...third!.eip.spec, protocol: "layer2" as const } } };
    const whole = cluster({ addresses: [first!, silent, layer2, { ...fourth!, localOnly: true }, fifth!] });
    const decisions = decide(whole, whole.nodes[0]!, false);
    assert.deepEqual(
      [...decisions].map((one) => [formatAddress(one.address), "refusal" in one ? one.refusal.reason : one.length]),
      [
        ["203.0.113.1", 32],
        ["203.0.113.2", "NoEndpoint"],
        ["203.0.113.4", "NoLocalEndpoint"],
        ["203.0.113.5", 32],
      ],
    );
    assert.equal(decisions.announced, 2);
    assert.equal([...offeredRoutes(decisions)].length, 2);
  });
});

describe("terms of a route", () => {
  it("are one object for addresses of one Eip, so that they share messages", () => {
    const bgp: EipBgp = { communities: ["65000:1"], med: 5 };
    const [first, second] = offered({ addresses: [assigned("203.0.113.1", bgp), assigned("203.0.113.2", bgp)] });
    assert.equal(first?.terms, second?.terms);
  });
  it("tell the ready endpoints of each node when they are weighted, and nothing otherwise", () => {
    const counts = {
      endpointsByNode: new Map([
        ["node1", 2],
        ["node2", 1],
      ]),
    };
    const weights = (bgp: EipBgp) =>
      offered({ nodes: [node(1), node(2)], addresses: [assigned("203.0.113.1", bgp, counts)] }).map(
        ({ terms }) => terms.endpoints,
      );
    assert.deepEqual(
      [weights({ weighted: true }), weights({})],
      [
        [2, 1],
        [undefined, undefined],
      ],
    );
  });
});
