import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BgpPeer } from "@berth/api/bgpPeer";
import type { EipBgp } from "@berth/api/eipBgp";
import { desiredBgp } from "./desired.ts";
import { assigned, cluster, conf, peer } from "./fixtures.ts";
import { bgpJudge } from "./judge.ts";

const who = (more: Partial<BgpPeer["spec"]["conf"]>) => ({ conf: { neighborAddress: "192.0.2.1", peerAs: 65001, ...more } });

describe("a BgpPeer that cannot be used", () => {
  const refusals: readonly (readonly [spec: Partial<BgpPeer["spec"]>, reason: string, message: RegExp])[] = [
    [who({ neighborAddress: "bad" }), "InvalidAddress", /spec\.conf\.neighborAddress: "bad" is not an IP address, such as/],
    [who({ neighborAddress: "" }), "NoAddress", /neighborAddress is missing/],
    [who({ neighborAddress: "fe80::1" }), "NoInterface", /neighborInterface is missing: "fe80::1" is link-local/],
    [who({ dynamicAs: "external" }), "InvalidAs", /one of peerAs.* and dynamicAs/],
    [who({ peerAs: 0 }), "InvalidAs", /one of peerAs/],
    [{ timers: { config: { holdTime: "2" } } }, "InvalidHoldTime", /holdTime: "2" is neither 0 nor at least 3/],
    [
      { transport: { remoteAddress: "192.0.2.9" } },
      "RemoteAddressDiffers",
      /"192\.0\.2\.9" is not conf\.neighborAddress, "192\.0\.2\.1"/,
    ],
    [{ transport: { localAddress: "fd00::1" } }, "LocalAddressFamily", /"fd00::1" is IPv6, and the peer "192\.0\.2\.1" is IPv4/],
    [
      { ...who({ vrf: "red" }), transport: { bindInterface: "eth1" } },
      "TwoDevices",
      /vrf "red" and spec\.transport\.bindInterface "eth1"/,
    ],
    [{ ttlSecurity: { enabled: true }, ebgpMultihop: { enabled: true } }, "TtlSecurityAndMultihop", /exclude each other/],
    [{ afiSafis: [{ config: { enabled: false } }] }, "NoFamily", /no family is left/],
  ];
  for (const [spec, reason, message] of refusals) {
    it(`says ${reason}, and no session is made`, () => {
      const { refusal } = bgpJudge.bgpPeer(peer(spec), conf({ as: 65000 }));
      assert.equal(refusal?.reason, reason);
      assert.match(refusal.message, message);
      assert.deepEqual(
        desiredBgp(cluster({ bgpPeers: [peer(spec)] })).refusedPeers.map((one) => one.refusal),
        [refusal],
      );
    });
  }
  it("says so when nobody would ever connect", () =>
    assert.equal(
      bgpJudge.bgpPeer(peer({ transport: { passiveMode: true } }), conf({ as: 65000, listenPort: -1 })).refusal?.reason,
      "NobodyConnects",
    ));
  it("is left to the CNI when OpenELB's label says so", () => {
    const labelled = { ...peer(), metadata: { name: "p", labels: { "openelb.kubesphere.io/cni": "calico" } } };
    assert.match(bgpJudge.bgpPeer(labelled, undefined).refusal?.message ?? "", /leaves this object to "calico"/);
  });
  it("is the second of two for one router on a node", () => {
    const { peers, refusedPeers } = desiredBgp(cluster({ bgpPeers: [peer({}, "a"), peer({}, "b")] }));
    assert.deepEqual([peers.map(({ name }) => name), refusedPeers[0]?.refusal.reason], [["a"], "DuplicatePeer"]);
  });
});

