import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Asn } from "../net/asn.ts";
import { linkBandwidth } from "./communities.ts";
import { describeAttributes, formatAsPath, formatExtendedCommunity } from "./describe.ts";
import { address } from "./fixtures.ts";

const as = (...numbers: number[]): Asn[] => numbers as Asn[];

describe("path attributes in words", () => {
  it("has every attribute that is there, in the order of the codes, and none that is empty", () => {
    const described = describeAttributes({
      largeCommunities: [[65000, 1, 2]],
      communities: [0xffffff01, 65000 * 65536 + 100],
      med: 0,
      origin: "incomplete",
      asPath: [],
      nextHop: address("192.0.2.1"),
      aggregator: { as: as(65001)[0] as Asn, address: address("192.0.2.9") },
      atomicAggregate: true,
      clusterList: [address("10.0.0.1"), address("10.0.0.2")],
      prefixSid: new Uint8Array([1, 0, 0]),
    });
    assert.deepEqual(
      described.map(({ name, value }) => `${name} ${value}`),
      [
        "ORIGIN incomplete",
        "MULTI_EXIT_DISC 0",
        "ATOMIC_AGGREGATE set",
        "AGGREGATOR AS 65001, 192.0.2.9",
        "COMMUNITIES no-export 65000:100",
        "CLUSTER_LIST 10.0.0.1 10.0.0.2",
        "LARGE_COMMUNITY 65000:1:2",
        "PREFIX_SID 0x010000",
      ],
    );
  });
  it("writes AS paths with sets in braces and confederations in parentheses", () => {
    assert.equal(
      formatAsPath([
        { type: "confederationSequence", as: as(65100) },
        { type: "sequence", as: as(65001, 4200000000) },
        { type: "set", as: as(1, 2) },
      ]),
      "(65100) 65001 4200000000 {1,2}",
    );
  });
  it("knows route targets and origins, link bandwidth and colour; others are hexadecimal", () => {
    for (const [number, text] of [
      [0x0002fde800000064n, "target:65000:100"],
      [0x4002fde800000064n, "target:65000:100"],
      [0x0103c00002010005n, "origin:192.0.2.1:5"],
      [0x02020001000a0007n, "target:65546:7"],
      [0x030b000000000009n, "color:9"],
      [linkBandwidth(65000, 2), "bandwidth:65000:2Gbit/s"],
      [0x060c000000000001n, "0x060c000000000001"],
    ] as const)
      assert.equal(formatExtendedCommunity(number), text);
  });
});
