import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { formatPrefix, parsePrefix } from "../net/prefix.ts";
import type { ReceivedAttributes } from "./attributes.ts";
import type { Receiver } from "./eligible.ts";
import type { UpdateMessage } from "./message.ts";
import { RibIn } from "./ribIn.ts";

const receiver: Receiver = { localAs: 65000 as Asn, peerAs: 65001 as Asn, bgpIdentifier: 1n, role: undefined };
const path = (text: string, pathId?: number) => ({ prefix: parsePrefix(text)!, pathId });
const through = (...as: number[]): ReceivedAttributes => ({ asPath: [{ type: "sequence", as: as as Asn[] }] });

function update(more: {
  readonly announce?: readonly string[];
  readonly withdraw?: readonly string[];
  readonly attributes?: ReceivedAttributes;
  readonly octets?: number;
  readonly endOfRib?: UpdateMessage["endOfRib"];
}): UpdateMessage {
  const nextHop = parseAddress("10.0.0.1")!;
  return {
    type: "update",
    withdrawn: (more.withdraw ?? []).map((text) => path(text)),
    announced: (more.announce ?? []).map((text) => ({ ...path(text), nextHop })),
    attributes: more.attributes ?? through(65001),
    attributeOctets: more.octets ?? 20,
    faults: [],
    endOfRib: more.endOfRib,
    passedOver: undefined,
  };
}
const shown = (rib: RibIn): string[] =>
  [...rib.routes()].map(({ path: { prefix }, isStale }) => `${formatPrefix(prefix)}${isStale ? " stale" : ""}`);
function filled(...updates: UpdateMessage[]): RibIn {
  const rib = new RibIn({ paths: 4, octets: 100 });
  for (const one of updates) rib.take(one, receiver);
  return rib;
}

describe("what a peer announced", () => {
  it("is kept until it is withdrawn", () =>
    assert.deepEqual(
      shown(filled(update({ announce: ["192.0.2.0/24", "198.51.100.0/24"] }), update({ withdraw: ["192.0.2.0/24"] }))),
      ["198.51.100.0/24"],
    ));
  it("leaves out a path with our own AS in it, and with it the path that it replaced", () => {
    const rib = filled(
      update({ announce: ["192.0.2.0/24"] }),
      update({ announce: ["192.0.2.0/24"], attributes: through(65001, 65000) }),
    );
    assert.deepEqual([shown(rib), rib.refused], [[], 1]);
  });
  it("takes our own AS as often as that is allowed", () => {
    const rib = new RibIn();
    for (const own of [[65000], [65000, 65000]])
      rib.take(update({ announce: [`192.0.2.${own.length}/32`], attributes: through(65001, ...own) }), {
        ...receiver,
        allowOwnAs: 1,
      });
    assert.deepEqual(shown(rib), ["192.0.2.1/32"]);
  });
  it("has a bound in paths; what does not fit is counted, and asked for once there is room", () => {
    const rib = filled(update({ announce: [1, 2, 3, 4, 5, 6].map((last) => `192.0.2.${last}/32`) }));
    assert.deepEqual([rib.size, rib.passedOver, rib.takesMore()], [4, 2, false]);
    rib.take(update({ withdraw: ["192.0.2.1/32"] }), receiver);
    assert.deepEqual([rib.takesMore(), rib.takesMore()], [true, false]);
  });
  it("has a bound in octets of attributes, which count once for all paths of a message, until the last of them is gone", () => {
    const rib = filled(
      update({ announce: ["192.0.2.1/32", "192.0.2.2/32"], octets: 90 }),
      update({ announce: ["192.0.2.3/32"], octets: 20 }),
    );
    assert.deepEqual([rib.size, rib.passedOver], [2, 1]);
    rib.take(update({ withdraw: ["192.0.2.1/32"] }), receiver);
    rib.take(update({ announce: ["192.0.2.3/32"], octets: 20 }), receiver);
    assert.equal(rib.size, 1);
    rib.take(update({ withdraw: ["192.0.2.2/32"] }), receiver);
    rib.take(update({ announce: ["192.0.2.3/32"], octets: 20 }), receiver);
    assert.deepEqual(shown(rib), ["192.0.2.3/32"]);
  });
});

describe("a peer that restarts (RFC 4724 §4.2)", () => {
  const before = () => filled(update({ announce: ["192.0.2.0/24", "198.51.100.0/24"] }), update({ announce: ["2001:db8::/32"] }));
  it("has its routes kept as stale in the families that it named, until it announces them again or says that it is done", () => {
    const rib = before();
    rib.markStale(["ipv4/unicast"]);
    assert.deepEqual(shown(rib), ["192.0.2.0/24 stale", "198.51.100.0/24 stale"]);
    rib.take(update({ announce: ["192.0.2.0/24"] }), receiver);
    assert.equal(rib.stale, 1);
    rib.take(update({ endOfRib: "ipv4/unicast" }), receiver);
    assert.deepEqual(shown(rib), ["192.0.2.0/24"]);
  });
  it("loses what it did not announce again before it restarted once more", () => {
    const rib = before();
    rib.markStale(["ipv4/unicast"]);
    rib.take(update({ announce: ["192.0.2.0/24"] }), receiver);
    rib.markStale(["ipv4/unicast"]);
    assert.deepEqual(shown(rib), ["192.0.2.0/24 stale"]);
  });
});

describe("a refresh with marks (RFC 7313 §4)", () => {
  it("takes away what was left out of it, in its family alone", () => {
    const rib = filled(update({ announce: ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"] }));
    rib.beginRefresh("ipv4/unicast");
    rib.take(update({ announce: ["192.0.2.0/24"] }), receiver);
    rib.dropStale(["ipv4/unicast"]);
    assert.deepEqual(shown(rib).sort(), ["192.0.2.0/24", "2001:db8::/32"]);
  });
});
