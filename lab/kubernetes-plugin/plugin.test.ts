import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { awaitTimeout, readiness, readWaitFor, skipsAwaitOfEnd } from "./await.ts";
import { diffInputs, formatPath } from "./diff.ts";
import { complete, inputProblems, withNamespaceOf } from "./inputs.ts";
import { idOf } from "./live.ts";
import { renderedPath, scopesWithoutCluster } from "./render.ts";
import { isOtherCluster, settingProblems } from "./settings.ts";
import {
  hasUnknowns,
  type Json,
  type JsonObject,
  keepUnlessDrifted,
  prune,
  unknownValue,
  unwrapSecrets,
  wrapSecrets,
} from "./values.ts";

const secret = (value: Json): JsonObject => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });

describe("values of the lab's Kubernetes plugin", () => {
  it("take the marks off secrets and put them on again", () => {
    const marked = { a: [{ b: secret("x") }], c: 1 };
    const { plain, secrets } = unwrapSecrets(marked);
    assert.deepEqual([plain, secrets], [{ a: [{ b: "x" }], c: 1 }, [["a", 0, "b"]]]);
    assert.deepEqual(wrapSecrets(plain, secrets), marked);
  });
  it("recognise what is not known yet, however deep", () =>
    assert.deepEqual([hasUnknowns({ a: [unknownValue] }), hasUnknowns({ a: [1, null] })], [true, false]));
  it("keep of a live object what was declared", () =>
    assert.deepEqual(prune({ a: 1, b: { c: 2, d: 3 }, e: [{ f: 1, g: 2 }] }, { b: { c: 9 }, e: [{ f: 9 }], z: 1 }), {
      b: { c: 2 },
      e: [{ f: 1 }],
    }));
  it("are kept as declared where the server only writes them otherwise, and are the server's where somebody changed them", () => {
    const declared = { cpu: "1000m", memory: "1Gi", nothing: {}, list: [{ a: 1 }] };
    const undrifted = { cpu: "1", memory: "1Gi", more: 1, list: [{ a: 1, b: 2 }, { c: 3 }] };
    assert.deepEqual(keepUnlessDrifted({ ...undrifted, more: 2 }, undrifted, declared), declared);
    assert.deepEqual(keepUnlessDrifted({ ...undrifted, memory: "2Gi" }, undrifted, declared), { ...declared, memory: "2Gi" });
  });
});

describe("differences", () => {
  const service = (spec: JsonObject, name = "s"): JsonObject => ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
  const diff = (before: JsonObject, after: JsonObject): string[] =>
    diffInputs(before, after).map(
      (change) => `${change.kind} ${formatPath(change.path)}${change.isReplacing ? " replaces" : ""}`,
    );
  it("are none between equals", () => assert.deepEqual(diff(service({ a: 1 }), service({ a: 1 })), []));
  it("name what was added, deleted and changed", () =>
    assert.deepEqual(diff(service({ a: 1, b: [1] }), service({ b: [2, 3], c: 1 })), [
      "delete spec.a",
      "update spec.b[0]",
      "add spec.b[1]",
      "add spec.c",
    ]));
  it("replace where identity changes", () =>
    assert.deepEqual(diff(service({}), service({}, "t")), ["update metadata.name replaces"]));
  it("replace a Secret whose data change", () =>
    assert.deepEqual(diff({ kind: "Secret", data: { a: "1" } }, { kind: "Secret", data: { a: "2" } }), [
      "update data.a replaces",
    ]));
  it("change the data of a Secret in place where the provider says so, unless the Secret is immutable", () => {
    const replaces = (more: JsonObject): boolean[] =>
      diffInputs({ kind: "Secret", data: { a: "1" }, ...more }, { kind: "Secret", data: { a: "2" }, ...more }, ["Secret"]).map(
        ({ isReplacing }) => isReplacing,
      );
    assert.deepEqual([replaces({}), replaces({ immutable: true })], [[false], [true]]);
  });
  it("write keys that are no words in quotes", () =>
    assert.equal(formatPath(["metadata", "annotations", "berth.dev/x", 0]), 'metadata.annotations["berth.dev/x"][0]'));
  it("do not replace an object whose namespace the plugin could not know at first", () => {
    const declared = { metadata: { name: "a" } };
    assert.deepEqual(withNamespaceOf(declared, { metadata: { namespace: "default" } }), {
      metadata: { name: "a", namespace: "default" },
    });
    assert.equal(withNamespaceOf(declared, { metadata: { name: "a" } }), declared);
  });
  it("count what is not known yet", () =>
    assert.deepEqual(diff(service({ a: 1 }), service({ a: unknownValue })), ["update spec.a"]));
});

