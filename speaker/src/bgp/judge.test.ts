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
    [who({ neighborAddress: "0.0.0.0" }), "InvalidAddress", /neighborAddress: "0\.0\.0\.0" is the unspecified address/],
    [who({ neighborAddress: "::" }), "InvalidAddress", /neighborAddress: "::" is the unspecified address/],
    [
      who({ neighborAddress: "224.0.0.5" }),
      "InvalidAddress",
      /"224\.0\.0\.5" is a multicast or reserved address.*give the router's/,
    ],
    [who({ neighborAddress: "255.255.255.255" }), "InvalidAddress", /"255\.255\.255\.255" is a multicast or reserved/],
    [who({ neighborAddress: "ff02::5" }), "InvalidAddress", /"ff02::5" is a multicast address/],
    [
      { transport: { localAddress: "0.0.0.0" } },
      "InvalidAddress",
      /transport\.localAddress: "0\.0\.0\.0".*give one of the node's/,
    ],
    [
      { transport: { localAddress: "192.0.2.1" } },
      "LocalAddressIsPeer",
      /localAddress: "192\.0\.2\.1" is conf\.neighborAddress too/,
    ],
    [who({ vrf: "red/blue" }), "InvalidInterface", /conf\.vrf: "red\/blue" is no name of an interface, such as eth0/],
    [{ transport: { bindInterface: "eth0 " } }, "InvalidInterface", /bindInterface: "eth0 " is no name/],
    [
      { ...who({ neighborAddress: "fe80::1", neighborInterface: "eth0" }), transport: { bindInterface: "eth1" } },
      "TwoDevices",
      /bindInterface "eth1": the peer is on conf\.neighborInterface "eth0"/,
    ],
    [who({ peerAs: 23456 }), "InvalidAs", /conf\.peerAs: 23456 stands for AS numbers that need four octets/],
    [who({ localAs: 23456 }), "InvalidAs", /conf\.localAs: 23456/],
    [{ transport: { tcpMss: 87 } }, "InvalidTcpMss", /tcpMss: 87 is not from 88 to 32767/],
    [{ transport: { tcpMss: 40_000 } }, "InvalidTcpMss", /tcpMss: 40000 is not/],
    [
      {
        conf: { neighborInterface: "eth0", peerAs: 65001, passwordSecretRef: { name: "bgp" } },
        transport: { passiveMode: true },
      },
      "NobodyConnects",
      /passiveMode waits for the peer, and TCP-MD5 needs its address/,
    ],
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
    [
      { gracefulRestart: { enabled: false, restartTime: 60 } },
      /gracefulRestart\.restartTime has no effect while spec\.gracefulRestart\.enabled is not true/,
    ],
    [who({ peerType: 0 }), /peerType 0 \(internal\) has no effect: the AS numbers make the peer external/],
    [who({ peerAs: 65535 }), /peerAs 65535 is reserved/],
    [{ ebgpMultihop: { enabled: false, multihopTtl: 5 } }, /multihopTtl 5 has no effect while enabled is not true/],
    [
      { timers: { config: { holdTime: "0", keepaliveInterval: "5" } } },
      /keepaliveInterval "5" has no effect: with a hold time of 0/,
    ],
    [
      { transport: { passiveMode: true, localAddress: "192.0.2.2" } },
      /localAddress "192\.0\.2\.2" has no effect: with passiveMode/,
    ],
    [
      { transport: { passiveMode: true }, timers: { config: { connectRetry: "9" } } },
      /connectRetry has no effect: with passiveMode nobody dials/,
    ],
    [
      { afiSafis: [{ config: { family: { afi: "AFI_IP" } } }, { config: { family: { afi: "AFI_IP" } } }] },
      /afiSafis has ipv4\/unicast more than once/,
    ],
    [
      { nextHops: "all", afiSafis: [{ config: { family: { afi: "AFI_IP" } } }] },
      /nextHops is all, and ipv4\/unicast has addPaths\.config\.sendMax 0: only one next hop/,
    ],
    [{ gracefulRestart: { peerRestarting: true } }, /spec\.gracefulRestart\.peerRestarting has no effect: it is a report/],
  ];
  for (const [spec, note] of notes)
    it(`name the field: ${note.source}`, () => {
      const judged = bgpJudge.bgpPeer(peer(spec), conf({ as: 65000 }));
      assert.equal(judged.refusal, undefined);
      assert.ok(judged.notes.length === 1 && note.test(judged.notes[0] ?? ""), judged.notes.join("\n"));
    });
  it("name a family that BgpConf leaves out", () => {
    const both = peer({ afiSafis: [{ config: { family: { afi: "AFI_IP" } } }, { config: { family: { afi: "AFI_IP6" } } }] });
    assert.match(
      bgpJudge.bgpPeer(both, conf({ as: 65000, families: [0] })).notes[0] ?? "",
      /spec\.afiSafis: ipv6\/unicast is not offered: BgpConf default's families, \[0\], leave it out/,
    );
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
  it("cannot have the AS number that stands for others, of its own or of a rack", () => {
    assert.match(judged({ as: 23456 })?.message ?? "", /spec\.as: 23456 stands for/);
    assert.match(judged({ as: 65000, asPerRack: { r1: 23456 } })?.message ?? "", /spec\.asPerRack\["r1"\]: 23456/);
    assert.equal(desiredBgp(cluster({ bgpConf: conf({ as: 23456 }) })).refusal?.reason, "InvalidAs");
  });
  it("cannot have its speakers listen on an address that no host has: they do not, and what else it says counts", () => {
    const spec = { as: 65000, listenAddresses: ["192.0.2.1", "224.0.0.5", "ff02::5"] };
    assert.match(
      judged(spec)?.message ?? "",
      /spec\.listenAddresses\[1\]: "224\.0\.0\.5" is a multicast or reserved address.*give one of the nodes'/,
    );
    assert.equal(judged({ as: 65000, listenAddresses: ["0.0.0.0", "::", "192.0.2.1"] }), undefined);
    assert.deepEqual(desiredBgp(cluster({ bgpConf: conf(spec) })).listenAddresses, ["192.0.2.1"]);
  });
  it("is told of a rack without an AS number", () =>
    assert.match(
      bgpJudge.bgpConf(conf({ as: 65000, asPerRack: { r1: 0 } }), undefined).notes[0] ?? "",
      /spec\.asPerRack\["r1"\]: 0 is no AS number/,
    ));
  it("listens on the port and the addresses that are usual where it names none, and on each address once", () => {
    const listens = (spec: Parameters<typeof conf>[0]) => {
      const { listenPort, listenAddresses } = desiredBgp(cluster({ bgpConf: conf({ as: 65000, ...spec }) }));
      return [listenPort, ...listenAddresses];
    };
    assert.deepEqual(listens({ listenPort: 0, listenAddresses: [] }), [179, "0.0.0.0", "::"]);
    assert.deepEqual(listens({ listenPort: -1 }), [-1, "0.0.0.0", "::"]);
    assert.deepEqual(listens({ listenAddresses: ["192.0.2.1", "192.0.2.1", "fd00::0:1"] }), [179, "192.0.2.1", "fd00::1"]);
    assert.deepEqual(listens({ listenAddresses: ["192.0.2.1", "0.0.0.0", "fd00::1"] }), [179, "0.0.0.0", "fd00::1"]);
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
  it("says that an empty list of peers is nobody", () =>
    assert.match(judged({ peers: [] }, false).notes[0] ?? "", /spec\.bgp\.peers is an empty list: nobody gets the routes/));
  it("says that an aggregate of a family that the pool has not has no effect", () =>
    assert.match(
      judged({ aggregationLengthV6: 64 }, false, [{ family: 4, first: 0xcb007100n, last: 0xcb0071ffn }]).notes[0] ?? "",
      /spec\.bgp\.aggregationLengthV6 has no effect: the pool has no IPv6 addresses/,
    ));
  it("names a BgpPeer that does not exist", () =>
    assert.match(judged({ peers: ["router", "gone"] }, false).notes[0] ?? "", /there is no BgpPeer "gone"/));
});
