import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { address, pool, service, type World } from "./fixtures.ts";
import { type Row, testRows } from "./rows.ts";

const isDefault = { isDefault: true };
const disabled = { reason: "Disabled", message: "Eip d is disabled", short: "disabled" };
const deleting = { reason: "Deleting", message: "Eip d is being deleted", short: "being deleted" };
const named = (...texts: string[]) => ({ addresses: texts.map(address) });
const dual = { families: [4, 6] as const };
const rest = (world: World): void => {
  world.now += 60_001;
};

/** OpenELB's allocation table, with our answer where theirs is wrong. of the objects: objectRows.test.ts. */
const rows: readonly Row[] = [
  {
    row: "A-03",
    says: "without a named, bound or default Eip a Service waits, and gets its address when an Eip appears",
    pools: [pool("unbound", "192.168.1.0/24")],
    services: [service("ns/a")],
    holds: { "ns/a": [] },
    refused: { "ns/a": "NoEip" },
    later: [
      {
        change: (world) => void world.pools.push(pool("default", "192.168.2.0/24", isDefault)),
        holds: { "ns/a": ["192.168.2.0"] },
      },
    ],
  },
  {
    row: "A-04",
    says: "the default Eip gives its first free address",
    pools: [pool("eip", "192.168.1.0/24", isDefault)],
    services: [service("ns/a")],
    holds: { "ns/a": ["192.168.1.0"] },
  },
  {
    row: "A-05",
    says: "a named Eip gives its first address",
    pools: [pool("d", "10.1.0.0/24", isDefault), pool("x", "10.0.0.0/24")],
    services: [service("ns/a", { eip: "x" })],
    holds: { "ns/a": ["10.0.0.0"] },
  },
  {
    row: "A-06",
    says: "a named address of a named Eip is given",
    pools: [pool("x", "10.0.0.0/24")],
    services: [service("ns/a", { eip: "x", ...named("10.0.0.50") })],
    holds: { "ns/a": ["10.0.0.50"] },
  },
  {
    row: "A-08",
    says: "a named address outside the named Eip is refused, with the range",
    pools: [pool("x", "10.0.0.0/24")],
    services: [service("ns/a", { eip: "x", ...named("10.9.0.50") })],
    holds: { "ns/a": [] },
    refused: { "ns/a": /10\.9\.0\.50 is beyond the range of Eip x \(10\.0\.0\.0-10\.0\.0\.255\)/ },
  },
  {
    row: "A-09",
    says: "a missing Eip is named in the refusal, with those there are, and tried again when it appears",
    pools: [pool("other", "10.9.0.0/24")],
    services: [service("ns/a", { eip: "missing" })],
    refused: { "ns/a": /there is no Eip missing; there are other 10\.9\.0\.0-10\.9\.0\.255/ },
    later: [{ change: (world) => void world.pools.push(pool("missing", "10.0.0.0/24")), holds: { "ns/a": ["10.0.0.0"] } }],
  },
  {
    row: "A-13",
    says: "an Eip bound to the namespace gives, and only there",
    pools: [pool("b", "10.0.0.0/24", { namespaces: ["default"] })],
    services: [service("default/a"), service("other/b")],
    holds: { "default/a": ["10.0.0.0"], "other/b": [] },
    refused: { "other/b": "NoEip" },
  },
  {
    row: "A-14",
    says: "an Eip bound by namespace labels gives, and follows a relabelled namespace; who has an address keeps it",
    pools: [pool("b", "10.0.0.0/24", { namespaceSelector: { label: "test" } })],
    services: [service("ns/a")],
    holds: { "ns/a": [] },
    later: [
      { change: (world) => void world.namespaceLabels.set("ns", { label: "test" }), holds: { "ns/a": ["10.0.0.0"] } },
      { change: (world) => void world.namespaceLabels.set("ns", {}), holds: { "ns/a": ["10.0.0.0"] } },
    ],
  },
  {
    row: "A-14",
    says: "an empty selector binds an Eip to every namespace, also to one without labels",
    pools: [pool("b", "10.0.0.0/24", { namespaceSelector: {} })],
    services: [service("ns/a")],
    holds: { "ns/a": ["10.0.0.0"] },
  },
  {
    row: "A-16",
    says: "a bound Eip goes before the default one",
    pools: [pool("d", "10.1.0.0/24", isDefault), pool("b", "10.0.0.0/24", { namespaces: ["ns"] })],
    services: [service("ns/a")],
    holds: { "ns/a": ["10.0.0.0"] },
  },
  {
    row: "A-16",
    says: "of several bound Eips the lower priority goes first, of equal ones the name that sorts first",
    pools: [
      pool("late", "10.3.0.0/32", { namespaces: ["ns"], priority: 7 }),
      pool("b", "10.1.0.0/32", { namespaces: ["ns"], priority: 3 }),
      pool("a", "10.0.0.0/32", { namespaces: ["ns"], priority: 3 }),
      pool("first", "10.2.0.0/32", { namespaces: ["ns"], priority: -1 }),
    ],
    services: ["s0", "s1", "s2", "s3"].map((name) => service(`ns/${name}`)),
    holds: { "ns/s0": ["10.2.0.0"], "ns/s1": ["10.0.0.0"], "ns/s2": ["10.1.0.0"], "ns/s3": ["10.3.0.0"] },
  },
  {
    row: "A-17",
    says: "when the bound Eip is full the default one gives",
    pools: [pool("d", "10.1.0.0/24", isDefault), pool("b", "10.0.0.0/32", { namespaces: ["ns"] })],
    services: [service("ns/a"), service("ns/b")],
    holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.1.0.0"] },
  },
  {
    row: "A-18",
    says: "an Eip bound to another namespace gives when it is named",
    pools: [pool("b", "10.0.0.0/24", { namespaces: ["other"] })],
    services: [service("ns/a", { eip: "b" }), service("ns/b", named("10.0.0.9"))],
    holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.9"] },
  },
  {
    row: "A-18",
    says: "a restricted one does not, by name or by address",
    pools: [pool("b", "10.0.0.0/24", { namespaces: ["other"], restrict: true })],
    services: [service("ns/a", { eip: "b" }), service("ns/b", named("10.0.0.9"))],
    holds: { "ns/a": [], "ns/b": [] },
    refused: { "ns/a": "NamespaceNotAllowed", "ns/b": "NamespaceNotAllowed" },
  },
  {
    row: "default and bound",
    says: "the default Eip serves every namespace, as OpenELB's own sample does, unless it is restricted",
    pools: [pool("d", "10.0.0.0/24", { ...isDefault, namespaces: ["test"] })],
    services: [service("ns/a")],
    holds: { "ns/a": ["10.0.0.0"] },
    later: [
      {
        change: (world) => {
          world.pools = [pool("d", "10.0.0.0/24", { ...isDefault, namespaces: ["test"], restrict: true })];
          world.services.push(service("ns/b", { createdAt: 9 }));
        },
        holds: { "ns/a": ["10.0.0.0"], "ns/b": [] },
        refused: { "ns/b": "NamespaceNotAllowed" },
      },
    ],
  },
  {
    row: "A-19",
    says: "a disabled Eip gives nothing new, and takes nothing away; enabled again it gives",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [service("ns/a")],
    later: [
      {
        change: (world) => {
          world.pools = [pool("d", "10.0.0.0/24", { ...isDefault, refusal: disabled })];
          world.services.push(service("ns/b", { createdAt: 9 }));
        },
        holds: { "ns/a": ["10.0.0.0"], "ns/b": [] },
        refused: { "ns/b": "Disabled" },
      },
      {
        change: (world) => {
          world.pools = [pool("d", "10.0.0.0/24", isDefault)];
        },
        holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.1"] },
      },
    ],
  },
  {
    row: "A-19",
    says: "an Eip that is being deleted gives nothing new, and takes nothing away",
    pools: [pool("d", "10.0.0.0/24", { ...isDefault, refusal: deleting })],
    services: [service("ns/a", { holds: [address("10.0.0.4")] }), service("ns/b")],
    holds: { "ns/a": ["10.0.0.4"], "ns/b": [] },
    refused: { "ns/b": "Deleting" },
  },
  {
    row: "A-20",
    says: "a full Eip is a refusal with the count, and a freed address goes to who waits, after its rest",
    pools: [pool("d", "10.0.0.0/31", isDefault)],
    services: ["a", "b", "c"].map((name) => service(`ns/${name}`)),
    refused: { "ns/c": /^Eip d is full \(2 of 2 used\); pools considered: d \(full\);/ },
    later: [
      { change: (world) => world.remove("ns/a"), holds: { "ns/c": [] }, refused: { "ns/c": /\(1 of 2 used, 1 resting\)/ } },
      { change: rest, holds: { "ns/c": ["10.0.0.0"] } },
    ],
  },
  {
    row: "A-21",
    says: "two Services that name one address do not share it without a key",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [service("ns/a", named("10.0.0.5")), service("ns/b", named("10.0.0.5"))],
    holds: { "ns/a": ["10.0.0.5"], "ns/b": [] },
    refused: {
      "ns/b": /10\.0\.0\.5 is in use by ns\/a, and they share only when both carry the same annotation berth\.dev\/sharing-key/,
    },
  },
  {
    row: "A-21",
    says: "with one key and other ports they do",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [
      service("ns/a", { ...named("10.0.0.5"), sharingKey: "k" }),
      service("ns/b", { ...named("10.0.0.5"), sharingKey: "k", ports: [{ protocol: "UDP", port: 80 }] }),
      service("ns/c", { ...named("10.0.0.5"), sharingKey: "k" }),
      service("ns/d", { ...named("10.0.0.5"), sharingKey: "k", ports: [{ protocol: "TCP", port: 443 }], localOnly: true }),
    ],
    holds: { "ns/a": ["10.0.0.5"], "ns/b": ["10.0.0.5"], "ns/c": [], "ns/d": [] },
    refused: { "ns/c": /same port 80\/TCP/, "ns/d": /another externalTrafficPolicy/ },
  },
  {
    row: "A-21",
    says: "with the switch for OpenELB's way they do, whatever the ports, whoever came first",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [service("ns/a"), service("ns/b", named("10.0.0.0")), service("ns/c")],
    sharesUnconditionally: true,
    holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.0"], "ns/c": ["10.0.0.1"] },
    later: [
      {
        change: (world) => world.change("ns/a", { createdAt: 99 }),
        holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.0"], "ns/c": ["10.0.0.1"] },
      },
    ],
  },
  {
    row: "A-26",
    says: "a better pool that appears later moves nobody",
    pools: [pool("a", "10.0.0.0/24", { namespaces: ["ns"], priority: 10 })],
    services: [service("ns/a")],
    later: [
      {
        change: (world) => void world.pools.push(pool("z", "10.9.0.0/24", { namespaces: ["ns"], priority: 1 })),
        holds: { "ns/a": ["10.0.0.0"] },
      },
    ],
  },
  {
    row: "A-28",
    says: "an IPv6 Eip gives a Service of IPv4 nothing, named or not",
    pools: [pool("six", "fd00::/64", isDefault)],
    services: [service("ns/a"), service("ns/b", { eip: "six" }), service("ns/c", named("fd00::5"))],
    holds: { "ns/a": [], "ns/b": [], "ns/c": [] },
    refused: { "ns/a": "WrongFamily", "ns/b": "WrongFamily", "ns/c": /fd00::5 is IPv6, which spec\.ipFamilies does not have/ },
  },
  {
    row: "A-29",
    says: "RequireDualStack gets one of each family, from two pools if need be, in the order of its families",
    pools: [pool("four", "10.0.0.0/24", { namespaces: ["ns"] }), pool("six", "fd00::/64", { namespaces: ["ns"] })],
    services: [service("ns/a", dual)],
    holds: { "ns/a": ["10.0.0.0", "fd00::"] },
  },
  {
    row: "A-29",
    says: "RequireDualStack gets nothing while one family is missing, takes no address from others meanwhile, and both at once later",
    pools: [pool("four", "10.0.0.0/31", isDefault)],
    services: [service("ns/a", dual), service("ns/b")],
    holds: { "ns/a": [], "ns/b": ["10.0.0.0"] },
    refused: { "ns/a": /^no IPv6 address: Eip four has no IPv6 address; pools considered: four \(no IPv6\)/ },
    later: [
      {
        change: (world) => {
          world.pools = [pool("four", ["10.0.0.0/30", "fd00::/64"], isDefault)];
        },
        holds: { "ns/a": ["10.0.0.1", "fd00::"], "ns/b": ["10.0.0.0"] },
      },
    ],
  },
  {
    row: "A-29",
    says: "RequireDualStack keeps the family that it has when the other cannot be had",
    pools: [pool("four", "10.0.0.0/24", isDefault)],
    services: [service("ns/a")],
    later: [
      {
        change: (world) => world.change("ns/a", dual),
        holds: { "ns/a": ["10.0.0.0"] },
        refused: { "ns/a": "WrongFamily" },
      },
    ],
  },
  {
    row: "A-29",
    says: "PreferDualStack is content with one, and gets the other when it can",
    pools: [pool("four", "10.0.0.0/24", { namespaces: ["ns"] })],
    services: [service("ns/a", { families: [6, 4], needsAllFamilies: false })],
    holds: { "ns/a": ["10.0.0.0"] },
    refused: { "ns/a": undefined },
    later: [
      {
        change: (world) => void world.pools.push(pool("six", "fd00::/64", { namespaces: ["ns"] })),
        holds: { "ns/a": ["10.0.0.0", "fd00::"] },
      },
    ],
  },
  {
    row: "A-29",
    says: "PreferDualStack without any family waits, and says so for the family that it wants more",
    pools: [],
    services: [service("ns/a", { ...dual, needsAllFamilies: false })],
    holds: { "ns/a": [] },
    refused: { "ns/a": "NoEip" },
  },
  {
    row: "A-29",
    says: "a Service that names an address of one family gets the other by the rules",
    pools: [pool("both", ["10.0.0.0/24", "fd00::/64"], isDefault)],
    services: [service("ns/a", { ...dual, ...named("10.0.0.7") })],
    holds: { "ns/a": ["10.0.0.7", "fd00::"] },
  },
  {
    row: "A-29",
    says: "a Service that goes back to one family gives the other up, and keeps the one",
    pools: [pool("both", ["10.0.0.0/24", "fd00::/64"], isDefault)],
    services: [service("ns/a", dual)],
    later: [{ change: (world) => world.change("ns/a", { families: [4] }), holds: { "ns/a": ["10.0.0.0"] } }],
  },
  {
    row: "A-31",
    says: "a restart of the controller changes nothing for a hundred Services",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: Array.from({ length: 100 }, (_, index) => service(`ns/s${String(index).padStart(3, "0")}`)),
    holds: { "ns/s099": ["10.0.0.99"] },
    later: [
      {
        change: (world) => world.restart(),
        holds: Object.fromEntries(
          Array.from({ length: 100 }, (_, index) => [`ns/s${String(index).padStart(3, "0")}`, [`10.0.0.${index}`]]),
        ),
      },
    ],
  },
  {
    row: "A-33",
    says: "a pool that shrinks below used addresses leaves them with their Services, as long as they want them; one that grows gives more",
    pools: [pool("d", "10.0.0.0/30", isDefault)],
    services: ["a", "b", "c", "e"].map((name) => service(`ns/${name}`)),
    later: [
      {
        change: (world) => {
          world.pools = [pool("d", "10.0.0.0/31", isDefault)];
        },
        holds: { "ns/c": ["10.0.0.2"], "ns/e": ["10.0.0.3"] },
      },
      { change: (world) => world.restart() },
      { change: rest, holds: { "ns/c": ["10.0.0.2"], "ns/e": ["10.0.0.3"] } },
      {
        change: (world) => {
          world.pools = [pool("d", "10.0.0.0/29", isDefault)];
          world.services.push(service("ns/f", { createdAt: 9 }));
        },
        holds: { "ns/f": ["10.0.0.4"] },
      },
    ],
  },
  {
    row: "A-33",
    says: "an address that was left outside is not given again once it is free",
    pools: [pool("d", "10.0.0.0/31", isDefault)],
    services: [service("ns/a"), service("ns/b")],
    later: [
      {
        change: (world) => {
          world.pools = [pool("d", "10.0.0.0/32", isDefault)];
          world.services.push(service("ns/c", { createdAt: 9 }));
        },
        holds: { "ns/b": ["10.0.0.1"], "ns/c": [] },
      },
      { change: (world) => world.remove("ns/b") },
      { change: rest, holds: { "ns/c": [] } },
    ],
  },
  {
    row: "A1",
    says: "two Eips of one address each: the Service stays where it is, however often one looks",
    pools: [pool("a", "10.0.0.0/32", { namespaces: ["ns"] }), pool("b", "10.1.0.0/32", { namespaces: ["ns"] })],
    services: [service("ns/a")],
    later: Array.from({ length: 5 }, () => ({ change: rest, holds: { "ns/a": ["10.0.0.0"] } })),
  },
  {
    row: "A2",
    says: "a Service of a pool of priority 10 stays there when one of priority 1 appears",
    pools: [pool("a", "10.0.0.0/24", { namespaces: ["ns"], priority: 10 })],
    services: [service("ns/a")],
    later: [
      {
        change: (world) => {
          world.restart();
          world.pools.unshift(pool("z", "10.9.0.0/24", { namespaces: ["ns"], priority: 1 }));
        },
        holds: { "ns/a": ["10.0.0.0"] },
      },
    ],
  },
  {
    row: "A3",
    says: "a default Eip that is disabled leaves every address where it is",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [service("ns/a"), service("ns/b", { eip: "d" })],
    later: [
      {
        change: (world) => {
          world.pools = [pool("d", "10.0.0.0/24", { ...isDefault, refusal: disabled })];
          world.restart();
        },
        holds: { "ns/a": ["10.0.0.0"], "ns/b": ["10.0.0.1"] },
        refused: { "ns/a": undefined, "ns/b": undefined },
      },
    ],
  },
  {
    row: "A4",
    says: "when the bound Eip is full and the default one has room, the default one gives",
    pools: [pool("b", "10.0.0.0/32", { namespaces: ["ns"] }), pool("d", "10.1.0.0/24", isDefault)],
    services: [service("ns/a"), service("ns/b")],
    holds: { "ns/b": ["10.1.0.0"] },
    refused: { "ns/b": undefined },
  },
  {
    row: "A5",
    says: "an Eip that is deleted and made again finds every Service with its address",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [service("ns/x"), service("ns/y")],
    later: [
      {
        change: (world) => {
          world.pools = [];
        },
        holds: { "ns/x": ["10.0.0.0"], "ns/y": ["10.0.0.1"] },
      },
      {
        change: (world) => {
          world.now += 30_000;
          world.pools = [pool("d", "10.0.0.0/24", isDefault)];
        },
        holds: { "ns/x": ["10.0.0.0"], "ns/y": ["10.0.0.1"] },
      },
    ],
  },
  {
    row: "A5",
    says: "an Eip that stays away loses its Services to others after the rest period",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [service("ns/a")],
    later: [
      {
        change: (world) => {
          world.pools = [pool("e", "10.5.0.0/24", isDefault)];
        },
        holds: { "ns/a": ["10.0.0.0"] },
      },
      { change: rest, holds: { "ns/a": ["10.5.0.0"] } },
    ],
  },
  {
    row: "A6",
    says: "an address outside all Eips is a refusal that names them, and is tried again",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [service("ns/a", named("172.16.0.1"))],
    holds: { "ns/a": [] },
    refused: { "ns/a": /172\.16\.0\.1 lies in no Eip; name an address of one \(d 10\.0\.0\.0-10\.0\.0\.255\), or none/ },
    later: [{ change: (world) => void world.pools.push(pool("e", "172.16.0.0/30")), holds: { "ns/a": ["172.16.0.1"] } }],
  },
  {
    row: "A6",
    says: "garbage in place of an address is a refusal; what the Service has stays",
    pools: [pool("d", "10.0.0.0/24", isDefault)],
    services: [service("ns/a")],
    later: [
      {
        change: (world) => world.change("ns/a", { problem: { reason: "InvalidAddress", message: "annotation: no" } }),
        holds: { "ns/a": ["10.0.0.0"] },
        refused: { "ns/a": "InvalidAddress" },
      },
    ],
  },
];

describe("allocation: OpenELB's table", () => {
  testRows(rows);
  it("has every row that is about allocation", () => {
    const wanted =
      "A-03 A-04 A-05 A-06 A-08 A-09 A-13 A-14 A-16 A-17 A-18 A-19 A-20 A-21 A-26 A-28 A-29 A-31 A-33 A1 A2 A3 A4 A5 A6";
    const there = new Set(rows.map(({ row }) => row));
    assert.deepEqual(
      wanted.split(" ").filter((row) => !there.has(row)),
      [],
    );
  });
});
