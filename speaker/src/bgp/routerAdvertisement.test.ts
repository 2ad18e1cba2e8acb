import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseAddress } from "../net/address.ts";
import { parseMac } from "../net/mac.ts";
import { encodeRouterAdvertisement, readRouterAdvertisement } from "./routerAdvertisement.ts";

const source = parseAddress("fe80::5eff:fe10:1")!;
const frame = encodeRouterAdvertisement(parseMac("02:00:5e:10:00:01")!, source);
const changed = (index: number, value: number): Uint8Array => frame.map((octet, at) => (at === index ? value : octet));

describe("a Router Advertisement for an unnumbered peer (RFC 4861 §4.2)", () => {
  it("goes to all nodes with hop limit 255, a lifetime of 0 and our Ethernet address", () => {
    const text = Buffer.from(frame).toString("hex");
    const ethernet = `${"333300000001"}${"02005e100001"}86dd`;
    const ip = `60000000${"0018"}3afffe80${"0".repeat(16)}5efffe100001${"ff020000000000000000000000000001"}`;
    assert.equal(text.slice(0, 108), ethernet + ip);
    assert.equal(text.slice(108, 112) + text.slice(116), `8600${"0000"}${"0000"}${"00000000"}${"00000000"}${"0101"}02005e100001`);
  });
  it("is read back", () => assert.deepEqual(readRouterAdvertisement(frame), source));
  it("is not taken when it came through a router, with a wrong checksum, cut off, or from no link-local address", () => {
    for (const bad of [changed(21, 254), changed(57, 1), frame.subarray(0, 69), changed(22, 0x20), changed(54, 135)])
      assert.equal(readRouterAdvertisement(bad), undefined);
  });
});
