import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { whoAnswers } from "../../src/answers.ts";
import { powerOff, powerOn } from "../../src/faults.ts";
import { run } from "../../src/hosts.ts";
import { speakerProcesses, waitForNodes } from "../../src/node.ts";
import { kubeconfigPath, root } from "../../src/paths.ts";
import { insideHost } from "../../src/processes.ts";
import { show } from "../../src/router.ts";
import {
  all,
  attempts,
  bestOfThree,
  condition,
  configure,
  drops,
  eip,
  equals,
  eventually,
  hop,
  hops,
  hopsOf,
  neighbors,
  nodes,
  patch,
  paths,
  service,
  soon,
} from "../bgpSupport.ts";
import { addressesOf, apply, kube, npm } from "../support.ts";

/**
 * MetalLB's acceptance cases with an external router, as the rows A… of its table, where lab/test/bgp.test.ts does not have them; and what restarts
 * and power failures cost. The router is FRR 8.4. Takes the lab as `npm start` leaves it, and takes it down; with BERTH_KEEP_LAB set it leaves it up.
 */
const both = (["AFI_IP", "AFI_IP6"] as const).map((afi) => ({ config: { family: { afi, safi: "SAFI_UNICAST" } } }));
const peerPatch = (spec: object): string => patch("bgppeer/router", { spec });
const peer = (name: string, neighborAddress: string, more: object = {}): string =>
  JSON.stringify({
    apiVersion: "network.kubesphere.io/v1alpha2",
    kind: "BgpPeer",
    metadata: { name },
    spec: { conf: { neighborAddress, peerAs: 65001 }, ...more },
  });
const host = (address: string): string => `${address}/${address.includes(":") ? 128 : 32}`;
/** The route of a Service's one address. */
async function routeOf(name: string): Promise<string> {
  await eventually(`${name} has an address`, soon, () => addressesOf(name).length, equals(1));
  return host(addressesOf(name)[0] ?? "");
}
const reach = (address: string, port = 80): string =>
  run("outside", ["curl", "-s", "--max-time", "3", `http://${address.includes(":") ? `[${address}]` : address}:${port}/`]).stdout;
const isReached = async (address: string, port = 80): Promise<unknown> =>
  eventually(
    `${address} port ${port} answers the host behind the router`,
    soon,
    () => reach(address, port),
    (text) => text !== "",
  );
const remove = (...objects: string[]): string => kube("delete", "-n", "demo", "--wait=false", "--ignore-not-found", ...objects);
const statuses = (): Readonly<Record<string, { readonly peerState?: { readonly sessionState?: string } }>> =>
  JSON.parse(kube("get", "bgppeer/router", "-o", "jsonpath={.status.nodesPeerStatus}")) as ReturnType<typeof statuses>;
/** What `berth bgp …` prints, and its exit code. */
function berth(...words: string[]): { readonly code: number; readonly text: string } {
  const args = ["--disable-warning=ExperimentalWarning", "speaker/src/main.ts", "bgp", ...words, "--kubeconfig", kubeconfigPath];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: root });
  return { code: status ?? 1, text: stdout + stderr };
}

let page = "";
let prefix = "";

before(async () => {
  const { code, output } = npm("start");
  assert.equal(code, 0, output.slice(-4000));
  page = addressesOf("bgp-page")[0] ?? "";
  prefix = host(page);
  await eventually("a next hop for each node", soon, () => hops(prefix), equals(all));
});
after(() => {
  if (process.env["BERTH_KEEP_LAB"] === undefined) npm("run", "--silent", "lab", "--", "down");
});

