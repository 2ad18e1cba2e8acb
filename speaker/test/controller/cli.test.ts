import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseTarGzip } from "nanotar";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import { buildCli } from "../../../scripts/cli.ts";
import { type ControllerProcess, installCrds, kill, startController, until } from "./harness.ts";

/** What must never be in a bug report, by where it was planted. */
const planted = {
  secret: "planted-in-a-secret-4711",
  authPassword: "planted-as-authPassword-4711",
  annotation: "planted-in-an-annotation-4711",
  variable: "planted-in-a-variable-4711",
} as const;

describe("the command line, built as people get it", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-cli-"));
  let server: ApiServer;
  let controller: ControllerProcess;

  /** Runs a program of the build, with this cluster unless `env` says otherwise. */
  function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(directory, program), ...args], {
      encoding: "utf8",
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "", KUBECONFIG: server.kubeconfig, ...env },
    });
    return { code: status, stdout, stderr };
  }
  const berth = (...args: string[]) => run("berth", [...args]);
  const apply = (...items: readonly object[]): void => {
    const { code, stderr } = server.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    assert.equal(code, 0, stderr);
  };

  before(async () => {
    await buildCli(directory);
    server = await startApiServer();
    installCrds(server);
    controller = await startController(server.kubeconfig);
    const own = "network.kubesphere.io/v1alpha2";
    apply(
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: "default" } },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "router", namespace: "default" },
        stringData: { password: planted.secret },
      },
      { apiVersion: own, kind: "BgpConf", metadata: { name: "default" }, spec: { as: 65000 } },
      {
        apiVersion: own,
        kind: "BgpPeer",
        metadata: { name: "router", annotations: { "example.test/why": `because of ${planted.secret}` } },
        spec: { conf: { neighborAddress: "192.0.2.254", peerAs: 65001, authPassword: planted.authPassword } },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web", namespace: "default", annotations: { "example.test/api-token": planted.annotation } },
        spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
      },
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "berth-controller-x", namespace: "default" },
        spec: { containers: [{ name: "controller", image: "x", env: [{ name: "HINT", value: planted.variable }] }] },
      },
    );
  });
  after(async () => {
    if (controller !== undefined) await kill(controller, "SIGKILL");
    server?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("ends with 2 and a sentence when it cannot do what it was asked to", () => {
    for (const [args, words, env] of [
      [["status"], /no cluster is named/, { KUBECONFIG: "", HOME: "/nowhere" }],
      [["status", "--kubeconfig", "/nowhere"], /the kubeconfig \/nowhere cannot be read/, {}],
      [["nonsense"], /unknown command 'nonsense'/, {}],
      [["status", "--wait", "soon"], /must be a number of seconds/, {}],
      [["status", "--nonsense"], /unknown option '--nonsense'/, {}],
      [["explain", "service", "web"], /must be namespace\/name/, {}],
      [["explain", "service", "default/wed", "--namespace", "default"], /there is no Service default\/wed/, {}],
      [["simulate", "drain", "node9", "--namespace", "default"], /there is no node node9/, {}],
      [["bgp", "neighbors", "--namespace", "default"], /no speaker runs in namespace default/, {}],
      [["completion", "tcsh"], /Allowed choices are bash, zsh, fish/, {}],
    ] as const) {
      const { code, stderr } = run("berth", args, env);
      assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, words);
      assert.doesNotMatch(stderr, /\n\s+at /, "no stack");
    }
  });
  it("ends with 1 when something is not well, with 0 when all is", async () => {
    const at = ["--namespace", "default"];
    assert.equal(berth("status", ...at).code, 1, "a Service waits");
    assert.equal(berth("check", ...at).code, 1, "there is no Eip");
    assert.equal(berth("explain", "service", "default/web", ...at).code, 1);
    assert.equal(berth("pools", ...at).code, 0);
    apply({
      apiVersion: "network.kubesphere.io/v1alpha2",
      kind: "Eip",
      metadata: { name: "lan", annotations: { "eip.openelb.kubesphere.io/is-default-eip": "true" } },
      spec: { address: "192.0.2.0/28", protocol: "layer2" },
    });
    await until("the Eip is in use", 30, () => berth("pools", "--json", ...at).stdout.includes('"inUse": "yes"'));
    const { code, stdout } = berth("check", "--json", ...at);
    assert.equal(code, 1, "no speaker runs");
    const rows = JSON.parse(stdout) as readonly { readonly verdict: string; readonly message: string; readonly remedy: string }[];
    const problems = rows.filter(({ verdict }) => verdict === "problem");
    assert.deepEqual(
      problems.map(({ message }) => message),
      ["no speaker runs"],
    );
    assert.match(problems[0]?.remedy ?? "", /berth-speaker/);
  });
  it("puts everything that a bug report needs into one file that only its owner may read, without what was planted", async () => {
    const { code, stdout } = berth("bundle", "--namespace", "default", "--output", "report.tar.gz", "--json");
    assert.equal(code, 1, "there is no speaker to be asked");
    const told = JSON.parse(stdout) as { readonly files: readonly string[]; readonly missing: readonly string[] };
    assert.match(told.missing.join("\n"), /no speaker runs in namespace default/);
    const file = join(directory, "report.tar.gz");
    assert.equal(statSync(file).mode & 0o077, 0);
    const entries = await parseTarGzip(readFileSync(file));
    const texts = new Map(entries.map(({ name, text }) => [name.replace("berth-bundle/", ""), text]));
    for (const wanted of [
      "objects/services.json",
      "objects/bgppeers.json",
      "berth/pods.json",
      "commands/check.txt",
      "commands/explain.txt",
    ])
      assert.ok(texts.has(wanted), `${wanted} is missing: ${[...texts.keys()].join(" ")}`);
    assert.match(texts.get("objects/bgppeers.json") ?? "", /192\.0\.2\.254/);
    assert.match(texts.get("objects/services.json") ?? "", /"web"/);
    assert.match(texts.get("README.txt") ?? "", /No Secret was read into it/);
    for (const [where, value] of Object.entries(planted))
      for (const [name, text] of texts)
        for (const form of [value, Buffer.from(value).toString("base64")])
          assert.ok(!text.includes(form), `what was planted as ${where} is in ${name}`);
  });
  it("is a plugin of kubectl, and completes commands, options and names of the cluster", () => {
    const env = { PATH: `${directory}:${join(process.execPath, "..")}:${process.env["PATH"] ?? ""}` };
    const plugin = run("kubectl-berth", ["pools", "--namespace", "default"], env);
    assert.match(plugin.stdout, /^EIP /);
    const kubectl = spawnSync(
      join(import.meta.dirname, "../../../.lab/bin/kubectl"),
      ["berth", "pools", "--namespace", "default"],
      {
        encoding: "utf8",
        env: { ...env, KUBECONFIG: server.kubeconfig },
      },
    );
    assert.equal(kubectl.status, 0, kubectl.stderr);
    assert.match(kubectl.stdout, /lan .*192\.0\.2\.0\/28/);
    assert.match(run("kubectl_complete-berth", ["expl"]).stdout, /^explain\t.*\n:4\n$/);
    assert.equal(berth("__complete", "--", "explain", "service", "def").stdout, "default/web\t\n");
    const script = `source <(berth completion bash); COMP_WORDS=(berth explain service def); COMP_CWORD=3; _berth; echo "\${COMPREPLY[@]}"`;
    const bash = spawnSync("bash", ["-c", script], { encoding: "utf8", env: { ...env, KUBECONFIG: server.kubeconfig } });
    assert.equal(bash.stdout, "default/web\n", bash.stderr);
  });
  it("is completed by zsh as somebody types, and by fish, with names of the cluster", () => {
    const env = {
      PATH: `${directory}:${join(process.execPath, "..")}:${process.env["PATH"] ?? ""}`,
      HOME: directory,
      TERM: "dumb",
      KUBECONFIG: server.kubeconfig,
    };
    const run = (...[program, ...args]: [string, ...string[]]): string => {
      const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", env, cwd: directory });
      assert.equal(status, 0, `${program}: ${error?.message ?? stderr}`);
      return stdout;
    };
    assert.equal(run("zsh", "-f", join(import.meta.dirname, "completion.zsh")), "completed\n");
    const fish = (line: string): string[] =>
      run("fish", "--no-config", "-c", `berth completion fish | source; complete -C "${line}"`).split("\n");
    assert.ok(fish("berth explain ").some((line) => /^service\t\w/.test(line)));
    assert.deepEqual(fish("berth explain service def"), ["default/web", ""]);
    assert.ok(fish("kubectl-berth import --as ").includes("yaml"));
  });
  it("names the CustomResourceDefinition that is gone, instead of taking its objects for objects that nobody made", async () => {
    const { code, stderr } = server.kubectl(["delete", "crd", "bgppeers.network.kubesphere.io"]);
    assert.equal(code, 0, stderr);
    const isNamed = (): boolean => {
      const { code: ended, stderr: said } = berth("status", "--namespace", "default");
      return ended === 2 && /does not serve bgppeers\.network\.kubesphere\.io, though it serves eips/.test(said);
    };
    await until("the kind is not served any more", 60, isNamed);
  });
});
