import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeCaseLine } from "./decodeCases.ts";

const hex = (value: number, octets: number): string => value.toString(16).padStart(octets * 2, "0");

/** An UPDATE of hexadecimal parts, as a line of a case file. */
function outcomeOf(attributes: string, nlri = "18cb0071", caps: object = {}, withdrawn = ""): Record<string, unknown> {
  const [a, w, n] = [attributes, withdrawn, nlri].map((part) => part.replaceAll(" ", "")) as [string, string, string];
  const body = hex(w.length / 2, 2) + w + hex(a.length / 2, 2) + a + n;
  return decodeCaseLine(JSON.stringify({ name: "", caps, hex: `${"f".repeat(32)}${hex(19 + body.length / 2, 2)}02${body}` }));
}

const origin = "40010100";
const asPath = "400206 02010000fde9";
const nextHop = "400304 0a000001";
const mandatory = origin + asPath + nextHop;
const inside = { session: "ibgp", local_as: 65001, peer_as: 65001 };
const insidePath = `${origin}400200${nextHop}40050400000064`;
const prefix = "203.0.113.0/24";

describe("UPDATE attributes that are wrong (RFC 7606 §7)", () => {
  const withdraws: readonly (readonly [string, string, object?])[] = [
    ["ORIGIN of 3", `40010103${asPath}${nextHop}`],
    ["ORIGIN of two octets", `4001020000${asPath}${nextHop}`],
    ["ORIGIN missing", asPath + nextHop],
    ["AS_PATH missing", origin + nextHop],
    ["AS_PATH with a segment of no numbers", `${origin}4002020200${nextHop}`],
    ["AS_PATH with an unknown segment", `${origin}400206 05010000fde9${nextHop}`],
    ["AS_PATH with a confederation (RFC 5065)", `${origin}400206 03010000fde9${nextHop}`],
    ["AS_PATH with a segment that is cut off", `${origin}400206 02020000fde9${nextHop}`],
    ["AS_PATH with one octet too many", `${origin}400207 02010000fde900${nextHop}`],
    ["AS_PATH with AS 0 (RFC 7607)", `${origin}400206 020100000000${nextHop}`],
    ["NEXT_HOP of this host", `${origin}${asPath}400304 7f000001`],
    ["NEXT_HOP of a group", `${origin}${asPath}400304 e0000001`],
    ["MED of five octets", `${mandatory}800405 0000000000`],
    ["COMMUNITIES of six octets", `${mandatory}c00806 ffff0000ffff`],
    ["EXTENDED COMMUNITIES of seven octets", `${mandatory}c01007 00020001000000`],
    ["LARGE COMMUNITY of eleven octets", `${mandatory}c0200b ${"00".repeat(11)}`],
    ["OTC of AS 0 (RFC 9234)", `${mandatory}c02304 00000000`],
    ["an attribute that is longer than all attributes", `${mandatory}c008ff ffff0000`],
    ["a long attribute whose length is cut off", `${mandatory}d00800`],
    ["LOCAL_PREF of three octets from inside", `${origin}400200${nextHop}400503000064`, inside],
    ["LOCAL_PREF missing from inside", `${origin}400200${nextHop}`, inside],
    ["CLUSTER_LIST of no octets from inside", `${insidePath}800a00`, inside],
    ["ATOMIC_AGGREGATE with wrong flags", `${mandatory}c00600`],
  ];
  for (const [name, attributes, caps] of withdraws) {
    it(`take the routes with them: ${name}`, () => {
      const { outcome, withdraw } = outcomeOf(attributes, "18cb0071", caps);
      assert.deepEqual([outcome, withdraw], ["treat-as-withdraw", [prefix]]);
    });
  }

  const discards: readonly (readonly [string, string, number, object?])[] = [
    ["ATOMIC_AGGREGATE of one octet", "40060100", 6],
    ["AGGREGATOR of AS 0 (RFC 7607)", "c00708 00000000 0a000001", 7],
    ["AGGREGATOR of six octets where eight are due", "c00706 fde9 0a000001", 7],
    ["LOCAL_PREF from outside", "40050400000064", 5],
    ["ORIGINATOR_ID from outside, malformed", "8009030a0000", 9],
    ["CLUSTER_LIST from outside", "800a040a000001", 10],
    ["AS4_PATH of a speaker that needs none (RFC 6793)", "c01106 02010000fde9", 17],
    ["AIGP (RFC 7311)", "801a0b 01000b 0000000000000001", 26],
    ["MED twice", "800404 00000001 800403 000000", 4],
    ["an unknown attribute twice", "c0fd0101 c0fd0102", 253],
    ["PREFIX_SID whose part does not fit (RFC 8669)", "c02804 010007 00", 40],
    ["AS4_PATH that is malformed, of an old speaker", "c01105 0201000001", 17, { as4: false }],
  ];
  for (const [name, attribute, code, caps] of discards) {
    it(`go alone: ${name}`, () => {
      const old = caps !== undefined && "as4" in caps;
      const { outcome, discard, announce } = outcomeOf(
        (old ? `${origin}4002040201fde9${nextHop}` : mandatory) + attribute,
        "18cb0071",
        caps,
      );
      assert.deepEqual([outcome, discard, announce], ["attribute-discard", [code], [{ prefix, nexthop: "10.0.0.1" }]]);
    });
  }

  const reach = (hop: string, nlri: string): string => {
    const value = `000201${hex(hop.length / 2, 1)}${hop}00${nlri}`;
    return `800e${hex(value.length / 2, 1)}${value}`;
  };
  const global = "20010db8000000000000000000000001";
  const resets: readonly (readonly [string, string, number])[] = [
    ["MP_REACH_NLRI with a next hop of four octets for IPv6", reach("0a000001", "3020010db80113"), 9],
    ["MP_REACH_NLRI with a prefix of 129 bits", reach(global, `81${"20".repeat(17)}`), 9],
    ["MP_REACH_NLRI with wrong flags", `c0${reach(global, "3020010db80113").slice(2)}`, 9],
    ["MP_UNREACH_NLRI of two octets", "800f020002", 9],
    ["a prefix of 33 bits in MP_UNREACH_NLRI of IPv4", "800f08000101 21cb007100", 9],
    ["an attribute of the RFC that is not known", "4063 01 00", 2],
  ];
  for (const [name, attributes, subcode] of resets) {
    it(`end the session: ${name}`, () => {
      const { outcome, notification } = outcomeOf(mandatory + attributes);
      const { code, subcode: subcodes } = notification as { code: number; subcode: number[] };
      assert.deepEqual([outcome, code, subcodes], ["session-reset", 3, [subcode]]);
    });
  }

  it("never outweigh a fault that ends the session, whichever comes first", () => {
    for (const attributes of [`40010103${asPath}${nextHop}40630100`, `40630100${asPath}${nextHop}40010103`])
      assert.equal(outcomeOf(attributes)["outcome"], "session-reset");
  });

  it("still let the withdrawals of their message happen", () => {
    const { withdraw } = outcomeOf(`40010103${asPath}${nextHop}`, "18cb0071", {}, "18c63364");
    assert.deepEqual(withdraw, ["198.51.100.0/24", prefix]);
  });

  it("take every route with a next hop that no packet can go to, in MP_REACH_NLRI as well", () => {
    const { outcome, withdraw } = outcomeOf(origin + asPath + reach("0".repeat(32), "3020010db80113"), "");
    assert.deepEqual([outcome, withdraw], ["treat-as-withdraw", ["2001:db8:113::/48"]]);
  });

  it("do not count when NEXT_HOP is nobody's, because all routes are in MP_REACH_NLRI (RFC 4760 §3)", () => {
    const { outcome, announce } = outcomeOf(`${origin}${asPath}40030400000000${reach(global, "3020010db80113")}`, "");
    assert.deepEqual([outcome, announce], ["valid", [{ prefix: "2001:db8:113::/48", nexthop: "2001:db8::1" }]]);
  });
});

