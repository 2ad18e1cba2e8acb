import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressTable } from "../../api/test/addressTable.ts";
import {
  addressProblem,
  bgpConfProblems,
  bgpPeerProblems,
  eipProblems,
  exposedServiceProblems,
  type KnownArgs,
  type Problem,
} from "./checks.ts";

const forms = "an address (192.0.2.1), a CIDR (192.0.2.0/24 or 192.0.2.0/255.255.255.0) or a range (192.0.2.1-192.0.2.9)";

/** Every mistake, with its property path and its sentence, word by word. */
const mistakes: readonly (readonly [
  name: string,
  find: (args: KnownArgs) => Problem[],
  args: KnownArgs,
  path: string,
  reason: string,
])[] = [
  ["an address that is none", eipProblems, { address: "10.0.0.300" }, "address", `"10.0.0.300" is not ${forms}`],
  [
    "a reversed range",
    eipProblems,
    { address: "10.0.0.9-10.0.0.1" },
    "address",
    '"10.0.0.9-10.0.0.1" is reversed; a range starts with its lower end',
  ],
  [
    "a reversed IPv6 range",
    eipProblems,
    { address: "fd00::9-fd00::1" },
    "address",
    '"fd00::9-fd00::1" is reversed; a range starts with its lower end',
  ],
  [
    "two families in one range",
    eipProblems,
    { address: "10.0.0.1-fd00::1" },
    "address",
    '"10.0.0.1-fd00::1" mixes IPv4 and IPv6; both ends of a range must be of one family',
  ],
  [
    "a wrong address among more",
    eipProblems,
    { address: "10.0.0.1", addresses: ["10.0.0.2", "nonsense"] },
    "addresses[1]",
    `"nonsense" is not ${forms}`,
  ],
  [
    "a wrong exclusion",
    eipProblems,
    { address: "10.0.0.0/24", exclude: ["10.0.0.0/33"] },
    "exclude[0]",
    `"10.0.0.0/33" is not ${forms}`,
  ],
  ["a netmask with holes", eipProblems, { address: "10.0.0.0/255.0.255.0" }, "address", `"10.0.0.0/255.0.255.0" is not ${forms}`],
  [
    "an AS number that is too high",
    bgpConfProblems,
    { as: 4294967296 },
    "as",
    "4294967296 is not an AS number: a whole number from 0 to 4294967295",
  ],
  [
    "a router ID of IPv6",
    bgpConfProblems,
    { as: 1, routerId: "fd00::1" },
    "routerId",
    '"fd00::1" is not an IPv4 address, such as 172.30.0.11',
  ],
  [
    "a neighbour that is no address",
    bgpPeerProblems,
    { conf: { neighborAddress: "router", peerAs: 1 } },
    "conf.neighborAddress",
    '"router" is not an IP address, such as 172.30.0.1',
  ],
  [
    "a peer of AS 0",
    bgpPeerProblems,
    { conf: { neighborAddress: "10.0.0.1", peerAs: 0 } },
    "conf.peerAs",
    "0 is not an AS number: a whole number from 1 to 4294967295",
  ],
  [
    "a password in clear",
    bgpPeerProblems,
    { conf: { neighborAddress: "10.0.0.1", peerAs: 1, authPassword: "secret" } },
    "conf.authPassword",
    "a password in a BgpPeer can be read by everybody who can read the object; give it as `password`, which becomes a Secret",
  ],
  [
    "a hold time of two seconds",
    bgpPeerProblems,
    { conf: {}, timers: { config: { holdTime: "2" } } },
    "timers.config.holdTime",
    '"2" is not allowed; a hold time is 0 or at least 3 seconds',
  ],
  [
    "a keepalive above the hold time",
    bgpPeerProblems,
    { conf: {}, timers: { config: { holdTime: "9", keepaliveInterval: "10" } } },
    "timers.config.keepaliveInterval",
    '"10" is not below the hold time "9"; a third of it is usual',
  ],
  [
    "an address of a Service that is none",
    exposedServiceProblems,
    { address: "10.0.0.1, 10.0.0" },
    "address",
    '"10.0.0" is not an IP address, such as 192.0.2.10',
  ],
  [
    "a port twice",
    exposedServiceProblems,
    { ports: [{ port: 80 }, { port: 80, protocol: "TCP" }] },
    "ports[1].port",
    "80/TCP is there already, as ports[0]; give it another port or protocol",
  ],
];

describe("the texts of an Eip at pulumi preview (OpenELB's address table and more)", () => {
  for (const { row, text, answer } of addressTable)
    it(`${row}: ${"refusal" in answer ? "refuses" : "takes"} "${text}"`, () => {
      if ("refusal" in answer) assert.match(addressProblem(text) ?? "taken", answer.refusal);
      else assert.equal(addressProblem(text), undefined);
    });
});

describe("mistakes caught at pulumi preview", () => {
  for (const [name, find, args, propertyPath, reason] of mistakes)
    it(`${name}: ${propertyPath}`, () => assert.deepEqual(find(args), [{ propertyPath, reason }]));

  for (const text of [
    "192.0.2.1",
    "192.0.2.0/24",
    "192.0.2.7/24",
    "192.0.2.0/255.255.255.0",
    "192.0.2.1-192.0.2.9",
    "fd00::/64",
    "fd00::1-fd00::9",
    "::ffff-1::1",
  ])
    it(`takes ${text}`, () => assert.equal(addressProblem(text), undefined));

  it("does not judge what is not known yet", () =>
    assert.deepEqual(
      [...eipProblems({ address: undefined }), ...bgpPeerProblems({ conf: undefined }), ...exposedServiceProblems({})],
      [],
    ));
});