describe("waiting", () => {
  const live = (kind: string, more: JsonObject, annotations: JsonObject = {}): JsonObject => ({
    kind,
    metadata: { generation: 2, annotations },
    ...more,
  });
  const conditions = (...list: JsonObject[]): JsonObject => ({ status: { conditions: list } });
  for (const [name, object, expected] of [
    [
      "an Eip whose condition is of an older generation",
      live("Eip", conditions({ type: "Ready", status: "True", observedGeneration: 1 }), {
        "pulumi.com/waitFor": "condition=Ready",
      }),
      false,
    ],
    [
      "an Eip that is Ready",
      live("Eip", conditions({ type: "Ready", status: "True", observedGeneration: 2 }), {
        "pulumi.com/waitFor": "condition=Ready",
      }),
      true,
    ],
    [
      "an object with a value at a path",
      live("X", { status: { a: [{ b: "c" }] } }, { "pulumi.com/waitFor": '["jsonpath={.status.a[0].b}=c"]' }),
      true,
    ],
    ["an object without that value", live("X", { status: {} }, { "pulumi.com/waitFor": "jsonpath={.status.a}" }), false],
    ["a Service without an address", live("Service", { spec: { type: "LoadBalancer" } }), false],
    [
      "a Service without an address that nobody waits for",
      live("Service", { spec: { type: "LoadBalancer" } }, { "pulumi.com/skipAwait": "true" }),
      true,
    ],
    [
      "a Deployment that rolls out",
      live("Deployment", {
        spec: { replicas: 2 },
        status: { observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 2 },
      }),
      false,
    ],
    [
      "a DaemonSet on all nodes",
      live("DaemonSet", {
        status: { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 },
      }),
      true,
    ],
  ] as const)
    it(`${expected ? "ends" : "goes on"} for ${name}`, () => assert.equal(readiness(object).isReady, expected));

  it("says the controller's reason for a Service that waits", () => {
    const waiting = readiness(
      live("Service", {
        spec: { type: "LoadBalancer" },
        status: { conditions: [{ type: "berth.dev/AddressAssigned", status: "False", message: "Eip office is full" }] },
      }),
    );
    assert.ok(!waiting.isReady && waiting.waitingFor === "an address: Eip office is full");
  });
  it("says what another condition says when the one that is waited for is not there yet", () => {
    const waiting = readiness(
      live(
        "Service",
        { status: { conditions: [{ type: "berth.dev/AddressAssigned", status: "False", message: "there is no Eip nowhere" }] } },
        { "pulumi.com/waitFor": "condition=berth.dev/Announced" },
      ),
    );
    assert.equal(
      waiting.isReady ? "" : waiting.waitingFor,
      "condition berth.dev/Announced=True; berth.dev/AddressAssigned is False: there is no Eip nowhere",
    );
  });
  it("is left out for the end of an object only for the kinds for which the real plugin does", () =>
    assert.deepEqual(
      [
        ["v1", "Namespace"],
        ["apps/v1", "Deployment"],
        ["v1", "Service"],
        ["network.kubesphere.io/v1alpha2", "Eip"],
      ].map(([apiVersion = "", kind = ""]) =>
        skipsAwaitOfEnd({ apiVersion, kind, metadata: { annotations: { "pulumi.com/skipAwait": "true" } } }),
      ),
      [true, true, false, false],
    ));
  it("lasts as long as the annotation says, else as the request, else ten minutes", () =>
    assert.deepEqual(
      [
        awaitTimeout(live("X", {}, { "pulumi.com/timeoutSeconds": "5" }), 9),
        awaitTimeout(live("X", {}), 9),
        awaitTimeout(live("X", {}), 0),
      ],
      [5000, 9000, 600_000],
    ));
});

