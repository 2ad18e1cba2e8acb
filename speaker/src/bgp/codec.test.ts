import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { type Address, parseAddress } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { formatPrefix, hostPrefix, type Prefix, parsePrefix } from "../net/prefix.ts";
import { decodeMessage, frame } from "./decode.ts";
import { encodeAnnouncements, encodeEndOfRib, encodeMessage, encodeWithdrawals, shutdownCommunication } from "./encode.ts";
import { gracefulShutdownCommunity, maxMessageLength } from "./iana.ts";
import type { Message, OpenMessage, RouteFamily } from "./message.ts";

const address = (text: string): Address => parseAddress(text) as Address;
const prefix = (text: string): Prefix => parsePrefix(text) as Prefix;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const marker = "ffffffffffffffffffffffffffffffff";

function decode(data: Uint8Array, isFourOctetAs = true): Message {
  const framed = frame(data);
  assert.ok("body" in framed, inspect(framed));
  const decoded = decodeMessage(framed.type, framed.body, isFourOctetAs);
  assert.ok("message" in decoded, inspect(decoded));
  return decoded.message;
}

function refused(data: string): [number, number, string] {
  const framed = frame(bytes(data));
  const outcome = "body" in framed ? decodeMessage(framed.type, framed.body, true) : framed;
  assert.ok("error" in outcome, inspect(outcome));
  return [outcome.error.code, outcome.error.subcode, hex(outcome.error.data)];
}

const open: OpenMessage = {
  type: "open",
  version: 4,
  as: 4200000001 as Asn,
  holdTime: 90,
  bgpIdentifier: address("172.30.0.11"),
  capabilities: {
    families: ["ipv4/unicast", "ipv6/unicast"],
    fourOctetAs: 4200000001 as Asn,
    routeRefresh: true,
    gracefulRestart: {
      isRestarting: false,
      keepsAfterNotification: true,
      restartTime: 120,
      families: [{ family: "ipv4/unicast", isForwardingKept: true }],
    },
    unknown: [],
  },
};

describe("BGP messages", () => {
  it("read back an OPEN with every capability", () => assert.deepEqual(decode(encodeMessage(open)), open));

  it("say AS_TRANS in the header for an AS number of four octets (RFC 6793)", () =>
    assert.equal(hex(encodeMessage(open)).slice(40, 44), "5ba0"));

  it("read extended optional parameters (RFC 9072)", () => {
    const message = decode(bytes(`${marker} 0029 01 04 fde9 005a 0a000001 ff ff 0009 02 0006 4104 0000fde9`));
    assert.ok(message.type === "open" && message.as === 65001 && message.capabilities.families === undefined);
  });

  it("read back KEEPALIVE and NOTIFICATION", () => {
    assert.deepEqual(decode(encodeMessage({ type: "keepalive" })), { type: "keepalive" });
    const data = shutdownCommunication("the speaker stops");
    assert.deepEqual(decode(encodeMessage({ type: "notification", code: 6, subcode: 2, data })), {
      type: "notification",
      code: 6,
      subcode: 2,
      data,
    });
  });

  it("cut a shutdown communication at 255 octets, at a whole character", () => {
    const data = shutdownCommunication("é".repeat(200));
    assert.ok(data.length <= 256 && data[0] === data.length - 1);
    assert.doesNotThrow(() => new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(1)));
  });

  it("announce IPv4 hosts as a router expects it: ORIGIN, AS_PATH, NEXT_HOP, COMMUNITIES, NLRI", () => {
    const [message] = encodeAnnouncements(
      "ipv4/unicast",
      [prefix("192.0.2.1/32")],
      { asPath: [65000 as Asn], nextHop: address("172.30.0.11"), communities: [gracefulShutdownCommunity] },
      true,
    );
    assert.equal(
      hex(message ?? bytes("")).slice(32),
      "003802" + "0000" + "001c" + "40010100" + "400206" + "02010000fde8" + "400304ac1e000b" + "d0080004ffff0000" + "20c0000201",
    );
  });

  for (const family of ["ipv4/unicast", "ipv6/unicast"] as const) {
    it(`mark the end of the ${family} table`, () => {
      const message = decode(encodeEndOfRib(family));
      assert.ok(message.type === "update" && message.endOfRib === family);
    });
  }

  it("read back any announcement and any withdrawal, in as few messages as fit", () => {
    const ipv4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => hostPrefix({ family: 4, value }));
    const ipv6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => hostPrefix({ family: 6, value }));
    const check = (family: RouteFamily, list: readonly Prefix[], nextHop: Address): void => {
      const attributes = { asPath: [65000 as Asn], nextHop };
      const texts = (prefixes: readonly Prefix[]): string[] => prefixes.map(formatPrefix);
      const announced = encodeAnnouncements(family, list, attributes, true).flatMap((data) => {
        assert.ok(data.length <= maxMessageLength);
        const message = decode(data);
        assert.ok(message.type === "update");
        for (const route of message.announced) assert.deepEqual(route.nextHop, nextHop);
        return message.announced.map((route) => route.prefix);
      });
      assert.deepEqual(texts(announced), texts(list));
      const withdrawn = encodeWithdrawals(family, list).flatMap((data) => {
        const message = decode(data);
        return message.type === "update" ? message.withdrawn : [];
      });
      assert.deepEqual(texts(withdrawn), texts(list));
    };
    fc.assert(
      fc.property(fc.array(ipv4, { minLength: 1, maxLength: 1000 }), (list) =>
        check("ipv4/unicast", list, address("172.30.0.11")),
      ),
      { numRuns: 30 },
    );
    fc.assert(
      fc.property(fc.array(ipv6, { minLength: 1, maxLength: 400 }), (list) =>
        check("ipv6/unicast", list, address("fd00:30::11")),
      ),
      { numRuns: 30 },
    );
  });

  it("pack 700 IPv4 hosts and more into one message", () => {
    const list = Array.from({ length: 700 }, (_, index) => hostPrefix({ family: 4, value: 0xc6120000n + BigInt(index) }));
    assert.equal(
      encodeAnnouncements("ipv4/unicast", list, { asPath: [65000 as Asn], nextHop: address("172.30.0.11") }, true).length,
      1,
    );
  });
});

