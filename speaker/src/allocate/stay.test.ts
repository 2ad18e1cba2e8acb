import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress } from "../net/address.ts";
import { address, pool, service, World } from "./fixtures.ts";
import { testRows } from "./rows.ts";

const isDefault = { isDefault: true };
const named = (...texts: string[]) => ({ addresses: texts.map(address) });
const eight = [pool("d", "10.0.0.0/29", isDefault)];
const https = { ports: [{ protocol: "TCP", port: 443 }] };

describe("addresses that stay while others are asked for", () => {
  it("are in the order of the Service's families, also where one is asked for in vain at every look", () => {
    const world = new World();
    world.pools = [pool("d", ["10.0.0.0/29", "fd00::/125"], isDefault)];
    world.services = [service("ns/a", { families: [4, 6] })];
    world.settle();
    world.change("ns/a", named("10.9.9.9"));
    for (const _ of [1, 2, 3]) {
      world.settle();
      assert.deepEqual(world.services[0]?.holds.map(formatAddress), ["10.0.0.0", "fd00::"]);
    }
  });

  testRows([
    {
      row: "taken",
      says: "a Service that names an address in use keeps its own until the other is free",
      pools: eight,
      services: [service("ns/a"), service("ns/b")],
      later: [
        {
          change: (world) => world.change("ns/b", named("10.0.0.0")),
          holds: { "ns/b": ["10.0.0.1"] },
          refused: { "ns/b": "AddressInUse" },
        },
        { change: (world) => world.remove("ns/a"), holds: { "ns/b": ["10.0.0.0"] }, refused: { "ns/b": undefined } },
      ],
    },
    {
      row: "room",
      says: "who leaves for another Eip makes room in the same look for an older one that named its address",
      pools: [...eight, pool("e", "10.0.1.0/29")],
      services: [service("ns/a"), service("ns/b")],
      later: [
        { change: (world) => world.change("ns/a", named("10.0.0.1")), holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.1"] } },
        { change: (world) => world.change("ns/b", { eip: "e" }), holds: { "ns/a": ["10.0.0.1"], "ns/b": ["10.0.1.0"] } },
      ],
    },
    {
      row: "thief",
      says: "nobody gets an address whose owner asks in vain for another, even after a restart",
      pools: [pool("d", "10.0.0.0/31", isDefault)],
      services: [service("ns/a"), service("ns/b")],
      later: [
        {
          change: (world) => {
            world.change("ns/b", named("10.9.9.9"));
            world.services.unshift(
              service("ns/old", { createdAt: -5 }),
              service("ns/wants", { createdAt: -4, ...named("10.0.0.1") }),
            );
            world.restart();
          },
          holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.1"], "ns/old": [], "ns/wants": [] },
          refused: { "ns/b": "AddressOutsideEips", "ns/old": "EipFull", "ns/wants": "AddressInUse" },
        },
      ],
    },
    {
      row: "emptied",
      says: "what somebody else takes out of the status of a Service comes back, shared or not, but not where another is asked for",
      pools: [...eight, pool("e", "10.1.0.0/29")],
      services: [
        service("ns/a"),
        service("ns/b", { sharingKey: "k" }),
        service("ns/c", { sharingKey: "k", ...https }),
        service("ns/d"),
      ],
      later: [
        {
          change: (world) => {
            for (const key of ["ns/a", "ns/b", "ns/c"]) world.change(key, { holds: [], givenBy: new Map() });
            world.change("ns/d", { holds: [], givenBy: new Map(), eip: "e" });
          },
          holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.1"], "ns/c": ["10.0.0.1"], "ns/d": ["10.1.0.0"] },
        },
        {
          change: (world) => {
            world.change("ns/a", { holds: [], givenBy: new Map() });
            world.services.push(service("ns/named", { createdAt: -1, ...named("10.0.0.0") }));
          },
          holds: { "ns/a": ["10.0.0.3"], "ns/named": ["10.0.0.0"] },
        },
      ],
    },
    {
      row: "swap",
      says: "two Services that name each other's address change places",
      pools: eight,
      services: [service("ns/a"), service("ns/b")],
      later: [
        {
          change: (world) => {
            world.change("ns/a", named("10.0.0.1"));
            world.change("ns/b", named("10.0.0.0"));
          },
          holds: { "ns/a": ["10.0.0.1"], "ns/b": ["10.0.0.0"] },
        },
      ],
    },
    {
      row: "chain",
      says: "three that follow each other all move at once, and only the one whose wish is vain stays with the one behind it",
      pools: eight,
      services: [service("ns/a"), service("ns/b"), service("ns/c")],
      later: [
        {
          change: (world) => {
            world.change("ns/a", named("10.0.0.1"));
            world.change("ns/b", named("10.0.0.2"));
            world.change("ns/c", named("10.0.0.7"));
          },
          holds: { "ns/a": ["10.0.0.1"], "ns/b": ["10.0.0.2"], "ns/c": ["10.0.0.7"] },
        },
        {
          change: (world) => {
            world.change("ns/a", named("10.0.0.2"));
            world.change("ns/b", named("10.0.0.7"));
            world.change("ns/c", named("10.0.0.9"));
          },
          holds: { "ns/a": ["10.0.0.1"], "ns/b": ["10.0.0.2"], "ns/c": ["10.0.0.7"] },
        },
      ],
    },
    {
      row: "another Eip",
      says: "a Service that names another Eip moves when that has room, and stays while it has none",
      pools: [...eight, pool("small", "10.1.0.0/32")],
      services: [service("ns/a"), service("ns/b")],
      later: [
        {
          change: (world) => {
            world.change("ns/a", { eip: "small" });
            world.change("ns/b", { eip: "small" });
          },
          holds: { "ns/a": ["10.1.0.0"], "ns/b": ["10.0.0.1"] },
          refused: { "ns/b": /^Eip small is full \(1 of 1 used\)/ },
        },
      ],
    },
    {
      row: "overlap",
      says: "an Eip that an older one grew into gives nothing new, and its Services stay",
      pools: [pool("b", "10.0.0.0/29")],
      services: [service("ns/a", { eip: "b" })],
      later: [
        {
          change: (world) => {
            const refusal = { reason: "Overlapping", message: "Eip b is not used", short: "overlapping" };
            world.pools = [pool("older", "10.0.0.0/24"), pool("b", "10.0.0.0/29", { refusal })];
            world.services.push(service("ns/new", { createdAt: 9, eip: "b" }));
          },
          holds: { "ns/a": ["10.0.0.0"], "ns/new": [] },
          refused: { "ns/a": undefined, "ns/new": "Overlapping" },
        },
      ],
    },
    {
      row: "avoided",
      says: "avoidBuggyIPs is never given, also by name; who has such an address keeps it",
      pools: [pool("d", "10.0.0.0/30", isDefault)],
      services: [service("ns/a")],
      later: [
        {
          change: (world) => {
            world.pools = [pool("d", "10.0.0.0/30", { ...isDefault, avoidBuggyIps: true })];
            world.services.push(service("ns/b", { createdAt: 9 }));
          },
          holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.1"] },
        },
        {
          change: (world) => {
            world.remove("ns/a");
            world.services.push(service("ns/c", { createdAt: 10, ...named("10.0.0.0") }));
          },
          holds: { "ns/c": [] },
          refused: { "ns/c": /10\.0\.0\.0 is never given by Eip d, which avoids addresses that end in \.0 and \.255/ },
        },
      ],
    },
  ]);
});

describe("freed addresses", () => {
  testRows([
    {
      row: "rest",
      says: "rest, and the one freed longest ago goes out first; who names one gets it at once",
      pools: [pool("d", "10.0.0.0/30", isDefault)],
      services: ["a", "b", "c", "e"].map((name) => service(`ns/${name}`)),
      later: [
        { change: (world) => world.remove("ns/c") },
        {
          change: (world) => {
            world.now += 1000;
            world.remove("ns/a");
          },
        },
        {
          change: (world) => {
            world.now += 1000;
            world.remove("ns/b");
            world.services.push(service("ns/f", { createdAt: 20 }), service("ns/g", { createdAt: 21, ...named("10.0.0.1") }));
          },
          holds: { "ns/f": [], "ns/g": ["10.0.0.1"] },
        },
        {
          change: (world) => {
            world.now += 60_000;
          },
          holds: { "ns/f": ["10.0.0.2"] },
        },
      ],
    },
    {
      row: "never used",
      says: "come after those never used",
      pools: [pool("d", "10.0.0.0/30", isDefault)],
      services: [service("ns/a")],
      later: [
        { change: (world) => world.remove("ns/a") },
        {
          change: (world) => {
            world.now += 3_600_000;
            world.services.push(service("ns/b", { createdAt: 9 }));
          },
          holds: { "ns/b": ["10.0.0.1"] },
        },
      ],
    },
  ]);
});

describe("tenancy", () => {
  const limited = (perNamespaceLimit: number) => [pool("p", "10.0.0.0/24", { ...isDefault, perNamespaceLimit })];
  testRows([
    {
      row: "quota",
      says: "a namespace is held to it, others are not, and a freed address of the namespace lets the next in",
      pools: limited(2),
      services: [service("ns/a"), service("ns/b"), service("ns/c"), service("other/a")],
      holds: { "ns/c": [], "other/a": ["10.0.0.2"] },
      refused: { "ns/c": /^namespace ns uses 2 of the 2 addresses of Eip p that its spec\.perNamespaceLimit allows/ },
      later: [{ change: (world) => world.remove("ns/a"), holds: { "ns/c": ["10.0.0.3"] } }],
    },
    {
      row: "quota by name",
      says: "holds for named addresses too, and does not stand in the way of an exchange",
      pools: limited(1),
      services: [service("ns/a"), service("ns/b", named("10.0.0.9"))],
      refused: { "ns/b": "QuotaExceeded" },
      later: [{ change: (world) => world.change("ns/a", named("10.0.0.7")), holds: { "ns/a": ["10.0.0.7"], "ns/b": [] } }],
    },
    {
      row: "quota and sharing",
      says: "a shared address counts once for each namespace, and joining it needs no more",
      pools: limited(1),
      services: [
        service("ns/a", { sharingKey: "k", sharesWith: ["other"] }),
        service("ns/b", { sharingKey: "k", ...https, sharesWith: ["other"] }),
        service("other/c", { sharingKey: "k", sharesWith: ["ns"], ports: [{ protocol: "UDP", port: 53 }] }),
        service("other/d"),
      ],
      holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.0"], "other/c": ["10.0.0.0"], "other/d": [] },
      refused: { "other/d": "QuotaExceeded" },
    },
    {
      row: "quota lowered",
      says: "takes nothing away",
      pools: limited(3),
      services: [service("ns/a"), service("ns/b"), service("ns/c")],
      later: [
        {
          change: (world) => {
            world.pools = limited(1);
            world.restart();
          },
          holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.1"], "ns/c": ["10.0.0.2"] },
          refused: { "ns/c": undefined },
        },
      ],
    },
    {
      row: "families",
      says: "a full family is told from an empty one",
      pools: [pool("p", ["10.0.0.0/32", "fd00::/64"], isDefault)],
      services: [service("ns/a"), service("ns/b")],
      refused: { "ns/b": /^Eip p is full \(1 of 1 IPv4 addresses used\)/ },
    },
    {
      row: "full, and not shared",
      says: "a full pool tells one that would share why it shares none of its addresses: the port, or the key",
      pools: [pool("p", "10.0.0.0/32", isDefault)],
      services: [
        service("ns/a", { sharingKey: "k" }),
        service("ns/b", { sharingKey: "k" }),
        service("ns/c", { sharingKey: "other", ports: [{ protocol: "TCP", port: 443 }] }),
      ],
      refused: {
        "ns/b":
          /^Eip p is full \(1 of 1 used; 10\.0\.0\.0 is in use by ns\/a, which has the same port 80\/TCP; give one of them another port\)/,
        "ns/c": /^Eip p is full \(1 of 1 used; no Service with an address of it has the sharing key "other"\)/,
      },
    },
    {
      row: "considered",
      says: "the refusal names every Eip and what kept it out",
      pools: [
        pool("office", "10.0.0.0/32", { namespaces: ["ns"] }),
        pool("lab", "10.1.0.0/24", { namespaces: ["lab"] }),
        pool("gold", "10.2.0.0/24", { serviceSelectors: [{ tier: "gold" }] }),
        pool("spare", "10.3.0.0/24"),
        pool("asked", "10.4.0.0/24", { ...isDefault, autoAssign: false }),
      ],
      services: [service("ns/a"), service("ns/b")],
      refused: {
        "ns/b":
          /^Eip office is full \(1 of 1 used\); pools considered: office \(full\), asked \(only on request\), lab \(namespace not allowed\), gold \(Service's labels not selected\), spare \(neither bound nor the default\)/,
      },
    },
  ]);
});

describe("sharing", () => {
  const both = (consentOfA: string[], consentOfB: string[]) => [
    service("x/a", { sharingKey: "k", ...named("10.0.0.7"), sharesWith: consentOfA }),
    service("y/b", { sharingKey: "k", ...named("10.0.0.7"), sharesWith: consentOfB, ...https }),
  ];
  testRows([
    ...(
      [
        ["nobody", [], []],
        ["one side", ["y"], []],
        ["the other side", [], ["x"]],
      ] as const
    ).map(([says, a, b]) => ({
      row: "across namespaces",
      says: `is refused when ${says} consents, with the annotations that would do it`,
      pools: eight,
      services: both([...a], [...b]),
      holds: { "x/a": ["10.0.0.7"], "y/b": [] },
      refused: { "y/b": /both consent by annotation: berth\.dev\/share-with-namespaces with "x" here and "y" there/ },
    })),
    {
      row: "across namespaces",
      says: "is granted when both consent, and ends for the one that takes its consent back",
      pools: eight,
      services: both(["y"], ["x"]),
      holds: { "y/b": ["10.0.0.7"] },
      later: [
        {
          change: (world) => world.change("x/a", { sharesWith: [], addresses: [] }),
          holds: { "x/a": ["10.0.0.0"], "y/b": ["10.0.0.7"] },
        },
      ],
    },
    {
      row: "port added",
      says: "who takes a port that another has is the one who leaves, though it is older",
      pools: eight,
      services: [service("ns/old", { sharingKey: "k" }), service("ns/young", { sharingKey: "k", ...https })],
      holds: { "ns/old": ["10.0.0.0"], "ns/young": ["10.0.0.0"] },
      later: [
        {
          change: (world) => world.change("ns/old", https),
          holds: { "ns/old": ["10.0.0.1"], "ns/young": ["10.0.0.0"] },
        },
      ],
    },
    {
      row: "Local",
      says: "two with externalTrafficPolicy Local share only with the same selector",
      pools: eight,
      services: [
        service("ns/a", { sharingKey: "k", localOnly: true, selector: "app=a" }),
        service("ns/b", { sharingKey: "k", localOnly: true, selector: "app=a", ...https }),
        service("ns/c", { sharingKey: "k", localOnly: true, selector: "app=c", ports: [{ protocol: "UDP", port: 53 }] }),
      ],
      holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.0"], "ns/c": ["10.0.0.1"] },
    },
    {
      row: "automatic",
      says: "without a named address, Services with one key join what there is, and take a new one when nothing fits",
      pools: eight,
      services: [
        service("ns/a", { sharingKey: "k" }),
        service("ns/b", { sharingKey: "k", ...https }),
        service("ns/c", { sharingKey: "k" }),
        service("ns/d", { sharingKey: "m" }),
      ],
      holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.0"], "ns/c": ["10.0.0.1"], "ns/d": ["10.0.0.2"] },
    },
  ]);
});