describe("berth bgp, to somebody who looks for the first time", () => {
  it("neighbors: a row for each node, exit code 0 when all are up", () => {
    const { code, text } = berth("neighbors");
    assert.equal(code, 0, text);
    for (const node of nodes) assert.match(text, new RegExp(`^${node} +router +172\\.30\\.0\\.1 +65001 +Established`, "m"));
    const json = JSON.parse(berth("neighbors", "--json").text) as readonly { readonly node: string; readonly state: string }[];
    assert.deepEqual(
      json.map(({ node, state }) => [node, state]),
      nodes.map((node) => [node, "Established"]),
    );
  });
  it("peer: everything about one, and for a name that nobody has the names there are", () => {
    const { code, text } = berth("peer", "router", "--node", "node2");
    assert.equal(code, 0, text);
    for (const row of [/^node +node2$/m, /^hold time +90 s$/m, /^router ID +172\.30\.0\.1$/m]) assert.match(text, row);
    const unknown = berth("peer", "ruoter");
    assert.equal(unknown.code, 2);
    assert.match(unknown.text, /no speaker has a peer "ruoter"; there are router/);
  });
  it("rib out and local: what the router is told, as text and for programs", () => {
    for (const direction of ["out", "local"])
      for (const node of nodes)
        assert.match(berth("rib", direction).text, new RegExp(`^${node} .*${prefix} +${hop(node)} `, "m"), direction);
    const rows = JSON.parse(berth("rib", "out", "--json", "--node", "node1").text) as readonly object[];
    assert.partialDeepStrictEqual(
      rows.find((row) => (row as { readonly prefix: string }).prefix === prefix),
      { node: "node1", peer: "router", nextHop: hop("node1"), asPath: [65000] },
    );
  });
});

