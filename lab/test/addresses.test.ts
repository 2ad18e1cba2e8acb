import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { requireLab, up } from "../src/cluster.ts";
import { kubectl } from "../src/controlPlane.ts";
import { run } from "../src/hosts.ts";
import { archiveFor } from "../src/images.ts";
import { startLoad } from "../src/load.ts";
import { loadImages } from "../src/node.ts";
import { root } from "../src/paths.ts";
import { nodeNames } from "../src/plan.ts";
import { pulumiOutput, selectLabStack } from "../src/pulumi.ts";
import { show } from "../src/router.ts";
import { ensureSetup } from "../src/setup/setup.ts";
import { serveWaiting } from "../src/waitingServices.ts";

/**
 * Addresses, seen by those who move from OpenELB: their manifests, applied by kubectl to a cluster that has Berth and nothing else of it; and a thousand
 * Services. It leaves the lab up, with nothing of its own in it; the next test file declares what it needs.
 */
const scratch = mkdtempSync(join(tmpdir(), "berth-lab-addresses-"));

/** The Layer2 pool and the Services of OpenELB's guide, with addresses of this LAN; every field that the guide names is there. */
const layer2 = `
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata:
  name: layer2-pool
  annotations:
    eip.openelb.kubesphere.io/is-default-eip: "true"
spec:
  address: 172.30.0.91-172.30.0.100
  priority: 100
  namespaces: [demo, default]
  namespaceSelector:
    kubesphere.io/workspace: workspace
  disable: false
  protocol: layer2
  interface: eth0
---
apiVersion: v1
kind: Service
metadata:
  name: layer2-svc
  namespace: demo
  annotations:
    lb.kubesphere.io/v1alpha1: openelb
    protocol.openelb.kubesphere.io/v1alpha1: layer2
    eip.openelb.kubesphere.io/v1alpha2: layer2-pool
spec:
  selector: { app: page }
  type: LoadBalancer
  ports:
    - { name: http, port: 80, targetPort: 8080 }
  externalTrafficPolicy: Cluster
---
apiVersion: v1
kind: Service
metadata:
  name: layer2-named
  namespace: demo
  annotations:
    lb.kubesphere.io/v1alpha1: openelb
    eip.openelb.kubesphere.io/v1alpha1: 172.30.0.97
spec: { selector: { app: page }, type: LoadBalancer, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata:
  name: layer2-default
  namespace: demo
  annotations: { lb.kubesphere.io/v1alpha1: openelb }
spec: { selector: { app: page }, type: LoadBalancer, ports: [{ port: 80, targetPort: 8080 }] }
`;

/** The BGP guide: BgpConf, BgpPeer, a pool and a Service with externalTrafficPolicy Cluster. */
const bgp = `
apiVersion: network.kubesphere.io/v1alpha2
kind: BgpConf
metadata: { name: default }
spec:
  as: 65000
  listenPort: 17900
---
apiVersion: network.kubesphere.io/v1alpha2
kind: BgpPeer
metadata: { name: bgppeer-sample }
spec:
  conf:
    peerAs: 65001
    neighborAddress: 172.30.0.1
---
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: { name: bgp-pool }
spec:
  address: 192.0.2.2-192.0.2.254
  protocol: bgp
---
apiVersion: v1
kind: Service
metadata:
  name: bgp-svc
  namespace: demo
  annotations:
    lb.kubesphere.io/v1alpha1: openelb
    protocol.openelb.kubesphere.io/v1alpha1: bgp
    eip.openelb.kubesphere.io/v1alpha2: bgp-pool
spec:
  selector: { app: page }
  type: LoadBalancer
  ports:
    - { name: http, port: 80, targetPort: 8080 }
  externalTrafficPolicy: Cluster
`;

function apply(manifest: string): void {
  const { code, stderr } = kubectl(["apply", "-f", "-"], manifest);
  assert.equal(code, 0, stderr);
}

const addressOf = (name: string): string =>
  kubectl(["get", "service", "-n", "demo", name, "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"]).stdout;
const page = (host: string, address: string): string => run(host, ["curl", "-s", "--max-time", "2", `http://${address}/`]).stdout;
const isServed = (host: string, address: string): boolean => /This page was served by pod/.test(page(host, address));
const field = (name: string, path: string): string => kubectl(["get", "eip", name, "-o", `jsonpath={${path}}`]).stdout;

async function eventually(claim: string, seconds: number, holds: () => boolean): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    assert.ok(Date.now() < end, `${claim}: not within ${seconds} s`);
    await sleep(200);
  }
}

