import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pulumiEnvironment, pulumiOutput, selectLabStack } from "../src/pulumi.ts";

/**
 * The main job, watched from where users stand: a client on the LAN, a host behind the router, the router, kubectl and pulumi.
 * Takes the lab as `npm start` leaves it, and takes it down at the end unless BERTH_KEEP_LAB is set.
 */
const root = dirname(dirname(import.meta.dirname));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function npm(script: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", script, "--", ...args], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, timeout: 900_000 });
  return { code: status ?? 1, stdout, stderr };
}
const lab = (...args: string[]): Ran => npm("lab", ...args);
const kubectl = (...args: string[]): Ran => lab("kubectl", ...args);

/** What a host of the lab reads from a URL within two seconds; empty when nobody answers. */
const page = (host: string, address: string): string =>
  lab("exec", host, "--", "curl", "-s", "--max-time", "2", address.includes(":") ? `http://[${address}]/` : `http://${address}/`).stdout;

/** Tries a claim until it holds, for at most `seconds`; fails with the last thing seen. */
async function eventually(claim: string, seconds: number, attempt: () => string | undefined): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let seen = attempt();
  while (seen !== undefined && Date.now() < end) {
    await sleep(100);
    seen = attempt();
  }
  assert.equal(seen, undefined, `${claim}; last seen: ${seen}`);
}

const output = (): Record<string, string> => JSON.parse(pulumiOutput(["stack", "output", "--json", "--stack", "lab"]).stdout) as Record<string, string>;

let layer2Address = "";
let bgpAddress = "";

before(
  () => {
    const started = spawnSync("npm", ["start", "--silent"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, timeout: 1_800_000 });
    assert.equal(started.status, 0, `npm start failed:\n${started.stdout}\n${started.stderr}`);
    const outputs = output();
    layer2Address = outputs["layer2-page"] ?? "";
    bgpAddress = outputs["bgp-page"] ?? "";
  },
  { timeout: 1_900_000 },
);

describe("npm start", () => {
  it("gives each exposed service an address of its pool", () => {
    assert.match(layer2Address, /^172\.30\.0\.2(0\d|1\d)$/);
    assert.match(bgpAddress, /^192\.0\.2\.\d+$/);
  });

  it("lets a client on the LAN read the page of the Layer2 service", () => assert.match(page("client", layer2Address), /page/));

  it("lets a host behind the router read the page of the BGP service", () => assert.match(page("outside", bgpAddress), /page/));

  it("leaves one next hop per node at the router", () => {
    const table = lab("router", "show", "ip", "bgp").stdout;
    const nextHops = [...table.matchAll(/172\.30\.0\.1[1-9]\b/g)].map(([hop]) => hop);
    assert.deepEqual([...new Set(nextHops)].sort(), ["172.30.0.11", "172.30.0.12", "172.30.0.13"], table);
    assert.ok(table.includes(`${bgpAddress}/32`), table);
  });

  it("changes nothing when it is run again, and keeps the addresses", () => {
    const { code, stdout, stderr } = pulumiOutput(["preview", "--stack", "lab", "--non-interactive", "--expect-no-changes"]);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual([output()["layer2-page"], output()["bgp-page"]], [layer2Address, bgpAddress]);
  });
});

describe("kubectl", () => {
  it("lists pools, peers and services in columns that read well", () => {
    const { stdout } = kubectl("get", "eip,bgpconf,bgppeer,svc", "-A");
    for (const word of ["CIDR", "PROTOCOL", "USAGE", "TOTAL", "READY", "172.30.0.200-172.30.0.219", "192.0.2.0/24", layer2Address, bgpAddress]) assert.ok(stdout.includes(word), `${word} is not in:\n${stdout}`);
  });

  it("describes a Service with the event that names its Eip", () => {
    const { stdout } = kubectl("describe", "service", "-n", "demo", "layer2-page");
    assert.match(stdout, /lan/);
    assert.match(stdout, new RegExp(layer2Address.replaceAll(".", "\\.")));
    assert.match(stdout, /Events:\s+Type\s+Reason/);
  });

  it("describes an Eip with its Ready condition", () => assert.match(kubectl("describe", "eip", "lan").stdout, /Conditions:[\s\S]*Ready/));

  it("is refused a malformed Eip by the API server, with the field, the value and what would be right", () => {
    const manifest = "apiVersion: network.kubesphere.io/v1alpha2\nkind: Eip\nmetadata: {name: wrong}\nspec: {address: 10.0.0.300}\n";
    const { status, stderr } = spawnSync("npm", ["run", "--silent", "lab", "--", "kubectl", "apply", "-f", "-"], { cwd: root, encoding: "utf8", input: manifest });
    assert.notEqual(status, 0);
    assert.match(stderr, /spec\.address/);
    assert.match(stderr, /10\.0\.0\.300/);
  });
});

const service = (name: string, eip: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: demo, annotations: {lb.kubesphere.io/v1alpha1: openelb, eip.openelb.kubesphere.io/v1alpha2: ${eip}}}
spec: {type: LoadBalancer, selector: {app: page}, ports: [{port: 80, targetPort: 8080}]}
`;
const apply = (manifest: string): void => {
  const { status, stderr } = spawnSync("npm", ["run", "--silent", "lab", "--", "kubectl", "apply", "-f", "-"], { cwd: root, encoding: "utf8", input: manifest });
  assert.equal(status, 0, stderr);
};
const addressOf = (name: string): string => kubectl("get", "service", "-n", "demo", name, "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}").stdout;
const arping = (address: string): number => lab("exec", "client", "--", "arping", "-c", "1", "-w", "1", address).code;
const isRouted = (address: string): boolean => lab("router", "show", "ip", "bgp").stdout.includes(`${address}/32`);

describe("a Service deleted with kubectl", () => {
  it("leaves the LAN: nobody answers ARP for its address within two seconds", async () => {
    apply(service("short-lived-layer2", "lan"));
    await eventually("has an address", 20, () => (addressOf("short-lived-layer2") === "" ? "no address" : undefined));
    const address = addressOf("short-lived-layer2");
    await eventually("answers ARP", 20, () => (arping(address) === 0 ? undefined : "no ARP reply"));
    kubectl("delete", "service", "-n", "demo", "short-lived-layer2");
    await sleep(2000);
    assert.notEqual(arping(address), 0, `${address} still answers ARP`);
  });

  it("leaves the router: its route is withdrawn within two seconds", async () => {
    apply(service("short-lived-bgp", "routed"));
    await eventually("has an address", 20, () => (addressOf("short-lived-bgp") === "" ? "no address" : undefined));
    const address = addressOf("short-lived-bgp");
    await eventually("is routed", 20, () => (isRouted(address) ? undefined : "no route"));
    kubectl("delete", "service", "-n", "demo", "short-lived-bgp");
    await sleep(2000);
    assert.ok(!isRouted(address), `${address} is still in the router's table`);
  });
});
