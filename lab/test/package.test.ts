import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stringify } from "yaml";
import { kubectl } from "../src/controlPlane.ts";
import { run } from "../src/hosts.ts";
import { cacheDirectory, root, runDirectory } from "../src/paths.ts";
import { prepareLab } from "../src/prepare.ts";
import { hasPulumisPlugin, pulumiOutput } from "../src/pulumi.ts";
import { eventually, kube, npm } from "./support.ts";

/**
 * The package where it meets a cluster: manifests that were rendered without one serve an address; each kind of backend of an
 * ExposedService; what is said while it waits and when it fails; and a BGP password that is nowhere but in its Secret.
 */
const work = join(cacheDirectory, "run/package-test");
const password = "correct-horse-battery-staple";
const url = (address: string): string => (address.includes(":") ? `http://[${address}]/` : `http://${address}/`);
const page = (address: string): string => run("client", ["curl", "-s", "--max-time", "2", url(address)]).stdout;
const servesPage = (address: string): Promise<void> =>
  eventually(`a page at ${address}`, 60, () => /served by pod/.test(page(address)));

before(async () => {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  await prepareLab();
});

after(() => {
  if (process.env["BERTH_KEEP_LAB"] === undefined) npm("run", "--silent", "lab", "--", "down");
  rmSync(work, { recursive: true, force: true });
});

/** Makes a project of a program, with its stack. @returns its directory */
function project(name: string, program: string): string {
  const directory = join(work, name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, "Pulumi.yaml"),
    stringify({ name, runtime: { name: "nodejs", options: { typescript: false } }, main: "index.ts" }),
  );
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name, type: "module", private: true }));
  writeFileSync(join(directory, "index.ts"), program);
  engine(directory, "stack", "select", "--create", "lab");
  return directory;
}

/** Runs the engine. @returns everything that it said. @throws AssertionError when it fails */
function engine(directory: string, ...args: string[]): string {
  const { code, stdout, stderr } = pulumiOutput([...args, "--non-interactive"], directory);
  assert.equal(code, 0, stdout + stderr);
  return stdout + stderr;
}

/** What engine and SDK write at their highest levels of log, of any program: every property that is sent or received, secret or not. */
const ofEveryProgram = /^.*((Unm|M)arshaling property for RPC|RegisterResource RPC finished).*$/gm;

describe("the environment template, rendered to YAML", { timeout: 600_000 }, () => {
  const rendered = join(work, "rendered");
  const files = (folder: string): string[] => readdirSync(join(rendered, folder)).map((file) => join(rendered, folder, file));

  it("needs no cluster: every object of the stack is a file", () => {
    const directory = join(work, "template");
    for (const file of ["Pulumi.yaml", "template", "package.json"])
      cpSync(join(root, file), join(directory, file), { recursive: true });
    const config = readFileSync(join(root, "Pulumi.lab.yaml"), "utf8");
    writeFileSync(
      join(directory, "Pulumi.rendered.yaml"),
      config.replace("config:\n", `config:\n  kubernetes:renderYamlToDirectory: ${rendered}\n`),
    );
    const kubeconfig = process.env["KUBECONFIG"];
    process.env["KUBECONFIG"] = join(work, "there-is-none");
    try {
      // A lab that was kept may have it from the last time.
      pulumiOutput(["stack", "rm", "rendered", "--force", "--yes", "--preserve-config", "--non-interactive"], directory);
      engine(directory, "stack", "init", "rendered");
      engine(directory, "up", "--yes", "--skip-preview", "--stack", "rendered");
      engine(directory, "preview", "--stack", "rendered", "--expect-no-changes");
    } finally {
      if (kubeconfig === undefined) delete process.env["KUBECONFIG"];
      else process.env["KUBECONFIG"] = kubeconfig;
    }
    assert.ok(files("0-crd").length >= 3);
    assert.ok(files("1-manifest").some((file) => file.endsWith("v1-service-demo-layer2-page.yaml")));
  });

  it("is applied by kubectl, and a client on the LAN reads the page from the address", async () => {
    const apply = (paths: readonly string[]): string => kube("apply", "--server-side", ...paths.flatMap((path) => ["-f", path]));
    apply([join(rendered, "0-crd")]);
    kube("wait", "--for=condition=Established", "crd", "--all", "--timeout=120s");
    apply(files("1-manifest").filter((file) => /v1-namespace-/.test(file)));
    apply([join(rendered, "1-manifest")]);
    const address = (): string =>
      kubectl(["get", "service", "-n", "demo", "layer2-page", "-o", "jsonpath={.status.loadBalancer.ingress[*].ip}"]).stdout;
    await eventually("an address", 180, () => address() !== "");
    assert.match(address(), /^172\.30\.0\.2[01]\d$/);
    await servesPage(address());
  });

  it("is taken away by kubectl, definitions last", () => {
    const { code, stderr } = kubectl(["delete", "-f", join(rendered, "1-manifest"), "--ignore-not-found", "--timeout=120s"]);
    assert.equal(code, 0, stderr);
    kube("delete", "-f", join(rendered, "0-crd"), "--timeout=120s");
  });
});

