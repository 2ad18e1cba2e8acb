import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hostOfMac } from "../src/answers.ts";
import { powerOff } from "../src/faults.ts";
import { run } from "../src/hosts.ts";
import { addressesOf, apply, eventually, kube, npm } from "./support.ts";

/** Two segments: node1 and node3 on the first with eth0, node2 on the second with ens7; the router has a foot in both. */
const segments = [
  { eip: "lan", interface: "eth0", nodes: ["node1", "node3"] },
  { eip: "lan2", interface: "eth2", nodes: ["node2"] },
] as const;
const service = (name: string, eip: string): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: demo, annotations: {eip.openelb.kubesphere.io/v1alpha2: ${eip}}}
spec: {type: LoadBalancer, selector: {app: page}, ports: [{port: 80, targetPort: 8080}]}
`;

/** Who answers the router on one of its interfaces. */
function answering(link: string, address: string): string[] {
  const { stdout } = run("router", ["arping", "-w", "1", "-c", "5", "-I", link, address]);
  const macs = new Set(stdout.toLowerCase().match(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g) ?? []);
  return [...macs].map((mac) => hostOfMac(mac) ?? mac).sort();
}

before(() => {
  for (const words of [["run", "--silent", "lab", "--", "up", "--segments", "2"], ["start"]]) {
    const { code, output } = npm(...words);
    assert.equal(code, 0, output.slice(-6000));
  }
  apply(`
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: {name: lan2}
spec: {address: 172.30.1.200-172.30.1.219, protocol: layer2}
`);
  for (const { eip } of segments) for (const index of [1, 2, 3]) apply(service(`${eip}-${index}`, eip));
});

after(() => {
  if (process.env["BERTH_KEEP_LAB"] === undefined) npm("run", "--silent", "lab", "--", "down");
});

describe("two segments", { timeout: 300_000 }, () => {
  for (const { eip, interface: link, nodes } of segments)
    it(`leave the addresses of Eip ${eip} to ${nodes.join(" and ")}: each is answered for by one of them, and on no other segment`, async () => {
      for (const index of [1, 2, 3]) {
        await eventually("an address", 10, () => addressesOf(`${eip}-${index}`).length === 1);
        const [address = ""] = addressesOf(`${eip}-${index}`);
        await eventually("an answer", 10, () => answering(link, address).length === 1);
        const [owner = ""] = answering(link, address);
        assert.ok((nodes as readonly string[]).includes(owner), `${address}: ${owner}`);
        assert.deepEqual(answering(link === "eth0" ? "eth2" : "eth0", address), []);
      }
    });

  it("leave an address unanswered when the only node of its segment is off, and the Service says that nobody announces it", async () => {
    const [address = ""] = addressesOf("lan2-1");
    await powerOff("node2");
    await sleep(3000);
    for (const link of ["eth0", "eth2"]) assert.deepEqual(answering(link, address), []);
    const condition = (): string =>
      kube(
        "get",
        "service",
        "-n",
        "demo",
        "lan2-1",
        "-o",
        'jsonpath={.status.conditions[?(@.type=="berth.dev/Announced")].status}',
      );
    await eventually("the condition", 60, () => condition() === "False");
  });
});
