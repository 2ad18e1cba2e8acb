import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { announcement, eip, node, now, peer, service, speaker, wellCluster } from "../explain/fixtures.ts";
import { emptyModel } from "./model.ts";
import { apply, diff } from "./patch.ts";
import { type RowMemory, snapshot } from "./snapshot.ts";
import { extend } from "./timeline.ts";

const at = "2026-01-01T12:00:00Z";
const used = {
  ...wellCluster,
  eips: wellCluster.eips.map((one) =>
    one.metadata.name === "lan"
      ? { ...one, status: { usage: 1, poolSizeText: "10", used: { "172.30.0.200": "demo/web" } } }
      : one,
  ),
};

describe("the page's model", () => {
  const model = snapshot(used, []);
  it("has the way of each address from its announcers to its endpoints", () => {
    const web = model.services.find(({ key }) => key === "demo/web");
    assert.equal(web?.state, "ok");
    assert.deepEqual(
      web?.addresses.map(({ address, eip, protocol, announcers }) => [
        address,
        eip,
        protocol,
        announcers.map((one) => `${one.node} ${one.via}`),
      ]),
      [["172.30.0.200", "lan", "layer2", ["node1 eth0"]]],
    );
    assert.deepEqual(
      web?.endpoints.map((one) => [one.node, one.isServing]),
      [
        ["node1", true],
        ["node2", true],
      ],
    );
  });
  it("has each pool address by address: used, resting, reserved, and what it consists of however large it is", () => {
    const withEip = (spec: object) =>
      snapshot(
        {
          ...used,
          eips: used.eips.map((one) => (one.metadata.name === "lan" ? { ...one, spec: { ...one.spec, ...spec } } : one)),
          resting: new Map([
            ["172.30.0.203", now + 60_000],
            ["198.51.100.1", now + 60_000],
          ]),
        },
        [],
      ).pools.find(({ key }) => key === "lan");
    const lan = withEip({ exclude: ["172.30.0.204-172.30.0.205", "172.30.0.209"] });
    assert.deepEqual(
      lan?.blocks.map(({ first, count, isReserved }) => `${first} ${count} ${isReserved}`),
      ["172.30.0.200 4 false", "172.30.0.204 2 true", "172.30.0.206 3 false", "172.30.0.209 1 true"],
    );
    assert.deepEqual(lan?.map, [{ address: "172.30.0.200", users: ["demo/web"] }]);
    assert.deepEqual(lan?.resting, [{ address: "172.30.0.203", until: "2026-01-01T12:01:00.000Z" }]);
    assert.deepEqual(lan?.byNamespace, { demo: 1 });
    assert.deepEqual(
      withEip({ address: "fd00::/64" })?.blocks.map(({ first, count }) => `${first} ${count}`),
      [`fd00:: ${2n ** 64n}`],
    );
  });
  it("knows the users of a pool from the Services, however many the report of the Eip leaves out", () => {
    const many = Array.from({ length: 1500 }, (_, index) => service(`s${index}`, `10.9.${index >> 8}.${index & 255}`));
    const model = snapshot({ ...used, services: many, eips: [eip("big", "10.9.0.0/16", "layer2")] }, []);
    assert.equal(model.pools[0]?.map.length, 1500);
    assert.equal(model.pools[0]?.map[1499]?.address, "10.9.5.219");
  });
  it("makes no row anew whose parts did not change", () => {
    const memory: RowMemory = new Map();
    const first = snapshot(used, [], memory);
    const moved = announcement({ service: "web", node: "node2", since: at });
    const second = snapshot({ ...used, announcements: [...used.announcements, moved] }, [], memory);
    const rowOf = (model: typeof first, key: string) => model.services.find((row) => row.key === key);
    assert.equal(rowOf(second, "demo/routed"), rowOf(first, "demo/routed"));
    assert.equal(rowOf(second, "demo/web")?.addresses[0]?.announcers[0]?.node, "node2");
    snapshot({ ...used, services: [] }, [], memory);
    assert.equal(memory.size, 0, "what is gone is forgotten");
  });
  it("says which Service waits, which is silent, and which a foreign host claims", () => {
    const conflict = { mac: "02:00:00:00:00:99", interface: "eth0", since: at };
    const facts = {
      ...used,
      services: [service("web", "172.30.0.200"), service("waits", undefined), service("silent", "172.30.0.201")],
      announcements: [announcement({ service: "web", node: "node1", conflict })],
    };
    assert.deepEqual(
      snapshot(facts, []).services.map(({ key, state }) => [key, state]),
      [
        ["demo/silent", "silent"],
        ["demo/waits", "waiting"],
        ["demo/web", "conflict"],
      ],
    );
    assert.match(snapshot(facts, []).services[2]?.addresses[0]?.conflict ?? "", /02:00:00:00:00:99/);
  });
  it("knows one owner of a Layer2 address: the node that took over, while the one that was lost has not taken its report back", () => {
    const moved = announcement({ service: "web", node: "node2", since: "2026-01-01T11:59:59Z", message: "took over from node1" });
    const facts = { ...used, announcements: [moved, ...used.announcements] };
    const [address] = snapshot(facts, []).services.find(({ key }) => key === "demo/web")?.addresses ?? [];
    assert.deepEqual(
      address?.announcers.map(({ node, why }) => [node, why]),
      [["node2", "took over from node1"]],
    );
    assert.match(address?.refusals[0]?.why ?? "", /answered until node2 took over/);
    assert.match(
      extend([], model, snapshot(facts, []), at)[0]?.message ?? "",
      /^node2 answers for 172\.30\.0\.200 in place of node1: took over from node1$/,
    );
  });
  it("believes no node whose speaker is not Ready", () => {
    const facts = { ...used, speakers: [speaker("node1", false), speaker("node2")] };
    assert.equal(snapshot(facts, []).services.find(({ key }) => key === "demo/web")?.state, "silent");
    const [lost] = snapshot(facts, []).routers[0]?.sessions ?? [];
    assert.deepEqual([lost?.state, lost?.error], ["unknown", "its speaker is not Ready; it reported established last"]);
    assert.match(
      extend([], model, snapshot(facts, []), at)
        .map(({ message }) => message)
        .join("\n"),
      /the session is not known: its speaker is not Ready/,
    );
  });
});

