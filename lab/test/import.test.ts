import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiServer, startApiServer } from "../../api/test/apiServer.ts";
import { exampleDirectory } from "../src/examples.ts";
import { root } from "../src/paths.ts";
import { pulumiEnvironment } from "../src/pulumi.ts";

/** docs/migrating.md, step by step, on a real API server: MetalLB's objects, Services that hold addresses, the import, the controller. */
const scratch = mkdtempSync(join(tmpdir(), "berth-import-"));
let server: ApiServer;
let controller: ChildProcess | undefined;

function berth(...args: string[]): { readonly code: number; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "speaker/src/main.ts"), ...args],
    { encoding: "utf8", cwd: scratch, env: { ...process.env, KUBECONFIG: server.kubeconfig } },
  );
  return { code: status ?? 1, stdout, stderr };
}

/** A definition that takes any spec: all that an import needs of MetalLB. */
function definition(kind: string, plural: string, version: string): object {
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.metallb.io` },
    spec: {
      group: "metallb.io",
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

const metallb = (kind: string, version: string, name: string, spec: object): object => ({
  apiVersion: `metallb.io/${version}`,
  kind,
  metadata: { name, namespace: "metallb-system" },
  spec,
});
const services = [
  { name: "front", address: "192.0.2.7", annotations: {} },
  { name: "named", address: "198.51.100.9", annotations: { "metallb.io/address-pool": "routed" } },
];

function apply(...objects: readonly object[]): void {
  const { code, stderr } = server.kubectl(
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
  );
  assert.equal(code, 0, stderr);
}

const addressOf = (name: string): string =>
  server.kubectl(["get", "service", name, "-o", "jsonpath={.status.loadBalancer.ingress[*].ip}"]).stdout;

before(async () => {
  server = await startApiServer();
  apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "metallb-system" } },
    definition("IPAddressPool", "ipaddresspools", "v1beta1"),
    definition("L2Advertisement", "l2advertisements", "v1beta1"),
    definition("BGPAdvertisement", "bgpadvertisements", "v1beta1"),
    definition("BGPPeer", "bgppeers", "v1beta2"),
    definition("Community", "communities", "v1beta1"),
    definition("BFDProfile", "bfdprofiles", "v1beta1"),
  );
  server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=20s"]);
  apply(
    metallb("IPAddressPool", "v1beta1", "lan", { addresses: ["192.0.2.0/27"] }),
    metallb("IPAddressPool", "v1beta1", "routed", { addresses: ["198.51.100.0-198.51.100.63"], autoAssign: false }),
    metallb("L2Advertisement", "v1beta1", "lan", {
      ipAddressPools: ["lan"],
      nodeSelectors: [{ matchLabels: { zone: "a" } }, { matchLabels: { zone: "b" } }],
    }),
    metallb("BGPAdvertisement", "v1beta1", "routed", {
      ipAddressPools: ["routed"],
      aggregationLength: 26,
      localPref: 200,
      communities: ["hidden", "large:65000:1:2"],
      peers: ["router"],
      nodeSelectors: [{ matchLabels: { zone: "a" } }],
    }),
    metallb("Community", "v1beta1", "names", { communities: [{ name: "hidden", value: "65535:65282" }] }),
    metallb("BGPPeer", "v1beta2", "router", {
      myASN: 65000,
      peerASN: 65001,
      peerAddress: "172.30.0.1",
      peerPort: 1790,
      sourceAddress: "172.30.0.11",
      holdTime: "90s",
      keepaliveTime: "30s",
      ebgpMultiHop: true,
      enableGracefulRestart: true,
      dualStackAddressFamily: true,
      bfdProfile: "fast",
      passwordSecret: { name: "router-password" },
      nodeSelectors: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["a", "b"] }] }],
    }),
    metallb("BFDProfile", "v1beta1", "fast", { detectMultiplier: 3, receiveInterval: 100, echoMode: true }),
  );
  for (const { name, address, annotations } of services) {
    apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default", annotations },
      spec: { type: "LoadBalancer", selector: { app: name }, ports: [{ port: 80 }] },
    });
    const status = { status: { loadBalancer: { ingress: [{ ip: address }] } } };
    server.kubectl(["patch", "service", name, "--subresource=status", "--type=merge", "-p", JSON.stringify(status)]);
  }
});

after(() => {
  controller?.kill("SIGKILL");
  server.stop();
  rmSync(scratch, { recursive: true, force: true });
});

describe("berth import", () => {
  it("writes manifests, and reports every address and what has no counterpart", () => {
    const { code, stdout, stderr } = berth("import", "--kubeconfig", server.kubeconfig, "--output", "manifests");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /2 of 2 addresses that Services hold are in a pool/);
    assert.match(stderr, /- BGPPeer metallb-system\/router: echoMode of BFDProfile fast has no counterpart/);
    assert.match(stderr, /! BGPPeer metallb-system\/router: the password in the Secret router-password was not read/);
    assert.equal(stderr.match(/^ {2}[!-] /gm)?.length, 2, stderr);
    const written = readFileSync(join(scratch, "manifests/berth.yaml"), "utf8");
    assert.match(
      written,
      /bgp:\n {4}communities:\n {6}- "?65535:65282"?\n {4}largeCommunities:\n {6}- "65000:1:2"\n {4}localPref: 200/,
    );
    assert.match(written, /passwordSecretRef:\n {6}name: router-password/);
  });

  it("does not write over a file that is there", () => {
    const { code, stderr } = berth("import", "--kubeconfig", server.kubeconfig, "--output", "manifests");
    assert.notEqual(code, 0);
    assert.match(stderr, /berth\.yaml is there already; give another --output/);
  });

  it("makes the same of the same objects in files", () => {
    const { stdout } = server.kubectl([
      "get",
      "ipaddresspools,l2advertisements,bgpadvertisements,bgppeers,bfdprofiles,communities,services",
      "-A",
      "-o",
      "yaml",
    ]);
    writeFileSync(join(scratch, "objects.yaml"), stdout);
    assert.equal(berth("import", "objects.yaml").stdout, readFileSync(join(scratch, "manifests/berth.yaml"), "utf8"));
  });

  for (const language of ["typescript", "python", "go"] as const)
    it(`writes a program in ${language === "go" ? "Go" : language} that previews`, { timeout: 300_000 }, () => {
      const directory = join(root, ".lab", `import-${language}`);
      rmSync(directory, { recursive: true, force: true });
      const { code, stderr } = berth("import", "--kubeconfig", server.kubeconfig, "--as", language, "--output", directory);
      assert.equal(code, 0, stderr);
      if (language === "go") useLocalSdk(directory);
      const env = { ...pulumiEnvironment(), KUBECONFIG: server.kubeconfig, PULUMI_BACKEND_URL: `file://${scratch}` };
      const pulumi = (...args: string[]) =>
        spawnSync("pulumi", args, { cwd: directory, encoding: "utf8", env, maxBuffer: 1 << 26 });
      assert.equal(pulumi("stack", "init", language).status, 0);
      pulumi("config", "set", "image", "example/berth:1", "--stack", language);
      pulumi("config", "set", "--secret", "routerPassword", "opensesame", "--stack", language);
      const preview = pulumi("preview", "--stack", language, "--non-interactive");
      assert.equal(preview.status, 0, preview.stdout + preview.stderr);
      for (const resource of [
        /berth:index:Eip +lan/,
        /berth:index:Eip +routed/,
        /berth:index:BgpPeer +router/,
        /berth:index:BgpConf +default/,
      ])
        assert.match(preview.stdout, resource);
      rmSync(directory, { recursive: true, force: true });
    });
});

