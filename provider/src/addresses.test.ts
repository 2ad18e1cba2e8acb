import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressAt, containsAddress, freeRanges } from "./addresses.ts";
import { getAddress } from "./getAddress.ts";

describe("the addresses of a pool", () => {
  const ranges = freeRanges(["192.0.2.8/29", "192.0.2.16-192.0.2.19", "fd00::/126"], ["192.0.2.10"]);

  it("are ranges in order, without the excluded ones, and those that touch are one", () =>
    assert.deepEqual(ranges, ["192.0.2.8-192.0.2.9", "192.0.2.11-192.0.2.19", "fd00::-fd00::3"]));

  it("hold an address or do not", () =>
    assert.deepEqual(
      ["192.0.2.9", "192.0.2.10", "192.0.2.19", "192.0.2.20", "fd00::3", "fd00::4", "FD00:0::1"].map((text) =>
        containsAddress(ranges, text),
      ),
      [true, false, true, false, true, false, true],
    ));

  it("have places, from the first on and from the last back", () =>
    assert.deepEqual(
      [0, 2, 10, 11, -1, -5].map((index) => addressAt(ranges, index)),
      ["192.0.2.8", "192.0.2.11", "192.0.2.19", "fd00::", "fd00::3", "192.0.2.19"],
    ));

  it("have no place beyond their number, and say how many there are", () => {
    assert.throws(() => addressAt(ranges, 15), /there is no address at 15: .* has 15; take a place from 0 to 14/);
    assert.throws(() => addressAt(ranges, 0.5), /0\.5 is not a place: a whole number such as 0, or -1 for the last/);
    assert.throws(() => containsAddress(ranges, "x"), /"x" is not an IP address/);
  });

  it("are found by getAddress without a pool", () =>
    assert.deepEqual(getAddress({ addresses: ["2001:db8::/32"], index: -1 }), {
      address: "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    }));
});
