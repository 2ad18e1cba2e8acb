import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { ownerOf } from "../src/answers.ts";
import { kubectl } from "../src/controlPlane.ts";
import { powerOff, powerOn } from "../src/faults.ts";
import { run } from "../src/hosts.ts";
import { startLoad } from "../src/load.ts";
import { waitForNodes } from "../src/node.ts";
import { root, runDirectory } from "../src/paths.ts";
import { pulumiOutput, selectLabStack } from "../src/pulumi.ts";
import { show } from "../src/router.ts";
import { keepPodsOn } from "../src/trial.ts";
import { addressesOf, apply, eventually, npm } from "./support.ts";

/**
 * The main job, watched from where users stand: a client on the LAN, a host behind the router, the router, kubectl and pulumi.
 * Takes the lab as `npm start` leaves it, and takes it down at the end; with BERTH_KEEP_LAB set it leaves it up.
 */
const scratch = mkdtempSync(join(tmpdir(), "berth-lab-test-"));
const linksBefore = links();

function links(): string {
  return spawnSync("ip", ["-o", "link"], { encoding: "utf8" }).stdout;
}

const url = (address: string): string => (address.includes(":") ? `http://[${address}]/` : `http://${address}/`);
const page = (host: string, address: string): string => run(host, ["curl", "-s", "--max-time", "2", url(address)]).stdout;
const answersArp = (address: string): boolean => run("client", ["arping", "-c", "1", "-w", "1", address]).code === 0;
const isRouted = (address: string): boolean => show("frr", ["show", "ip", "bgp"]).stdout.includes(`${address}/32`);
const nextHops = (address: string): string[] =>
  [...show("frr", ["show", "ip", "bgp", `${address}/32`]).stdout.matchAll(/^ {4}(172\.30\.0\.\d+)/gm)]
    .map(([, hop]) => hop ?? "")
    .sort();
const addressOf = (name: string): string => addressesOf(name)[0] ?? "";
const addresses = (): Record<string, string> =>
  (JSON.parse(pulumiOutput(["stack", "output", "--json", "--stack", "lab"]).stdout) as { addresses: Record<string, string> })
    .addresses;

