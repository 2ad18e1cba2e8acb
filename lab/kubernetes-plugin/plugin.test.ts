import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { awaitTimeout, readiness } from "./await.ts";
import { diffInputs, formatPath } from "./diff.ts";
import { complete, idOf } from "./objects.ts";
import { hasUnknowns, type Json, type JsonObject, prune, unknownValue, unwrapSecrets, wrapSecrets } from "./values.ts";

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

describe("names", () => {
  it("are made where there is none, the same for the same seed, and kept later", async () => {
    const seed = Uint8Array.of(1, 2, 3);
    const first = await complete(undefined, { kind: "Secret" }, undefined, "Router password", seed);
    assert.match(idOf(first), /^router-password-[0-9a-f]{7}$/);
    assert.equal(idOf(await complete(undefined, { kind: "Secret" }, undefined, "Router password", seed)), idOf(first));
    assert.equal(idOf(await complete(undefined, { kind: "Secret" }, first, "Router password", Uint8Array.of(9))), idOf(first));
  });
});
