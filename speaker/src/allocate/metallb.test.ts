import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { address, pool, service, type World } from "./fixtures.ts";
import { type Row, testRows } from "./rows.ts";

const isDefault = { isDefault: true };
const named = (...texts: string[]) => ({ addresses: texts.map(address) });
const ports = (port: number, protocol = "TCP") => ({ ports: [{ protocol, port }] });
const dual = { families: [4, 6] as const };
const rest = (world: World): void => {
  world.now += 60_001;
};

/** Pools of TestAssignment: two addresses of each family, one of which an old device drops, and one pool that avoids those. */
const assignmentPools = [
  pool("test", ["1.2.3.4/31", "1000::4/127"], { namespaces: ["ns"] }),
  pool("second", ["1.2.4.0/24", "1000:1::/120"], { avoidBuggyIps: true }),
  pool("pinned", "1.2.5.0/24", { namespaces: ["pin"], serviceSelectors: [{ team: "red" }], restrict: true }),
];

const assignment: readonly Row[] = (
  [
    [
      "idempotent",
      "naming what it has changes nothing",
      [["ns/a", ["1.2.3.4"]]],
      { "ns/a": named("1.2.3.4") },
      { "ns/a": ["1.2.3.4"] },
      {},
    ],
    [
      "idempotent",
      "also for IPv6",
      [["ns/a", ["1000::4"]]],
      { "ns/a": { families: [6], ...named("1000::4") } },
      { "ns/a": ["1000::4"] },
      {},
    ],
    [
      "no theft",
      "an address in use is refused",
      [["ns/a", ["1.2.3.4"]]],
      { "ns/b": named("1.2.3.4") },
      { "ns/a": ["1.2.3.4"], "ns/b": [] },
      { "ns/b": "AddressInUse" },
    ],
    [
      "no theft",
      "also of IPv6",
      [["ns/a", ["1000::4"]]],
      { "ns/b": { families: [6], ...named("1000::4") } },
      { "ns/b": [] },
      { "ns/b": "AddressInUse" },
    ],
    [
      "outside",
      "an address of no pool is refused",
      [],
      { "ns/a": named("1.2.3.254") },
      { "ns/a": [] },
      { "ns/a": "AddressOutsideEips" },
    ],
    [
      "buggy",
      ".0 of a pool that avoids it is refused",
      [],
      { "ns/a": named("1.2.4.0") },
      { "ns/a": [] },
      { "ns/a": "AddressOutsideEip" },
    ],
    [
      "buggy",
      ".255 of a pool that avoids it is refused",
      [],
      { "ns/a": named("1.2.4.255") },
      { "ns/a": [] },
      { "ns/a": "AddressOutsideEip" },
    ],
    [
      "buggy",
      ":: of IPv6 is an address like any other",
      [],
      { "ns/a": { families: [6], ...named("1000:1::") } },
      { "ns/a": ["1000:1::"] },
      {},
    ],
    [
      "dual",
      "two addresses of one pool",
      [],
      { "ns/a": { ...dual, ...named("1.2.3.4", "1000::4") } },
      { "ns/a": ["1.2.3.4", "1000::4"] },
      {},
    ],
    [
      "dual",
      "two addresses of two pools, which MetalLB refuses and we give",
      [],
      { "ns/a": { ...dual, ...named("1.2.3.4", "1000:1::5") } },
      { "ns/a": ["1.2.3.4", "1000:1::5"] },
      {},
    ],
    [
      "dual",
      "one of the two is in use: nothing new is given",
      [["ns/b", ["1000::4"]]],
      { "ns/a": { ...dual, ...named("1.2.3.4", "1000::4") } },
      { "ns/a": [] },
      { "ns/a": "AddressInUse" },
    ],
    [
      "sharing",
      "other ports under one key share",
      [["ns/a", ["1.2.3.4"], { sharingKey: "k" }]],
      { "ns/b": { ...named("1.2.3.4"), sharingKey: "k", ...ports(443) } },
      { "ns/b": ["1.2.3.4"] },
      {},
    ],
    [
      "sharing",
      "another protocol of the port shares",
      [["ns/a", ["1.2.3.4"], { sharingKey: "k" }]],
      { "ns/b": { ...named("1.2.3.4"), sharingKey: "k", ...ports(80, "UDP") } },
      { "ns/b": ["1.2.3.4"] },
      {},
    ],
    [
      "sharing",
      "the same port does not",
      [["ns/a", ["1.2.3.4"], { sharingKey: "k" }]],
      { "ns/b": { ...named("1.2.3.4"), sharingKey: "k" } },
      { "ns/b": [] },
      { "ns/b": "AddressInUse" },
    ],
    [
      "sharing",
      "another key does not",
      [["ns/a", ["1.2.3.4"], { sharingKey: "k" }]],
      { "ns/b": { ...named("1.2.3.4"), sharingKey: "m", ...ports(443) } },
      { "ns/b": [] },
      { "ns/b": "AddressInUse" },
    ],
    [
      "sharing",
      "one key alone does not",
      [["ns/a", ["1.2.3.4"]]],
      { "ns/b": { ...named("1.2.3.4"), sharingKey: "k", ...ports(443) } },
      { "ns/b": [] },
      { "ns/b": "AddressInUse" },
    ],
    [
      "sharing",
      "Local does not share with Cluster",
      [["ns/a", ["1.2.3.4"], { sharingKey: "k" }]],
      { "ns/b": { ...named("1.2.3.4"), sharingKey: "k", localOnly: true, ...ports(443) } },
      { "ns/b": [] },
      { "ns/b": "AddressInUse" },
    ],
    [
      "sharing",
      "Local with Local of another selector does not",
      [["ns/a", ["1.2.3.4"], { sharingKey: "k", localOnly: true, selector: "a" }]],
      { "ns/b": { ...named("1.2.3.4"), sharingKey: "k", localOnly: true, selector: "b", ...ports(443) } },
      { "ns/b": [] },
      { "ns/b": "AddressInUse" },
    ],
    [
      "key change",
      "the sole user of an address changes its key where it is",
      [["ns/a", ["1.2.3.4"], { sharingKey: "k" }]],
      { "ns/a": { sharingKey: "m" } },
      { "ns/a": ["1.2.3.4"] },
      {},
    ],
    ["pin", "namespace and label match", [], { "pin/a": { labels: { team: "red" } } }, { "pin/a": ["1.2.5.0"] }, {}],
    ["pin", "another label", [], { "pin/a": { labels: { team: "blue" } } }, { "pin/a": [] }, { "pin/a": "NoEip" }],
    ["pin", "no label", [], { "pin/a": {} }, { "pin/a": [] }, { "pin/a": "NoEip" }],
    ["pin", "another namespace", [], { "other/a": { labels: { team: "red" } } }, { "other/a": [] }, { "other/a": "NoEip" }],
    [
      "pin",
      "named from another namespace",
      [],
      { "other/a": { labels: { team: "red" }, eip: "pinned" } },
      { "other/a": [] },
      { "other/a": "NamespaceNotAllowed" },
    ],
    [
      "pin",
      "an address of it named with another label",
      [],
      { "pin/a": { labels: { team: "blue" }, ...named("1.2.5.9") } },
      { "pin/a": [] },
      { "pin/a": "NamespaceNotAllowed" },
    ],
    [
      "pin",
      "an address of it named with the label",
      [],
      { "pin/a": { labels: { team: "red" }, ...named("1.2.5.9") } },
      { "pin/a": ["1.2.5.9"] },
      {},
    ],
  ] as const
).map(([row, says, before, change, holds, refused]) => ({
  row: `TestAssignment ${row}`,
  says,
  pools: assignmentPools,
  services: before.map(([key, texts, more = {}]) =>
    service(key, { holds: texts.map(address), families: texts.map((text) => address(text).family), ...more }),
  ),
  later: [
    {
      change: (world: World) => {
        for (const [key, more] of Object.entries(change))
          if (world.services.some((one) => one.key === key)) world.change(key, more);
          else world.services.push(service(key, { createdAt: 9, ...more }));
      },
      holds,
      refused,
    },
  ],
}));

