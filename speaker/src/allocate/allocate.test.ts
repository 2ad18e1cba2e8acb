import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { address, pool, service, world } from "./fixtures.ts";

const isDefault = { isDefault: true };

describe("allocation (rows of OpenELB's table)", () => {
  it("A-03: without a named, bound or default Eip a Service waits, and gets its address when an Eip appears", () => {
    const it = world([pool("unbound", "192.168.1.0/24")], [service("ns/a")]);
    assert.deepEqual([it.held("ns/a"), it.reason("ns/a")], [[], "NoEip"]);
    it.pools.push(pool("default", "192.168.2.0/24", isDefault));
    it.settle();
    assert.deepEqual(it.held("ns/a"), ["192.168.2.0"]);
  });
  it("A-04: the default Eip gives its first free address", () =>
    assert.deepEqual(world([pool("eip", "192.168.1.0/24", isDefault)], [service("ns/a")]).held("ns/a"), ["192.168.1.0"]));
  it("A-05: a named Eip gives its first address", () =>
    assert.deepEqual(
      world([pool("x", "10.0.0.0/24"), pool("d", "10.1.0.0/24", isDefault)], [service("ns/a", { eip: "x" })]).held("ns/a"),
      ["10.0.0.0"],
    ));
  it("A-06, A-07: a named address of a named Eip is given", () =>
    assert.deepEqual(
      world([pool("x", "10.0.0.0/24")], [service("ns/a", { eip: "x", addresses: [address("10.0.0.50")] })]).held("ns/a"),
      ["10.0.0.50"],
    ));
  it("A-08: a named address outside the named Eip is refused", () =>
    assert.equal(
      world([pool("x", "10.0.0.0/24")], [service("ns/a", { eip: "x", addresses: [address("10.9.0.50")] })]).reason("ns/a"),
      "AddressOutsideEip",
    ));
  it("A-09: a missing Eip is named in the refusal", () =>
    assert.equal(world([], [service("ns/a", { eip: "missing" })]).reason("ns/a"), "EipNotFound"));
  it("A-13: an Eip bound to the namespace gives", () =>
    assert.deepEqual(
      world([pool("b", "10.0.0.0/24", { namespaces: ["ns"] })], [service("ns/a"), service("other/b")]).held("ns/a"),
      ["10.0.0.0"],
    ));
  it("A-14: an Eip bound by namespace labels gives, and follows a relabelled namespace", () => {
    const it = world([pool("b", "10.0.0.0/24", { namespaceSelector: { label: "test" } })], [service("ns/a")]);
    assert.deepEqual(it.held("ns/a"), []);
    it.namespaceLabels.set("ns", { label: "test" });
    it.settle();
    assert.deepEqual(it.held("ns/a"), ["10.0.0.0"]);
  });
  it("A-16: a bound Eip goes before the default one", () =>
    assert.deepEqual(
      world([pool("d", "10.1.0.0/24", isDefault), pool("b", "10.0.0.0/24", { namespaces: ["ns"] })], [service("ns/a")]).held(
        "ns/a",
      ),
      ["10.0.0.0"],
    ));
  it("A-17: when the bound Eip is full the default one gives", () => {
    const it = world(
      [pool("d", "10.1.0.0/24", isDefault), pool("b", "10.0.0.0/32", { namespaces: ["ns"] })],
      [service("ns/a"), service("ns/b", { createdAt: 1 })],
    );
    assert.deepEqual([it.held("ns/a"), it.held("ns/b")], [["10.0.0.0"], ["10.1.0.0"]]);
  });
  it("A-18: an Eip bound to another namespace gives when it is named, unless it is restricted", () => {
    const at = (restrict: boolean) =>
      world([pool("b", "10.0.0.0/24", { namespaces: ["other"], restrict })], [service("ns/a", { eip: "b" })]);
    assert.deepEqual([at(false).held("ns/a"), at(true).reason("ns/a")], [["10.0.0.0"], "NamespaceNotAllowed"]);
  });
  it("A-19: a disabled Eip gives nothing new, and takes nothing away", () => {
    const it = world([pool("d", "10.0.0.0/24", isDefault)], [service("ns/a")]);
    it.pools = [
      pool("d", "10.0.0.0/24", {
        ...isDefault,
        refusal: { reason: "Disabled", message: "Eip d is disabled", short: "disabled" },
      }),
    ];
    it.services.push(service("ns/b", { createdAt: 1 }));
    assert.deepEqual([it.reason("ns/b"), it.held("ns/a"), it.held("ns/b")], ["Disabled", ["10.0.0.0"], []]);
  });
  it("A-20: a full Eip is a refusal, and a freed address goes to who waits, after its rest", () => {
    const it = world(
      [pool("d", "10.0.0.0/31", isDefault)],
      ["a", "b", "c"].map((name, index) => service(`ns/${name}`, { createdAt: index })),
    );
    assert.equal(it.reason("ns/c"), "EipFull");
    it.remove("ns/a");
    const { wakeAt } = it.settle();
    assert.deepEqual([it.held("ns/c"), wakeAt], [[], it.now + 60_000]);
    it.now += 60_000;
    it.settle();
    assert.deepEqual(it.held("ns/c"), ["10.0.0.0"]);
  });
  it("A-21: two Services that name one address share it only with the same key and other ports, or with the switch for OpenELB's way", () => {
    const both = (more: object, other: object = more) => [
      service("ns/a", { addresses: [address("10.0.0.5")], ...more }),
      service("ns/b", { createdAt: 1, addresses: [address("10.0.0.5")], ...other }),
    ];
    const pools = [pool("d", "10.0.0.0/24", isDefault)];
    assert.equal(world(pools, both({})).reason("ns/b"), "AddressInUse");
    assert.equal(world(pools, both({ sharingKey: "k" })).reason("ns/b"), "AddressInUse");
    assert.deepEqual(
      world(pools, both({ sharingKey: "k" }, { sharingKey: "k", ports: [{ protocol: "UDP", port: 80 }] })).held("ns/b"),
      ["10.0.0.5"],
    );
    assert.equal(
      world(
        pools,
        both({ sharingKey: "k" }, { sharingKey: "k", ports: [{ protocol: "TCP", port: 443 }], localOnly: true }),
      ).reason("ns/b"),
      "AddressInUse",
    );
    const compatible = world(pools, both({}));
    compatible.sharesUnconditionally = true;
    compatible.settle();
    assert.deepEqual(compatible.held("ns/b"), ["10.0.0.5"]);
  });
  it("A-26: a better pool that appears later moves nobody", () => {
    const it = world([pool("a", "10.0.0.0/24", { namespaces: ["ns"], priority: 10 })], [service("ns/a")]);
    it.pools.push(pool("z", "10.9.0.0/24", { namespaces: ["ns"], priority: 1 }));
    it.settle();
    assert.deepEqual(it.held("ns/a"), ["10.0.0.0"]);
  });
  it("A-28: an IPv6 Eip gives a Service of IPv4 nothing", () =>
    assert.equal(world([pool("six", "fd00::/64", isDefault)], [service("ns/a")]).reason("ns/a"), "WrongFamily"));
  it("A-29: a dual-stack Service gets one of each family, from two pools if need be; PreferDualStack is content with one, and gets the other when it can", () => {
    const four = pool("four", "10.0.0.0/24", { namespaces: ["ns"] });
    const six = pool("six", "fd00::/64", { namespaces: ["ns"] });
    assert.deepEqual(world([four, six], [service("ns/a", { families: [4, 6] })]).held("ns/a"), ["10.0.0.0", "fd00::"]);
    assert.equal(world([four], [service("ns/a", { families: [4, 6] })]).reason("ns/a"), "WrongFamily");
    const prefers = world([four], [service("ns/a", { families: [4, 6], needsAllFamilies: false })]);
    assert.deepEqual([prefers.held("ns/a"), prefers.reason("ns/a")], [["10.0.0.0"], undefined]);
    prefers.pools.push(six);
    prefers.settle();
    assert.deepEqual(prefers.held("ns/a"), ["10.0.0.0", "fd00::"]);
  });
  it("A-31: a restart of the controller changes nothing", () => {
    const it = world(
      [pool("d", "10.0.0.0/24", isDefault)],
      Array.from({ length: 100 }, (_, index) => service(`ns/s${index}`, { createdAt: index })),
    );
    const before = it.services.map((one) => one.holds);
    it.restart();
    it.settle();
    assert.deepEqual(
      it.services.map((one) => one.holds),
      before,
    );
  });
  it("A1: two Eips of one address each: the Service stays where it is, however often one looks", () => {
    const it = world(
      [pool("a", "10.0.0.0/32", { namespaces: ["ns"] }), pool("b", "10.1.0.0/32", { namespaces: ["ns"] })],
      [service("ns/a")],
    );
    for (let round = 0; round < 5; round++) it.settle();
    assert.deepEqual(it.held("ns/a"), ["10.0.0.0"]);
  });
  it("A5: an Eip that is deleted and made again finds every Service with its address", () => {
    const eip = pool("d", "10.0.0.0/24", isDefault);
    const it = world([eip], [service("ns/a"), service("ns/b", { createdAt: 1 })]);
    it.pools = [];
    it.settle();
    it.now += 30_000;
    it.pools = [eip];
    it.settle();
    assert.deepEqual([it.held("ns/a"), it.held("ns/b")], [["10.0.0.0"], ["10.0.0.1"]]);
  });
  it("an Eip that stays away loses its Services to others after the rest period", () => {
    const it = world([pool("d", "10.0.0.0/24", isDefault)], [service("ns/a")]);
    it.pools = [pool("e", "10.5.0.0/24", isDefault)];
    it.settle();
    assert.deepEqual(it.held("ns/a"), ["10.0.0.0"]);
    it.now += 60_001;
    it.settle();
    assert.deepEqual(it.held("ns/a"), ["10.5.0.0"]);
  });
  it("A-33: a pool that shrinks below a used address leaves it with its Service; a pool that grows gives more", () => {
    const it = world(
      [pool("d", "10.0.0.0/30", isDefault)],
      ["a", "b", "c", "e"].map((name, index) => service(`ns/${name}`, { createdAt: index })),
    );
    it.pools = [pool("d", "10.0.0.0/31", { ...isDefault, formerAddresses: new Set(["10.0.0.2", "10.0.0.3"]) })];
    it.settle();
    assert.deepEqual([it.held("ns/c"), it.held("ns/e")], [["10.0.0.2"], ["10.0.0.3"]]);
    it.pools = [pool("d", "10.0.0.0/29", isDefault)];
    it.services.push(service("ns/f", { createdAt: 9 }));
    it.settle();
    assert.deepEqual(it.held("ns/f"), ["10.0.0.4"]);
  });
  it("a Service that asks for another address gets it, and keeps its own while the other is taken", () => {
    const it = world([pool("d", "10.0.0.0/24", isDefault)], [service("ns/a"), service("ns/b", { createdAt: 1 })]);
    it.change("ns/b", { addresses: [address("10.0.0.0")] });
    assert.deepEqual([it.reason("ns/b"), it.held("ns/b")], ["AddressInUse", ["10.0.0.1"]]);
    it.remove("ns/a");
    it.settle();
    assert.deepEqual(it.held("ns/b"), ["10.0.0.0"]);
  });
});