/** A program with each kind of backend, through one of the doors. */
const program = (door: "library" | "plugin"): string => `
import * as pulumi from "@pulumi/pulumi";
import { apps, core } from "@pulumi/kubernetes";
${door === "library" ? `import * as berth from "@berth/pulumi";` : remote}
const config = new pulumi.Config();
const on = (...resources) => ({ dependsOn: resources });
const loadBalancer = new berth.LoadBalancer("berth", { image: "localhost/berth:dev", keepCrds: false });
const conf = new berth.BgpConf("default", { as: 65000 }, on(loadBalancer));
const router = new berth.BgpPeer(
  "router",
  { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 }, password: config.requireSecret("password") },
  on(loadBalancer, conf),
);
const lan = new berth.Eip(
  "lan",
  { address: "172.30.0.200-172.30.0.209", addresses: ["fd00:30::200-fd00:30::209"], protocol: "layer2" },
  on(loadBalancer),
);
const labels = { app: "page" };
const container = { name: "page", image: "localhost/berth-lab/page:1", ports: [{ containerPort: 8080 }] };
const deployment = new apps.v1.Deployment("page", {
  metadata: { name: "page", namespace: "default" },
  spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
});
const inside = new core.v1.Service(
  "inside",
  { metadata: { namespace: "default" }, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
  on(deployment),
);
const options = on(loadBalancer, lan, deployment);
const selected = new berth.ExposedService(
  "selected",
  { selector: labels, ports: [{ port: 80, targetPort: 8080 }], eip: lan.name, sharingKey: "web" },
  options,
);
const shared = new berth.ExposedService(
  "shared",
  { selector: labels, ports: [{ port: 8080 }], eip: lan.name, sharingKey: "web", address: selected.address },
  options,
);
const ofService = new berth.ExposedService("of-service", { service: inside, eip: lan.name, externalTrafficPolicy: "Local" }, options);
const ofDeployment = new berth.ExposedService(
  "of-deployment",
  { deployment, ports: [{ port: 80, targetPort: 8080 }], eip: lan.name, ipFamilyPolicy: "RequireDualStack" },
  options,
);
const waiting =
  config.getBoolean("fails") === true
    ? [new berth.ExposedService("waiting", { selector: labels, ports: [{ port: 80 }], eip: "nowhere", timeoutSeconds: 8 }, options)]
    : [];
export const outputs = Object.fromEntries(
  Object.entries({ selected, shared, ofService, ofDeployment }).map(([name, one]) => [
    name,
    { address: one.address, addresses: one.addresses, url: one.url, announcedBy: one.announcedBy, announcers: one.announcers },
  ]),
);
export const password = config.requireSecret("password");
`;

