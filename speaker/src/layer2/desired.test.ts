import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EipSpec } from "@berth/api/eip";
import type { AssignedAddress, ClusterView, NodeView } from "../announce/view.ts";
import { type Address, formatAddress, parseAddress } from "../net/address.ts";
import { type Mac, parseMac } from "../net/mac.ts";
import { parsePrefix } from "../net/prefix.ts";
import { desiredLayer2, destinations } from "./desired.ts";
import type { LinkView } from "./links.ts";
import { publish } from "./published.ts";

const address = (text: string): Address => parseAddress(text)!;
const node = (name: string, last: number, refusal?: NodeView["refusal"]): NodeView => ({
  name,
  labels: {},
  internalAddresses: [address(`172.30.0.${last}`)],
  refusal,
});
const link = (name: string, ...cidrs: string[]): LinkView => ({
  name,
  alternativeNames: [],
  index: 2,
  isUp: true,
  carrierChanges: 1,
  mac: parseMac("02:be:00:00:01:0b") as Mac,
  addresses: cidrs.map((cidr) => address(cidr.replace(/\/.*/, ""))),
  networks: cidrs.map((cidr) => parsePrefix(cidr)!),
});
const eth0 = link("eth0", "172.30.0.11/24", "fd00:30::11/64");
const pods = link("cni0", "10.244.1.1/24");
const egress = new Map([
  ["172.30.0.1", "eth0"],
  ["192.0.2.1", "cni0"],
]);
/** A node that has told which interfaces it has. */
const told = (one: NodeView, ...links: LinkView[]): NodeView => ({ ...one, published: { layer2: publish(links, egress) } });

function viewOf(
  more: Partial<AssignedAddress> & { readonly spec?: Partial<EipSpec> } = {},
  nodes = [node("node1", 11), node("node2", 12)],
): ClusterView {
  const { spec, ...fields } = more;
  const assigned: AssignedAddress = {
    address: address("172.30.0.200"),
    eip: {
      apiVersion: "",
      kind: "Eip",
      metadata: { name: "lan" },
      spec: { address: "172.30.0.200", protocol: "layer2", ...spec },
    },
    services: ["ns/s"],
    localOnly: false,
    endpointsByNode: new Map([["node2", 1]]),
    ...fields,
  };
  return { nodeName: "node1", nodes, addresses: [assigned], bgpConf: undefined, bgpPeers: [], passwords: new Map() };
}

function decide(more: Parameters<typeof viewOf>[0] = {}, links = [eth0, pods], nodes?: NodeView[]) {
  return desiredLayer2(viewOf(more, nodes), { links, egress })[0];
}
const reason = (...args: Parameters<typeof decide>): string | undefined => decide(...args)?.refusal?.reason;
const interfaces = (...args: Parameters<typeof decide>): string[] | undefined => decide(...args)?.targets.map(({ link }) => link);
const candidates = (...args: Parameters<typeof decide>): number | undefined => decide(...args)?.targets[0]?.candidates;