describe("allocation (MetalLB's unit tables)", () => {
  const four = ["a", "b", "c", "d"].map((name, index) => service(`ns/${name}`, { createdAt: index }));
  for (const [name, texts, families] of [
    ["IPv4", ["1.2.3.4/30"], [4]],
    ["IPv6", ["1000::4/126"], [6]],
    ["dual", ["1.2.3.4/30", "1000::4/126"], [4, 6]],
  ] as const) {
    it(`TestPoolAllocation ${name}: a pool of four refuses the fifth, takes it after a release, and a sharer at any time`, () => {
      const it = world(
        [pool("p", texts, isDefault)],
        [...four, service("ns/e", { createdAt: 5 })].map((one) => ({
          ...one,
          families,
          sharingKey: one.key === "ns/a" ? "k" : undefined,
        })),
      );
      assert.equal(it.reason("ns/e"), "EipFull");
      it.services.push(service("ns/sharer", { createdAt: 6, families, sharingKey: "k", ports: [{ protocol: "UDP", port: 53 }] }));
      it.settle();
      assert.deepEqual(it.held("ns/sharer"), it.held("ns/a"));
      it.remove("ns/b");
      it.settle();
      it.now += 60_000;
      it.settle();
      assert.equal(it.held("ns/e").length, families.length);
    });
  }

  it("TestBuggyIPs: of two /31 at .0 and .254 with avoidBuggyIPs and two without, six of eight addresses are used", () => {
    const texts = [
      ["1.2.3.0/31", true],
      ["1.2.3.254/31", true],
      ["1.2.4.0/31", false],
      ["1.2.4.254/31", false],
    ] as const;
    const pools = texts.map(([text, avoidBuggyIps], index) => pool(`p${index}`, text, { namespaces: ["ns"], avoidBuggyIps }));
    const it = world(
      pools,
      Array.from({ length: 7 }, (_, index) => service(`ns/s${index}`, { createdAt: index })),
    );
    assert.deepEqual(
      it.services.slice(0, 6).flatMap((one) => it.held(one.key)),
      ["1.2.3.1", "1.2.3.254", "1.2.4.0", "1.2.4.1", "1.2.4.254", "1.2.4.255"],
    );
    assert.equal(it.reason("ns/s6"), "EipFull");
  });

  it("TestAutoAssign: a pool without autoAssign is used only on request", () => {
    const it = world(
      [pool("p", "10.0.0.0/24", { namespaces: ["ns"], autoAssign: false })],
      [
        service("ns/a"),
        service("ns/b", { createdAt: 1, eip: "p" }),
        service("ns/c", { createdAt: 2, addresses: [address("10.0.0.7")] }),
      ],
    );
    assert.deepEqual([it.reason("ns/a"), it.held("ns/b"), it.held("ns/c")], ["OnlyOnRequest", ["10.0.0.0"], ["10.0.0.7"]]);
  });

  for (const [name, texts] of [
    ["same", ["1.2.3.0/30"]],
    ["expanded", ["1.2.3.0/24"]],
    ["split", ["1.2.3.0/31"]],
  ] as const) {
    it(`TestConfigReload ${name}: a pool that is written anew keeps its Services`, () => {
      const it = world([pool("p", "1.2.3.0/30", isDefault)], [service("ns/a")]);
      it.pools = [pool("renamed", texts, isDefault)];
      it.settle();
      assert.deepEqual(it.held("ns/a"), ["1.2.3.0"]);
    });
  }

  it("TestAssignment: nobody steals, and a change of the sharing key counts for who joins later", () => {
    const it = world(
      [pool("p", "1.2.3.4/31", isDefault)],
      [
        service("ns/a", { addresses: [address("1.2.3.4")] }),
        service("ns/thief", { createdAt: 1, addresses: [address("1.2.3.4")] }),
      ],
    );
    assert.equal(it.reason("ns/thief"), "AddressInUse");
    it.change("ns/a", { sharingKey: "k" });
    it.change("ns/thief", { sharingKey: "k", ports: [{ protocol: "TCP", port: 443 }] });
    it.settle();
    assert.deepEqual(it.held("ns/thief"), ["1.2.3.4"]);
  });

  it("namespace and Service label pins: both must match", () => {
    const pinned = pool("p", "10.0.0.0/24", { namespaces: ["ns"], serviceSelectors: [{ tier: "gold" }] });
    const it = world(
      [pinned],
      [service("ns/gold", { labels: { tier: "gold" } }), service("ns/lead"), service("other/gold", { labels: { tier: "gold" } })],
    );
    assert.deepEqual([it.held("ns/gold"), it.held("ns/lead"), it.held("other/gold")], [["10.0.0.0"], [], []]);
  });
});