describe("families and sessions", () => {
  before(() => {
    apply(eip("six", "2001:db8:100::/120"));
    apply(service("six", "six", {}, { ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack" }));
    apply(eip("four", "198.51.100.0/28"));
    const named = { "eip.openelb.kubesphere.io/v1alpha1": "198.51.100.5,2001:db8:100::5" };
    apply(service("dual", undefined, named, { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "RequireDualStack" }));
  });
  for (const [name, sessions] of [
    ["an IPv4 session", [4]],
    ["an IPv6 session", [6]],
    ["one of each", [4, 6]],
  ] as const)
    it(`A2, A3, A26: over ${name} the router learns both families, with next hops of the route's family`, async () => {
      // Peers that come and go leave FRR's dynamic neighbours behind for a moment; what counts is where they end.
      if (sessions.includes(4 as never)) {
        apply(peer("router", "172.30.0.1", { afiSafis: both }));
      } else kube("delete", "bgppeer", "router");
      if (sessions.includes(6 as never)) apply(peer("router6", "fd00:30::1", { afiSafis: both }));
      else kube("delete", "bgppeer", "router6", "--ignore-not-found");
      const six = await routeOf("six");
      await eventually(
        "the dual-stack Service has the addresses that it names",
        soon,
        () => addressesOf("dual"),
        equals(["198.51.100.5", "2001:db8:100::5"]),
      );
      for (const route of [prefix, six, ...addressesOf("dual").map(host)]) {
        const wanted = hopsOf(route.includes(":") ? 6 : 4).flatMap((one) => sessions.map(() => one));
        await eventually(`${route} over ${name}`, soon, () => hops(route), equals(wanted));
      }
      await isReached(addressesOf("six")[0] ?? "");
      await isReached(page);
    });
  after(async () => {
    remove("service/six", "service/dual");
    kube("delete", "bgppeer", "router6", "--ignore-not-found");
    kube("delete", "eip", "six", "four", "--wait=false");
    apply(peer("router", "172.30.0.1"));
    peerPatch({ afiSafis: null });
    await eventually("as it was", soon, () => hops(prefix), equals(all));
  });
});

describe("Services and pools", () => {
  before(() => {
    apply(eip("cidr", "198.51.100.16/29"));
    apply(eip("range", "198.51.100.32-198.51.100.35"));
  });
  after(() => {
    remove(
      "service/named",
      "service/local",
      "service/left",
      "service/right",
      "service/in-cidr",
      "service/in-range",
      "deployment/local",
    );
    kube("delete", "eip", "cidr", "range", "--wait=false");
  });

  it("A3: the address that a Service names is the one in its status and in the router's table", async () => {
    apply(service("named", "cidr", { "eip.openelb.kubesphere.io/v1alpha1": "198.51.100.18" }));
    assert.equal(await routeOf("named"), "198.51.100.18/32");
    await eventually("its route", soon, () => hops("198.51.100.18/32"), equals(all));
    await isReached("198.51.100.18");
  });
  it("A4: with externalTrafficPolicy Local next hops are the nodes with pods, as they come and go", async () => {
    const template = JSON.parse(
      kube("get", "deployment", "page", "-n", "demo", "-o", "jsonpath={.spec.template.spec}"),
    ) as object;
    const selector = { matchLabels: { app: "local" } };
    const antiAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: selector, topologyKey: "kubernetes.io/hostname" }],
    };
    apply(
      JSON.stringify({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "local", namespace: "demo" },
        spec: {
          replicas: 2,
          selector,
          template: {
            metadata: { labels: { app: "local" } },
            spec: { ...template, affinity: { podAntiAffinity: antiAffinity } },
          },
        },
      }),
    );
    apply(service("local", "cidr", {}, { externalTrafficPolicy: "Local", selector: { app: "local" } }));
    const route = await routeOf("local");
    for (const replicas of [2, 1]) {
      kube("scale", "deployment/local", "-n", "demo", `--replicas=${replicas}`);
      kube("rollout", "status", "deployment/local", "-n", "demo", "--timeout=90s");
      const where = (): string[] =>
        kube(
          "get",
          "pods",
          "-n",
          "demo",
          "-l",
          "app=local",
          "-o",
          'jsonpath={range .items[?(@.status.phase=="Running")]}{.spec.nodeName} {end}',
        )
          .trim()
          .split(" ")
          .map((node) => hop(node))
          .sort();
      await eventually(
        `${replicas} next hops, where the pods are`,
        soon,
        () => [hops(route), where()],
        ([seen, wanted]) => seen?.length === replicas && String(seen) === String(wanted),
      );
    }
  });
  it("A6: two Services share an address: one route, both ports answer, and it stays when one goes", async () => {
    const key = { "metallb.io/allow-shared-ip": "key" };
    apply(service("left", "cidr", key, { ports: [{ port: 80, targetPort: 8080 }] }));
    apply(service("right", "cidr", key, { ports: [{ port: 81, targetPort: 8080 }] }));
    const route = await routeOf("left");
    assert.equal(await routeOf("right"), route);
    const [address = ""] = addressesOf("left");
    for (const port of [80, 81]) await isReached(address, port);
    assert.deepEqual(hops(route), all);
    kube("delete", "service", "left", "-n", "demo");
    await sleep(1000);
    assert.deepEqual(hops(route), all);
    await isReached(address, 81);
    kube("delete", "service", "right", "-n", "demo");
    await eventually("nobody has the address", soon, () => hops(route), equals([]));
  });
  it("A7, A15: a pool as a range and one as a network are the same; neither touches what was there", async () => {
    const before = drops();
    for (const pool of ["cidr", "range"]) {
      apply(service(`in-${pool}`, pool));
      const route = await routeOf(`in-${pool}`);
      await eventually(`${route}, of ${pool}`, soon, () => hops(route), equals(all));
      await isReached(addressesOf(`in-${pool}`)[0] ?? "");
    }
    assert.deepEqual([addressesOf("bgp-page"), hops(prefix), drops()], [[page], all, before]);
  });
  it("A24: an address on the LAN goes from BGP to Layer2 and back; ARP answers within five seconds, and no longer", async () => {
    apply(eip("either", "172.30.0.230"));
    apply(service("either", "either"));
    const route = await routeOf("either");
    const answers = (): number => whoAnswers("client", "172.30.0.230").length;
    await eventually("its route", soon, () => hops(route), equals(all));
    await bestOfThree(5000, async () => {
      patch("eip/either", { spec: { protocol: "layer2", interface: "eth0" } });
      const took = await eventually("ARP answers, and the route is gone", soon, () => [answers(), hops(route)], equals([1, []]));
      patch("eip/either", { spec: { protocol: "bgp", interface: null } });
      return Math.max(took, await eventually("the other way round", soon, () => [answers(), hops(route)], equals([0, all])));
    });
    assert.deepEqual(hops(prefix), all);
    remove("service/either");
    kube("delete", "eip", "either", "--wait=false");
  });
});