const more: readonly Row[] = [
  {
    row: "TestAssignment free then grab",
    says: "an address that its owner leaves goes to the one that names it, at once",
    pools: assignmentPools,
    services: [service("ns/a", named("1.2.3.4")), service("ns/b", named("1.2.3.4"))],
    holds: { "ns/b": [] },
    later: [{ change: (world) => world.change("ns/a", named("1.2.3.5")), holds: { "ns/a": ["1.2.3.5"], "ns/b": ["1.2.3.4"] } }],
  },
  {
    row: "TestAssignment key change",
    says: "of two that share, the one that changes its key leaves, and the other stays",
    pools: assignmentPools,
    services: [service("ns/a", { sharingKey: "k" }), service("ns/b", { sharingKey: "k", ...ports(443) })],
    holds: { "ns/a": ["1.2.3.4"], "ns/b": ["1.2.3.4"] },
    later: [
      { change: (world) => world.change("ns/a", { sharingKey: "m" }), holds: { "ns/a": ["1.2.3.5"], "ns/b": ["1.2.3.4"] } },
    ],
  },
  ...(
    [
      ["IPv4", ["1.2.3.4/30"], [4]],
      ["IPv6", ["1000::4/126"], [6]],
      ["dual", ["1.2.3.4/30", "1000::4/126"], [4, 6]],
    ] as const
  ).flatMap(([name, texts, families]) =>
    (
      [
        ["TestPoolAllocation", { eip: "p" }, {}],
        ["TestAllocation", {}, isDefault],
      ] as const
    ).map(([row, request, kind]): Row => {
      const all = texts.map((text) => text.replace(/4\/.*/, "4"));
      const sharer = texts.map((text) => text.replace(/4\/.*/, "5"));
      return {
        row: `${row} ${name}`,
        says: "four fit, the fifth waits, a sharer fits at any time, and the fifth gets what is released",
        pools: [pool("p", texts, kind)],
        services: ["s0", "s1", "s2", "s3", "s4"].map((key, index) =>
          service(`ns/${key}`, { families, ...request, ...(index === 1 ? { sharingKey: "k" } : {}) }),
        ),
        holds: { "ns/s0": all, "ns/s4": [] },
        refused: { "ns/s4": "EipFull" },
        later: [
          {
            change: (world) =>
              void world.services.push(
                service("ns/s5", { createdAt: 9, families, ...request, sharingKey: "k", ...ports(53, "UDP") }),
              ),
            holds: { "ns/s5": sharer },
          },
          { change: (world) => world.remove("ns/s0"), holds: { "ns/s4": [] } },
          { change: rest, holds: { "ns/s4": all } },
        ],
      };
    }),
  ),
  {
    row: "TestBuggyIPs",
    says: "of two /31 at .0 and .254 with avoidBuggyIPs and two without, six of eight addresses are used",
    pools: ["1.2.3.0/31", "1.2.3.254/31", "1.2.4.0/31", "1.2.4.254/31"].map((text, index) =>
      pool(`p${index}`, text, { namespaces: ["ns"], avoidBuggyIps: index < 2 }),
    ),
    services: Array.from({ length: 7 }, (_, index) => service(`ns/s${index}`)),
    holds: {
      "ns/s0": ["1.2.3.1"],
      "ns/s1": ["1.2.3.254"],
      "ns/s2": ["1.2.4.0"],
      "ns/s3": ["1.2.4.1"],
      "ns/s4": ["1.2.4.254"],
      "ns/s5": ["1.2.4.255"],
      "ns/s6": [],
    },
    refused: { "ns/s6": "EipFull" },
  },
  ...(
    [
      ["same", [["p", ["1.2.3.0/30", "1000::/126"]]]],
      ["expanded", [["p", ["1.2.3.0/24", "1000::/120"]]]],
      ["shrunk", [["p", ["1.2.3.0/31", "1000::/127"]]]],
      ["shrunk below the address, which MetalLB drops and we keep", [["p", ["1.2.3.2/31", "1000::2/127"]]]],
      ["renamed", [["q", ["1.2.3.0/30", "1000::/126"]]]],
      [
        "split",
        [
          ["p", ["1.2.3.2/31", "1000::2/127"]],
          ["q", ["1.2.3.0/31", "1000::/127"]],
        ],
      ],
    ] as const
  ).map(
    ([row, after]): Row => ({
      row: `TestConfigReload ${row}`,
      says: "both addresses stay",
      pools: [pool("p", ["1.2.3.0/30", "1000::/126"], isDefault)],
      services: [service("ns/a", dual)],
      holds: { "ns/a": ["1.2.3.0", "1000::"] },
      later: [
        {
          change: (world) => {
            world.pools = after.map(([name, texts]) => pool(name, texts, isDefault));
          },
        },
        { change: rest, holds: { "ns/a": ["1.2.3.0", "1000::"] }, refused: { "ns/a": undefined } },
      ],
    }),
  ),
  {
    row: "TestConfigReload split",
    says: "each address is counted with the pool that has it now",
    pools: [pool("p", "1.2.3.0/30", isDefault)],
    services: [service("ns/a"), service("ns/b"), service("ns/c")],
    later: [
      {
        change: (world) => {
          world.pools = [pool("p", "1.2.3.0/31", isDefault), pool("q", "1.2.3.2/31")];
          const { poolOf } = world.settle();
          assert.deepEqual([poolOf.get("1.2.3.1"), poolOf.get("1.2.3.2")], ["p", "q"]);
        },
      },
    ],
  },
  {
    row: "TestConfigReload avoidBuggyIPs",
    says: "switched on, 1.2.3.0, which MetalLB drops, stays with its Service and is not given again",
    pools: [pool("p", "1.2.3.0/30", isDefault)],
    services: [service("ns/a")],
    later: [
      {
        change: (world) => {
          world.pools = [pool("p", "1.2.3.0/30", { ...isDefault, avoidBuggyIps: true })];
          world.services.push(service("ns/b", { createdAt: 9 }));
        },
        holds: { "ns/a": ["1.2.3.0"], "ns/b": ["1.2.3.1"] },
      },
    ],
  },
  {
    row: "TestAutoAssign",
    says: "of two bound pools only the one with autoAssign is used by itself; when it is full, that is an error",
    pools: [
      pool("manual", "1.2.3.4/31", { namespaces: ["ns"], autoAssign: false, priority: -1 }),
      pool("auto", "1.2.3.10/31", { namespaces: ["ns"] }),
    ],
    services: ["a", "b", "c"].map((name) => service(`ns/${name}`)),
    holds: { "ns/a": ["1.2.3.10"], "ns/b": ["1.2.3.11"], "ns/c": [] },
    refused: { "ns/c": /manual \(only on request\), auto \(full\)/ },
  },
  {
    row: "TestAutoAssign",
    says: "a pool without it gives to who names it or one of its addresses",
    pools: [pool("manual", "1.2.3.4/31", { autoAssign: false })],
    services: [service("ns/a", { eip: "manual" }), service("ns/b", named("1.2.3.5"))],
    holds: { "ns/a": ["1.2.3.4"], "ns/b": ["1.2.3.5"] },
  },
];

describe("allocation: MetalLB's unit tables", () => {
  testRows(assignment);
  testRows(more);
  it("are tables of some length", () => assert.ok(assignment.length >= 25 && more.length >= 16));
});
