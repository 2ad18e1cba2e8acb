import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ApiServer, startApiServer } from "../../../api/test/apiServer.ts";
import { type ControllerProcess, installCrds, kill, startController, until } from "./harness.ts";

/** Objects that are wrong in themselves or together with others, on a real API server with a controller. Good ones go on all the time. */
let server: ApiServer;
let controller: ControllerProcess;

const isDefault = { annotations: { "eip.openelb.kubesphere.io/is-default-eip": "true" } };
const own = (kind: string, name: string, spec: object, metadata: object = {}) => ({
  apiVersion: "network.kubesphere.io/v1alpha2",
  kind,
  metadata: { name, ...metadata },
  spec,
});
const eip = (name: string, spec: object, metadata: object = {}) => own("Eip", name, spec, metadata);
const service = (name: string, annotations: Readonly<Record<string, string>> = {}, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default", annotations },
  spec: { type: "LoadBalancer", ports: [{ port: 80 }], ...spec },
});
const ipOf = (text: string) => ({ "eip.openelb.kubesphere.io/v1alpha1": text });
const eipOf = (name: string) => ({ "eip.openelb.kubesphere.io/v1alpha2": name });
const conf = { peerAs: 65001, neighborAddress: "172.30.0.1" };

/** Refused by the API server: what its message names: field, value, remedy. */
const refused: readonly (readonly [
  name: string,
  object: object,
  says: readonly [field: string, value: string, remedy: string],
])[] = [
  ["an address that is none", eip("a", { address: "10.0.0.300" }), ["spec.address", "10.0.0.300", "a CIDR (192.0.2.0/24"]],
  [
    "a reversed range",
    eip("a", { address: "10.0.0.9-10.0.0.1" }),
    ["spec.address", "10.0.0.9-10.0.0.1", "starts with its lower end"],
  ],
  [
    "a reversed range of IPv6",
    eip("a", { address: "fd00::9-fd00::1" }),
    ["spec.address", "fd00::9-fd00::1", "starts with its lower end"],
  ],
  [
    "a range of two families",
    eip("a", { address: "10.0.0.1-fd00::1" }),
    ["spec.address", "10.0.0.1-fd00::1", "must be of one family"],
  ],
  [
    "leading zeros in a list",
    eip("a", { address: "10.9.0.1", addresses: ["010.0.0.1"] }),
    ["spec.addresses[0]", "010.0.0.1", "an address (192.0.2.1)"],
  ],
  [
    "an excluded name",
    eip("a", { address: "10.9.0.0/24", exclude: ["gateway"] }),
    ["spec.exclude[0]", "gateway", "an address (192.0.2.1)"],
  ],
  [
    "can_reach without an address",
    eip("a", { address: "10.9.0.1", protocol: "layer2", interface: "eth0,can_reach:router" }),
    ["spec.interface", "can_reach:router", "must be an IPv4 or IPv6 address"],
  ],
  [
    "cidr without a network",
    eip("a", { address: "10.9.0.1", protocol: "layer2", interface: "cidr:10.0.0" }),
    ["spec.interface", "cidr:10.0.0", "a network such as 192.0.2.0/24"],
  ],
  [
    "an interface with a slash",
    eip("a", { address: "10.9.0.1", protocol: "layer2", interface: "eth/0" }),
    ["spec.interface", "eth/0", "holds a blank or a slash"],
  ],
  ["an Eip without address", eip("a", { protocol: "layer2" }), ["spec.address", "spec", "Required value"]],
  ["an unknown protocol", eip("a", { address: "10.9.0.1", protocol: "ospf" }), ["spec.protocol", "ospf", '"bgp", "layer2"']],
  [
    "a quota of nothing",
    eip("a", { address: "10.9.0.1", perNamespaceLimit: 0 }),
    ["spec.perNamespaceLimit", "0", "greater than or equal to 1"],
  ],
  [
    "an AS number out of range",
    own("BgpConf", "default", { as: 4294967296 }),
    ["spec.as", "4294967296", "less than or equal to 4294967295"],
  ],
  [
    "a router ID of IPv6",
    own("BgpConf", "default", { as: 65000, routerId: "fd00::1" }),
    ["spec.routerId", "", "must be an IPv4 address"],
  ],
  [
    "a neighbour by name",
    own("BgpPeer", "a", { conf: { ...conf, neighborAddress: "router" } }),
    ["spec.conf.neighborAddress", "router", "such as 172.30.0.1"],
  ],
  [
    "a hold time of two seconds",
    own("BgpPeer", "a", { conf, timers: { config: { holdTime: "2" } } }),
    ["holdTime", "2", 'at least "3"'],
  ],
];