describe("what the router announces", () => {
  it("A21: is shown, and never installed on a node", async () => {
    configure("router bgp 65001", "no bgp network import-check", "address-family ipv4 unicast", "network 172.16.1.1/32");
    for (const node of nodes)
      await eventually(
        `${node} shows it`,
        soon,
        () => berth("rib", "in").text,
        (text) => new RegExp(`^${node} .*172\\.16\\.1\\.1/32 +172\\.30\\.0\\.1 `, "m").test(text),
      );
    await sleep(10_000);
    for (const node of nodes) {
      assert.doesNotMatch(run(node, ["ip", "route", "show", "table", "all"]).stdout, /172\.16\.1\.1/);
      assert.match(run(node, ["ip", "route", "get", "172.16.1.1"]).stdout, /via 172\.30\.0\.1 /);
    }
    configure("router bgp 65001", "address-family ipv4 unicast", "no network 172.16.1.1/32");
    await eventually(
      "it is gone again",
      soon,
      () => berth("rib", "in").text,
      (text) => !text.includes("172.16.1.1"),
    );
  });
});

describe("sessions that change", () => {
  const isUp = (): boolean[] => nodes.map((node) => neighbors()[hop(node)]?.bgpState === "Established");
  const remoteAs = (): (number | undefined)[] => nodes.map((node) => neighbors()[hop(node)]?.remoteAs);
  before(() => configure("router bgp 65001", "neighbor berth remote-as external"));

  it("A23: come back within twice the connect retry time after the router cleared them", async () => {
    peerPatch({ timers: { config: { connectRetry: "10" } } });
    await eventually("all are up", soon, () => hops(prefix), equals(all));
    await bestOfThree(20_000, async () => {
      show("frr", ["clear bgp ipv4 unicast *"]);
      await eventually("the router let go", soon, () => hops(prefix).length < 3, equals(true));
      return eventually("all are up again", soon, () => hops(prefix), equals(all));
    });
    peerPatch({ timers: null });
  });
  it("A12: localAs is the AS that the router sees, alone in the path", async () => {
    peerPatch({ conf: { localAs: 64520 } });
    const path = (): string[] => paths(prefix).map(({ aspath }) => aspath.string);
    await eventually("the other AS", soon, path, equals(["64520", "64520", "64520"]));
    assert.deepEqual(remoteAs(), [64520, 64520, 64520]);
    peerPatch({ conf: { localAs: null } });
    await eventually("our own again", soon, path, equals(["65000", "65000", "65000"]));
  });
  it("A31, B-12: each rack has its AS, and with next hops all the nodes of its own alone", async () => {
    for (const node of nodes)
      kube("label", "node", node, `openelb.kubesphere.io/rack=${node === "node1" ? "a" : "b"}`, "--overwrite");
    patch("bgpconf/default", { spec: { asPerRack: { a: 64601, b: 64602 } } });
    await eventually("AS numbers of racks", soon, remoteAs, equals([64601, 64602, 64602]));
    peerPatch({ nextHops: "all" });
    // One from node1, which is alone; two from each of the other two, which are together.
    await eventually(
      "next hops of racks",
      soon,
      () => hops(prefix),
      equals([hop("node1"), ...[2, 2, 3, 3].map((number) => hop(`node${number}`))]),
    );
    peerPatch({ nextHops: null });
    patch("bgpconf/default", { spec: { asPerRack: null } });
    for (const node of nodes) kube("label", "node", node, "openelb.kubesphere.io/rack-");
    await eventually("one AS again", soon, () => [remoteAs(), hops(prefix)], equals([[65000, 65000, 65000], all]));
  });
  it("B-11: with next hops all each speaker names every node, and no path stays behind when that ends", async () => {
    const before = drops();
    peerPatch({ nextHops: "all" });
    await eventually("nine paths", soon, () => hops(prefix), equals([...all, ...all, ...all].sort()));
    kube("label", "node", "node3", "node.kubernetes.io/exclude-from-external-load-balancers=");
    await eventually("node3 is nobody's next hop", soon, () => hops(prefix).includes(hop("node3")), equals(false));
    kube("label", "node", "node3", "node.kubernetes.io/exclude-from-external-load-balancers-");
    await eventually("nine paths again", soon, () => hops(prefix).length, equals(9));
    peerPatch({ nextHops: null });
    await eventually("three paths", soon, () => hops(prefix), equals(all));
    assert.equal(drops(), before);
  });
  it("A25: a dynamic AS takes a router of the right kind, and none of the other", async () => {
    peerPatch({ conf: { peerAs: null, dynamicAs: "external" } });
    await eventually("up", soon, () => [isUp(), hops(prefix)], equals([[true, true, true], all]));
    peerPatch({ conf: { dynamicAs: "internal" } });
    await eventually("down", soon, () => hops(prefix), equals([]));
    await eventually("the reason", soon, () => condition("bgppeer/router", "Established", "status"), equals("False"));
    await sleep(6000);
    assert.deepEqual(isUp(), [false, false, false]);
    assert.match(condition("bgppeer/router", "Established", "message"), /AS/);
    peerPatch({ conf: { dynamicAs: null, peerAs: 65001 } });
    await eventually("up again", soon, () => hops(prefix), equals(all));
  });
  it("A13: a password from a Secret signs the sessions; with a wrong one they stay down, and that is reported", async () => {
    const secret = (password: string): void =>
      apply(
        JSON.stringify({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "router-password", namespace: "berth-system" },
          stringData: { password },
        }),
      );
    secret("opensesame");
    configure("router bgp 65001", "neighbor berth password opensesame");
    peerPatch({ conf: { passwordSecretRef: { name: "router-password" } } });
    await eventually("up with the password", soon, () => hops(prefix), equals(all));
    secret("wrong");
    await eventually("down with another", soon, () => hops(prefix), equals([]));
    await eventually("the report", soon, () => condition("bgppeer/router", "Established", "status"), equals("False"));
    await sleep(6000);
    assert.deepEqual(hops(prefix), []);
    for (const node of nodes) assert.notEqual(statuses()[node]?.peerState?.sessionState, "ESTABLISHED");
    // FRR 8.4 goes on demanding a password of a whole network after it was taken away: its daemon begins anew, with what the lab gave it.
    assert.equal(run("router", ["sh", "-c", "kill $(cat /run/frr/bgpd.pid)"]).code, 0);
    peerPatch({ conf: { passwordSecretRef: null } });
    await eventually("up without", soon, () => hops(prefix), equals(all));
    kube("delete", "secret", "router-password", "-n", "berth-system");
  });
});

