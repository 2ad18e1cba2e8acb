import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { BgpPeerSpec } from "@berth/api/bgpPeer";
import { type RouterConfigFacts, routerConfig, routerVendors } from "./routerConfig.ts";

/** A peer with everything that a router has to know. */
const peer = {
  conf: { neighborAddress: "172.30.0.1", peerAs: 65001 },
  ebgpMultihop: { enabled: true, multihopTtl: 3 },
  timers: { config: { holdTime: "30" } },
  gracefulRestart: { enabled: true },
  afiSafis: [
    { config: { family: { afi: "AFI_IP", safi: "SAFI_UNICAST" } }, addPaths: { config: { sendMax: 8 } } },
    { config: { family: { afi: "AFI_IP6", safi: "SAFI_UNICAST" } } },
  ],
  bfd: { transmitInterval: 200, receiveInterval: 250, detectMultiplier: 4 },
} as const satisfies BgpPeerSpec & { readonly bfd: object };
const facts: RouterConfigFacts = {
  as: 65000,
  nodes: ["172.30.0.11", "172.30.1.0/24", "fd00:30::11"],
  pools: ["192.0.2.0/28", "198.51.100.10-198.51.100.12", "2001:db8::/64"],
  maximumPaths: 8,
};
const file = (name: string): string => join(import.meta.dirname, "expected", `${name}.txt`);

describe("the configuration of the router at the other end", () => {
  for (const vendor of routerVendors)
    it(`for ${vendor} is, word by word, what was reviewed (UPDATE_EXPECTED=1 writes it anew)`, () => {
      const text = routerConfig(vendor, "core 1", peer, true, facts);
      if (process.env["UPDATE_EXPECTED"] === "1") writeFileSync(file(vendor), text);
      assert.equal(text, readFileSync(file(vendor), "utf8"));
    });

  for (const vendor of routerVendors)
    it(`for ${vendor} holds a placeholder for the password only where there is one`, () => {
      assert.match(routerConfig(vendor, "core", peer, true, facts), /PASSWORD-OF-core/);
      assert.doesNotMatch(routerConfig(vendor, "core", peer, false, facts), /PASSWORD/);
    });

  it("accepts aggregates where pools are announced as such", () => {
    const text = routerConfig("frr", "core", peer, false, {
      ...facts,
      pools: ["192.0.2.0/24", "198.51.100.10"],
      aggregationLength: 26,
    });
    assert.match(text, /permit 192\.0\.2\.0\/24 ge 26 le 32\n/);
    assert.match(text, /permit 198\.51\.100\.0\/26 le 32\n/);
  });

  it("names what cannot be", () => {
    const of = (more: Partial<RouterConfigFacts>) => () => routerConfig("frr", "core", peer, false, { ...facts, ...more });
    assert.throws(of({ as: 0 }), /as: 0 is no AS number; give that of the BgpConf/);
    assert.throws(
      of({ nodes: ["node1"] }),
      /nodes: "node1" is neither the address of a node, such as 172\.30\.0\.11, nor a network/,
    );
    assert.throws(of({ nodes: ["fd00::1"] }), /nodes: there is no IPv4 address among \["fd00::1"\], and the router's is IPv4/);
    assert.throws(of({ pools: ["10.0.0.300"] }), /"10\.0\.0\.300" is not an address/);
  });
});
