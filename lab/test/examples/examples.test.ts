import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { kubectl } from "../../src/controlPlane.ts";
import { exampleDirectory, exampleNames, exampleStacks, needsBerth, outputsOf, selectStack } from "../../src/examples.ts";
import { run } from "../../src/hosts.ts";
import { prepareLab } from "../../src/prepare.ts";
import { insideHost } from "../../src/processes.ts";
import { pulumiOutput } from "../../src/pulumi.ts";
import { show } from "../../src/router.ts";
import { throughPlugin } from "./nodejsSdk.ts";

/** Every example in one lab, as a stranger would run them, watched from the client, the host behind the router, and the router. */

interface Step {
  readonly op: string;
  readonly urn: string;
}

function engine(directory: string, command: string, ...args: string[]): string {
  const confirmed =
    command === "up" || command === "destroy" ? ["--yes", "--skip-preview"] : command === "refresh" ? ["--yes"] : [];
  const { code, stdout, stderr } = pulumiOutput([command, ...confirmed, "--non-interactive", ...args], directory);
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

/** What a preview would do, but for what stays the same: operation and name of each resource. */
function planned(directory: string, ...args: string[]): string[] {
  const { steps } = JSON.parse(engine(directory, "preview", "--stack", "lab", "--json", ...args)) as {
    readonly steps: readonly Step[];
  };
  return steps
    .filter(({ op }) => op !== "same")
    .map(({ op, urn }) => `${op} ${urn.split("::")[2]?.split("$").at(-1)} ${urn.split("::").at(-1)}`)
    .sort();
}

/** A copy of a stack's configuration with one line changed: the engine would write what `--config` gives into the file of the repository. */
function changedConfig(directory: string, change: (text: string) => string): string {
  const file = join(mkdtempSync(join(tmpdir(), "berth-examples-")), "Pulumi.lab.yaml");
  const text = readFileSync(join(directory, "Pulumi.lab.yaml"), "utf8");
  assert.notEqual(change(text), text);
  writeFileSync(file, change(text));
  return file;
}

const page = (host: string, address: string, ...args: string[]): string =>
  run(host, ["curl", "-s", "--max-time", "2", ...args, address.includes(":") ? `http://[${address}]/` : `http://${address}/`])
    .stdout;

async function eventually(claim: string, seconds: number, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !holds(); await sleep(200))
    assert.ok(Date.now() < end, `${claim}: not within ${seconds} s`);
}

before(prepareLab);

const languages: readonly { readonly language: string; readonly directory: () => string }[] = [
  { language: "TypeScript, as a library", directory: () => exampleDirectory("expose-service") },
  {
    language: "TypeScript, through the plugin",
    directory: () => throughPlugin("expose-service-plugin", exampleDirectory("expose-service")),
  },
  { language: "Python", directory: () => exampleDirectory("expose-service-python") },
  { language: "Go", directory: () => exampleDirectory("expose-service-go") },
];

for (const { language, directory: makeDirectory } of languages)
  describe(`a first service in ${language}`, { timeout: 1_200_000 }, () => {
    let directory = "";
    before(() => {
      directory = makeDirectory();
      const { code, stderr } = pulumiOutput(["stack", "select", "--create", "lab", "--non-interactive"], directory);
      assert.equal(code, 0, stderr);
    });

    it("up gives it an address, and a client on the LAN reads the page", async () => {
      engine(directory, "up", "--stack", "lab");
      const { address } = JSON.parse(engine(directory, "stack", "output", "--json", "--stack", "lab")) as {
        readonly address: string;
      };
      assert.match(address, /^172\.30\.0\.20\d$/);
      await eventually("the page", 60, () => /served by pod/.test(page("client", address)));
    });

    it("preview and refresh show no change", () => {
      engine(directory, "preview", "--stack", "lab", "--expect-no-changes");
      engine(directory, "refresh", "--stack", "lab", "--expect-no-changes");
    });

    it("an edit of the pool's addresses changes the pool alone, and nothing is replaced", () =>
      assert.deepEqual(
        planned(
          directory,
          "--config-file",
          changedConfig(directory, (text) => text.replace("172.30.0.209", "172.30.0.205")),
        ),
        ["update berth:index:Eip lan", "update kubernetes:network.kubesphere.io/v1alpha2:Eip lan"],
      ));

    it("destroy leaves nothing behind", () => {
      engine(directory, "destroy", "--stack", "lab");
      assert.doesNotMatch(
        kubectl(["get", "crd,namespace,clusterrole,clusterrolebinding", "-o", "name"]).stdout,
        /berth|kubesphere/,
      );
    });
  });