describe("a speaker that restarts, with one node on the client's path", () => {
  const killSpeaker = (): void => {
    const [command = "", ...args] = insideHost("node1", ["kill", "-9", ...speakerProcesses("node1")]);
    assert.equal(spawnSync(command, args).status, 0);
  };
  const restarted = async (before: string): Promise<void> => {
    const pods = (): string => speakers();
    await eventually("another speaker runs", 120, pods, (seen) => seen !== before);
  };
  /** Containers of speakers with their starts. */
  const speakers = (): string =>
    kube(
      "get",
      "pods",
      "-n",
      "berth-system",
      "-o",
      "jsonpath={range .items[*]}{.metadata.name}={.status.containerStatuses[0].containerID} {end}",
    );
  const isStale = (): boolean => paths(prefix).some(({ stale }) => stale === true);
  const isFresh = (): boolean => hops(prefix).length === 1 && !isStale();

  before(async () => {
    patch("eip/routed", { spec: { bgp: { nodeSelector: { matchLabels: { "kubernetes.io/hostname": "node1" } } } } });
    await eventually("one next hop", soon, () => hops(prefix), equals([hop("node1")]));
  });
  after(async () => {
    patch("eip/routed", { spec: { bgp: null } });
    patch("bgpconf/default", { spec: { gracefulRestart: null } });
    await eventually("all again", 120, () => hops(prefix), equals(all));
  });

  it("without graceful restart costs the client connections, so that the tests below mean something", async () => {
    const before = speakers();
    const { failures } = await attempts(page, 3, async () => {
      killSpeaker();
      await eventually("the route is gone", soon, () => hops(prefix), equals([]));
      await eventually("it is back", 120, isFresh, equals(true));
    });
    assert.ok(failures > 0);
    await restarted(before);
  });
  it("A9: with it, is seen by the router to be able to", async () => {
    patch("bgpconf/default", { spec: { gracefulRestart: { enabled: true, restartTime: 120 } } });
    const capability = (): unknown => neighbors()[hop("node1")]?.neighborCapabilities?.["gracefulRestart"];
    await eventually(
      "the capability",
      soon,
      capability,
      (seen) => /advertised.*received/i.test(String(seen)) || /received/i.test(String(seen)),
    );
    await eventually("the route", soon, isFresh, equals(true));
  });
  it("A10: killed with -9, costs nothing; the router keeps its route as a stale one meanwhile", async () => {
    const before = speakers();
    const seen = await attempts(page, 5, async () => {
      killSpeaker();
      await eventually("a stale route", soon, isStale, equals(true));
      assert.deepEqual(hops(prefix), [hop("node1")]);
      await eventually("a fresh route", 120, isFresh, equals(true));
    });
    await restarted(before);
    assert.deepEqual([seen.failures, seen.attempts > 100], [0, true], JSON.stringify(seen));
  });
  it("A10: replaced with its DaemonSet, costs nothing; the router keeps routes as stale ones meanwhile", async () => {
    let wasStale = false;
    const seen = await attempts(page, 5, async () => {
      kube("rollout", "restart", "daemonset", "-n", "berth-system");
      const isDone = (): boolean => {
        wasStale ||= isStale();
        return kube("get", "daemonset", "-n", "berth-system", "-o", "jsonpath={.items[0].status}").includes(
          '"updatedNumberScheduled":3',
        );
      };
      await eventually("every speaker is a new one", 240, isDone, equals(true));
      kube("rollout", "status", "daemonset", "-n", "berth-system", "--timeout=200s");
      await eventually("a fresh route", 120, isFresh, equals(true));
    });
    assert.deepEqual([seen.failures, wasStale], [0, true], JSON.stringify(seen));
  });
});

describe("a node that loses its power, without BFD", () => {
  it("is gone within the hold time, and no sooner than the router can know", { timeout: 400_000 }, async () => {
    peerPatch({ timers: { config: { holdTime: "6" } } });
    await eventually("three paths", 120, () => hops(prefix), equals(all));
    await sleep(7000);
    const before = performance.now();
    await powerOff("node3");
    const took = await eventually("two paths", 60, () => hops(prefix), equals(all.slice(0, 2)));
    assert.ok(performance.now() - before >= took);
    await powerOn("node3");
    await waitForNodes(["node3"]);
    peerPatch({ timers: null });
    assert.ok(took <= 7500, `${Math.round(took)} ms; the hold time is six seconds`);
    assert.ok(took > 1000, `${Math.round(took)} ms: something else than the hold time told the router`);
    await eventually("three paths", 120, () => hops(prefix), equals(all));
  });
});
