import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseTarGzip } from "nanotar";
import { buildCli } from "../../../scripts/cli.ts";
import { run } from "../../src/hosts.ts";
import { type Monitor, startMonitor } from "../../src/monitor.ts";
import { kubeconfigPath } from "../../src/paths.ts";
import { insideHost } from "../../src/processes.ts";
import { show } from "../../src/router.ts";
import { addressesOf, apply, eventually, kube, npm } from "../support.ts";

/**
 * Broken set-ups, each made in the lab: the command line names the true cause first, and what to do. Prometheus scrapes all the while, as
 * docs/metrics.md says: alerts fire for what is broken, and clear when it is mended.
 * Takes the lab as `npm start` leaves it, and takes it down at the end; with BERTH_KEEP_LAB set it leaves it up.
 */
const directory = mkdtempSync(join(tmpdir(), "berth-explain-"));
const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";
const secret = "planted-in-a-log-4711";
let monitor: Monitor;

function berth(...args: string[]): { readonly code: number; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(directory, "berth"), ...args], {
    encoding: "utf8",
    cwd: directory,
    maxBuffer: 1 << 28,
    env: { ...process.env, KUBECONFIG: kubeconfigPath },
  });
  return { code: status ?? -1, stdout, stderr };
}

interface Explanation {
  readonly cause?: { readonly reason: string; readonly message: string; readonly remedy?: string };
}

/** Waits until the first thing that the command line says of a Service is this cause, and this is what to do, to programs and to people. */
async function explains(service: string, reason: string, message: RegExp, remedy: RegExp, seconds = 90): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const { code, stdout, stderr } = berth("explain", "service", `demo/${service}`, "--json");
    assert.ok(code === 0 || code === 1, stderr);
    const { cause } = JSON.parse(stdout) as Explanation;
    const text = berth("explain", "service", `demo/${service}`);
    const [first = "", second = ""] = text.stdout.split("\n");
    const isNamed = cause?.reason === reason && message.test(cause.message) && remedy.test(cause.remedy ?? "");
    const isTold = new RegExp(`^demo/${service} does not work: .*\\(${reason}\\)$`).test(first) && /^What to do: /.test(second);
    if (isNamed && isTold && text.code === 1) return;
    assert.ok(Date.now() < end, `not ${reason}, ${message}, ${remedy} but ${JSON.stringify(cause)}\n${text.stdout}`);
    await sleep(300);
  }
}

/** Waits until the command line finds nothing wrong with a Service. */
async function isWell(service: string, seconds = 120): Promise<void> {
  await eventually(`demo/${service} is well again`, seconds, () => berth("explain", "service", `demo/${service}`).code === 0);
}

const eip = (name: string, address: string, more: object = {}, annotations: object = {}): object => ({
  apiVersion: "network.kubesphere.io/v1alpha2",
  kind: "Eip",
  metadata: { name, annotations },
  spec: { address, protocol: "layer2", ...more },
});

const service = (name: string, pool: string | undefined, spec: object = {}, annotations: object = {}): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name,
    namespace: "demo",
    annotations: { ...(pool === undefined ? {} : { "eip.openelb.kubesphere.io/v1alpha2": pool }), ...annotations },
  },
  spec: {
    type: "LoadBalancer",
    allocateLoadBalancerNodePorts: false,
    selector: { app: "page" },
    ports: [{ port: 80, targetPort: 8080 }],
    ...spec,
  },
});

