import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crds } from "@berth/api/crds";
import * as pulumi from "@pulumi/pulumi";
import { BgpConf, BgpPeer, Eip, ExposedService, LoadBalancer } from "./index.ts";
import { type ComponentName, outputNames, schema } from "./schema.ts";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}
const registered: Registered[] = [];
await pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    registered.push({ type, name, inputs });
    return { id: name, state: { ...inputs, metadata: { name, ...inputs.metadata } } };
  },
  call: () => ({}),
});

const made: Readonly<Record<ComponentName, pulumi.ComponentResource>> = {
  LoadBalancer: new LoadBalancer("berth", { image: "example/berth:1" }),
  Eip: new Eip("pool", { address: "192.0.2.0/24", protocol: "layer2", isDefault: true }),
  BgpConf: new BgpConf("conf", { as: 65000 }),
  BgpPeer: new BgpPeer("router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 }, password: "opensesame" }),
  ExposedService: new ExposedService("page", {
    namespace: "demo",
    selector: { app: "page" },
    ports: [{ port: 80, targetPort: 8080 }],
    eip: "pool",
    address: "192.0.2.7",
  }),
};
await new Promise((resolve) => setTimeout(resolve, 500));

const child = (type: string, name: string): Registered => {
  const found = registered.find((one) => one.type === type && one.name === name);
  assert.ok(found, `${type} ${name} is not among ${registered.map((one) => `${one.type} ${one.name}`).join("; ")}`);
  return found;
};
const crd = "kubernetes:network.kubesphere.io/v1alpha2:";

describe("the schema", () => {
  const { resources, types } = schema() as {
    resources: Record<string, { inputProperties: object; properties: object; description: string }>;
    types: Record<string, { properties: Record<string, { description: string }> }>;
  };

  it("has every component, and every output is a property of the class", () => {
    assert.deepEqual(
      Object.keys(resources),
      Object.keys(made).map((name) => `berth:index:${name}`),
    );
    for (const [name, component] of Object.entries(made))
      for (const output of outputNames(name as ComponentName))
        assert.ok(pulumi.Output.isInstance((component as unknown as Record<string, unknown>)[output]), `${name}.${output}`);
  });

  it("describes every property", () => {
    for (const [token, { properties }] of Object.entries(types))
      for (const [name, { description }] of Object.entries(properties)) assert.ok(description.length > 3, `${token}.${name}`);
  });

  it("refers only to types that are there", () => {
    for (const [, token = ""] of JSON.stringify(schema()).matchAll(/#\/types\/([^"]+)"/g)) assert.ok(token in types, token);
  });

  it("has AS numbers and ports as integers, and passwords as secrets", () => {
    const text = JSON.stringify(resources["berth:index:BgpPeer"]?.inputProperties);
    assert.match(text, /"password":\{"type":"string","description":"[^"]+","secret":true\}/);
    assert.match(JSON.stringify(types["berth:index:BgpPeerConf"]), /"peerAs":\{"type":"integer"/);
  });
});

describe("the children of the components", () => {
  it("LoadBalancer: the CRDs, three accounts with their rights, one Deployment of two, one DaemonSet in the node's network", () => {
    assert.equal(registered.filter((one) => one.type.endsWith(":CustomResourceDefinitionPatch")).length, crds().length);
    assert.equal(registered.filter((one) => one.type.endsWith(":ClusterRole") || one.type.endsWith(":Role")).length, 6);
    const controller = child("kubernetes:apps/v1:Deployment", "berth-controller").inputs as {
      spec: { replicas: number; template: { spec: { containers: { image: string }[] } } };
    };
    assert.deepEqual([controller.spec.replicas, controller.spec.template.spec.containers[0]?.image], [2, "example/berth:1"]);
    const speaker = child("kubernetes:apps/v1:DaemonSet", "berth-speaker").inputs as {
      spec: {
        template: {
          spec: { hostNetwork: boolean; containers: { securityContext: { capabilities: { drop: string[]; add: string[] } } }[] };
        };
      };
    };
    assert.equal(speaker.spec.template.spec.hostNetwork, true);
    assert.deepEqual(speaker.spec.template.spec.containers[0]?.securityContext.capabilities, {
      drop: ["ALL"],
      add: ["NET_RAW", "NET_ADMIN", "NET_BIND_SERVICE"],
    });
  });

  it("LoadBalancer: collectors may read metrics and nothing else, over TLS on the pods of two headless Services", () => {
    const reader = child("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "berth-metrics-reader").inputs as {
      rules: object;
    };
    assert.deepEqual(reader.rules, [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }]);
    for (const [name, port] of [
      ["berth-controller-metrics", 7474],
      ["berth-speaker-metrics", 7475],
    ] as const) {
      const { spec } = child("kubernetes:core/v1:Service", name).inputs as { spec: { clusterIP: string; ports: object } };
      assert.equal(spec.clusterIP, "None");
      assert.deepEqual(spec.ports, [{ name: "https", port, targetPort: port }]);
    }
  });

  it("Eip: one object that up waits for, with OpenELB's annotation of a default pool, and nothing in its spec but fields of an Eip", () => {
    const { metadata, spec } = child(`${crd}Eip`, "pool").inputs as {
      metadata: { name: string; annotations: Record<string, string> };
      spec: object;
    };
    assert.equal(metadata.name, "pool");
    assert.deepEqual(metadata.annotations, {
      "pulumi.com/waitFor": "condition=Ready",
      "pulumi.com/timeoutSeconds": "120",
      "eip.openelb.kubesphere.io/is-default-eip": "true",
    });
    assert.deepEqual(spec, { address: "192.0.2.0/24", protocol: "layer2" });
  });

  it("BgpConf: is called default", () =>
    assert.equal((child(`${crd}BgpConf`, "conf").inputs as { metadata: { name: string } }).metadata.name, "default"));

  it("BgpPeer: the password is in a Secret, and the object only refers to it", () => {
    const peer = child(`${crd}BgpPeer`, "router").inputs as {
      spec: { conf: { passwordSecretRef: { name: string; key: string } } };
    };
    assert.equal(peer.spec.conf.passwordSecretRef.key, "password");
    assert.doesNotMatch(JSON.stringify(peer), /opensesame/);
    child("kubernetes:core/v1:Secret", "router-password");
  });

  it("ExposedService: a Service of type LoadBalancer with the annotations of pool and address", () => {
    const { metadata, spec } = child("kubernetes:core/v1:Service", "page").inputs as {
      metadata: { annotations: Record<string, string> };
      spec: object;
    };
    assert.deepEqual(metadata.annotations, {
      "lb.kubesphere.io/v1alpha1": "openelb",
      "eip.openelb.kubesphere.io/v1alpha2": "pool",
      "eip.openelb.kubesphere.io/v1alpha1": "192.0.2.7",
      "pulumi.com/waitFor": "condition=berth.dev/Announced",
      "pulumi.com/timeoutSeconds": "300",
    });
    assert.deepEqual(spec, {
      type: "LoadBalancer",
      selector: { app: "page" },
      ports: [{ port: 80, targetPort: 8080, protocol: "TCP" }],
    });
  });
});
