import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { doors, type Make, startCluster, useCluster } from "./doors.ts";
import type { Program } from "./engine.ts";
import { assertEditedAlone, eipLeaves, makeLeaves, peerLeaves } from "./leaves.ts";

/**
 * The life of Berth's components with the real engine and a real API server, as npm library and through the plugin: up, nothing to
 * change, every field edited with the smallest diff, destroy; and the password nowhere in clear. No controller runs: nothing is waited for.
 */
const password = "correct-horse-battery-staple";
const quiet = { waitForReady: false };

/** What a program declares; `edit` changes it. */
interface Edit {
  /** One more field in each pool and peer, another each. */
  readonly fields?: boolean;
  readonly password?: string;
  readonly eipName?: string;
  readonly port?: number;
}

const program =
  (make: Make, edit: Edit = {}): Program =>
  () => {
    make("BgpConf", "conf", { as: 65000, ...quiet });
    makeLeaves(make, edit.fields === true);
    make("Eip", "named", { address: "10.200.0.0/24", name: edit.eipName ?? "first", ...quiet });
    make("BgpPeer", "signed", {
      conf: { neighborAddress: "172.30.2.1", peerAs: 65001 },
      password: pulumi.secret(edit.password ?? password),
      namespace: "default",
      ...quiet,
    });
    make("ExposedService", "page", {
      namespace: "default",
      selector: { app: "page" },
      ports: [{ port: edit.port ?? 80 }],
      awaitAddress: false,
    });
    return {};
  };

for (const [door, make] of Object.entries(doors)) {
  describe(`Berth's components through the ${door}`, () => {
    // Each door has a cluster of its own: what one leaves behind is no business of the other.
    const cluster = useCluster(startCluster);
    const said: string[] = [];
    const done = <T extends { readonly said: string; readonly failure: boolean }>(outcome: T): T => {
      said.push(outcome.said);
      assert.ok(!outcome.failure, outcome.said.slice(-4000));
      return outcome;
    };
    const peersSecret = (): string =>
      cluster.api.kubectl(["get", "bgppeer", "signed", "-o", "jsonpath={.spec.conf.passwordSecretRef.name}"]).stdout;
    const secrets = (): string[] =>
      cluster.api.kubectl(["get", "secret", "-n", "default", "-o", "name"]).stdout.trim().split("\n");

    it("are made by up, and then neither preview nor refresh finds a change", async () => {
      const { changes } = done(await cluster.engine.up(program(make)));
      assert.deepEqual(Object.keys(changes), ["create"]);
      const count = changes.create;
      assert.deepEqual(done(await cluster.engine.preview(program(make))).changes, { same: count });
      assert.deepEqual(done(await cluster.engine.refresh()).changes, { same: count });
    });

    it(`edit each of ${eipLeaves.length + peerLeaves.length} fields alone, in place`, async () => {
      const { steps } = done(await cluster.engine.preview(program(make, { fields: true })));
      assertEditedAlone(steps);
      assert.ok(
        steps.every(({ op }) => op === "update" || op === "same"),
        steps
          .filter(({ op }) => op !== "same")
          .map(({ op, name }) => `${op} ${name}`)
          .join(", "),
      );
      done(await cluster.engine.up(program(make, { fields: true })));
      assert.deepEqual(Object.keys(done(await cluster.engine.preview(program(make, { fields: true }))).changes), ["same"]);
    });

    it("change the port of a Service in place, and replace a pool only for another name", async () => {
      const { steps } = done(await cluster.engine.preview(program(make, { fields: true, port: 81, eipName: "second" })));
      const changed = steps
        .filter(({ op, type }) => op !== "same" && type.startsWith("kubernetes:"))
        .map(({ op, name }) => `${op} ${name}`);
      assert.ok(changed.includes("update page"), changed.join(", "));
      assert.ok(
        changed.some((one) => /replace.* named$/.test(one)),
        changed.join(", "),
      );
      assert.equal(new Set(changed.map((one) => one.split(" ")[1])).size, 2, changed.join(", "));
    });

    it("keep the password out of every place but its Secret, whose name changes with it while the old one goes last", async () => {
      const first = peersSecret();
      assert.ok(secrets().includes(`secret/${first}`));
      assert.equal(
        Buffer.from(
          cluster.api.kubectl(["get", "secret", "-n", "default", first, "-o", "jsonpath={.data.password}"]).stdout,
          "base64",
        ).toString(),
        password,
      );
      done(await cluster.engine.up(program(make, { fields: true, password: `${password}-2` })));
      const second = peersSecret();
      assert.notEqual(second, first);
      assert.deepEqual([secrets().includes(`secret/${first}`), secrets().includes(`secret/${second}`)], [false, true]);
      const peer = cluster.api.kubectl(["get", "bgppeer", "signed", "-o", "yaml", "--show-managed-fields"]).stdout;
      for (const [where, text] of [
        ["the state", cluster.engine.state()],
        ["what the engine said", said.join("")],
        ["the BgpPeer", peer],
      ] as const)
        assert.ok(text.length > 100 && !text.includes(password), `the password is in ${where}`);
      assert.ok(
        !cluster.engine.state().includes(Buffer.from(password).toString("base64")),
        "the password is in the state, in base64",
      );
    });

    it("are gone after destroy", async () => {
      done(await cluster.engine.destroy());
      const left = cluster.api.kubectl(["get", "eip,bgpconf,bgppeer,service,secret", "-A", "-o", "name"]).stdout.trim();
      assert.equal(left, "service/kubernetes");
    });
  });
}