describe("a patch", () => {
  const before = snapshot(used, []);
  const after = snapshot(
    {
      ...used,
      services: [...used.services, service("new", "172.30.0.202")],
      announcements: [announcement({ service: "web", node: "node2", message: "took over from node1" })],
      nodes: [node("node1"), node("node2"), node("node3")],
    },
    [],
  );
  it("leads from one model to the other, and back", () => {
    for (const [a, b] of [
      [before, after],
      [after, before],
      [emptyModel, after],
      [after, emptyModel],
    ] as const) {
      const patch = diff(a, b);
      assert.ok(patch !== undefined);
      assert.deepEqual(apply(JSON.parse(JSON.stringify(patch)), a), b);
    }
  });
  it("has only the rows that differ, and is nothing when none does", () => {
    assert.equal(diff(before, snapshot(used, [])), undefined);
    const moved = snapshot(
      {
        ...used,
        announcements: used.announcements.map((one) =>
          one.status.service === "web" ? announcement({ service: "web", node: "node2" }) : one,
        ),
      },
      [],
    );
    const patch = diff(before, moved);
    assert.deepEqual(
      patch?.services?.put.map(({ key }) => key),
      ["demo/web"],
    );
    assert.equal(patch?.pools, undefined);
  });
});

describe("the timeline", () => {
  const before = snapshot(used, []);
  const told = (facts: Partial<typeof used>): string[] =>
    extend([], before, snapshot({ ...used, ...facts }, []), at).map(
      ({ kind, subject, message }) => `${kind} ${subject}: ${message}`,
    );
  it("tells of a move and why", () => {
    const moved = announcement({
      service: "web",
      node: "node2",
      message: "took over from 02:be:00:00:01:0b, which stopped to answer",
    });
    assert.deepEqual(told({ announcements: [moved, ...used.announcements.filter(({ status }) => status.service !== "web")] }), [
      "owner demo/web: node2 answers for 172.30.0.200 in place of node1: took over from 02:be:00:00:01:0b, which stopped to answer",
    ]);
  });
  it("tells of a session that goes down, with the last error, and of one that comes back", () => {
    const down = snapshot(
      {
        ...used,
        bgpPeers: [
          peer({ node1: { state: "IDLE", lastError: "Cease: Administrative Shutdown" }, node2: { state: "ESTABLISHED" } }),
        ],
      },
      [],
    );
    const entries = extend([], before, down, at);
    assert.equal(entries[0]?.message, "the session is down: Cease: Administrative Shutdown");
    assert.equal(extend(entries, down, before, at)[0]?.message, "the session is up");
  });
  it("tells of addresses given and given back, of nodes, and of foreign hosts", () => {
    assert.deepEqual(told({ services: used.services.filter(({ metadata }) => metadata.name !== "web") }), [
      "address demo/web: is gone, gave 172.30.0.200 back",
    ]);
    assert.deepEqual(told({ nodes: [node("node1", { status: {} }), node("node2")] }), ["node node1: node node1 is not Ready"]);
    const conflict = { mac: "02:00:00:00:00:99", interface: "eth0", since: at };
    assert.match(
      told({
        announcements: used.announcements.map((one) =>
          one.status.service === "web" ? announcement({ service: "web", node: "node1", conflict }) : one,
        ),
      }).join(),
      /conflict demo\/web: a foreign host claims 172\.30\.0\.200: 02:00:00:00:00:99/,
    );
  });
  it("is unchanged when nothing happened, and numbers its entries", () => {
    const timeline = extend([], emptyModel, before, at);
    assert.equal(extend(timeline, before, snapshot(used, []), at), timeline);
    assert.deepEqual(
      timeline.map(({ key }) => Number(key)),
      timeline.map((_, index) => timeline.length - index),
    );
  });
});
