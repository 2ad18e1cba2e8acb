import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { type Address, parseAddress } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { formatPrefix, hostPrefix, type Prefix, parsePrefix } from "../net/prefix.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { type ReceivedAttributes, writeAttributes } from "./attributes.ts";
import { type Capability, offerOf, readCapability, writeCapability } from "./capabilities.ts";
import { decodeMessage, frame } from "./decode.ts";
import { destinationOf } from "./destination.ts";
import {
  type EncodeContext,
  encodeAnnouncements,
  encodeEndOfRib,
  encodeMessage,
  encodeWithdrawals,
  shutdownCommunication,
} from "./encode.ts";
import { gracefulShutdownCommunity, maxMessageLength } from "./iana.ts";
import type { DecodeContext, Message, OpenMessage, UpdateMessage } from "./message.ts";

const address = (text: string): Address => parseAddress(text) as Address;
const prefix = (text: string): Prefix => parsePrefix(text) as Prefix;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const marker = "ffffffffffffffffffffffffffffffff";

const context: DecodeContext = {
  isFourOctetAs: true,
  isInternal: false,
  families: ["ipv4/unicast", "ipv6/unicast"],
  addPath: [],
  hasExtendedNextHop: false,
};
const plain: EncodeContext = { isFourOctetAs: true, maxLength: maxMessageLength, addPathSend: [] };

function decode(data: Uint8Array, more: Partial<DecodeContext> = {}): Message {
  const framed = frame(data, true);
  assert.ok("body" in framed, inspect(framed));
  const decoded = decodeMessage(framed.type, framed.body, { ...context, ...more });
  assert.ok("message" in decoded, inspect(decoded));
  return decoded.message;
}

function refused(data: string): [number, number, string] {
  const framed = frame(bytes(data), false);
  const outcome = "body" in framed ? decodeMessage(framed.type, framed.body, context) : framed;
  assert.ok("error" in outcome, inspect(outcome));
  return [outcome.error.code, outcome.error.subcode, hex(outcome.error.data)];
}

const ipv4 = { afi: 1, safi: 1 } as const;
const capabilities: readonly Capability[] = [
  { name: "multiprotocol", ...ipv4 },
  { name: "routeRefresh" },
  { name: "extendedNextHop", families: [{ ...ipv4, nextHopAfi: 2 }] },
  { name: "extendedMessage" },
  { name: "role", role: 3 },
  {
    name: "gracefulRestart",
    isRestarting: false,
    keepsAfterNotification: true,
    restartTime: 120,
    families: [{ ...ipv4, flags: 0x80 }],
  },
  { name: "fourOctetAs", as: 4200000001 as Asn },
  { name: "addPath", families: [{ afi: 2, safi: 1, mode: 3 }] },
  { name: "enhancedRouteRefresh" },
  { name: "longLivedGracefulRestart", families: [{ ...ipv4, flags: 0x80, staleTime: 16_000_000 }] },
  { name: "fqdn", host: "tor1", domain: "example.net" },
  { name: "oldRouteRefresh" },
  { name: "unknown", code: 255, value: Uint8Array.of(1, 2) },
];
const open: OpenMessage = {
  type: "open",
  version: 4,
  myAs: 23456 as Asn,
  holdTime: 90,
  bgpIdentifier: address("172.30.0.11"),
  capabilities,
};

