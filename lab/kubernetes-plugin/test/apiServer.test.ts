import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import { createEngine, type Engine, KubernetesObject, type Outcome, type Program } from "./engine.ts";

// These are tests of the lab's own plugin.
delete process.env["BERTH_KUBERNETES_PLUGIN"];
/** The plugin between the real engine and a real API server; nothing else of a cluster runs, so the test plays its controllers. */
let server: ApiServer;
let engine: Engine;
before(async () => {
  server = await startApiServer();
  await server.collectGarbage();
  engine = await createEngine(server.kubeconfig);
});
after(() => {
  engine?.remove();
  server?.stop();
});

const succeeded = (outcome: Outcome): Outcome => {
  assert.equal(outcome.failure, false, outcome.said);
  return outcome;
};
const failed = (outcome: Outcome): string => {
  assert.equal(outcome.failure, true, outcome.said);
  return outcome.said;
};
function kubectl(...args: readonly string[]): string {
  const { code, stdout, stderr } = server.kubectl(args);
  assert.equal(code, 0, stderr);
  return stdout;
}
const isThere = (...args: readonly string[]): boolean => server.kubectl(["get", ...args]).code === 0;
const object = <T = Record<string, unknown>>(...args: readonly string[]): T =>
  JSON.parse(kubectl("get", "-o", "json", ...args)) as T;
const settings = (data: pulumi.Inputs, more: pulumi.Inputs = {}, options: pulumi.CustomResourceOptions = {}) =>
  new KubernetesObject("v1", "ConfigMap", "settings", { metadata: { name: "settings", ...more }, data }, options);
const boats = {
  metadata: { name: "boats.test.berth.dev" },
  spec: {
    group: "test.berth.dev",
    scope: "Namespaced",
    names: { plural: "boats", singular: "boat", kind: "Boat" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: { length: { type: "integer", maximum: 400 }, flag: { type: "string", default: "none" } },
              },
              status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
            },
          },
        },
      },
    ],
  },
};

/** A program with one of each: a definition and an object of it, a Secret with a name of the plugin's making, settings with a fixed one. */
function harbour({ length = 12, flag = "red" as string | null, password = "opensesame", data = "1" } = {}): Program {
  return () => {
    const definition = new KubernetesObject("apiextensions.k8s.io/v1", "CustomResourceDefinition", "boats", boats);
    const boat = new KubernetesObject(
      "test.berth.dev/v1",
      "Boat",
      "boat",
      { metadata: { name: "boat" }, spec: { length, ...(flag === null ? {} : { flag }) } },
      { dependsOn: definition },
    );
    const secret = new KubernetesObject("v1", "Secret", "password", { stringData: { password: pulumi.secret(password) } });
    settings({ data });
    return { boat: boat.id, secret: secret.metadata.name };
  };
}