describe("waiting for what an annotation says", () => {
  it("reads conditions and paths, one or a list", () =>
    assert.deepEqual(readWaitFor('["condition=Ready", "jsonpath={.status.a[\'x.y\'][1]}=up"]'), [
      { type: "condition", condition: "Ready", status: "True" },
      { type: "value", path: ["status", "a", "x.y", 1], text: ".status.a['x.y'][1]", value: "up" },
    ]));
  for (const text of ["Ready", "[]", '["condition=Ready"', "jsonpath={}", "[1]"])
    it(`refuses ${text} before anything is made`, () => assert.equal(typeof readWaitFor(text), "string"));
});

describe("waiting for Services and for what can fail", () => {
  const page = (more: JsonObject = {}): JsonObject => ({
    kind: "Service",
    metadata: {},
    spec: { type: "LoadBalancer", selector: { app: "page" }, clusterIP: "10.96.0.9", ...more },
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
  });
  const slice = (...ready: boolean[]): JsonObject => ({
    endpoints: ready.map((isReady) => ({ conditions: { ready: isReady } })),
  });
  const said = (live: JsonObject, slices: JsonObject[] = []): string => {
    const outcome = readiness(live, slices);
    return outcome.isReady ? "ready" : `${outcome.waitingFor}${outcome.isFinal === true ? " (final)" : ""}`;
  };
  it("goes on while no pod is ready", () =>
    assert.deepEqual(
      [said(page()), said(page(), [slice(false)]), said(page(), [slice(true), slice(false)])],
      ["a ready pod that spec.selector matches", "a ready pod that spec.selector matches: 1 are not ready", "1 pods to be ready"],
    ));
  it("ends when all pods are", () => assert.equal(said(page(), [slice(true), slice(true)]), "ready"));
  it("needs no pods without a selector, without a cluster IP or with another host's name", () =>
    assert.deepEqual(
      [{ selector: {} }, { clusterIP: "None" }, { type: "ExternalName" }].map((more) => said(page(more))),
      ["ready", "ready", "ready"],
    ));
  it("ends for a Pod or Job that has failed", () =>
    assert.deepEqual(
      [
        said({ kind: "Pod", metadata: {}, status: { phase: "Failed", message: "evicted" } }),
        said({ kind: "Job", metadata: {}, status: { conditions: [{ type: "Failed", status: "True", message: "too often" }] } }),
      ],
      ["the Pod, which has failed: evicted (final)", "the Job, which has failed: too often (final)"],
    ));
});

