import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  type Address,
  addressFromBytes,
  addressToBytes,
  compareAddresses,
  formatAddress,
  isLinkLocal,
  maxOf,
  parseAddress,
  sameAddress,
} from "./address.ts";

const ipv4 = fc.bigInt({ min: 0n, max: maxOf(4) }).map((value): Address => ({ family: 4, value }));
const ipv6 = fc.bigInt({ min: 0n, max: maxOf(6) }).map((value): Address => ({ family: 6, value }));
const anyAddress = fc.oneof(ipv4, ipv6);

const texts: readonly { readonly text: string; readonly canonical: string | undefined }[] = [
  { text: "192.0.2.1", canonical: "192.0.2.1" },
  { text: "0.0.0.0", canonical: "0.0.0.0" },
  { text: "255.255.255.255", canonical: "255.255.255.255" },
  { text: "010.0.0.1", canonical: undefined },
  { text: "10.0.0.300", canonical: undefined },
  { text: "10.0.0", canonical: undefined },
  { text: "10.0.0.1.", canonical: undefined },
  { text: " 10.0.0.1", canonical: undefined },
  { text: "2001:DB8::1", canonical: "2001:db8::1" },
  { text: "2001:db8:0:0:1:0:0:1", canonical: "2001:db8::1:0:0:1" },
  { text: "2001:db8:0:1:1:1:1:1", canonical: "2001:db8:0:1:1:1:1:1" },
  { text: "::", canonical: "::" },
  { text: "::1", canonical: "::1" },
  { text: "fe80::", canonical: "fe80::" },
  { text: "::ffff:10.0.0.1", canonical: "::ffff:10.0.0.1" },
  { text: "64:ff9b::192.0.2.33", canonical: "64:ff9b::c000:221" },
  { text: "1::2::3", canonical: undefined },
  { text: "1:2:3:4:5:6:7", canonical: undefined },
  { text: "1:2:3:4:5:6:7:8:9", canonical: undefined },
  { text: "1:2:3:4:5:6:7::8", canonical: undefined },
  { text: "12345::", canonical: undefined },
  { text: "fe80::1%eth0", canonical: undefined },
  { text: "", canonical: undefined },
];

describe("addresses as text", () => {
  for (const { text, canonical } of texts) {
    it(`reads ${JSON.stringify(text)} as ${canonical ?? "no address"}`, () => {
      const address = parseAddress(text);
      assert.equal(address && formatAddress(address), canonical);
    });
  }

  it("reads back every text that it writes", () => {
    fc.assert(fc.property(anyAddress, (address) => assert.deepEqual(parseAddress(formatAddress(address)), address)));
  });

  it("writes what the system also takes for an address", () => {
    fc.assert(fc.property(anyAddress, (address) => assert.equal(isIP(formatAddress(address)), address.family)));
  });
});

describe("addresses as octets and in order", () => {
  it("reads back the octets that it writes", () => {
    fc.assert(fc.property(anyAddress, (address) => assert.deepEqual(addressFromBytes(addressToBytes(address)), address)));
  });

  it("refuses five octets", () => assert.throws(() => addressFromBytes(new Uint8Array(5)), RangeError));

  it("orders IPv4 before IPv6 and agrees with equality", () => {
    fc.assert(fc.property(anyAddress, anyAddress, (a, b) => assert.equal(compareAddresses(a, b) === 0, sameAddress(a, b))));
  });

  it("knows link-local addresses", () => {
    const isLocal = (text: string) => isLinkLocal(parseAddress(text) as Address);
    assert.deepEqual(
      [isLocal("fe80::1"), isLocal("febf::1"), isLocal("fec0::1"), isLocal("169.254.0.1")],
      [true, true, false, false],
    );
  });
});