describe("pulumi with the lab's Kubernetes plugin", () => {
  let secretName = "";

  it("previews a definition and an object of it before the cluster knows either", async () =>
    assert.deepEqual(succeeded(await engine.preview(harbour())).changes, { create: 5 }));

  it("makes them all, and keeps no secret in the state that could be read", async () => {
    const { changes, outputs } = succeeded(await engine.up(harbour()));
    assert.deepEqual(changes, { create: 5 });
    assert.equal(outputs["boat"], "default/boat");
    secretName = String(outputs["secret"]);
    assert.match(secretName, /^password-[0-9a-f]{7}$/);
    assert.equal(object<{ data: { password: string } }>("secret", secretName).data.password, btoa("opensesame"));
    for (const text of ["opensesame", btoa("opensesame")]) assert.ok(!engine.state().includes(text));
  });

  it("sees no change afterwards, in preview and in refresh, with defaults that the server has filled in", async () => {
    assert.deepEqual(succeeded(await engine.preview(harbour())).changes, { same: 5 });
    assert.deepEqual(succeeded(await engine.refresh()).changes, { same: 5 });
    assert.deepEqual(succeeded(await engine.preview(harbour())).changes, { same: 5 });
  });

  it("changes in place what can be, makes a Secret anew under another name, and one with a fixed name after the old one", async () => {
    const before = object<{ metadata: { uid: string } }>("boat", "boat").metadata.uid;
    const { changes, outputs } = succeeded(await engine.up(harbour({ length: 15, password: "other", data: "2" })));
    assert.deepEqual(changes, { same: 2, update: 1, replace: 2 });
    const boat = object<{ metadata: { uid: string }; spec: unknown }>("boat", "boat");
    assert.deepEqual([boat.metadata.uid, boat.spec], [before, { length: 15, flag: "red" }]);
    assert.notEqual(outputs["secret"], secretName);
    assert.equal(isThere("secret", secretName), false);
    assert.deepEqual(object<{ data: unknown }>("configmap", "settings").data, { data: "2" });
  });

  it("takes off the object what the program leaves out", async () => {
    const { changes } = succeeded(await engine.up(harbour({ length: 15, flag: null, password: "other", data: "2" })));
    assert.deepEqual(changes, { same: 4, update: 1 });
    assert.deepEqual(object<{ spec: unknown }>("boat", "boat").spec, { length: 15, flag: "none" });
  });

  it("fails preview with what the server says of a value", async () =>
    assert.match(failed(await engine.preview(harbour({ length: 500 }))), /spec\.length.*less than or equal to 400/s));

  it("shows in refresh what somebody changed, and says how to take it back", async () => {
    const now = { length: 15, flag: null, password: "other", data: "2" } as const;
    kubectl("patch", "boat", "boat", "--type=merge", "--field-manager=somebody", "-p", '{"spec":{"length":16}}');
    assert.deepEqual(succeeded(await engine.refresh()).changes, { same: 4, update: 1 });
    assert.match(failed(await engine.up(harbour(now))), /conflict with "somebody".*pulumi\.com\/patchForce: "true"/s);
    kubectl("patch", "boat", "boat", "--type=merge", "--field-manager=somebody", "-p", '{"spec":{"length":15}}');
    succeeded(await engine.refresh());
    assert.deepEqual(succeeded(await engine.up(harbour(now))).changes, { same: 5 });
  });

  it("forgets in refresh what is gone, and makes it again", async () => {
    kubectl("delete", "configmap", "settings");
    const now = harbour({ length: 15, flag: null, password: "other", data: "2" });
    assert.deepEqual(succeeded(await engine.refresh()).changes, { same: 4, delete: 1 });
    assert.deepEqual(succeeded(await engine.up(now)).changes, { same: 4, create: 1 });
  });

  it("destroys all of it, also when a definition took its objects along", async () => {
    kubectl("delete", "crd", "boats.test.berth.dev");
    assert.deepEqual(succeeded(await engine.destroy()).changes, { delete: 5 });
    assert.equal(kubectl("get", "secrets,configmaps", "-o", "name").trim(), "configmap/kube-root-ca.crt".slice(0, 0));
  });
});

