import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { alerts } from "../../../speaker/src/metrics/alerts.ts";
import { freeze, thaw } from "../../src/faults.ts";
import { run } from "../../src/hosts.ts";
import { type Monitor, startMonitor } from "../../src/monitor.ts";
import { show } from "../../src/router.ts";
import { addressesOf, apply, eventually, kube, npm } from "../support.ts";
import { allowArpBetween, arpFlood, cutFromApiServer, forbidArpBetween, rejoinApiServer } from "./trouble.ts";

/**
 * The alerts that explain.test.ts does not fire, each by a fault of the lab: nodes, speakers, routers and the API server misbehave, Prometheus
 * scrapes, the alert fires, and is gone when the fault is. Takes the lab as `npm start` leaves it, and takes it down at the end; with
 * BERTH_KEEP_LAB set it leaves it up.
 */
const directory = mkdtempSync(join(tmpdir(), "berth-alerts-"));
let monitor: Monitor;

before(async () => {
  const { code, output } = npm("start");
  assert.equal(code, 0, output.slice(-4000));
  monitor = await startMonitor("node1", directory);
});
after(async () => {
  await monitor?.stop();
  rmSync(directory, { recursive: true, force: true });
  if (process.env["BERTH_KEEP_LAB"] === undefined) npm("run", "--silent", "lab", "--", "down");
});

const holder = ["get", "lease", "-n", "berth-system", "berth-controller", "-o", "jsonpath={.spec.holderIdentity}"] as const;

/** The controllers' pods: who leads by the Lease, and the other. */
function controllers(): { readonly leader: Controller; readonly other: Controller } {
  const { items } = JSON.parse(
    kube("get", "pods", "-n", "berth-system", "-l", "app.kubernetes.io/component=controller", "-o", "json"),
  ) as {
    readonly items: readonly {
      readonly metadata: { readonly name: string };
      readonly spec: { readonly nodeName: string };
      readonly status: { readonly podIP: string };
    }[];
  };
  const identity = kube(...holder);
  const all = items.map(({ metadata, spec, status }) => ({ pod: metadata.name, node: spec.nodeName, address: status.podIP }));
  const leader = all.find(({ pod }) => identity.startsWith(pod));
  const other = all.find((one) => one !== leader);
  assert.ok(leader !== undefined && other !== undefined && all.length === 2, `${identity} of ${JSON.stringify(all)}`);
  return { leader, other };
}
interface Controller {
  readonly pod: string;
  readonly node: string;
  readonly address: string;
}

const eip = (name: string, address: string): object => ({
  apiVersion: "network.kubesphere.io/v1alpha2",
  kind: "Eip",
  metadata: { name },
  spec: { address, protocol: "layer2" },
});
const service = (name: string, pool: string): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "demo", annotations: { "eip.openelb.kubesphere.io/v1alpha2": pool } },
  spec: {
    type: "LoadBalancer",
    allocateLoadBalancerNodePorts: false,
    selector: { app: "page" },
    ports: [{ port: 80, targetPort: 8080 }],
  },
});
const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });

/** Alerts on what has increased: they are over when the time that they look back has passed, which the last test waits for. */
const slow = alerts.filter(({ window }) => window !== undefined).map(({ name }) => name);

/** Runs a fault, and what takes it back whatever happens; then the alerts are over. */
async function during(fault: () => void, claim: () => Promise<void>, mend: () => void): Promise<void> {
  try {
    fault();
    await claim();
  } finally {
    mend();
  }
  await monitor.isQuiet(slow);
}