describe("UPDATEs that are well", () => {
  it("announce a prefix that they also withdraw (RFC 4271 §4.3)", () => {
    const { announce, withdraw } = outcomeOf(mandatory, "18cb0071", {}, "18cb0071");
    assert.deepEqual([announce, withdraw], [[{ prefix, nexthop: "10.0.0.1" }], undefined]);
  });

  it("have path identifiers in all four places when they were agreed on (RFC 7911)", () => {
    const caps = { add_path: ["ipv4/unicast", "ipv6/unicast"] };
    assert.deepEqual(outcomeOf(mandatory, "00000007 18cb0071", caps)["announce"], [{ prefix, path_id: 7, nexthop: "10.0.0.1" }]);
    assert.deepEqual(outcomeOf("", "", caps, "00000007 18cb0071")["withdraw"], [{ prefix, path_id: 7 }]);
    assert.deepEqual(outcomeOf("800f0e 000201 00000009 3020010db80113", "", caps)["withdraw"], [
      { prefix: "2001:db8:113::/48", path_id: 9 },
    ]);
  });

  it("may be the end of an IPv6 table", () => assert.equal(outcomeOf("800f03 000201", "")["eor"], "ipv6/unicast"));

  it("are passed over for a family that was not agreed on", () =>
    assert.equal(outcomeOf("800f0a 000201 3020010db80113", "", { families: ["ipv4/unicast"] })["outcome"], "ignore"));

  it("are passed over when our own AS is in the path", () =>
    assert.equal(outcomeOf(mandatory, "18cb0071", { session: "ebgp", local_as: 65001 })["outcome"], "ignore"));

  it("have IPv4 routes with an IPv6 next hop only when that was agreed on (RFC 8950)", () => {
    const attribute = "800e19 000101 10 20010db8000000000000000000000001 00 18cb0071";
    assert.equal(outcomeOf(origin + asPath + attribute, "")["outcome"], "session-reset");
    assert.deepEqual(outcomeOf(origin + asPath + attribute, "", { extended_next_hop: true })["announce"], [
      { prefix, nexthop: "2001:db8::1" },
    ]);
  });

  it("may have a long form of a short length, a partial bit, and low bits that mean nothing", () =>
    assert.equal(outcomeOf(`${origin}${asPath}${nextHop}f00f`.replace("f00f", "ff080004ffff0001"))["outcome"], "valid"));
});

describe("lines that are no cases", () => {
  for (const [name, line] of [
    ["no JSON", "{"],
    ["no hexadecimal digits", '{"name":"n","hex":"zz"}'],
    ["an unknown state", '{"name":"n","hex":"","caps":{"state":"sleeping"}}'],
  ] as const)
    it(`are answered with what is wrong: ${name}`, () => assert.equal(decodeCaseLine(line).outcome, "invalid-input"));
  it("are answered as incomplete when the message goes on", () =>
    assert.equal(decodeCaseLine('{"name":"n","hex":"ffff"}').outcome, "incomplete"));
});