before(async () => {
  await ensureSetup();
  const image = spawnSync(process.execPath, [join(root, "scripts/image.ts")], { cwd: root, encoding: "utf8" });
  assert.equal(image.status, 0, image.stderr);
  await up();
  for (const name of nodeNames(requireLab())) await loadImages(name, [archiveFor("localhost/berth:dev")]);
  const config = {
    "berth:image": "localhost/berth:dev",
    "berth:loadBalancer": { keepCrds: false },
    "berth:workloads": [{ name: "page", namespace: "demo", image: "localhost/berth-lab/page:1", port: 8080, replicas: 3 }],
  };
  const file = join(scratch, "Pulumi.lab.yaml");
  writeFileSync(file, stringify({ config }));
  selectLabStack();
  const args = ["up", "--yes", "--refresh", "--skip-preview", "--stack", "lab", "--non-interactive", "--config-file", file];
  const { code, stdout, stderr } = pulumiOutput(args);
  assert.equal(code, 0, stdout + stderr);
});

after(() => {
  for (const manifest of [layer2, bgp]) kubectl(["delete", "--ignore-not-found", "-f", "-"], manifest);
  kubectl(["delete", "eip", "--all"]);
  rmSync(scratch, { recursive: true, force: true });
});

describe("OpenELB's manifests, applied as they are", () => {
  it("Layer2: the Services get addresses of the pool, by name, by address and by default, and a client on the LAN reads their page", async () => {
    apply(layer2);
    await eventually("three addresses", 30, () =>
      ["layer2-svc", "layer2-named", "layer2-default"].every((name) => addressOf(name) !== ""),
    );
    assert.match(addressOf("layer2-svc"), /^172\.30\.0\.(9\d|100)$/);
    assert.equal(addressOf("layer2-named"), "172.30.0.97");
    for (const name of ["layer2-svc", "layer2-named", "layer2-default"])
      await eventually(`the page of ${name}`, 30, () => isServed("client", addressOf(name)));
  });

  it("the Eip's status has the fields that OpenELB's has", async () => {
    await eventually("usage", 10, () => field("layer2-pool", ".status.usage") === "3");
    assert.deepEqual(
      [".status.poolSize", ".status.firstIP", ".status.lastIP", ".status.v4", ".status.ready"].map((path) =>
        field("layer2-pool", path),
      ),
      ["10", "172.30.0.91", "172.30.0.100", "true", "true"],
    );
    assert.equal(field("layer2-pool", ".status.used.172\\.30\\.0\\.97"), "demo/layer2-named");
    assert.match(field("layer2-pool", ".status.occupied"), /^(false|)$/);
  });

  it("BGP: the router learns the address over every node, and a host behind it reads the page", async () => {
    apply(bgp);
    await eventually("an address", 30, () => /^192\.0\.2\.\d+$/.test(addressOf("bgp-svc")));
    const address = addressOf("bgp-svc");
    const nextHops = (): number =>
      [...show("frr", ["show", "ip", "bgp", `${address}/32`]).stdout.matchAll(/^ {4}172\.30\.0\.\d+/gm)].length;
    await eventually("three next hops", 60, () => nextHops() === 3);
    await eventually("the page", 20, () => isServed("outside", address));
  });

  it("a Service that is deleted gives its address back, and nobody answers for it", async () => {
    const address = addressOf("layer2-named");
    assert.equal(kubectl(["delete", "service", "-n", "demo", "layer2-named"]).code, 0);
    await eventually("silence", 10, () => run("client", ["arping", "-c", "1", "-w", "1", address]).code !== 0);
    await eventually("usage", 10, () => field("layer2-pool", ".status.usage") === "2");
  });
});

/** With BERTH_FULL set, as many as the requirement of a watch that is being read names. */
const count = process.env["BERTH_FULL"] === undefined ? 1000 : 5000;

describe("Services that were created before the controller started", () => {
  const announced = (): string =>
    kubectl([
      "get",
      "serviceannouncements",
      "-n",
      "demo",
      "-o",
      "jsonpath={range .items[*]}{.metadata.name} {.status.since};{end}",
    ]).stdout;

  it(`all ${count} hold addresses of their own soon after it leads, while no speaker that reads them misses a question`, async (test) => {
    const before = announced();
    assert.match(before, /layer2-default/);
    const load = await startLoad("client", addressOf("layer2-default"));
    const { milliseconds, addresses } = await serveWaiting(count);
    const { longestGap, failures, attempts } = await load.stop();
    test.diagnostic(`${count} Services had addresses ${milliseconds} ms after the controller took the Lease`);
    test.diagnostic(`${failures.length} of ${attempts} connections failed meanwhile, ${longestGap} ms at most without one`);
    const given = new Set([...addresses.values()].map((seen) => seen.join()));
    assert.equal(given.size, count, "an address was given twice, or one was taken back");
    assert.equal(announced(), before, "an address moved");
    assert.ok(longestGap < 1000, `${longestGap} ms without a connection`);
  });
});