/** Taken by the API server, and told by a condition: type, status, reason, and what its message names. */
const marked: readonly (readonly [
  name: string,
  object: { readonly kind: string; readonly metadata: { readonly name: string } },
  condition: readonly [type: string, status: string, reason: string],
  says: readonly string[],
])[] = [
  [
    "an Eip that overlaps an older one",
    eip("overlapping", { address: "10.0.0.250-10.0.1.9" }),
    ["Ready", "False", "Overlapping"],
    ["spec.address", "10.0.0.250-10.0.0.255", "belongs to Eip good", "spec.exclude"],
  ],
  [
    "an Eip that excludes all it has",
    eip("empty", { address: "10.1.0.0/24", exclude: ["10.1.0.0/16"] }),
    ["Ready", "False", "Invalid"],
    ["spec.exclude", "10.1.0.0/16", "exclude less"],
  ],
  [
    "an Eip of loopback addresses",
    eip("loopback", { address: "126.255.255.250-127.0.0.9" }),
    ["Ready", "False", "Invalid"],
    ["spec.address", "127.0.0.0-127.0.0.9", "put it into exclude"],
  ],
  [
    "an Eip that avoids all it has",
    eip("avoiding", { address: "10.2.0.0", avoidBuggyIPs: true }),
    ["Ready", "False", "Invalid"],
    ["spec.avoidBuggyIPs", "10.2.0.0", "add addresses"],
  ],
  [
    "a second default Eip",
    eip("second", { address: "10.3.0.0/24" }, isDefault),
    ["DefaultConflict", "True", "SecondDefault"],
    ["is-default-eip", "good", "remove the annotation"],
  ],
  [
    "an address that is none",
    service("garbage", ipOf("10.0.0.300")),
    ["berth.dev/AddressAssigned", "False", "InvalidAddress"],
    ["eip.openelb.kubesphere.io/v1alpha1", "10.0.0.300", "such as 192.0.2.10"],
  ],
  [
    "two addresses of one family",
    service("two", ipOf("10.0.0.1,10.0.0.2")),
    ["berth.dev/AddressAssigned", "False", "InvalidAddress"],
    ["eip.openelb.kubesphere.io/v1alpha1", "10.0.0.1,10.0.0.2", "one of each family at most"],
  ],
  [
    "an Eip that does not exist",
    service("missing", eipOf("nowhere")),
    ["berth.dev/AddressAssigned", "False", "EipNotFound"],
    ["eip.openelb.kubesphere.io/v1alpha2", "nowhere", "good 10.0.0.0-10.0.0.255"],
  ],
  [
    "an address of another Eip than the named one",
    service("beyond", { ...eipOf("good"), ...ipOf("10.3.0.7") }),
    ["berth.dev/AddressAssigned", "False", "AddressOutsideEip"],
    ["eip.openelb.kubesphere.io/v1alpha1", "10.3.0.7", "name another of its addresses"],
  ],
  [
    "an address of no Eip",
    service("outside", {}, { loadBalancerIP: "172.16.0.1" }),
    ["berth.dev/AddressAssigned", "False", "AddressOutsideEips"],
    ["spec.loadBalancerIP", "172.16.0.1", "name an address of one"],
  ],
  [
    "an address of the wrong family",
    service("family", ipOf("fd00::1")),
    ["berth.dev/AddressAssigned", "False", "WrongFamily"],
    ["spec.ipFamilies", "fd00::1", "add the family or name another address"],
  ],
  [
    "an address in use",
    service("thief", ipOf("10.0.0.77")),
    ["berth.dev/AddressAssigned", "False", "AddressInUse"],
    ["eip.openelb.kubesphere.io/v1alpha1", "10.0.0.77", "berth.dev/sharing-key"],
  ],
  [
    "an Eip that is kept for others",
    service("stranger", eipOf("restricted")),
    ["berth.dev/AddressAssigned", "False", "NamespaceNotAllowed"],
    ["spec.restrict", "restricted", "name or bind another Eip"],
  ],
  [
    "an Eip that is disabled",
    service("disabled", eipOf("off")),
    ["berth.dev/AddressAssigned", "False", "Disabled"],
    ["spec.disable", "off", "set its spec.disable to false"],
  ],
  [
    "two families of an Eip with one",
    service("dual", eipOf("good"), { ipFamilyPolicy: "RequireDualStack" }),
    ["berth.dev/AddressAssigned", "False", "WrongFamily"],
    ["IPv6", "good", "name or bind another Eip"],
  ],
  [
    "a BgpConf of another name",
    own("BgpConf", "other", { as: 65000 }),
    ["Accepted", "False", "NotDefault"],
    ['"default"', '"other"'],
  ],
  [
    "a BgpPeer without BgpConf",
    own("BgpPeer", "lonely", { conf }),
    ["Accepted", "False", "NoBgpConf"],
    ['BgpConf named "default"'],
  ],
];

