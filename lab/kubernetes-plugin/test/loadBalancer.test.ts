import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import { BgpConf, BgpPeer, Eip, ExposedService, LoadBalancer, type LoadBalancerArgs } from "../../../provider/src/index.ts";
import { createEngine, type Engine, type Outcome, type Program } from "./engine.ts";

/**
 * The life of the LoadBalancer with the real engine and a real API server that knows nothing of Berth at first. Kubernetes' own controllers
 * make ReplicaSets and Pods; there are no nodes, so the test says for the kubelets that Pods are ready. Berth goes into a namespace that is
 * there already.
 */
let server: ApiServer;
let engine: Engine;
let isOver = false;
before(async () => {
  server = await startApiServer();
  await server.collectGarbage(["deployment-controller", "replicaset-controller", "daemonset-controller"]);
  engine = await createEngine(server.kubeconfig);
  void playKubelets();
});
after(() => {
  isOver = true;
  engine?.remove();
  server?.stop();
});

/** Says of every Pod, for as long as the tests run, that it is ready. */
async function playKubelets(): Promise<void> {
  const conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({ type, status: "True" }));
  const patch = JSON.stringify({ status: { phase: "Running", conditions } });
  while (!isOver) {
    const pods = await play(["get", "pods", "--field-selector=status.phase=Pending", "--output=name"]);
    for (const pod of pods.split("\n").filter((name) => name !== ""))
      await play(["patch", pod, "--subresource=status", "--type=merge", "--patch", patch]);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What kubectl prints, without holding up the program that runs in this process. */
function play(args: readonly string[]): Promise<string> {
  const kubectl = join(import.meta.dirname, "../../../.lab/bin/kubectl");
  const child = spawn(kubectl, ["--kubeconfig", server.kubeconfig, "--namespace=default", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let printed = "";
  child.stdout.on("data", (text: Buffer) => {
    printed += text.toString();
  });
  return new Promise((resolve) => child.on("close", () => resolve(printed)));
}

const done = (outcome: Outcome): Outcome => {
  assert.equal(outcome.failure, false, outcome.said.slice(-4000));
  return outcome;
};
function kubectl(args: readonly string[], input?: string): string {
  const { code, stdout, stderr } = server.kubectl(args, input);
  assert.equal(code, 0, stderr);
  return stdout;
}

const berth = (args: Partial<LoadBalancerArgs> = {}): LoadBalancer =>
  new LoadBalancer("berth", { image: "example/berth:1", namespace: "default", createNamespace: false, ...args });
const alone =
  (args: Partial<LoadBalancerArgs> = {}): Program =>
  () => {
    berth(args);
    return {};
  };
const everything: Program = () => {
  const options = { dependsOn: [berth()] };
  new Eip("office", { address: "192.0.2.0/24" }, options);
  new BgpConf("default", { as: 65000 }, options);
  new BgpPeer("router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 }, password: "opensesame" }, options);
  new ExposedService("page", { namespace: "default", selector: { app: "page" }, ports: [{ port: 80 }], eip: "office" }, options);
  return {};
};

const controller = "Deployment berth-controller";
const speaker = "DaemonSet berth-speaker";
/** Every argument that can change by itself, another value for it, and which objects of the cluster that changes. */
const edits: readonly (readonly [keyof LoadBalancerArgs, unknown, readonly string[]])[] = [
  ["image", "example/berth:2", [speaker, controller]],
  ["imagePullPolicy", "Always", [speaker, controller]],
  ["imagePullSecrets", ["registry"], [speaker, controller]],
  ["logLevel", "debug", [speaker, controller]],
  ["loadBalancerClasses", ["example.com/berth"], [speaker, controller]],
  ["handleClassless", false, [speaker, controller]],
  ["podLabels", { team: "network" }, [speaker, controller]],
  ["podAnnotations", { "example.com/team": "network" }, [speaker, controller]],
  ["priorityClassName", "system-node-critical", [speaker, controller]],
  ["layer2", false, [speaker]],
  ["bgp", false, [speaker]],
  ["drainMilliseconds", 2000, [speaker]],
  ["speakerResources", { limits: { memory: "1Gi" } }, [speaker]],
  ["nodeSelector", { edge: "true" }, [speaker]],
  ["tolerations", [{ key: "edge", operator: "Exists" }], [speaker]],
  ["restSeconds", 5, [controller]],
  ["shareUnconditionally", true, [controller]],
  ["controllerReplicas", 3, [controller]],
  ["controllerResources", { limits: { memory: "1Gi" } }, [controller]],
  ["controllerNodeSelector", { edge: "true" }, [controller]],
  ["controllerTolerations", [{ key: "edge", operator: "Exists" }], [controller]],
  ["podCidrs", ["10.244.0.0/16"], []],
  ["serviceCidrs", ["10.96.0.0/12"], []],
];

/** The objects of the cluster that a preview would touch, and how. */
const touched = ({ steps }: Outcome): string[] =>
  steps
    .filter(({ op, type }) => op !== "same" && type.startsWith("kubernetes:"))
    .map(({ op, type, name }) => `${op} ${type.split(":").at(-1)} ${name}`)
    .sort();

describe("a LoadBalancer", () => {
  it("is previewed, and all that builds on it, in a cluster that has none of its definitions", async () => {
    const { changes, steps } = done(await engine.preview(everything));
    assert.deepEqual(Object.keys(changes), ["create"]);
    for (const kind of ["Eip", "BgpConf", "BgpPeer"])
      assert.ok(
        steps.some(({ type }) => type === `kubernetes:network.kubesphere.io/v1alpha2:${kind}`),
        kind,
      );
  });

  it("is made by up, and then neither preview nor refresh finds a change", async () => {
    const { changes } = done(await engine.up(alone()));
    assert.deepEqual(Object.keys(changes), ["create"]);
    assert.deepEqual(done(await engine.preview(alone())).changes, { same: changes.create });
    assert.deepEqual(Object.keys(done(await engine.refresh()).changes), ["same"]);
  });

  for (const [argument, value, objects] of edits)
    it(`changes ${objects.length === 0 ? "nothing in the cluster" : objects.join(" and ")} for another ${argument}, in place`, async () => {
      const outcome = done(await engine.preview(alone({ [argument]: value })));
      assert.deepEqual(touched(outcome), objects.map((object) => `update ${object}`).sort());
    });

  it("leaves its definitions and the objects of others when it goes, and the next one takes them over", async () => {
    const eip = {
      apiVersion: "network.kubesphere.io/v1alpha2",
      kind: "Eip",
      metadata: { name: "theirs" },
      spec: { address: "10.9.0.0/24" },
    };
    kubectl(["apply", "-f", "-"], JSON.stringify(eip));
    const uids = (): string => kubectl(["get", "crd", "-o", "jsonpath={.items[*].metadata.uid}"]);
    const before = uids();
    done(await engine.destroy());
    assert.equal(server.kubectl(["get", "deployment", "-n", "default", "berth-controller"]).code, 1);
    assert.equal(kubectl(["get", "eip", "theirs", "-o", "jsonpath={.spec.address}"]), "10.9.0.0/24");
    done(await engine.up(alone()));
    assert.equal(uids(), before);
    assert.deepEqual(Object.keys(done(await engine.preview(alone())).changes), ["same"]);
    done(await engine.destroy());
  });

  it("takes definitions of others over only when it is told to adopt them, and then their objects stay as they are", async () => {
    kubectl(["delete", "crd", "--all", "--wait=false"]);
    for (const end = Date.now() + 120_000; kubectl(["get", "crd", "-o", "name"]).trim() !== ""; ) {
      assert.ok(Date.now() < end, "the definitions are still there");
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    kubectl(["create", "-f", "-"], JSON.stringify(foreignDefinition));
    kubectl(["wait", "--for=condition=Established", `crd/${foreignDefinition.metadata.name}`, "--timeout=120s"]);
    const eip = {
      apiVersion: "network.kubesphere.io/v1alpha2",
      kind: "Eip",
      metadata: { name: "old" },
      spec: { address: "10.8.0.0/24" },
    };
    kubectl(["create", "-f", "-"], JSON.stringify(eip));
    const refused = await engine.up(alone());
    assert.ok(refused.failure);
    assert.match(refused.said, /conflict with "kubectl-create"/);
    done(await engine.up(alone({ adopt: true })));
    const spec = JSON.parse(
      kubectl(["get", "crd", foreignDefinition.metadata.name, "-o", "jsonpath={.spec.versions[0].schema}"]),
    ) as {
      readonly openAPIV3Schema: { readonly properties: { readonly spec: { readonly properties: object } } };
    };
    assert.ok("perNamespaceLimit" in spec.openAPIV3Schema.properties.spec.properties);
    assert.equal(kubectl(["get", "eip", "old", "-o", "jsonpath={.spec.address}"]), "10.8.0.0/24");
    assert.deepEqual(Object.keys(done(await engine.preview(alone({ adopt: true }))).changes), ["same"]);
    done(await engine.destroy());
    assert.equal(kubectl(["get", "eip", "old", "-o", "jsonpath={.spec.address}"]), "10.8.0.0/24");
  });
});

/** The definition of Eip as another program installed it: same group, version and names, a schema of its own. */
const foreignDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "eips.network.kubesphere.io" },
  spec: {
    group: "network.kubesphere.io",
    scope: "Cluster",
    names: { plural: "eips", singular: "eip", kind: "Eip", listKind: "EipList" },
    versions: [
      {
        name: "v1alpha2",
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: "cidr", type: "string", jsonPath: ".spec.address" }],
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                required: ["address"],
                properties: { address: { type: "string" }, disable: { type: "boolean" } },
              },
              status: { type: "object", properties: { occupied: { type: "boolean" } } },
            },
          },
        },
      },
    ],
  },
};