describe("notes on a BgpPeer", () => {
  const notes: readonly (readonly [spec: Partial<BgpPeer["spec"]>, note: RegExp])[] = [
    [who({ authPassword: "x" }), /authPassword: the password can be read by everybody/],
    [who({ peerGroup: "g" }), /peerGroup "g" has no effect/],
    [who({ routeFlapDamping: true }), /routeFlapDamping has no effect/],
    [{ ...who({ peerAs: 65000 }), ebgpMultihop: { enabled: true } }, /ebgpMultihop has no effect: the peer is internal/],
    [who({ peerAs: 65000, role: "peer" }), /role "peer" has no effect/],
    [{ timers: { config: { minimumAdvertisementInterval: "5" } } }, /minimumAdvertisementInterval has no effect/],
    [
      { timers: { config: { holdTime: "9", keepaliveInterval: "8" } } },
      /"8" is more than a third of the hold time; KEEPALIVEs go every 3 s/,
    ],
    [{ transport: { mtuDiscovery: false } }, /mtuDiscovery false has no effect/],
    [{ bfd: { minimumTtl: 250 } }, /bfd\.minimumTtl has no effect/],
    [
      { gracefulRestart: { longlivedEnabled: true } },
      /longlivedEnabled has no effect: long-lived graceful restart is not offered/,
    ],
    [{ gracefulRestart: { peerRestarting: true } }, /spec\.gracefulRestart\.peerRestarting has no effect: it is a report/],
  ];
  for (const [spec, note] of notes)
    it(`name the field: ${note.source}`, () => {
      const judged = bgpJudge.bgpPeer(peer(spec), conf({ as: 65000 }));
      assert.equal(judged.refusal, undefined);
      assert.ok(judged.notes.length === 1 && note.test(judged.notes[0] ?? ""), judged.notes.join("\n"));
    });
  it("are absent on OpenELB's plain sample", () =>
    assert.deepEqual(
      bgpJudge.bgpPeer(peer({ conf: { peerAs: 50001, neighborAddress: "192.168.0.5" } }), conf({ as: 50000 })).notes,
      [],
    ));
});

describe("a BgpConf", () => {
  const judged = (spec: Parameters<typeof conf>[0], policy?: Parameters<typeof bgpJudge.bgpConf>[1]) =>
    bgpJudge.bgpConf(conf(spec), policy).refusal;
  it("B-14: counts only when it is named default", () => {
    const other = { ...conf({ as: 1 }), metadata: { name: "other" } };
    assert.match(
      bgpJudge.bgpConf(other, undefined).refusal?.message ?? "",
      /only the BgpConf named "default" is used, not "other"/,
    );
  });
  it("needs an AS number, of its own or of racks", () => {
    assert.equal(judged({})?.reason, "NoAs");
    assert.equal(judged({ asPerRack: { r1: 65100 } }), undefined);
  });
  it("B-19: says what of its policy cannot be taken, and when there is none", () => {
    assert.match(
      judged({ as: 1, policy: "p" }, { name: "p", text: undefined })?.message ?? "",
      /no ConfigMap "p" with the key gobgp\.conf/,
    );
    assert.match(
      judged({ as: 1, policy: "p" }, { name: "p", text: "[[peer-groups]]\n" })?.message ?? "",
      /spec\.policy "p": peer-groups is not translated/,
    );
    assert.equal(judged({ as: 1, policy: "p" }, { name: "p", text: "" }), undefined);
  });
});

describe("the bgp of an Eip", () => {
  const judged = (bgp: EipBgp, localOnly: boolean, pool = assigned("203.0.113.1").pool ?? []) => {
    const { eip } = assigned("203.0.113.1", bgp);
    return bgpJudge.eip(eip, pool, [{ address: "203.0.113.1", services: ["shop/web"], localOnly }], [peer()]);
  };
  it("is done as it is written", () =>
    assert.deepEqual(judged({ aggregationLength: 24, peers: ["router"] }, false), { refusal: undefined, notes: [] }));
  it("says which address is announced on its own because of externalTrafficPolicy Local", () =>
    assert.match(
      judged({ aggregationLength: 24 }, true).refusal?.message ?? "",
      /203\.0\.113\.1\/32 \(shop\/web\) instead of 203\.0\.113\.0\/24: externalTrafficPolicy is Local/,
    ));
  it("says which address is announced on its own because its network is not in the pool", () =>
    assert.match(
      judged({ aggregationLength: 23 }, false).refusal?.message ?? "",
      /203\.0\.113\.1\/32 instead of 203\.0\.112\.0\/23: the network is not wholly in the pool/,
    ));
  it("names a BgpPeer that does not exist", () =>
    assert.match(judged({ peers: ["router", "gone"] }, false).notes[0] ?? "", /there is no BgpPeer "gone"/));
});