describe("what is refused before any server sees it", () => {
  const properties = (type: string, inputs: JsonObject): string[] => inputProblems(type, inputs).map(({ property }) => property);
  const object = { apiVersion: "v1", kind: "Service", metadata: { name: "a" } };
  it("is nothing for an object", () => assert.deepEqual(properties("kubernetes:core/v1:Service", object), []));
  it("is a patch of nothing, a list, a chart, a name made by the server and a wait that cannot be read", () =>
    assert.deepEqual(
      [
        properties("kubernetes:core/v1:ServicePatch", { ...object, metadata: {} }),
        properties("kubernetes:core/v1:ServiceList", { apiVersion: "v1", kind: "ServiceList", items: [] }),
        properties("kubernetes:helm.sh/v3:Release", { chart: "x" }),
        properties("kubernetes:core/v1:Service", { ...object, metadata: { generateName: "a-" } }),
        properties("kubernetes:core/v1:Service", { ...object, metadata: { annotations: { "pulumi.com/waitFor": "x" } } }),
      ],
      [
        ["metadata.name"],
        ["items"],
        ["apiVersion", "kind"],
        ["metadata.generateName"],
        ['metadata.annotations["pulumi.com/waitFor"]'],
      ],
    ));
  it("is a setting that only the real plugin has", () =>
    assert.deepEqual(
      settingProblems({ enableServerSideApply: "false", namespace: "a" }).map(({ property }) => property),
      ["enableServerSideApply"],
    ));
  it("is a cluster to send to and a directory to render to at once, as by the real plugin; but not the environment's own", () => {
    const properties = (config: JsonObject): string[] => settingProblems(config, "/home/a").map(({ property }) => property);
    assert.deepEqual(properties({ renderYamlToDirectory: "out", context: "c", kubeconfig: "/home/b" }), [
      "context",
      "kubeconfig",
    ]);
    assert.deepEqual(properties({ renderYamlToDirectory: "out", kubeconfig: "/home/a" }), []);
    assert.deepEqual(properties({ alwaysRender: "true" }), ["alwaysRender"]);
  });
});

describe("a directory that is rendered to", () => {
  it("has definitions apart, and the name of a file says what is in it", () => {
    const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "eips.x" } };
    assert.equal(
      renderedPath("out", definition),
      "out/0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-eips.x.yaml",
    );
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "page", namespace: "demo" } };
    assert.equal(renderedPath("out", service), "out/1-manifest/v1-service-demo-page.yaml");
  });

  it("knows the scope of a kind from the definition in the program, and takes an unknown one for namespaced", async () => {
    const scopes = scopesWithoutCluster("default");
    const names = async (kind: string): Promise<Json | undefined> =>
      (await complete(scopes, { apiVersion: "x/v1", kind, metadata: { name: "a" } }, undefined, "a", Uint8Array.of(1)))[
        "metadata"
      ];
    assert.deepEqual(await names("Eip"), { name: "a", namespace: "default" });
    const spec = { group: "x", scope: "Cluster", names: { kind: "Eip" }, versions: [{ name: "v1" }] };
    const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "c" }, spec };
    assert.deepEqual((await complete(scopes, definition, undefined, "c", Uint8Array.of(1)))["metadata"], { name: "c" });
    assert.deepEqual(await names("Eip"), { name: "a" });
  });
});

describe("a provider that is configured anew", () => {
  const kubeconfig = (server: string): JsonObject => ({
    kubeconfig: JSON.stringify({
      "current-context": "c",
      clusters: [{ name: "k", cluster: { server } }],
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      users: [{ name: "u", user: {} }],
    }),
  });
  it("is of another cluster only when the server is another", () =>
    assert.deepEqual(
      [
        isOtherCluster(kubeconfig("https://192.0.2.1"), kubeconfig("https://192.0.2.2")),
        isOtherCluster(kubeconfig("https://192.0.2.1"), { ...kubeconfig("https://192.0.2.1"), namespace: "a" }),
        isOtherCluster(kubeconfig("https://192.0.2.1"), { kubeconfig: unknownValue }),
      ],
      [true, false, false],
    ));
});

describe("names", () => {
  it("are made where there is none, the same for the same seed, and kept later", async () => {
    const seed = Uint8Array.of(1, 2, 3);
    const first = await complete(undefined, { kind: "Secret" }, undefined, "Router password", seed);
    assert.match(idOf(first), /^router-password-[0-9a-f]{7}$/);
    assert.equal(idOf(await complete(undefined, { kind: "Secret" }, undefined, "Router password", seed)), idOf(first));
    assert.equal(idOf(await complete(undefined, { kind: "Secret" }, first, "Router password", Uint8Array.of(9))), idOf(first));
  });
});
