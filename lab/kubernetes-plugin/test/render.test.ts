import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Provider } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import type * as berth from "../../../provider/src/index.ts";
import { hasPulumisPlugin } from "../../src/pulumi.ts";
import { doors } from "./doors.ts";
import { createEngine, type Engine, type Program } from "./engine.ts";

/** Berth's components rendered to YAML by the real engine without a cluster, by both doors; what comes out is taken by a real API server. */

interface Declared {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

for (const [door, make] of Object.entries(doors)) {
  describe(`Berth rendered to YAML through the ${door}`, { timeout: 600_000 }, () => {
    const directory = mkdtempSync(join(tmpdir(), "berth-rendered-"));
    let engine: Engine;
    let api: ApiServer | undefined;
    before(async () => {
      engine = await createEngine(join(directory, "no-kubeconfig"));
    });
    after(() => {
      engine?.remove();
      api?.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    const program =
      (address = "192.0.2.0/28", hasPage = true): Program =>
      () => {
        const provider = new Provider("rendered", { renderYamlToDirectory: directory });
        const options = { providers: [provider] };
        const installed = make("LoadBalancer", "berth", { image: "example/berth:1" }, options);
        const after = { ...options, dependsOn: [installed] };
        make("BgpConf", "default", { as: 65000 }, after);
        make("Eip", "office", { address, protocol: "layer2", labels: { shared: "y", rack: "012" } }, after);
        const password = pulumi.secret("correct-horse");
        make("BgpPeer", "router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 }, password }, after);
        if (!hasPage) return {};
        const page = make("ExposedService", "page", { selector: { app: "page" }, ports: [{ port: 80 }], eip: "office" }, after);
        return { address: (page as berth.ExposedService).address, name: (page as berth.ExposedService).name };
      };
    const files = (folder: string): string[] => readdirSync(join(directory, folder)).sort();
    const objects = (folder: string): Declared[] =>
      files(folder).map((file) => parse(readFileSync(join(directory, folder, file), "utf8")) as Declared);
    const done = <T extends { readonly said: string; readonly failure: boolean }>(outcome: T): T => {
      assert.ok(!outcome.failure, outcome.said.slice(-4000));
      return outcome;
    };

    it("writes definitions apart, and waits for nothing; what only a cluster knows is absent", async () => {
      const { said, outputs } = done(await engine.up(program()));
      assert.equal(outputs["address"], undefined);
      assert.deepEqual(new Set(objects("0-crd").map(({ kind }) => kind)), new Set(["CustomResourceDefinition"]));
      const kinds = objects("1-manifest").map(({ kind }) => kind);
      for (const kind of ["Namespace", "DaemonSet", "Deployment", "Eip", "BgpConf", "BgpPeer", "Secret", "Service"])
        assert.ok(kinds.includes(kind), `${kind} is not among ${kinds.join(", ")}`);
      assert.match(
        said,
        /rendered file .*v1-secret-berth-system-router-password-[0-9a-f]+\.yaml contains a secret value in plaintext/,
      );
    });

    it("gives objects without a namespace none", () => {
      for (const { kind, metadata } of objects("1-manifest"))
        if (["Namespace", "Eip", "BgpConf", "BgpPeer", "ClusterRole", "ClusterRoleBinding"].includes(kind))
          assert.equal(metadata.namespace, undefined, kind);
    });

    it("changes nothing when nothing changed", async () => {
      assert.deepEqual(Object.keys(done(await engine.preview(program())).changes), ["same"]);
    });

    it(
      "has nothing to refresh",
      { skip: hasPulumisPlugin && "Pulumi's own Kubernetes plugin refreshes from a cluster alone" },
      async () => assert.deepEqual(Object.keys(done(await engine.refresh()).changes), ["same"]),
    );

    it("is what a real API server takes, definitions first", async () => {
      api = await startApiServer();
      const apply = (...paths: string[]): void => {
        const args = paths.flatMap((path) => ["-f", join(directory, path)]);
        const { code, stderr } = api?.kubectl(["apply", "--server-side", ...args]) ?? { code: 1, stderr: "no API server" };
        assert.equal(code, 0, stderr);
      };
      apply("0-crd");
      const waited = api.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=120s"]);
      assert.equal(waited.code, 0, waited.stderr);
      apply(...files("1-manifest").flatMap((file) => (file.startsWith("v1-namespace-") ? [`1-manifest/${file}`] : [])));
      apply("1-manifest");
      const { stdout } = api.kubectl(["get", "bgppeer", "router", "-o", "jsonpath={.spec.conf.passwordSecretRef.name}"]);
      assert.equal(api.kubectl(["get", "secret", "-n", "berth-system", stdout]).code, 0, stdout);
    });

    it("rewrites the file of what is edited, and takes the file of what is gone away", async () => {
      const before = files("1-manifest");
      const { changes } = done(await engine.up(program("192.0.2.0/27", false)));
      assert.equal(changes.delete, 2, "the component and its Service");
      assert.deepEqual(
        before.filter((file) => !files("1-manifest").includes(file)),
        ["v1-service-default-page.yaml"],
      );
      const eip = readFileSync(join(directory, "1-manifest/network.kubesphere.io_v1alpha2-eip-default-office.yaml"), "utf8");
      assert.match(eip, /address: 192\.0\.2\.0\/27/);
    });

    it("leaves nothing but definitions after destroy: those are kept", async () => {
      done(await engine.destroy());
      assert.deepEqual(files("1-manifest"), []);
      assert.ok(files("0-crd").length > 0);
    });
  });
}