describe("BGP messages that are wrong (RFC 4271 §6, RFC 7606)", () => {
  const cases: readonly (readonly [string, string, [number, number, string]])[] = [
    ["a marker that is not all ones", `00${marker.slice(2)} 0013 04`, [1, 1, ""]],
    ["a length below the header's", `${marker} 0012 04`, [1, 2, "0012"]],
    ["a KEEPALIVE of 20 octets", `${marker} 0014 04 00`, [1, 2, "0014"]],
    ["a length over 4096", `${marker} 1001 02`, [1, 2, "1001"]],
    ["an unknown type", `${marker} 0013 09`, [1, 3, "09"]],
    ["version 5", `${marker} 001d 01 05 fde9 005a 0a000001 00`, [2, 1, "0004"]],
    ["a hold time of one second", `${marker} 001d 01 04 fde9 0001 0a000001 00`, [2, 6, ""]],
    ["a BGP Identifier of zero", `${marker} 001d 01 04 fde9 005a 00000000 00`, [2, 3, ""]],
    ["AS 0", `${marker} 001d 01 04 0000 005a 0a000001 00`, [2, 2, ""]],
    ["an unknown optional parameter", `${marker} 001f 01 04 fde9 005a 0a000001 02 0700`, [2, 4, ""]],
    ["a four-octet AS capability of no octets", `${marker} 0021 01 04 fde9 005a 0a000001 04 02024100`, [2, 0, ""]],
    ["attributes that are longer than the message", `${marker} 0017 02 0000 0005`, [3, 1, ""]],
    ["a prefix of 33 bits", `${marker} 0019 02 0000 0000 21c0`, [3, 10, ""]],
    ["MP_REACH_NLRI twice", `${marker} 002f 02 0000 0018 800e09 000101 04 0a000001 00 800e09 000101 04 0a000001 00`, [3, 1, ""]],
    ["a ROUTE-REFRESH of three octets", `${marker} 0016 05 000101`, [1, 2, "0016"]],
  ];
  for (const [name, data, expected] of cases)
    it(`answer ${name} with NOTIFICATION ${expected[0]}/${expected[1]}`, () => assert.deepEqual(refused(data), expected));

  it("take routes with a malformed ORIGIN for withdrawn, and keep the session", () => {
    const message = decode(bytes(`${marker} 0030 02 0000 0015 4001 02 0000 400206 02010000fde9 4003 04 0a000001 18cb0071`));
    assert.ok(message.type === "update");
    assert.deepEqual([message.announced, message.withdrawn.map(formatPrefix)], [[], ["203.0.113.0/24"]]);
  });

  it("never make anything but a message or a NOTIFICATION of any octets", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        (type, body, isFourOctetAs) => {
          const outcome = decodeMessage(type, body, isFourOctetAs);
          assert.ok("message" in outcome || outcome.error.code > 0);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it("never take a truncated OPEN for a whole one", () => {
    const whole = encodeMessage(open);
    for (let length = 0; length < whole.length; length++) assert.ok("needsMore" in frame(whole.subarray(0, length)), `${length}`);
    for (let length = 0; length < whole.length - 19; length++)
      assert.ok("error" in decodeMessage(1, whole.subarray(19, 19 + length), true), `${length}`);
  });
});