/** The classes of a generated SDK, as far as the program needs them. */
const remote = `
const names = ["name", "address", "addresses", "url", "announcedBy", "announcers"];
const component = (type) =>
  class extends pulumi.ComponentResource {
    constructor(name, args, options) {
      const known = Object.fromEntries(names.map((output) => [output, undefined]));
      super("berth:index:" + type, name, { ...known, ...args }, options, true);
    }
  };
const berth = Object.fromEntries(["LoadBalancer", "BgpConf", "BgpPeer", "Eip", "ExposedService"].map((type) => [type, component(type)]));
`;

interface Outputs {
  readonly address: string;
  readonly addresses: readonly string[];
  readonly url: string;
  readonly announcedBy: string;
  readonly announcers: readonly string[];
}

for (const door of ["library", "plugin"] as const)
  describe(`a program through the ${door}`, { timeout: 900_000 }, () => {
    let directory = "";
    const said: string[] = [];
    before(() => {
      directory = project(`package-${door}`, program(door));
      said.push(engine(directory, "config", "set", "--secret", "password", password, "--stack", "lab"));
    });
    const outputs = (): Readonly<Record<string, Outputs>> =>
      JSON.parse(engine(directory, "stack", "output", "outputs", "--json", "--stack", "lab")) as Readonly<
        Record<string, Outputs>
      >;

    it("exposes pods by labels, the pods of a Service, and a Deployment, each at an address that answers", async () => {
      const verbose = ["--logtostderr", "-v=9"];
      said.push(engine(directory, "preview", "--stack", "lab", "--diff", ...verbose));
      said.push(engine(directory, "up", "--yes", "--skip-preview", "--stack", "lab", ...verbose));
      for (const { address } of Object.values(outputs())) assert.match(address, /^172\.30\.0\.20\d$/);
      for (const name of ["selected", "ofService", "ofDeployment"]) await servesPage(outputs()[name]?.address ?? "");
    });

    it("shares an address by key, has both families, and keeps Local traffic on nodes with a pod", async () => {
      const { selected, shared, ofService, ofDeployment } = outputs();
      assert.equal(shared?.address, selected?.address);
      assert.equal(shared?.url, `http://${shared?.address}:8080`);
      await eventually(
        "the second port",
        60,
        () => run("client", ["curl", "-sf", "--max-time", "2", shared?.url ?? ""]).code === 0,
      );
      assert.deepEqual(
        ofDeployment?.addresses.map((address) => address.includes(":")),
        [false, true],
      );
      await servesPage(ofDeployment?.addresses[1] ?? "");
      assert.equal(kube("get", "service", "of-service", "-o", "jsonpath={.spec.externalTrafficPolicy}"), "Local");
      const hosts = kube("get", "pods", "-l", "app=page", "-o", "jsonpath={.items[*].spec.nodeName}").split(" ");
      assert.ok(
        ofService?.announcers.every((node) => hosts.includes(node)),
        `${ofService?.announcers} of ${hosts}`,
      );
      assert.match(ofService?.announcedBy ?? "", /^172\.30\.0\.20\d by node\d/);
    });

    it("leaves nothing to change, and nothing drifted", () => {
      said.push(engine(directory, "preview", "--stack", "lab", "--expect-no-changes"));
      said.push(engine(directory, "refresh", "--yes", "--stack", "lab", "--expect-no-changes"));
    });

    it("says the controller's reason while a Service waits, and when its time is over", () => {
      const { code, stdout, stderr } = pulumiOutput(
        ["up", "--yes", "--skip-preview", "--stack", "lab", "--non-interactive", "--config", "fails=true"],
        directory,
      );
      said.push(stdout + stderr);
      assert.notEqual(code, 0);
      const event = /EipNotFound: [^\n]*there is no Eip nowhere/;
      const reason = /berth\.dev\/Announced=True; berth\.dev\/AddressAssigned is False: [^\n]*there is no Eip nowhere/;
      // Pulumi's own plugin hands on the cluster's warnings while it waits, and nothing at the end; the lab's hands on conditions, too.
      const [waiting, over] = hasPulumisPlugin
        ? [event.source, "timed out waiting for the condition"]
        : [`waiting for condition ${reason.source}`, reason.source];
      assert.match(stdout, new RegExp(`creating [^\\n]*${waiting}`), "while it waits");
      assert.match(stdout, new RegExp(`Diagnostics:[^]*${over}`), "when its time is over");
      assert.match(stdout, event, "and the warning that kubectl shows");
      engine(directory, "config", "rm", "fails", "--stack", "lab");
      said.push(engine(directory, "up", "--yes", "--skip-preview", "--stack", "lab"));
    });

    it("has the password nowhere but in its Secret", () => {
      const hidden = [password, Buffer.from(password).toString("base64")];
      const peer = kube("get", "bgppeer", "router", "-o", "jsonpath={.spec.conf.passwordSecretRef.name}");
      const held = kube("get", "secret", "-n", "berth-system", peer, "-o", "jsonpath={.data.password}");
      assert.equal(Buffer.from(held, "base64").toString(), password, "the Secret has it, so the search would find it");
      const everything = "all,cm,ds,deploy,eip,bgpconf,bgppeer,serviceannouncements,events,leases,crd,clusterrole,endpointslices";
      const stacks = readdirSync(join(runDirectory, "pulumi/.pulumi/stacks"), { recursive: true, encoding: "utf8" });
      const places: readonly (readonly [string, string])[] = [
        ["what the engine said, with its log", said.join("\n").replaceAll(ofEveryProgram, "")],
        ["the stack's configuration", readFileSync(join(directory, "Pulumi.lab.yaml"), "utf8")],
        ...stacks
          .filter((file) => file.includes(`package-${door}`) && file.endsWith(".json"))
          .map(
            (file) => [`the state, ${file}`, readFileSync(join(runDirectory, "pulumi/.pulumi/stacks", file), "utf8")] as const,
          ),
        ["an object of the cluster", kube("get", everything, "-A", "-o", "yaml", "--show-managed-fields")],
        ["outputs", engine(directory, "stack", "output", "--stack", "lab")],
        ...podsOfBerth().flatMap((pod) => [
          [`the log of ${pod}`, kube("logs", "-n", "berth-system", pod, "--all-containers")] as const,
        ]),
        ...environments(),
      ];
      assert.ok(
        places.some(([name, text]) => name.startsWith("the state") && text.includes("ciphertext")),
        "the state was looked into",
      );
      assert.ok(
        places.some(([name]) => name.startsWith("the environment")),
        "processes were looked into",
      );
      for (const [name, text] of places) for (const word of hidden) assert.ok(!text.includes(word), `the password is in ${name}`);
    });

    it("is gone after destroy", () => {
      engine(directory, "destroy", "--yes", "--skip-preview", "--stack", "lab");
      assert.doesNotMatch(
        kubectl(["get", "crd,namespace,clusterrole,clusterrolebinding", "-o", "name"]).stdout,
        /berth|kubesphere/,
      );
    });
  });

function podsOfBerth(): string[] {
  return kube("get", "pods", "-n", "berth-system", "-o", "name").trim().split("\n");
}

/** Environment and arguments of each process of Berth's image on this machine. */
function environments(): (readonly [string, string])[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const [command, environment] = ["cmdline", "environ"].map((file) => readFileSync(`/proc/${pid}/${file}`, "utf8"));
        if (environment?.includes("POD_NAME=berth-") !== true) return [];
        return [[`the environment of ${command?.replaceAll("\0", " ")}`, `${command}${environment}`] as const];
      } catch {
        return [];
      }
    });
}