const wanted = (address: string): object => ({ "eip.openelb.kubesphere.io/v1alpha1": address });
const neverReady = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "broken-page", namespace: "demo" },
  spec: {
    selector: { matchLabels: { app: "broken-page" } },
    template: {
      metadata: { labels: { app: "broken-page" } },
      spec: {
        containers: [
          {
            name: "page",
            image: "localhost/berth-lab/page:1",
            imagePullPolicy: "Never",
            readinessProbe: { httpGet: { path: "/", port: 9 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
};

/** Those that come first, and take what others will not get. */
const holders: readonly object[] = [
  eip("broken-full", "172.30.0.230"),
  eip("broken-quota", "172.30.0.233-172.30.0.234", { perNamespaceLimit: 1 }),
  service("full-holder", "broken-full"),
  service("quota-holder", "broken-quota"),
];

/** Everything that is wrong from the start, and can be wrong at the same time. */
const broken = (inUse: string): readonly object[] => [
  eip("broken-off", "172.30.0.231", { disable: true }),
  eip("broken-overlap", "172.30.0.218-172.30.0.221"),
  eip("broken-bound", "172.30.0.232", { namespaces: ["elsewhere"], restrict: true }),
  eip("broken-nic", "172.30.0.235", { interface: "eth9" }),
  eip("broken-nodes", "172.30.0.236", { nodeSelector: { matchLabels: { rack: "none" } } }),
  eip("broken-peers", "198.51.100.0/30", { protocol: "bgp", bgp: { peers: ["nobody"] } }),
  neverReady,
  service("full", "broken-full"),
  service("off", "broken-off"),
  service("overlap", "broken-overlap"),
  service("bound", "broken-bound"),
  service("quota", "broken-quota"),
  service("nic", "broken-nic"),
  service("nodes", "broken-nodes"),
  service("peers", "broken-peers"),
  service("nowhere", "no-such-eip"),
  service("outside", undefined, {}, wanted("203.0.113.9")),
  service("in-use", undefined, {}, wanted(inUse)),
  service("no-address", undefined, {}, wanted(secret)),
  service("foreign", "lan", { loadBalancerClass: "example.com/other" }),
  service("six", "lan", { ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack" }),
  service("inside", "lan", { type: "ClusterIP", allocateLoadBalancerNodePorts: undefined }),
  service("no-pods", "lan", { selector: { app: "nobody" } }),
  service("not-ready", "lan", { selector: { app: "broken-page" } }),
];

/** Set-up, reason, words of the cause, words of what to do. */
const causes: readonly (readonly [service: string, reason: string, message: RegExp, remedy: RegExp])[] = [
  ["nowhere", "EipNotFound", /there is no Eip no-such-eip/, /make that Eip, or name one/],
  ["full", "EipFull", /Eip broken-full is full/, /spec\.addresses/],
  ["off", "Disabled", /Eip broken-off is disabled/, /spec\.disable/],
  ["overlap", "Overlapping", /belongs to Eip lan already/, /shared addresses/],
  ["bound", "NamespaceNotAllowed", /broken-bound/, /spec\.namespaces/],
  ["quota", "QuotaExceeded", /demo/, /spec\.perNamespaceLimit/],
  ["outside", "AddressOutsideEips", /203\.0\.113\.9 lies in no Eip/, /name an address of an Eip/],
  ["in-use", "AddressInUse", /demo\/layer2-page/, /name another address/],
  ["no-address", "InvalidAddress", /is not an IP address/, /correct the annotation/],
  ["foreign", "NotOurs", /spec\.loadBalancerClass is "example\.com\/other"/, /make the Service anew/],
  ["six", "WrongFamily", /IPv6/, /spec\.ipFamilies/],
  ["inside", "NotLoadBalancer", /spec\.type is ClusterIP/, /spec\.type to LoadBalancer/],
  ["no-pods", "NoEndpoint", /no pod matches the selector app=nobody/, /kubectl get pods/],
  ["not-ready", "NoEndpoint", /1 pod matches, and it is not ready/, /kubectl get pods/],
  ["nic", "NoInterface", /eth9/, /spec\.interface/],
  ["nodes", "NodeNotSelected", /spec\.nodeSelector of Eip broken-nodes/, /labels of a node/],
  ["peers", "NoSession", /no BgpPeer of this node is among spec\.bgp\.peers/, /router/],
];

before(async () => {
  await buildCli(directory);
  const { code, output } = npm("start");
  assert.equal(code, 0, output.slice(-4000));
  monitor = await startMonitor("node1", directory);
  kube("create", "secret", "generic", "planted", "-n", "berth-system", `--from-literal=password=${secret}`);
});
after(async () => {
  await monitor?.stop();
  rmSync(directory, { recursive: true, force: true });
  if (process.env["BERTH_KEEP_LAB"] === undefined) npm("run", "--silent", "lab", "--", "down");
});

describe("what berth check finds in the lab", () => {
  it("is nothing, where nothing is wrong: the nodes have told of themselves", async () => {
    await eventually("nothing is wrong", 90, () => berth("check").code === 0);
    assert.match(berth("check").stdout, /kube-proxy +nftables on node1, node2, node3/);
    assert.match(berth("check").stdout, /ok +MTU /);
  });
  it("is a smaller MTU on one node, another speaker's port, and MetalLB, each with what to do", async () => {
    const [file = "", ...args] = insideHost("node3", ["socat", "-u", "UDP4-RECV:7946", "STDOUT"]);
    const stranger: ChildProcess = spawn(file, args, { stdio: "ignore" });
    try {
      run("node2", ["ip", "link", "set", "eth0", "mtu", "1400"]);
      kube("create", "deployment", "speaker", "-n", "demo", "--image=localhost/metallb/speaker:v0.0.0");
      await eventually("all three are found", 120, () => {
        const { code, stdout } = berth("check");
        return (
          code === 1 &&
          /PROBLEM +MTU +interfaces on 172\.30\.0\.0\/24 differ: 1500 on .*; 1400 on node2 \(eth0\)/.test(stdout) &&
          /PROBLEM +other implementations +MetalLB runs in demo/.test(stdout) &&
          /note +ports +another program listens on 7946\/udp of node3/.test(stdout) &&
          /MTU: give all of them one MTU/.test(stdout)
        );
      });
    } finally {
      run("node2", ["ip", "link", "set", "eth0", "mtu", "1500"]);
      kube("delete", "deployment", "speaker", "-n", "demo");
      run("node3", ["pkill", "-x", "socat"]);
      stranger.kill("SIGKILL");
    }
    await eventually("nothing is wrong again", 120, () => berth("check").code === 0);
  });
});

describe("berth explain service names the cause first, and what to do", () => {
  before(async () => {
    const [inUse = ""] = addressesOf("layer2-page");
    apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: holders }));
    for (const holder of ["full-holder", "quota-holder"])
      await eventually(`${holder} has an address`, 90, () => addressesOf(holder).length === 1);
    apply(JSON.stringify({ apiVersion: "v1", kind: "List", items: broken(inUse) }));
  });
  for (const [name, reason, message, remedy] of causes)
    it(`${name}: ${reason}`, async () => await explains(name, reason, message, remedy));
  it("fires the alerts for these, and puts no secret into a bug report although it stands in a log", async () => {
    for (const alert of [
      "BerthServiceWaiting",
      "BerthPoolFull",
      "BerthPoolNotInUse",
      "BerthNoEndpoint",
      "BerthAddressNotAnnounced",
    ])
      await monitor.fires(alert);
    const logs = kube("logs", "-n", "berth-system", "-l", "app.kubernetes.io/component=controller", "--tail=-1");
    assert.ok(logs.includes(secret), "the controller says what is wrong with the annotation");
    const { code, stderr } = berth("bundle", "--output", "report.tar.gz");
    assert.equal(code, 0, stderr);
    const entries = await parseTarGzip(readFileSync(join(directory, "report.tar.gz")));
    assert.ok(entries.some(({ name }) => name.includes("logs/berth-controller")));
    assert.ok(entries.some(({ name }) => name.includes("speakers/node3-look-bgp-rib-out")));
    for (const { name, text } of entries) assert.ok(!text.includes(secret), name);
  });
  it("and says that all is well when they are gone: no alert is left", async () => {
    kube(
      "delete",
      "-f",
      writeManifest("broken.json", [...holders, ...broken("172.30.0.200")]),
      "--wait=false",
      "--ignore-not-found",
    );
    await monitor.isQuiet();
  });

  const router = (command: string): void => {
    const { code, stdout, stderr } = run("router", [
      "vtysh",
      "--vty_socket",
      "/run/frr",
      "-c",
      "configure terminal",
      "-c",
      "router bgp 65001",
      "-c",
      command,
    ]);
    assert.equal(code, 0, stdout + stderr);
  };
  it("the router takes no session: NoSession, with what the router said", async () => {
    try {
      router("no bgp listen range 172.30.0.0/24 peer-group berth");
      await explains("bgp-page", "NoSession", /no session is up: router is up on no node, down on node1: /, /TCP port 179/);
      await monitor.fires("BerthBgpAllSessionsDown");
      await monitor.fires("BerthBgpSessionDown");
    } finally {
      router("bgp listen range 172.30.0.0/24 peer-group berth");
    }
    await isWell("bgp-page", 120);
    const hasNode1 = (): boolean => show("frr", ["show", "bgp", "summary"]).stdout.includes("172.30.0.11");
    await eventually("the session of node1, which was named, is there again", 120, hasNode1);
  });
  it("a wrong AS number in the BgpPeer: NoSession, with the NOTIFICATION in words", async () => {
    const as = (peerAs: number): string =>
      kube("patch", "bgppeer", "router", "--type=merge", "-p", JSON.stringify({ spec: { conf: { peerAs } } }));
    try {
      as(65099);
      await explains("bgp-page", "NoSession", /AS/, /AS numbers/);
    } finally {
      as(65001);
    }
    await isWell("bgp-page");
  });
  it("no BgpConf: NoBgpConf", async () => {
    const conf = kube("get", "bgpconf", "default", "-o", "json");
    try {
      kube("delete", "bgpconf", "default");
      await explains("bgp-page", "NoBgpConf", /no BgpConf named "default"/, /spec\.as/);
      await monitor.fires("BerthConfigurationRefused");
    } finally {
      const { metadata, ...rest } = JSON.parse(conf) as {
        readonly metadata: { readonly annotations?: object };
        readonly spec: object;
      };
      apply(JSON.stringify({ ...rest, metadata: { name: "default", annotations: metadata.annotations }, status: undefined }));
    }
    await isWell("bgp-page");
  });
  it("every node is excluded: NodeExcluded", async () => {
    try {
      kube("label", "node", "--all", `${excludeLabel}=`);
      await explains("layer2-page", "NodeExcluded", /node1 carries the label/, /take the label .* off a node/);
    } finally {
      kube("label", "node", "--all", `${excludeLabel}-`);
    }
    await isWell("layer2-page");
  });
  it("a foreign host claims the address: ForeignHost, with its Ethernet address", async () => {
    const [address = ""] = addressesOf("layer2-page");
    try {
      run("router", ["ip", "address", "add", `${address}/32`, "dev", "eth0"]);
      run("router", ["arping", "-A", "-c", "2", "-I", "eth0", address]);
      await explains("layer2-page", "ForeignHost", /02:be:00:00:01:01 claims/, /find that host/);
      await monitor.fires("BerthAddressConflict");
    } finally {
      run("router", ["ip", "address", "delete", `${address}/32`, "dev", "eth0"]);
    }
    await isWell("layer2-page");
  });
  it("no controller: ControllerGone", async () => {
    try {
      kube("scale", "deployment", "berth-controller", "-n", "berth-system", "--replicas=0");
      await explains("layer2-page", "ControllerGone", /no controller leads/, /berth-controller/, 90);
      await monitor.fires("BerthNoController");
    } finally {
      kube("scale", "deployment", "berth-controller", "-n", "berth-system", "--replicas=2");
    }
    await isWell("layer2-page");
  });
  it("no speaker: NoSpeaker", async () => {
    const select = (value: string | null): string =>
      kube(
        "patch",
        "daemonset",
        "berth-speaker",
        "-n",
        "berth-system",
        "--type=merge",
        "-p",
        JSON.stringify({ spec: { template: { spec: { nodeSelector: { rack: value } } } } }),
      );
    try {
      select("none");
      await explains("layer2-page", "NoSpeaker", /no speaker runs/, /daemonset berth-speaker/, 90);
    } finally {
      select(null);
    }
    await isWell("layer2-page");
    await isWell("bgp-page");
  });
  it("and no alert is left at the end", async () => await monitor.isQuiet());
});

function writeManifest(name: string, items: readonly object[]): string {
  const file = join(directory, name);
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  return file;
}