describe("tenancy", () => {
  it("holds a namespace to its quota, and says so", () => {
    const it = world(
      [pool("p", "10.0.0.0/24", { ...isDefault, perNamespaceLimit: 2 })],
      [
        service("ns/a"),
        service("ns/b", { createdAt: 1 }),
        service("ns/c", { createdAt: 2 }),
        service("other/a", { createdAt: 3 }),
      ],
    );
    assert.deepEqual([it.reason("ns/c"), it.held("other/a").length], ["QuotaExceeded", 1]);
  });

  it("shares across namespaces only when both consent", () => {
    const at = (consentOfA: string[], consentOfB: string[]) =>
      world(
        [pool("p", "10.0.0.0/24", isDefault)],
        [
          service("x/a", { sharingKey: "k", addresses: [address("10.0.0.9")], sharesWith: consentOfA }),
          service("y/b", {
            createdAt: 1,
            sharingKey: "k",
            addresses: [address("10.0.0.9")],
            sharesWith: consentOfB,
            ports: [{ protocol: "TCP", port: 443 }],
          }),
        ],
      );
    assert.equal(at(["y"], []).reason("y/b"), "AddressInUse");
    assert.deepEqual(at(["y"], ["x"]).held("y/b"), ["10.0.0.9"]);
  });
});