function apply(object: unknown): { readonly code: number; readonly said: string } {
  const { code, stdout, stderr } = server.kubectl(["apply", "-f", "-"], JSON.stringify(object));
  return { code, said: stdout + stderr };
}

interface Status {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip: string }[] };
}

function statusOf(kind: string, name: string): Status {
  const { stdout } = server.kubectl(["get", kind, name, "-o", "json"]);
  return (JSON.parse(stdout || "{}") as { status?: Status }).status ?? {};
}

/** A good Service gets its address, whatever else lies around. */
let good = 0;
async function assertGoodOnesGoOn(): Promise<void> {
  const name = `good-${good++}`;
  assert.equal(apply(service(name)).code, 0);
  await until(`the address of ${name}`, 20, () =>
    /^10\.0\.0\./.test(statusOf("service", name).loadBalancer?.ingress?.[0]?.ip ?? ""),
  );
}

before(async () => {
  server = await startApiServer();
  installCrds(server);
  for (const object of [
    eip("good", { address: "10.0.0.0/24" }, isDefault),
    eip("restricted", { address: "10.4.0.0/24", namespaces: ["elsewhere"], restrict: true }),
    eip("off", { address: "10.5.0.0/24", disable: true }),
    service("holder", ipOf("10.0.0.77")),
  ])
    assert.equal(apply(object).code, 0);
  controller = await startController(server.kubeconfig, { POD_NAME: "malformed" });
  await until("the controller leads", 30, () => controller.isLeader());
});
after(async () => {
  if (controller !== undefined) await kill(controller, "SIGTERM");
  server?.stop();
});

describe("what is malformed or contradictory", { timeout: 300_000 }, () => {
  it("are more than twenty objects", () => assert.ok(refused.length + marked.length >= 20));

  for (const [name, object, says] of refused) {
    it(`the API server refuses ${name}, and names field, value and remedy`, () => {
      const { code, said } = apply(object);
      assert.equal(code, 1, said);
      for (const part of says) assert.ok(said.includes(part), `"${part}" is not in: ${said}`);
    });
  }

  for (const [name, object, [type, status, reason], says] of marked) {
    it(`the controller marks ${object.kind} with ${name} as ${type} ${status} ${reason}, and good ones go on`, async () => {
      assert.equal(apply(object).code, 0);
      const found = () => statusOf(object.kind, object.metadata.name).conditions?.find((condition) => condition.type === type);
      await until(`${type} of ${object.metadata.name}`, 20, () => found()?.status === status);
      assert.equal(found()?.reason, reason);
      for (const part of says) assert.ok(found()?.message.includes(part), `"${part}" is not in: ${found()?.message}`);
      await assertGoodOnesGoOn();
    });
  }

  it("has taken nothing from anybody meanwhile, and the controller runs still", () => {
    assert.equal(statusOf("service", "holder").loadBalancer?.ingress?.[0]?.ip, "10.0.0.77");
    for (const name of ["garbage", "missing", "thief"]) assert.equal(statusOf("service", name).loadBalancer?.ingress, undefined);
    assert.equal(statusOf("eip", "good").conditions?.find(({ type }) => type === "Ready")?.status, "True");
    assert.equal(controller.child.exitCode, null);
  });

  it("is put right by editing it: the Eip that overlapped is used, the Service that was refused gets its address", async () => {
    assert.equal(apply(eip("overlapping", { address: "10.0.0.250-10.0.1.9", exclude: ["10.0.0.0/24"] })).code, 0);
    assert.equal(apply(service("missing", eipOf("overlapping"))).code, 0);
    await until("its address", 20, () => statusOf("service", "missing").loadBalancer?.ingress?.[0]?.ip === "10.0.1.0");
  });
});