const service = (name: string, eip: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: demo, annotations: {lb.kubesphere.io/v1alpha1: openelb, eip.openelb.kubesphere.io/v1alpha2: ${eip}}}
spec: {type: LoadBalancer, selector: {app: page}, ports: [{port: 80, targetPort: 8080}]}
`;

/** Runs pulumi with the lab's configuration, changed. */
function pulumiWith(
  change: (config: Record<string, never[]>) => void,
  command: string,
  ...args: string[]
): ReturnType<typeof pulumiOutput> {
  const document = parse(readFileSync(join(root, "Pulumi.lab.yaml"), "utf8")) as { config: Record<string, never[]> };
  change(document.config);
  const file = join(scratch, "Pulumi.lab.yaml");
  writeFileSync(file, stringify(document));
  return pulumiOutput([command, "--stack", "lab", "--non-interactive", "--config-file", file, ...args]);
}

/** The longest time without a fresh TCP connection from the client to an address, in milliseconds, while something happens and for some seconds after. */
async function longestGap(address: string, seconds: number, meanwhile: () => Promise<void>): Promise<number> {
  const load = await startLoad("client", address);
  await meanwhile();
  await sleep(seconds * 1000);
  return (await load.stop()).longestGap;
}

let layer2Address = "";
let bgpAddress = "";

before(() => {
  const { code, output } = npm("start");
  assert.equal(code, 0, output.slice(-6000));
  selectLabStack();
  layer2Address = addresses()["layer2-page"] ?? "";
  bgpAddress = addresses()["bgp-page"] ?? "";
});

after(() => rmSync(scratch, { recursive: true, force: true }));

describe("npm start", () => {
  it("gives each exposed service an address of its pool", () => {
    assert.match(layer2Address, /^172\.30\.0\.2[01]\d$/);
    assert.match(bgpAddress, /^192\.0\.2\.\d+$/);
  });

  it("lets a client on the LAN read the page of the Layer2 service", () =>
    assert.match(page("client", layer2Address), /This page was served by pod/));

  it("lets a host behind the router read the page of the BGP service", () =>
    assert.match(page("outside", bgpAddress), /This page was served by pod/));

  it("leaves one next hop for each node at the router", () =>
    assert.deepEqual(nextHops(bgpAddress), ["172.30.0.11", "172.30.0.12", "172.30.0.13"]));

  it("leaves nothing to change, and nothing drifted", () => {
    for (const command of ["preview", "refresh"]) {
      const { code, stdout, stderr } = pulumiOutput([
        command,
        "--stack",
        "lab",
        "--non-interactive",
        "--expect-no-changes",
        ...(command === "refresh" ? ["--yes"] : []),
      ]);
      assert.equal(code, 0, stdout + stderr);
    }
  });

  it("run again keeps the addresses", () => {
    const { code, output } = npm("start");
    assert.equal(code, 0, output.slice(-6000));
    assert.deepEqual([addresses()["layer2-page"], addresses()["bgp-page"]], [layer2Address, bgpAddress]);
  });
});

describe("the commands of the README", () => {
  it("reach the pages", () => {
    assert.match(
      npm("run", "--silent", "lab", "--", "exec", "client", "--", "curl", "-s", url(layer2Address)).output,
      /This page was served/,
    );
    assert.match(
      npm("run", "--silent", "lab", "--", "exec", "outside", "--", "curl", "-s", url(bgpAddress)).output,
      /This page was served/,
    );
  });

  it("list pools, peers and services in columns", () => {
    const { output } = npm("run", "--silent", "lab", "--", "kubectl", "get", "eip,bgpconf,bgppeer,svc", "-A");
    for (const word of [
      "CIDR",
      "PROTOCOL",
      "USAGE",
      "TOTAL",
      "READY",
      "172.30.0.200-172.30.0.219",
      "192.0.2.0/24",
      layer2Address,
      bgpAddress,
    ])
      assert.ok(output.includes(word), `${word} is not in:\n${output}`);
  });

  it("give one sentence and the names there are for a host that does not exist", () => {
    const { code, output } = npm("run", "--silent", "lab", "--", "power-off", "node9");
    assert.notEqual(code, 0);
    assert.match(output, /"node9" is not a node of this lab; its nodes are node1, node2, node3/);
  });
});

describe("kubectl", () => {
  it("describes a Service with the event that names its Eip", () => {
    apply(service("described", "lan"));
    return eventually("an event names the Eip", 10, () =>
      /Events:[\s\S]*AddressAssigned[\s\S]*from Eip lan/.test(kubectl(["describe", "service", "-n", "demo", "described"]).stdout),
    ).finally(() => kubectl(["delete", "service", "-n", "demo", "described"]));
  });

  it("describes a Service that waits with the reason", () => {
    apply(service("waiting", "nowhere"));
    return eventually("an event says why", 10, () =>
      /EipNotFound[\s\S]*there is no Eip nowhere/.test(kubectl(["describe", "service", "-n", "demo", "waiting"]).stdout),
    ).finally(() => kubectl(["delete", "service", "-n", "demo", "waiting"]));
  });

  it("describes Eips, BgpConf and BgpPeer with their conditions", () => {
    for (const object of ["eip/lan", "eip/routed", "bgpconf/default", "bgppeer/router"])
      assert.match(kubectl(["describe", object]).stdout, /Conditions:[\s\S]*Observed Generation[\s\S]*Type:\s+Ready/, object);
  });

  it("lists the router with sessions on all nodes, and each node's session in OpenELB's shape", async () => {
    const established = (): string => kubectl(["get", "bgppeer", "router"]).stdout;
    await eventually("sessions on all nodes", 15, () => /router\s+172\.30\.0\.1\s+65001\s+OnAllNodes\s+True/.test(established()));
    const { stdout } = kubectl(["get", "bgppeer", "router", "-o", "jsonpath={.status.nodesPeerStatus.node1.peerState}"]);
    assert.match(stdout, /"neighborAddress":"172\.30\.0\.1".*"peerAs":65001.*"sessionState":"ESTABLISHED"/);
  });

  it("runs logs and exec on every node's pods", () => {
    for (const pod of kubectl(["get", "pods", "-n", "berth-system", "-l", "app.kubernetes.io/component=speaker", "-o", "name"])
      .stdout.trim()
      .split("\n")) {
      assert.match(kubectl(["logs", "-n", "berth-system", pod, "--tail=5"]).stdout, /"component":"speaker"/);
      assert.match(kubectl(["exec", "-n", "berth-system", pod, "--", "berth", "--help"]).stdout, /LoadBalancer Services/);
    }
  });

  it("is refused a malformed Eip by the API server, with field, value and what would be right", () => {
    const { code, stderr } = kubectl(
      ["apply", "-f", "-"],
      "apiVersion: network.kubesphere.io/v1alpha2\nkind: Eip\nmetadata: {name: wrong}\nspec: {address: 10.0.0.300}\n",
    );
    assert.notEqual(code, 0);
    assert.match(stderr, /spec\.address.*"10\.0\.0\.300" is not an address \(192\.0\.2\.1\), a CIDR/);
  });
});

describe("a Service that goes", () => {
  it("leaves the LAN: nobody answers for its address two seconds after kubectl delete", async () => {
    apply(service("short-lived", "lan"));
    await eventually("an address", 10, () => addressOf("short-lived") !== "");
    const address = addressOf("short-lived");
    await eventually("an ARP answer", 10, () => answersArp(address));
    kubectl(["delete", "service", "-n", "demo", "short-lived", "--wait=false"]);
    await sleep(2000);
    assert.ok(!answersArp(address));
  });

  it("leaves the router: its route is gone two seconds after kubectl delete", async () => {
    apply(service("short-lived", "routed"));
    await eventually("an address", 10, () => addressOf("short-lived") !== "");
    const address = addressOf("short-lived");
    await eventually("a route", 10, () => isRouted(address));
    kubectl(["delete", "service", "-n", "demo", "short-lived", "--wait=false"]);
    await sleep(2000);
    assert.ok(!isRouted(address));
  });

  it("is withdrawn when it leaves the program, and comes back with it", async () => {
    const { code, stdout, stderr } = pulumiWith((config) => config["berth:services"]?.splice(0), "up", "--yes", "--skip-preview");
    assert.equal(code, 0, stdout + stderr);
    await sleep(2000);
    assert.deepEqual([answersArp(layer2Address), isRouted(bgpAddress)], [false, false]);
    const again = pulumiOutput(["up", "--yes", "--skip-preview", "--stack", "lab", "--non-interactive"]);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    layer2Address = addresses()["layer2-page"] ?? "";
    bgpAddress = addresses()["bgp-page"] ?? "";
    await eventually("the page", 10, () => page("client", layer2Address) !== "" && page("outside", bgpAddress) !== "");
  });
});

describe("a mistake in the program", () => {
  it("fails pulumi preview with the property path, the value and what would be right", () => {
    const wrong = { name: "wrong", address: "10.0.0.300" } as never;
    const { code, stdout, stderr } = pulumiWith((config) => config["berth:eips"]?.push(wrong), "preview");
    assert.notEqual(code, 0);
    assert.match(
      stdout + stderr,
      /berth:index:Eip "wrong" has a mistake:\s+address: "10\.0\.0\.300" is not an address \(192\.0\.2\.1\), a CIDR/,
    );
  });
});

describe("a node that dies", () => {
  it("is replaced within a second where it answered ARP, and coming back changes nothing (best of three trials: the machine has other work)", {
    timeout: 400_000,
  }, async () => {
    const seen: { readonly off: number; readonly on: number }[] = [];
    const isGood = (): boolean => seen.some(({ off, on }) => off <= 1000 && on <= 300);
    for (let trial = 0; trial < 3 && !isGood(); trial++) {
      const node = ownerOf(layer2Address);
      keepPodsOn(
        "page",
        ["node1", "node2", "node3"].filter((name) => name !== node),
      );
      const off = await longestGap(layer2Address, 3, () => powerOff(node));
      await powerOn(node);
      const on = await longestGap(layer2Address, 5, () => waitForNodes([node]));
      seen.push({ off, on });
    }
    assert.ok(isGood(), `milliseconds without a connection: ${JSON.stringify(seen)}`);
    await eventually("the route by the node again", 60, () => nextHops(bgpAddress).length === 3);
  });
});

describe("pulumi destroy", () => {
  it("leaves no object behind and does not hang, and a second pulumi up works", { timeout: 300_000 }, async () => {
    const { code, stdout, stderr } = pulumiOutput(["destroy", "--yes", "--skip-preview", "--stack", "lab", "--non-interactive"]);
    assert.equal(code, 0, stdout + stderr);
    const left = kubectl(["get", "crd,namespace,clusterrole,clusterrolebinding", "-o", "name"]).stdout;
    assert.doesNotMatch(left, /berth|kubesphere|\/demo/);
    assert.deepEqual([answersArp(layer2Address), isRouted(bgpAddress)], [false, false]);
    const again = pulumiOutput(["up", "--yes", "--skip-preview", "--stack", "lab", "--non-interactive"]);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    await eventually(
      "the pages",
      10,
      () => page("client", addresses()["layer2-page"] ?? "") !== "" && page("outside", addresses()["bgp-page"] ?? "") !== "",
    );
  });
});

describe("npm run lab -- down", { skip: process.env["BERTH_KEEP_LAB"] === undefined ? false : "BERTH_KEEP_LAB is set" }, () => {
  it("leaves no process, namespace, mount, control group or interface behind", { timeout: 120_000 }, () => {
    const { code, output } = npm("run", "--silent", "lab", "--", "down");
    assert.equal(code, 0, output);
    const processes = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && isOfTheLab(pid));
    assert.deepEqual(
      processes.map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")),
      [],
    );
    assert.doesNotMatch(
      spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout,
      /^berth-(control|lan|router|client|outside|node\d)/m,
    );
    assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(runDirectory));
    assert.equal(spawnSync("find", ["/sys/fs/cgroup", "-type", "d", "-name", "berth-node*"], { encoding: "utf8" }).stdout, "");
    assert.equal(links(), linksBefore);
  });
});

/** Whether a process runs a program of the lab, or with the lab's files. */
function isOfTheLab(pid: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return command.includes(runDirectory) || readlinkSync(`/proc/${pid}/exe`).startsWith(join(root, ".lab/bin"));
  } catch {
    return false;
  }
}
