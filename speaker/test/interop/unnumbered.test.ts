import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { Line } from "./speakerProcess.ts";
import { eventually, type Speaker, Testbed } from "./testbed.ts";

/** A router that is known by the name of an interface alone: FRR 8.4 with `neighbor eth0 interface`. */
let testbed: Testbed;
let speaker: Speaker;
const both = (["AFI_IP", "AFI_IP6"] as const).map((afi) => ({ config: { family: { afi, safi: "SAFI_UNICAST" as const } } }));
const line = (isPassive: boolean): Line => ({
  as: 65000,
  listenPort: 179,
  peers: [
    {
      conf: { neighborInterface: "eth0", peerAs: 65001 },
      transport: { passiveMode: isPassive },
      timers: { config: { connectRetry: "1", holdTime: "9" } },
      afiSafis: both,
    },
  ],
  addresses: ["192.0.2.1", "2001:db8::1"],
});
const vtysh = (words: string): string => testbed.ask(testbed.router, ["vtysh", "--vty_socket", testbed.file("vty"), "-c", words]);
const linkLocal = (namespace: string): string =>
  /fe80::[0-9a-f:]+/.exec(testbed.ask(namespace, ["ip", "-6", "address", "show", "dev", "eth0", "scope", "link"]))?.[0] ?? "none";

before(async () => {
  testbed = new Testbed("unnumbered");
  mkdirSync(testbed.file("vty"));
  // No addresses but those that the kernel makes itself.
  for (const namespace of [testbed.router, testbed.host]) {
    spawnSync("ip", ["-n", namespace, "address", "flush", "dev", "eth0", "scope", "global"]);
    await eventually(
      "a link-local address that may be used",
      60,
      () => testbed.ask(namespace, ["ip", "-6", "address", "show", "dev", "eth0", "scope", "link"]),
      (seen) => seen.includes("fe80::") && !seen.includes("tentative"),
    );
  }
  writeFileSync(
    testbed.file("frr.conf"),
    [
      "interface eth0",
      " ipv6 nd ra-interval 5",
      "exit",
      "router bgp 65001",
      " bgp router-id 10.99.0.1",
      " no bgp ebgp-requires-policy",
      " no bgp network import-check",
      " neighbor eth0 interface remote-as 65000",
      " neighbor eth0 timers 3 9",
      " neighbor eth0 timers connect 1",
      " address-family ipv4 unicast",
      "  network 198.51.100.0/24",
      " address-family ipv6 unicast",
      "  neighbor eth0 activate",
      "",
    ].join("\n"),
  );
  spawnSync("chown", ["-R", "frr:frr", testbed.directory]);
  const common = ["-f", testbed.file("frr.conf"), "--vty_socket", testbed.file("vty"), "-z", testbed.file("zserv")];
  for (const name of ["zebra", "bgpd"])
    testbed.start(testbed.router, [`/usr/lib/frr/${name}`, ...common, "-i", testbed.file(`${name}.pid`)]);
  await eventually(
    "FRR's command line answers",
    60,
    () => vtysh("show bgp summary"),
    (seen) => seen !== "",
  );
  speaker = testbed.speaker();
});

after(() => testbed.close());

describe("A33: FRR 8.4 on an interface without addresses (RFC 8950)", () => {
  for (const [name, isPassive] of [
    ["dialled by us, once it was heard", false],
    ["that dials us, once it has heard us", true],
  ] as const) {
    it(`${name}: learns both hosts with our link-local address as next hop`, async () => {
      speaker.tell(line(isPassive));
      const next = linkLocal(testbed.host);
      for (const [family, host] of [
        ["ipv4", "192.0.2.1/32"],
        ["ipv6", "2001:db8::1/128"],
      ] as const)
        await eventually(
          `${host} through ${next}`,
          60,
          () => vtysh(`show bgp ${family} unicast ${host}`),
          (seen) => seen.includes(next) && /best/.test(seen),
        );
      await eventually(
        "the router's kernel sends packets for the IPv4 host there",
        60,
        () => testbed.ask(testbed.router, ["ip", "route", "show", "192.0.2.1"]),
        (seen) => seen.includes(`via inet6 ${next} dev eth0`),
      );
      const [peer] = await eventually(
        "the router's IPv4 route, with an IPv6 next hop",
        60,
        () => speaker.peers(),
        ([one]) => one?.routesReceived === 1,
      );
      assert.deepEqual([peer?.state, peer?.address], ["Established", linkLocal(testbed.router)]);
      speaker.tell({ ...line(isPassive), peers: [] });
      await eventually(
        "the routes are gone with the session",
        60,
        () => vtysh("show bgp ipv4 unicast 192.0.2.1/32"),
        (seen) => seen.includes("not in table"),
      );
    });
  }
});
