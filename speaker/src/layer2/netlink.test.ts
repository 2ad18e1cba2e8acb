import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../net/address.ts";
import { formatPrefix } from "../net/prefix.ts";
import { usableLinks } from "./links.ts";
import { dumpRequest, type KernelLink, readMessages, routeRequest } from "./netlink.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));

/** What `ip link` and `ip address` get from Linux 6.18 for a VLAN on a device, shortened. */
const link = bytes(`
  50000000 1000 0200 05000000 00000000   00 00 0100 07000000 03000100 00000000
  0c000300 766c616e37000000              0a000100 02be0000010b0000
  08002300 03000000                      10001280 09000100 766c616e00 000000`);
const address = bytes(`
  30000000 1400 0200 05000000 00000000   02 18 80 00 07000000
  08000100 0a07000b                      08000200 0a07000b
  08000800 80000000`);

describe("rtnetlink", () => {
  it("reads an interface: name, Ethernet address, carrier, kind", () => {
    const [first] = readMessages(link);
    assert.deepEqual(first, {
      sequence: 5,
      message: {
        type: "link",
        link: {
          index: 7,
          name: "vlan7",
          alternativeNames: [],
          mac: "02:be:00:00:01:0b",
          isUp: true,
          isLoopback: false,
          isEthernet: true,
          carrierChanges: 3,
          master: 0,
          kind: "vlan",
        },
      },
    });
  });
  it("reads an address with its network", () => {
    const message = readMessages(address)[0]?.message;
    assert.ok(message?.type === "address");
    assert.deepEqual(
      [message.address.index, formatAddress(message.address.address), formatPrefix(message.address.network)],
      [7, "10.7.0.11", "10.7.0.0/24"],
    );
  });
  it("reads an error as the kernel's number", () => {
    const [first] = readMessages(bytes("24000000 0200 0000 09000000 00000000 9bffffff 14000000 1a00 0100 09000000 00000000"));
    assert.deepEqual(first, { sequence: 9, message: { type: "error", errno: 101 } });
  });
  it("asks for everything, and for one route", () => {
    assert.equal(
      Buffer.from(dumpRequest("addresses", 3)).toString("hex"),
      "1800000016000103030000000000000000000000".padEnd(48, "0"),
    );
    const route = routeRequest(parseAddress("192.0.2.1")!, 4);
    assert.deepEqual([...route.subarray(0, 4), route[16], route[17]], [36, 0, 0, 0, 2, 32]);
    assert.deepEqual([...route.subarray(28)], [8, 0, 1, 0, 192, 0, 2, 1]);
  });
  it("reads whatever octets come, and every truncation, without harm", () => {
    for (const whole of [link, address])
      for (let length = 0; length < whole.length; length++) assert.ok(readMessages(whole.subarray(0, length)).length <= 1);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        readMessages(octets);
        for (const whole of [link, address]) {
          const changed = whole.slice();
          for (const [at, octet] of octets.entries()) changed[(at * 7 + octet) % changed.length] = octet;
          readMessages(changed);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("interfaces that can serve", () => {
  const device: KernelLink = {
    index: 2,
    name: "eth0",
    alternativeNames: [],
    mac: "02:be:00:00:01:0b" as KernelLink["mac"],
    isUp: true,
    isLoopback: false,
    isEthernet: true,
    carrierChanges: 1,
    master: 0,
    kind: "",
  };
  const names = (links: readonly KernelLink[]): string[] => usableLinks(links, []).map(({ name }) => name);

  it("are bonds, bridges and VLANs, and no member of a bond or bridge", () =>
    assert.deepEqual(
      names([
        { ...device, index: 1, name: "bond0", kind: "bond" },
        { ...device, master: 1 },
        { ...device, index: 3, name: "bond0.7", kind: "vlan" },
        { ...device, index: 4, name: "br0", kind: "bridge" },
        { ...device, index: 5, name: "veth1", kind: "veth", master: 4 },
      ]),
      ["bond0", "bond0.7", "br0"],
    ));
  it("are members of a VRF, which is no segment", () =>
    assert.deepEqual(
      names([
        { ...device, index: 9, name: "red", kind: "vrf", isEthernet: false },
        { ...device, master: 9 },
      ]),
      ["eth0"],
    ));
  it("are no loopbacks, no tunnels without ARP, and nothing without an Ethernet address", () =>
    assert.deepEqual(
      names([
        { ...device, isLoopback: true },
        { ...device, isEthernet: false },
        { ...device, mac: undefined },
      ]),
      [],
    ));
});