describe("the examples that build on an installed Berth", { timeout: 1_200_000 }, () => {
  const names = exampleNames().filter(needsBerth);
  const up = (name: string, stack: string, ...args: string[]): void => {
    selectStack(name, stack);
    engine(exampleDirectory(name), "up", "--stack", stack, ...args);
  };
  before(() => up("install-berth", "lab"));
  after(() => {
    for (const name of [...names, "install-berth"])
      for (const stack of exampleStacks(name)) engine(exampleDirectory(name), "destroy", "--stack", stack);
  });

  it("announce-bgp: the router has one next hop for each node, and a host behind it reads the page", async () => {
    up("announce-bgp", "lab");
    const { address } = outputsOf("announce-bgp", "lab") as { readonly address: string };
    const hops = (): number =>
      [...show("frr", ["show", "ip", "bgp", `${address}/32`]).stdout.matchAll(/^ {4}172\.30\.0\.\d+/gm)].length;
    await eventually("three next hops", 60, () => hops() === 3);
    await eventually("the page", 60, () => /served by pod/.test(page("outside", address)));
  });

  it("separate-environments: each environment has an address of its own pool", async () => {
    for (const [stack, addresses] of [
      ["dev", /^172\.30\.0\.21[01]$/],
      ["production", /^172\.30\.0\.21[2-5]$/],
    ] as const) {
      up("separate-environments", stack);
      const { address } = outputsOf("separate-environments", stack) as { readonly address: string };
      assert.match(address, addresses);
      await eventually("the page", 60, () => /served by pod/.test(page("client", address)));
    }
  });

  it("serve-tenants: own pools first, the common one for the rest, and no more of it than the quota", async () => {
    up("serve-tenants", "lab");
    const { addresses } = outputsOf("serve-tenants", "lab") as { readonly addresses: Readonly<Record<string, string>> };
    assert.match(addresses["red"] ?? "", /^172\.30\.0\.21[67]$/);
    assert.match(addresses["blue"] ?? "", /^172\.30\.0\.21[89]$/);
    assert.match(addresses["green"] ?? "", /^172\.30\.0\.22[0-3]$/);
    kubectl(["create", "service", "loadbalancer", "more", "-n", "green", "--tcp=80"]);
    await eventually("the event says why", 60, () =>
      kubectl(["get", "events", "-n", "green", "--field-selector", "involvedObject.name=more"]).stdout.includes("QuotaExceeded"),
    );
    kubectl(["delete", "service", "-n", "green", "more"]);
  });

  it("serve-two-families: both addresses answer", async () => {
    up("serve-two-families", "lab");
    const { addresses } = outputsOf("serve-two-families", "lab") as { readonly addresses: readonly string[] };
    assert.equal(addresses.length, 2);
    for (const address of addresses)
      await eventually(`the page at ${address}`, 60, () => /served by pod/.test(page("client", address)));
  });

  it("keep-kubesphere-annotations: the Service gets its address", async () => {
    up("keep-kubesphere-annotations", "lab");
    const { address } = outputsOf("keep-kubesphere-annotations", "lab") as { readonly address: string };
    assert.match(address, /^172\.30\.0\.2(2[89]|3[01])$/);
    await eventually(
      "the page",
      60,
      () => run("client", ["curl", "-s", "--max-time", "2", `http://${address}:8080/`]).code === 0,
    );
  });

  it("route-gateway: the canary answers who asks for it, and a switch from blue to green keeps the address and loses no request", async () => {
    up("route-gateway", "lab");
    const { address } = outputsOf("route-gateway", "lab") as { readonly address: string };
    await eventually("blue", 60, () => /pod blue-/.test(page("client", address)));
    assert.match(page("client", address, "-H", "X-Canary: always"), /pod green-/);
    const greenConfig = changedConfig(exampleDirectory("route-gateway"), (text) =>
      text.replace("config:", "config:\n  route-gateway:active: green"),
    );
    const loop = `for i in $(seq 1 400); do curl -s -o /dev/null --max-time 2 http://${address}/ || echo lost; sleep 0.05; done`;
    const [file = "", ...args] = insideHost("client", ["sh", "-c", loop]);
    const load = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    let lost = "";
    load.stdout.on("data", (chunk: Buffer) => {
      lost += chunk.toString();
    });
    const ended = new Promise((resolve) => load.on("close", resolve));
    await sleep(500);
    up("route-gateway", "lab", "--config-file", greenConfig);
    assert.equal((outputsOf("route-gateway", "lab") as { readonly address: string }).address, address);
    await eventually("green", 60, () => /pod green-/.test(page("client", address)));
    await ended;
    assert.equal(lost, "");
    up("route-gateway", "lab");
    await eventually("blue again", 60, () => /pod blue-/.test(page("client", address)));
  });

  it("none of them would change anything when run again", () => {
    for (const name of names)
      for (const stack of exampleStacks(name)) engine(exampleDirectory(name), "preview", "--stack", stack, "--expect-no-changes");
  });
});
