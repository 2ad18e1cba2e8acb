import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AssignedAddress, ClusterView, NodeView } from "../announce/view.ts";
import { type Address, parseAddress } from "../net/address.ts";
import { type Mac, parseMac } from "../net/mac.ts";
import { parsePrefix } from "../net/prefix.ts";
import { desiredLayer2, type LinkView } from "./desired.ts";

const address = (text: string): Address => parseAddress(text)!;
const node = (name: string, last: number, refusal?: NodeView["refusal"]): NodeView => ({
  name,
  labels: {},
  internalAddresses: [address(`172.30.0.${last}`)],
  refusal,
});
const link = (name: string, ...cidrs: string[]): LinkView => ({
  name,
  mac: parseMac("02:be:00:00:01:0b") as Mac,
  addresses: cidrs.map((cidr) => address(cidr.replace(/\/.*/, ""))),
  networks: cidrs.map((cidr) => parsePrefix(cidr)!),
});
const eth0 = link("eth0", "172.30.0.11/24", "fd00:30::11/64");
const pods = link("cni0", "10.244.1.1/24");

function decide(
  more: Partial<AssignedAddress> & { readonly interface?: string; readonly protocol?: "layer2" | "vip" | "bgp" } = {},
  links = [eth0, pods],
  nodes = [node("node1", 11), node("node2", 12)],
) {
  const { interface: name, protocol = "layer2", ...fields } = more;
  const assigned: AssignedAddress = {
    address: address("172.30.0.200"),
    eip: {
      apiVersion: "",
      kind: "Eip",
      metadata: { name: "lan" },
      spec: { address: "172.30.0.200", protocol, ...(name === undefined ? {} : { interface: name }) },
    },
    services: ["ns/s"],
    localOnly: false,
    endpointsByNode: new Map([["node2", 1]]),
    ...fields,
  };
  const view: ClusterView = {
    nodeName: "node1",
    nodes,
    addresses: [assigned],
    bgpConf: undefined,
    bgpPeers: [],
    passwords: new Map(),
  };
  return desiredLayer2(view, links, undefined)[0];
}
const reason = (...args: Parameters<typeof decide>): string | undefined => {
  const decision = decide(...args);
  return decision !== undefined && "refusal" in decision ? decision.refusal.reason : undefined;
};
const interfaces = (...args: Parameters<typeof decide>): readonly string[] | undefined => {
  const decision = decide(...args);
  return decision !== undefined && "target" in decision ? decision.target.interfaces : undefined;
};

describe("who may answer for a Layer2 address, and where", () => {
  it("the interfaces on the address's segment, when none is named", () => assert.deepEqual(interfaces(), ["eth0"]));
  it("OpenELB's vip protocol too, and bgp not", () =>
    assert.deepEqual([interfaces({ protocol: "vip" }), decide({ protocol: "bgp" })], [["eth0"], undefined]));
  for (const [selector, expected] of [
    ["eth0", ["eth0"]],
    ["eth*", ["eth0"]],
    ["eth?,cni0", ["eth0", "cni0"]],
    ["can_reach:172.30.0.1", ["eth0"]],
    ["cidr:10.244.0.0/16", ["cni0"]],
  ] as const)
    it(`spec.interface ${selector} is ${expected.join(" and ")}`, () =>
      assert.deepEqual(interfaces({ interface: selector }), expected));
  it("L-06: a node without the named interface is not eligible, and says which it has", () =>
    assert.equal(reason({ interface: "nope" }), "NoInterface"));
  it("an address outside every segment is answered for on the node's own interface, with a warning", () => {
    const decision = decide({ address: address("203.0.113.7") });
    assert.ok(decision !== undefined && "target" in decision);
    assert.deepEqual([decision.target.interfaces, decision.warning?.includes("outside every network")], [["eth0"], true]);
  });
  it("L-11: nobody when the Service has no endpoint", () => assert.equal(reason({ endpointsByNode: new Map() }), "NoEndpoint"));
  it("with externalTrafficPolicy Local only nodes with an endpoint", () =>
    assert.deepEqual(
      [reason({ localOnly: true }), interfaces({ localOnly: true, endpointsByNode: new Map([["node1", 1]]) })],
      ["NoLocalEndpoint", ["eth0"]],
    ));
  it("a node that is refused stands back, and is no candidate of others", () => {
    const notReady = { reason: "NodeNotReady", message: "" };
    assert.equal(reason({}, [eth0], [node("node1", 11, notReady), node("node2", 12)]), "NodeNotReady");
    const decision = decide({}, [eth0], [node("node1", 11), node("node2", 12, notReady)]);
    assert.ok(decision !== undefined && "target" in decision && decision.target.candidates === 1);
  });
  it("a node on another segment than the address's has no part in it, and names who has", () => {
    const other = link("ens7", "172.30.1.12/24");
    const nodes = [{ ...node("node1", 11), internalAddresses: [address("172.30.1.12")] }, node("node2", 12)];
    assert.equal(reason({}, [other], nodes), "OtherSegment");
  });
  it("nodes on another segment are no candidates", () => {
    const decision = decide(
      {},
      [eth0],
      [node("node1", 11), { ...node("node2", 12), internalAddresses: [address("172.30.1.12")] }],
    );
    assert.ok(decision !== undefined && "target" in decision && decision.target.candidates === 1);
  });
});