describe("who may answer for a Layer2 address, and where", () => {
  it("the interfaces on the address's segment, when none is named", () => assert.deepEqual(interfaces(), ["eth0"]));
  it("OpenELB's vip protocol too, and bgp not", () =>
    assert.deepEqual([interfaces({ spec: { protocol: "vip" } }), decide({ spec: { protocol: "bgp" } })], [["eth0"], undefined]));
  for (const [selector, expected] of [
    ["eth0", ["eth0"]],
    ["eth*", ["eth0"]],
    ["eth?,cni0", ["eth0", "cni0"]],
    ["can_reach:172.30.0.1", ["eth0"]],
    ["can_reach:192.0.2.1", ["cni0"]],
    ["cidr:10.244.0.0/16", ["cni0"]],
  ] as const)
    it(`spec.interface ${selector} is ${expected.join(" and ")}`, () =>
      assert.deepEqual(interfaces({ spec: { interface: selector } }), expected));
  it("an interface is found by its alternative name", () =>
    assert.deepEqual(interfaces({ spec: { interface: "lan0" } }, [{ ...eth0, alternativeNames: ["lan0"] }, pods]), ["eth0"]));
  it("can_reach is the kernel's way, not a network: the destinations are asked of it", () => {
    const view = viewOf({ spec: { interface: "can_reach:198.51.100.1, can_reach:fd00::1,eth0" } });
    assert.deepEqual(destinations(view).map(formatAddress), ["198.51.100.1", "fd00::1"]);
  });
  for (const wrong of ["can_reach:gateway", "cidr:10.0.0.0", "eth 0", "a/b"])
    it(`spec.interface "${wrong}" is refused by name`, () =>
      assert.equal(reason({ spec: { interface: wrong } }), "BadInterface"));
  it("L-06: a node without the named interface is not eligible, and says which it has", () => {
    const decision = decide({ spec: { interface: "nope" } });
    assert.equal(decision?.refusal?.reason, "NoInterface");
    assert.match(decision?.refusal?.message ?? "", /"nope"; it has eth0, cni0/);
    assert.deepEqual(decision?.targets, []);
  });
  it("an address outside every segment is answered for on the node's own interface, with a warning", () => {
    const decision = decide({ address: address("203.0.113.7") });
    assert.deepEqual(
      decision?.targets.map(({ link }) => link),
      ["eth0"],
    );
    assert.match(decision?.warning ?? "", /outside every network/);
  });
  it("L-11: nobody when the Service has no endpoint", () => {
    const decision = decide({ endpointsByNode: new Map() });
    assert.deepEqual([decision?.refusal?.reason, decision?.targets], ["NoEndpoint", []]);
  });
  it("with externalTrafficPolicy Local only nodes with an endpoint; another hands over", () => {
    const without = decide({ localOnly: true });
    assert.deepEqual(
      [without?.refusal?.reason, without?.targets.map((target) => target.standsBack)],
      ["NoLocalEndpoint", [true]],
    );
    assert.deepEqual(interfaces({ localOnly: true, endpointsByNode: new Map([["node1", 1]]) }), ["eth0"]);
  });
  it("only nodes that fit spec.nodeSelector", () => {
    const spec = { nodeSelector: { matchLabels: { zone: "a" } } };
    assert.equal(reason({ spec }), "NodeNotSelected");
    const nodes = [{ ...node("node1", 11), labels: { zone: "a" } }, node("node2", 12)];
    assert.equal(candidates({ spec }, [eth0], nodes), 1);
  });
  it("a node of more weight comes first, and a cordoned one last, whatever the hash", () => {
    const rankOf = (nodes: NodeView[], spec: Partial<EipSpec> = {}) => decide({ spec }, [eth0], nodes)?.targets[0]?.rank;
    const preferredNodes = [{ weight: 10, nodeSelector: { matchLabels: { fast: "" } } }];
    const fast = (name: string, last: number): NodeView => ({ ...node(name, last), labels: { fast: "" } });
    assert.deepEqual(
      [
        rankOf([fast("node1", 11), node("node2", 12)], { preferredNodes }),
        rankOf([node("node1", 11), fast("node2", 12)], { preferredNodes }),
        rankOf([{ ...node("node1", 11), isCordoned: true }, node("node2", 12)]),
        rankOf([node("node1", 11), { ...node("node2", 12), isCordoned: true }]),
      ],
      [0, 1, 1, 0],
    );
  });
  it("a node that is refused stands back, and is no candidate of others", () => {
    const notReady = { reason: "NodeNotReady", message: "" };
    const refused = decide({}, [eth0], [node("node1", 11, notReady), node("node2", 12)]);
    assert.deepEqual([refused?.refusal?.reason, refused?.targets[0]?.standsBack], ["NodeNotReady", true]);
    assert.equal(candidates({}, [eth0], [node("node1", 11), node("node2", 12, notReady)]), 1);
  });
  it("all serve when all of them are NotReady: silence would help nobody", () => {
    const notReady = { reason: "NodeNotReady", message: "" };
    const decision = decide({}, [eth0], [node("node1", 11, notReady), node("node2", 12, notReady)]);
    assert.deepEqual([decision?.refusal, decision?.targets[0]?.candidates], [undefined, 2]);
  });
  it("a node that is being emptied stands back, unless it is the only one", () => {
    const draining = { reason: "Draining", message: "node node1 is being emptied" };
    const busy = { ...node("node1", 11), draining };
    assert.deepEqual(decide({}, [eth0], [busy, node("node2", 12)])?.targets[0]?.standsBack, true);
    assert.deepEqual(decide({}, [eth0], [busy])?.targets[0]?.standsBack, false);
  });
  it("but an excluded node never", () => {
    const excluded = { reason: "NodeExcluded", message: "" };
    assert.deepEqual(decide({}, [eth0], [node("node1", 11, excluded), node("node2", 12, excluded)])?.targets, []);
  });
  it("a node on another segment than the address's has no part in it, and names who has", () => {
    const other = link("ens7", "172.30.1.12/24");
    const nodes = [{ ...node("node1", 11), internalAddresses: [address("172.30.1.12")] }, node("node2", 12)];
    assert.equal(reason({}, [other], nodes), "OtherSegment");
  });
  it("nodes on another segment are no candidates", () =>
    assert.equal(
      candidates({}, [eth0], [node("node1", 11), { ...node("node2", 12), internalAddresses: [address("172.30.1.12")] }]),
      1,
    ));
});

describe("an address on a VLAN of its own, where no node has its InternalIP", () => {
  const vlan = (last: number): LinkView => link("vlan7", `10.7.0.${last}/24`);
  const seven = { address: address("10.7.0.200") };

  it("has this node among its candidates before anything is known of the others", () =>
    assert.deepEqual(
      decide(seven, [eth0, vlan(11)])?.targets.map(({ link: name, rank, candidates: count }) => [name, rank, count]),
      [["vlan7", 0, 1]],
    ));
  it("has those nodes for candidates that have told of an interface there", () => {
    const nodes = [
      told(node("node1", 11), eth0, vlan(11)),
      told(node("node2", 12), eth0, vlan(12)),
      told(node("node3", 13), eth0),
    ];
    assert.equal(candidates(seven, [eth0, vlan(11)], nodes), 2);
  });
  it("gives each node a place of its own", () => {
    const nodes = [1, 2, 3].map((number) => told(node(`node${number}`, 10 + number), vlan(10 + number)));
    const ranks = nodes.map(({ name }, index) => {
      const view = { ...viewOf(seven, nodes), nodeName: name };
      return desiredLayer2(view, { links: [vlan(11 + index)], egress })[0]?.targets[0]?.rank;
    });
    assert.deepEqual(ranks.sort(), [0, 1, 2]);
  });
  it("is known by can_reach of other nodes, as they have told", () => {
    const spec = { interface: "can_reach:192.0.2.1" };
    const nodes = [told(node("node1", 11), eth0, pods), told(node("node2", 12), eth0, link("cni0", "10.244.1.9/24"))];
    assert.equal(candidates({ spec }, [eth0, pods], nodes), 2);
  });
});