/** What a stranger gets from the Go proxy once it is published: the module of this repository, with the sums of an example. */
function useLocalSdk(directory: string): void {
  const example = exampleDirectory("expose-service-go");
  const module = readFileSync(join(example, "go.mod"), "utf8").replace(/^module .*/m, "module load-balancer");
  writeFileSync(join(directory, "go.mod"), module.replace("../../sdk/go", join(root, "sdk/go")));
  writeFileSync(join(directory, "go.sum"), readFileSync(join(example, "go.sum"), "utf8"));
}

describe("the cut-over of docs/migrating.md", { timeout: 120_000 }, () => {
  it("installs Berth beside the old controller, and no Service changes", async () => {
    const crds = server.kubectl(["apply", "--server-side", "-f", join(root, "api/crds.yaml")]);
    assert.equal(crds.code, 0, crds.stderr);
    server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=20s"]);
    const { code, stderr } = server.kubectl(["apply", "-f", join(scratch, "manifests/berth.yaml")]);
    assert.equal(code, 0, stderr);
    await startController("--handle-classless=false");
    await sleep(3000);
    for (const { name, address } of services) assert.equal(addressOf(name), address);
    const conditions = server.kubectl(["get", "services", "-o", "jsonpath={.items[*].status.conditions}"]).stdout;
    assert.doesNotMatch(conditions, /berth/, "Berth keeps its hands off Services that are not its own yet");
  });

  it("serves the Services when it is told to, each with its address, from the pool of the same name", async () => {
    controller?.kill("SIGTERM");
    await startController("--handle-classless=true");
    const used = (): string => server.kubectl(["get", "eips", "-o", "jsonpath={.items[*].status.used}"]).stdout;
    for (
      const end = Date.now() + 30_000;
      !services.every(({ name, address }) => used().includes(`"${address}":"default/${name}`));
    ) {
      assert.ok(Date.now() < end, used());
      await sleep(200);
    }
    for (const { name, address } of services) assert.equal(addressOf(name), address);
  });

  it("keeps the addresses when MetalLB's objects are gone", async () => {
    server.kubectl(["delete", "namespace", "metallb-system", "--wait=false"]);
    server.kubectl(["delete", "crd", "ipaddresspools.metallb.io", "l2advertisements.metallb.io", "--wait=false"]);
    await sleep(2000);
    for (const { name, address } of services) assert.equal(addressOf(name), address);
  });

  it("gives a new Service an address of the pool that gave one before", async () => {
    apply({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "new" },
      spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
    });
    for (const end = Date.now() + 15_000; addressOf("new") === ""; await sleep(200)) assert.ok(Date.now() < end, "no address");
    assert.match(addressOf("new"), /^192\.0\.2\.\d+$/);
    assert.notEqual(addressOf("new"), "192.0.2.7");
  });
});

async function startController(...flags: string[]): Promise<void> {
  const args = ["controller", "--leader-elect=false", "--http-address=127.0.0.1:0", ...flags];
  controller = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, "speaker/src/main.ts"), ...args], {
    env: { ...process.env, KUBECONFIG: server.kubeconfig, BERTH_NAMESPACE: "default", POD_NAME: "berth" },
    stdio: "ignore",
  });
  await sleep(2000);
}
