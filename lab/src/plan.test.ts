import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressesOf, defaultOptions, hosts, nodeNames, podSubnets } from "./plan.ts";
import { birdConfig, frrConfig } from "./router.ts";

describe("the address plan of the lab", () => {
  const every = [defaultOptions, { ...defaultOptions, nodes: 9, segments: 2 as const }];

  it("gives every interface an address and a MAC of its own", () => {
    for (const options of every) {
      const links = hosts(options).flatMap((host) => host.interfaces);
      for (const key of ["ipv4", "ipv6", "mac"] as const)
        assert.equal(new Set(links.map((link) => link[key])).size, links.length, key);
    }
  });

  it("puts node N at 172.30.0.(10+N)", () => {
    const node3 = hosts(defaultOptions).find((host) => host.name === "node3")!;
    assert.deepEqual(addressesOf(node3), { ipv4: "172.30.0.13", ipv6: "fd00:30::13" });
    assert.deepEqual(nodeNames(defaultOptions), ["node1", "node2", "node3"]);
    assert.deepEqual(podSubnets(3), { ipv4: "10.244.3.0/24", ipv6: "fd00:10:244:3::/64" });
  });

  it("puts every second node on the second segment, with another interface name", () => {
    const node2 = hosts({ ...defaultOptions, segments: 2 }).find((host) => host.name === "node2")!;
    assert.deepEqual(
      [node2.interfaces[0]?.name, node2.interfaces[0]?.ipv4, node2.gateway?.ipv4],
      ["ens7", "172.30.1.12/24", "172.30.1.1"],
    );
  });
});

describe("the configuration of the lab's router", () => {
  for (const [name, text] of [
    ["FRR", frrConfig(defaultOptions)],
    ["BIRD", birdConfig(defaultOptions)],
  ] as const) {
    it(`${name}: waits for AS 65000 on both families of the LAN`, () => {
      for (const word of ["65001", "65000", "172.30.0.0/24", "fd00:30::/64"]) assert.ok(text.includes(word), word);
    });
  }
});