describe("BGP messages", () => {
  it("read back an OPEN with every capability", () => assert.deepEqual(decode(encodeMessage(open)), open));

  it("say AS_TRANS in the header for an AS number of four octets (RFC 6793)", () =>
    assert.equal(hex(encodeMessage(open)).slice(40, 44), "5ba0"));

  it("read extended optional parameters (RFC 9072)", () => {
    const message = decode(bytes(`${marker} 0029 01 04 fde9 005a 0a000001 ff ff 0009 02 0006 4104 0000fde9`));
    assert.ok(message.type === "open");
    assert.deepEqual(message.capabilities, [{ name: "fourOctetAs", as: 65001 }]);
  });

  it("write extended optional parameters when 255 octets are not enough (RFC 9072)", () => {
    const many = Array.from({ length: 40 }, (): Capability => ({ name: "unknown", code: 254, value: bytes("0102030405060708") }));
    assert.deepEqual(decode(encodeMessage({ ...open, capabilities: many })), { ...open, capabilities: many });
  });

  it("mean IPv4 unicast when no family is named, and of two AS numbers the last", () => {
    assert.deepEqual(offerOf([]).families, ["ipv4/unicast"]);
    assert.deepEqual(offerOf([{ name: "multiprotocol", afi: 2, safi: 1 }]).families, ["ipv6/unicast"]);
    assert.equal(
      offerOf([
        { name: "fourOctetAs", as: 1 as Asn },
        { name: "fourOctetAs", as: 2 as Asn },
      ]).fourOctetAs,
      2,
    );
  });

  for (const capability of capabilities) {
    it(`refuse the capability ${capability.name} when it is cut off`, () => {
      const writer = new Writer();
      writeCapability(writer, capability);
      const whole = writer.finish();
      for (let length = 0; length < whole.length; length++)
        assert.throws(() => readCapability(new Reader(whole.subarray(0, length))), { name: "DecodeError" });
    });
  }

  it("read back ROUTE-REFRESH and its marks (RFC 7313)", () => {
    const mark = { type: "routeRefresh", ...ipv4, subtype: 1 } as const;
    assert.deepEqual(decode(encodeMessage(mark)), mark);
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

  const path = (of: Prefix) => ({ destination: destinationOf(of), pathId: 1 });
  it("announce IPv4 hosts as a router expects it: ORIGIN, AS_PATH, NEXT_HOP, COMMUNITIES, NLRI", () => {
    const [message] = encodeAnnouncements(
      "ipv4/unicast",
      [path(prefix("192.0.2.1/32"))],
      { asPath: [65000 as Asn], nextHop: address("172.30.0.11"), communities: [gracefulShutdownCommunity] },
      plain,
    );
    assert.equal(
      hex(message ?? bytes("")).slice(32),
      "003702" + "0000" + "001b" + "40010100" + "400206" + "02010000fde8" + "400304ac1e000b" + "c00804ffff0000" + "20c0000201",
    );
  });

  for (const family of ["ipv4/unicast", "ipv6/unicast"] as const) {
    it(`mark the end of the ${family} table`, () => {
      const message = decode(encodeEndOfRib(family));
      assert.ok(message.type === "update" && message.endOfRib === family);
    });
  }

  const hosts = (family: 4 | 6) =>
    // Groups of receivers are no destinations of unicast routes.
    fc.bigInt({ min: 0n, max: family === 4 ? 0xdfffffffn : (0xffn << 120n) - 1n }).map((value) => hostPrefix({ family, value }));
  for (const [family, host, nextHop] of [
    ["ipv4/unicast", hosts(4), "172.30.0.11"],
    ["ipv6/unicast", hosts(6), "fd00:30::11"],
  ] as const) {
    it(`read back any announcement and any withdrawal of ${family}, in as few messages as fit`, () => {
      fc.assert(
        fc.property(
          fc.array(host, { minLength: 1, maxLength: 600 }),
          fc.boolean(),
          fc.constantFrom(4096, 65535),
          (list, hasIds, maxLength) => {
            const encoding = { ...plain, maxLength, addPathSend: hasIds ? [family] : [] };
            const reading = { addPath: hasIds ? [family] : [] };
            const nlri = list.map(path);
            const updates = (messages: readonly Uint8Array[]): UpdateMessage[] =>
              messages.map((data) => {
                assert.ok(data.length <= maxLength);
                const message = decode(data, reading);
                assert.ok(message.type === "update");
                return message;
              });
            const attributes = { asPath: [65000 as Asn], nextHop: address(nextHop) };
            const announced = updates(encodeAnnouncements(family, nlri, attributes, encoding));
            assert.deepEqual(
              announced.flatMap((update) => update.announced.map((path) => formatPrefix(path.prefix))),
              list.map(formatPrefix),
            );
            for (const path of announced.flatMap((update) => update.announced)) {
              assert.deepEqual(path.nextHop, attributes.nextHop);
              assert.equal(path.pathId, hasIds ? 1 : undefined);
            }
            const withdrawn = updates(encodeWithdrawals(family, nlri, encoding));
            assert.deepEqual(
              withdrawn.flatMap((update) => update.withdrawn.map((path) => formatPrefix(path.prefix))),
              list.map(formatPrefix),
            );
          },
        ),
        { numRuns: 30 },
      );
    });
  }

  it("pack 700 IPv4 hosts and more into one message, and 13,000 into a long one (RFC 8654)", () => {
    const list = (count: number) =>
      Array.from({ length: count }, (_, index) => path(hostPrefix({ family: 4, value: 0xc6120000n + BigInt(index) })));
    const attributes = { asPath: [65000 as Asn], nextHop: address("172.30.0.11") };
    assert.equal(encodeAnnouncements("ipv4/unicast", list(700), attributes, plain).length, 1);
    assert.equal(encodeAnnouncements("ipv4/unicast", list(13_000), attributes, { ...plain, maxLength: 65535 }).length, 1);
  });

  it("carry an AS number of four octets past a speaker of two (RFC 6793)", () => {
    const old = { ...plain, isFourOctetAs: false };
    const attributes = { asPath: [4200000001 as Asn], nextHop: address("172.30.0.11") };
    const [data = bytes("")] = encodeAnnouncements("ipv4/unicast", [path(prefix("192.0.2.1/32"))], attributes, old);
    const message = decode(data, { isFourOctetAs: false });
    assert.ok(message.type === "update");
    assert.deepEqual(message.attributes.asPath, [{ type: "sequence", as: [4200000001] }]);
  });

  const number = fc.integer({ min: 1, max: 0xffffffff });
  const as = number as fc.Arbitrary<number> as fc.Arbitrary<Asn>;
  const host4 = fc.integer({ min: 0x01000000, max: 0x7effffff }).map((value) => ({ family: 4 as const, value: BigInt(value) }));
  const many = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 20 });
  const attribute: fc.Arbitrary<ReceivedAttributes> = fc.record(
    {
      origin: fc.constantFrom("igp", "egp", "incomplete"),
      asPath: fc.array(
        fc.record(
          { type: fc.constantFrom("sequence", "set"), as: fc.array(as, { minLength: 1, maxLength: 255 }) },
          { noNullPrototype: true },
        ),
        { maxLength: 4 },
      ),
      nextHop: host4,
      med: number,
      localPref: number,
      atomicAggregate: fc.constant(true),
      aggregator: fc.record({ as, address: host4 }, { noNullPrototype: true }),
      communities: many(number),
      originatorId: host4,
      clusterList: many(host4),
      extendedCommunities: many(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      pmsiTunnel: fc
        .tuple(fc.integer({ min: 0, max: 5 }), fc.uint8Array({ minLength: 3, maxLength: 300 }))
        .map(([type, rest]) => Uint8Array.of(0, type, ...rest)),
      tunnelEncapsulation: fc
        .uint8Array({ minLength: 1, maxLength: 300 })
        .map((value) => Uint8Array.of(0, 8, value.length >> 8, value.length, ...value)),
      trafficEngineering: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      ipv6ExtendedCommunities: many(fc.uint8Array({ minLength: 20, maxLength: 20 })),
      aigp: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((metric) => Uint8Array.of(1, 0, 11, ...metric)),
      linkState: fc.uint8Array({ minLength: 1, maxLength: 200 }).map((value) => Uint8Array.of(4, 0, 0, value.length, ...value)),
      largeCommunities: many(fc.tuple(number, number, number)),
      onlyToCustomer: as,
      prefixSid: fc.uint8Array({ minLength: 7, maxLength: 7 }).map((value) => Uint8Array.of(1, 0, 7, ...value)),
      attributeSet: as.map((one) => Uint8Array.of(0, 0, one >>> 24, one & 255, 0x40, 1, 1, 0)),
    },
    { noNullPrototype: true },
  );

  it("read back every attribute that an internal peer may send", () => {
    fc.assert(
      fc.property(attribute, (attributes) => {
        const internal = { ...context, isInternal: true };
        const writer = new Writer();
        writer
          .bytes(bytes(marker))
          .u16(0)
          .u8(2)
          .u16(0)
          .lengthPrefixed(2, (body) => writeAttributes(body, attributes, internal));
        writer.bytes(bytes("18cb0071"));
        writer.patch(16, 2, writer.length);
        const message = decode(writer.finish(), internal);
        assert.ok(message.type === "update" && message.announced.length === 1);
        assert.deepEqual([message.faults, message.attributes], [[], attributes]);
      }),
      { numRuns: 300 },
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
    ["a ROUTE-REFRESH of three octets", `${marker} 0016 05 000101`, [7, 1, `${marker}001605000101`]],
    ["a mark of RFC 7313 of five octets", `${marker} 0018 05 0001010100`, [7, 1, `${marker}0018050001010100`]],
    ["a prefix that is cut off", `${marker} 0019 02 0000 0000 18cb`, [3, 10, ""]],
    ["an AS 0 in the capability", `${marker} 0025 01 04 fde9 005a 0a000001 08 0206410400000000`, [2, 2, ""]],
    ["octets behind the optional parameters", `${marker} 001e 01 04 fde9 005a 0a000001 00 00`, [2, 0, ""]],
    ["a well-known attribute that we do not know", `${marker} 001a 02 0000 0003 404000`, [3, 2, "404000"]],
    ["a malformed attribute where no route is to be withdrawn", `${marker} 001b 02 0000 0004 40010103`, [3, 6, "40010103"]],
    [
      "MP_REACH_NLRI with a next hop of five octets",
      `${marker} 0024 02 0000 000d 800e0a 00010105 0a00000100 00`,
      [3, 9, "800e0a000101050a0000010000"],
    ],
  ];
  for (const [name, data, expected] of cases)
    it(`answer ${name} with NOTIFICATION ${expected[0]}/${expected[1]}`, () => assert.deepEqual(refused(data), expected));

  it("take routes with a malformed ORIGIN for withdrawn, and keep the session", () => {
    const message = decode(bytes(`${marker} 0030 02 0000 0015 4001 02 0000 400206 02010000fde9 4003 04 0a000001 18cb0071`));
    assert.ok(message.type === "update");
    assert.deepEqual([message.announced, message.withdrawn.map((path) => formatPrefix(path.prefix))], [[], ["203.0.113.0/24"]]);
  });

  it("never make anything but a message or a NOTIFICATION of any octets", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.uint8Array({ maxLength: 200 }),
        fc.record({
          isFourOctetAs: fc.boolean(),
          isInternal: fc.boolean(),
          hasExtendedNextHop: fc.boolean(),
          addPath: fc.constantFrom([], ["ipv4/unicast" as const]),
        }),
        (type, body, more) => {
          const outcome = decodeMessage(type, body, { ...context, ...more });
          assert.ok("message" in outcome || outcome.error.code > 0);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it("never take a truncated OPEN for a whole one", () => {
    const whole = encodeMessage(open);
    for (let length = 0; length < whole.length; length++)
      assert.ok("needsMore" in frame(whole.subarray(0, length), false), `${length}`);
    for (let length = 0; length < whole.length - 19; length++)
      assert.ok("error" in decodeMessage(1, whole.subarray(19, 19 + length), context), `${length}`);
  });
});