describe("alerts fire for what the lab breaks, and clear when it is mended", () => {
  it("every alert there is has a scenario in the lab", () => {
    const text = ["explain.test.ts", "alerts.test.ts"]
      .map((name) => readFileSync(join(import.meta.dirname, name), "utf8"))
      .join("\n");
    const fired = new Set(text.match(/(?<=")Berth\w+(?=")/g));
    assert.deepEqual([...fired].sort(), alerts.map(({ name }) => name).sort());
  });

  it("nine addresses of ten: BerthPoolAlmostFull", async () => {
    const pool = eip("almost", "172.30.0.240-172.30.0.249");
    const services = Array.from({ length: 9 }, (_, index) => service(`almost-${index}`, "almost"));
    await during(
      () => apply(list([pool, ...services])),
      () => monitor.fires("BerthPoolAlmostFull"),
      () => {
        kube("delete", "service", "-n", "demo", ...services.map((_, index) => `almost-${index}`));
        kube("delete", "eip", "almost");
      },
    );
  });

  it("rights taken from the controller: BerthReconcileFails, BerthNotSynced", async () => {
    interface Rule {
      readonly resources: readonly string[];
      readonly verbs: readonly string[];
    }
    const role = JSON.parse(kube("get", "clusterrole", "berth-controller", "-o", "json")) as { readonly rules: readonly Rule[] };
    const put = (rules: readonly Rule[]): string =>
      kube("patch", "clusterrole", "berth-controller", "--type=merge", "-p", JSON.stringify({ rules }));
    const without = (resource: string): Rule[] =>
      role.rules
        .map((rule) => ({ ...rule, resources: rule.resources.filter((one) => one !== resource) }))
        .filter(({ resources }) => resources.length > 0);
    await during(
      () => {
        put(without("services/status"));
        apply(list([service("no-right", "lan")]));
      },
      async () => {
        await monitor.fires("BerthReconcileFails");
        put(without("eips"));
        kube("delete", "pod", "-n", "berth-system", controllers().other.pod);
        await monitor.fires("BerthNotSynced");
      },
      () => {
        put(role.rules);
        kube("delete", "service", "-n", "demo", "no-right", "--ignore-not-found");
      },
    );
  });

  it("a speaker that hangs while the segment is flooded, and one that hangs for longer: BerthFramesLost, BerthSpeakerMissing", async () => {
    const [address = ""] = addressesOf("layer2-page");
    await during(
      () => {
        freeze("node3");
        arpFlood("client", address, 4);
        // What the kernel lost is told once the speaker goes on.
        thaw("node3");
      },
      async () => {
        await monitor.fires("BerthFramesLost");
        freeze("node3");
        await monitor.fires("BerthSpeakerMissing");
      },
      () => thaw("node3"),
    );
  });

  it("a segment that passes no ARP between two nodes: BerthSeveralOwners", async () => {
    const others = ["node1", "node2"];
    await during(
      () => forbidArpBetween("node3", others),
      () => monitor.fires("BerthSeveralOwners"),
      () => allowArpBetween("node3", others),
    );
  });

  it("a firewall that drops BFD, and a router that resets its sessions: BerthBfdDown, BerthBgpSessionFlaps", async () => {
    const peer = (bfd: object | null): string =>
      kube("patch", "bgppeer", "router", "--type=merge", "-p", JSON.stringify({ spec: { bfd } }));
    const nft = (...words: string[]): void => {
      const { code, stderr } = run("router", ["nft", ...words]);
      assert.equal(code, 0, stderr);
    };
    const state = (): string =>
      kube("get", "bgppeer", "router", "-o", "jsonpath={.status.nodesPeerStatus.node2.peerState.sessionState}");
    await during(
      () => {
        nft("add table inet fault; add chain inet fault input { type filter hook input priority 0; }");
        nft("add rule inet fault input udp dport 3784 drop");
        peer({ receiveInterval: 300, transmitInterval: 300, detectMultiplier: 3 });
      },
      async () => {
        await monitor.fires("BerthBfdDown");
        for (let reset = 0; reset < 4; reset++) {
          await eventually("the session is up", 90, () => state() === "ESTABLISHED");
          show("frr", ["clear", "bgp", "172.30.0.12"]);
          await eventually("the node has told that it is down", 30, () => state() !== "ESTABLISHED");
        }
        await monitor.fires("BerthBgpSessionFlaps");
      },
      () => {
        nft("delete", "table", "inet", "fault");
        peer(null);
      },
    );
  });

  it("an API server that a node cannot reach: BerthApiServerErrors", async () => {
    await during(
      () => cutFromApiServer("node3"),
      () => monitor.fires("BerthApiServerErrors"),
      () => rejoinApiServer("node3"),
    );
  });

  it("a leader that is cut off, and its Lease given away by hand: BerthSeveralLeaders", async () => {
    // A leader believes in its Lease for eight seconds at most: on a busy machine the other may need more than one occasion to be seen beside it.
    for (let occasion = 1; ; occasion++) {
      const { leader } = controllers();
      try {
        cutFromApiServer(leader.node, leader.address);
        kube("patch", "lease", "berth-controller", "-n", "berth-system", "--type=merge", "-p", '{"spec":{"holderIdentity":""}}');
        await monitor.fires("BerthSeveralLeaders", 15);
        break;
      } catch (error) {
        if (occasion === 5) throw error;
      } finally {
        rejoinApiServer(leader.node);
      }
      await eventually("one of the two leads", 60, () => kube(...holder).startsWith("berth-controller-"));
    }
    await monitor.isQuiet(slow);
  });

  it("and no alert is left at the end", async () => await monitor.isQuiet());
});
