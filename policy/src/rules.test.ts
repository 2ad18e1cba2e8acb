import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Declared, isOurs, missingQuota, privateNetworks, publicAddresses, unsignedPeers } from "./rules.ts";

const kind = "kubernetes:network.kubesphere.io/v1alpha2:";
const eip = (spec: object): Declared => ({ type: `${kind}Eip`, name: "office", props: { spec } });
const peer = (conf: object): Declared => ({ type: `${kind}BgpPeer`, name: "router", props: { spec: { conf } } });
const conf: Declared = { type: `${kind}BgpConf`, name: "conf", props: { spec: { as: 65000 } } };

describe("pools are private", () => {
  for (const spec of [
    { address: "10.1.2.3" },
    { address: "192.168.0.0/24", addresses: ["172.31.255.0/24", "fd00::/64", "100.64.0.1-100.64.0.9"] },
    { address: "192.167.255.0-192.168.0.9", exclude: ["192.167.255.0/24"] },
  ])
    it(`takes ${JSON.stringify(spec)}`, () => assert.deepEqual(publicAddresses(eip(spec), privateNetworks), []));

  it("names the addresses that are not, and the remedy", () =>
    assert.deepEqual(publicAddresses(eip({ address: "10.0.0.1", addresses: ["192.167.255.250-192.168.0.3"] }), privateNetworks), [
      {
        name: "office",
        message:
          'Eip "office": 192.167.255.250-192.167.255.255 of 10.0.0.1, 192.167.255.250-192.168.0.3 is in no allowed network (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7); take addresses of those, or add the network to allowedNetworks',
      },
    ]));

  it("lets networks be added", () =>
    assert.deepEqual(publicAddresses(eip({ address: "192.0.2.0/24" }), [...privateNetworks, "192.0.2.0/23"]), []));
});

describe("pools have quotas", () => {
  it("wants a limit, and one that is not too high", () => {
    assert.deepEqual(missingQuota(eip({ perNamespaceLimit: 5 }), 10), []);
    assert.match(
      missingQuota(eip({}), 10)[0]?.message ?? "",
      /Eip "office" has no perNamespaceLimit; give the most .* at most 10/,
    );
    assert.match(missingQuota(eip({ perNamespaceLimit: 11 }), 10)[0]?.message ?? "", /perNamespaceLimit 11 is more than 10/);
  });
});

describe("external peers are signed", () => {
  it("lets internal and signed ones pass", () =>
    assert.deepEqual(
      [
        ...unsignedPeers([conf, peer({ peerAs: 65000 })]),
        ...unsignedPeers([conf, peer({ peerAs: 65001, passwordSecretRef: { name: "x" } })]),
        ...unsignedPeers([conf, peer({ dynamicAs: "internal" })]),
        ...unsignedPeers([peer({ peerAs: 65001, localAs: 65001 })]),
      ],
      [],
    ));

  it("refuses external ones that are not", () =>
    assert.deepEqual(unsignedPeers([conf, peer({ peerAs: 65001 })]), [
      { name: "router", message: 'BgpPeer "router" is external (AS 65001) and its session is not signed; give it a password' },
    ]));

  it("takes a peer for external when nobody says what the speakers are", () =>
    assert.equal(unsignedPeers([peer({ peerAs: 65001 })]).length, 1));
});

it("sees objects that are made and those that are taken over, and nothing else", () => {
  assert.deepEqual(
    [`${kind}Eip`, `${kind}EipPatch`, `${kind}EipList`, "kubernetes:core/v1:Service", "berth:index:Eip"].map((type) =>
      isOurs({ type }, "Eip"),
    ),
    [true, true, false, false, false],
  );
});