describe("an object that exists already", () => {
  it("is not taken over: preview and up say what it is and how to import it", async () => {
    kubectl("create", "configmap", "settings", "--from-literal=data=theirs");
    const said =
      /ConfigMap default\/settings exists already.*pulumi import kubernetes:core\/v1:ConfigMap <name> default\/settings/s;
    const program = () => void settings({ data: "ours" });
    assert.match(failed(await engine.preview(program)), said);
    assert.match(failed(await engine.up(program)), said);
    assert.deepEqual(object<{ data: unknown }>("configmap", "settings").data, { data: "theirs" });
  });

  it("is imported without a change, and is the program's from then on", async () => {
    const program = () => void settings({ data: "theirs" }, {}, { import: "default/settings" });
    assert.deepEqual(succeeded(await engine.up(program)).changes, { same: 1, import: 1 });
    assert.deepEqual(succeeded(await engine.preview(() => void settings({ data: "theirs" }))).changes, { same: 2 });
    succeeded(await engine.destroy());
    assert.equal(isThere("configmap", "settings"), false);
  });

  it("is taken back from somebody when the program insists", async () => {
    const program = (data: string) => () =>
      void new KubernetesObject("v1", "Namespace", "quay", {
        metadata: {
          name: "quay",
          labels: { data },
          annotations: { "pulumi.com/patchForce": "true", "pulumi.com/skipAwait": "true" },
        },
      });
    succeeded(await engine.up(program("a")));
    kubectl("label", "namespace", "quay", "data=b", "--overwrite");
    succeeded(await engine.refresh());
    assert.deepEqual(succeeded(await engine.up(program("a"))).changes, { same: 1, update: 1 });
    assert.equal(object<{ metadata: { labels: { data: string } } }>("namespace", "quay").metadata.labels.data, "a");
    // No controller empties namespaces here, so the deletion only begins.
    succeeded(await engine.destroy());
  });
});

describe("an object that somebody has to make ready", () => {
  const page = (seconds: number) => () =>
    void new KubernetesObject("v1", "Service", "page", {
      metadata: { name: "page", annotations: { "pulumi.com/timeoutSeconds": String(seconds) } },
      spec: { type: "LoadBalancer", selector: { app: "page" }, ports: [{ port: 80 }] },
    });

  it("is in the state when nobody does in time, and the failure says what was missing and what the cluster says", async () => {
    const warn = setInterval(() => {
      if (!isThere("service", "page") || isThere("event", "page-1")) return;
      const { uid } = object<{ metadata: { uid: string } }>("service", "page").metadata;
      const involvedObject = { kind: "Service", name: "page", namespace: "default", uid, apiVersion: "v1" };
      const event = { apiVersion: "v1", kind: "Event", metadata: { name: "page-1" }, type: "Warning", involvedObject };
      server.kubectl(["create", "-f", "-"], JSON.stringify({ ...event, reason: "PoolFull", message: "Eip office is full" }));
    }, 300);
    const said = failed(await engine.up(page(12)));
    clearInterval(warn);
    assert.match(said, /\* an address, and a ready pod that spec\.selector matches/);
    assert.match(said, /PoolFull: Eip office is full/);
    assert.match(engine.state(), /"id":\s*"default\/page"/);
  });

  it("is waited for again by the next up, and is still the same object", async () => {
    const before = object<{ metadata: { uid: string } }>("service", "page").metadata.uid;
    const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "page-1", labels: { "kubernetes.io/service-name": "page" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.244.0.5"], conditions: { ready: true } }],
      ports: [{ port: 80 }],
    };
    const controllers = setTimeout(() => {
      server.kubectl(["create", "-f", "-"], JSON.stringify(slice));
      server.kubectl(["patch", "service", "page", "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);
    }, 2_500);
    const { changes } = succeeded(await engine.up(page(30)));
    clearTimeout(controllers);
    assert.deepEqual(changes, { same: 1, update: 1 });
    assert.equal(object<{ metadata: { uid: string } }>("service", "page").metadata.uid, before);
    assert.deepEqual(succeeded(await engine.preview(page(30))).changes, { same: 2 });
  });

  it("is waited for when it goes, whoever waits for what it becomes, but not for ever: the failure names the finalizer", async () => {
    const annotations = { "pulumi.com/timeoutSeconds": "1", "pulumi.com/skipAwait": "true" };
    const program = () => void settings({}, { finalizers: ["test.berth.dev/hold"], annotations });
    succeeded(await engine.up(program));
    assert.match(
      failed(await engine.destroy()),
      /ConfigMap default\/settings is still there; its finalizers hold it: test\.berth\.dev\/hold/,
    );
    kubectl("patch", "configmap", "settings", "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
    succeeded(await engine.destroy());
  });
});
