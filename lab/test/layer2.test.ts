import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hostOfMac, ownerOf, whoAnswers } from "../src/answers.ts";
import { claimants, startCapture } from "../src/capture.ts";
import { kubectl, startControlPlane, stopControlPlane } from "../src/controlPlane.ts";
import { cut, join, powerOff, powerOn } from "../src/faults.ts";
import { run } from "../src/hosts.ts";
import { type LoadResult, startLoad } from "../src/load.ts";
import { metricsOf } from "../src/metrics.ts";
import { tagImage, waitForNodes } from "../src/node.ts";
import { type Fault, failover, keepPodsOn, type Trial, waitForSpeaker } from "../src/trial.ts";
import { addressesOf, apply, eventually, kube, npm } from "./support.ts";

/**
 * Layer2 as a client on the LAN sees it: a fresh TCP connection every 10 ms, with the pods on a node that stays. Each bound holds for the
 * best of three trials, because the machine has other work. With BERTH_FULL set, cuts and outages last as long as in the requirements.
 */
const isFull = process.env["BERTH_FULL"] !== undefined;
const cutSeconds = isFull ? 60 : 15;
const outageSeconds = isFull ? 300 : 15;
/** Serves, and announces nothing. */
const server = "node3";
const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";
const stranger = "router";

let four = "";
let six = "";

const service = (name: string, eip: string, more = ""): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: demo, annotations: {eip.openelb.kubesphere.io/v1alpha2: ${eip}}}
spec: {type: LoadBalancer, ${more} selector: {app: page}, ports: [{port: 80, targetPort: 8080}]}
`;

const brief = ({ attempts, connected, failures, gaps, longestGap }: LoadResult): string =>
  JSON.stringify({ attempts, connected, longestGap, failures: failures.slice(0, 5), failed: failures.length, gaps });
const conditionOf = (name: string, type: string): string =>
  kube("get", "service", "-n", "demo", name, "-o", `jsonpath={.status.conditions[?(@.type=="${type}")].status}`);
const isAnnounced = (name: string): boolean => conditionOf(name, "berth.dev/Announced") === "True";
const announcersOf = (name: string): string[] =>
  kube(
    "get",
    "serviceannouncements",
    "-n",
    "demo",
    "-o",
    `jsonpath={range .items[?(@.status.service=="${name}")]}{.status.node} {end}`,
  )
    .trim()
    .split(" ")
    .sort();

/** Tries a measurement up to three times, until what it saw is good. */
async function bestOfThree<T>(measure: () => Promise<T>, isGood: (seen: T) => boolean, tell: (seen: T) => string): Promise<void> {
  const seen: T[] = [];
  for (let trial = 0; trial < 3; trial++) {
    seen.push(await measure());
    if (isGood(seen.at(-1) as T)) return;
  }
  assert.fail(`none of three trials was good:\n${seen.map(tell).join("\n")}`);
}

before(async () => {
  kubectl(["label", "node", server, `${excludeLabel}-`]);
  const { code, output } = npm("start");
  assert.equal(code, 0, output.slice(-1500));
  kube("label", "node", server, `${excludeLabel}=`, "--overwrite");
  apply(`
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: {name: lan6}
spec: {address: "fd00:30::200-fd00:30::21f", protocol: layer2}
`);
  apply(service("six", "lan6", "ipFamilies: [IPv6], ipFamilyPolicy: SingleStack,"));
  keepPodsOn("page", [server]);
  await eventually("both addresses are announced", 20, () => isAnnounced("layer2-page") && isAnnounced("six"));
  four = addressesOf("layer2-page")[0] ?? "";
  six = addressesOf("six")[0] ?? "";
});

after(() => {
  if (process.env["BERTH_KEEP_LAB"] === undefined) npm("run", "--silent", "lab", "--", "down");
});

describe("kubectl", () => {
  it("lists who announces each address: service, address, node, interface, since when, why", () => {
    const owner = ownerOf(four);
    assert.match(
      kube("get", "serviceannouncements", "-n", "demo"),
      new RegExp(
        `NAME +SERVICE +ADDRESS +NODE +ANNOUNCING +VIA +SINCE +WHY[^]*layer2-page +${four} +${owner} +true +eth0 +\\S+ +\\S`,
      ),
    );
  });

  it("waits until a Service is announced, and describes it with an event that names the node", () => {
    kube("wait", "--for=condition=berth.dev/Announced", "service/six", "-n", "demo", "--timeout=5s");
    assert.match(
      kube("describe", "service", "-n", "demo", "six"),
      new RegExp(`Announcing .* ${ownerOf(six)} answers for ${six} on eth0`),
    );
  });

  it("says why nobody announces a Service without ready pods, and that it is announced when they are there", async () => {
    apply(service("empty", "lan").replace("app: page", "app: nothing"));
    const message = (): string =>
      kube(
        "get",
        "service",
        "-n",
        "demo",
        "empty",
        "-o",
        'jsonpath={.status.conditions[?(@.type=="berth.dev/Announced")].message}',
      );
    await eventually("the reason", 10, () => /nobody announces .*: the Service has no ready endpoint/.test(message()));
    kube("patch", "service", "-n", "demo", "empty", "-p", '{"spec":{"selector":{"app":"page"}}}');
    await eventually("an announcement", 10, () => isAnnounced("empty"));
    kube("delete", "service", "-n", "demo", "empty", "--wait=false");
    await eventually("no report is left", 15, () => announcersOf("empty").join("") === "");
  });
});

const isShort = ({ struck, undone, successor, after: last }: Trial): boolean =>
  struck.longestGap <= 1000 && undone.longestGap <= 300 && undone.failures.length === 0 && last === successor;
const story = ({ fault, owner, successor, struck, undone, after: last }: Trial): string =>
  `${fault}: ${owner} -> ${successor} -> ${last}\n  struck ${brief(struck)}\n  undone ${brief(undone)}`;

describe("the owner of an address", { timeout: 900_000 }, () => {
  for (const fault of ["power-off", "freeze", "unplug"] as const satisfies readonly Fault[]) {
    for (const family of ["IPv4", "IPv6"] as const)
      it(`is replaced within a second after ${fault}, and coming back changes nothing (${family}, best of three)`, () =>
        bestOfThree(() => failover(fault, family === "IPv4" ? four : six), isShort, story));
  }

  it("that was replaced is not reported as announcing any more", async () => {
    await eventually("one report each", 30, () => announcersOf("layer2-page").length === 1 && announcersOf("six").length === 1);
    assert.deepEqual(announcersOf("layer2-page"), [ownerOf(four)]);
  });
});

/** Both addresses under load while something happens to every speaker. @returns what failed, for people; empty when nothing did */
async function lossesDuring(meanwhile: () => void): Promise<string> {
  const loads = [await startLoad("client", four), await startLoad("client", six)];
  meanwhile();
  await sleep(2000);
  const results = await Promise.all(loads.map((load) => load.stop()));
  return results.some(({ failures, attempts }) => failures.length > 0 || attempts < 500) ? results.map(brief).join("\n") : "";
}

describe("every speaker, one after the other", { timeout: 600_000 }, () => {
  const settled = (): void => void kube("rollout", "status", "daemonset/berth-speaker", "-n", "berth-system", "--timeout=120s");

  it("restarts without a failed connection (best of three)", () =>
    bestOfThree(
      () =>
        lossesDuring(() => {
          kube("rollout", "restart", "daemonset/berth-speaker", "-n", "berth-system");
          settled();
        }),
      (losses) => losses === "",
      String,
    ));

  it("is updated to another image without a failed connection (best of three)", async () => {
    const tags = ["localhost/berth:one", "localhost/berth:two", "localhost/berth:three"];
    for (const node of ["node1", "node2", "node3"]) for (const tag of tags) tagImage(node, "localhost/berth:dev", tag);
    await bestOfThree(
      () =>
        lossesDuring(() => {
          kube("set", "image", "daemonset/berth-speaker", "-n", "berth-system", `speaker=${tags.shift()}`);
          settled();
        }),
      (losses) => losses === "",
      String,
    );
  });
});

describe("an API server that is away", { timeout: 900_000 }, () => {
  it(`for ${outageSeconds} s, in which the owner is powered off, delays nothing, and what is reported catches up`, async () => {
    const owner = ownerOf(four);
    await stopControlPlane();
    await sleep(outageSeconds * 1000);
    const load = await startLoad("client", four);
    await powerOff(owner);
    await sleep(3000);
    const result = await load.stop();
    const successor = ownerOf(four);
    await startControlPlane();
    assert.notEqual(successor, owner);
    await eventually("the successor's report", 30, () => announcersOf("layer2-page").includes(successor));
    const second = await startLoad("client", four);
    await powerOn(owner);
    await waitForNodes([owner]);
    await waitForSpeaker(owner);
    const back = await second.stop();
    assert.ok(result.longestGap <= 1500, brief(result));
    assert.equal(back.failures.length, 0, brief(back));
    await eventually("only the successor's report", 60, () => announcersOf("layer2-page").join() === successor);
  });
});

const conflictPath = (name: string, node: string): string =>
  `jsonpath={.items[?(@.metadata.name=="${name}.${node}${name === "six" ? ".v6" : ""}")].status.conflict.since}`;
const transitionPath = 'jsonpath={.status.conditions[?(@.type=="berth.dev/AddressConflict")].lastTransitionTime}';

describe("a host that is none of ours and claims an address", { timeout: 120_000 }, () => {
  for (const family of ["IPv4", "IPv6"] as const)
    it(`is an event, a condition and a metric within a second, and the address is defended (${family})`, async () => {
      const [address, name] = family === "IPv4" ? [four, "layer2-page"] : [six, "six"];
      const owner = ownerOf(address);
      const isCounted = (): boolean => /^berth_speaker_address_conflicts [1-9]/m.test(metricsOf(owner));
      // The same node may own both addresses: a conflict is over when its host has been silent for 25 s.
      await eventually("no conflict on the owner", 40, () => /^berth_speaker_address_conflicts 0$/m.test(metricsOf(owner)));
      const isTold = (): boolean =>
        conditionOf(name, "berth.dev/AddressConflict") === "True" &&
        /AddressConflict .*02:be:00:00:01:01/.test(kube("describe", "service", "-n", "demo", name));
      const bits = family === "IPv4" ? "/32" : "/128";
      try {
        run(stranger, ["ip", "address", "add", `${address}${bits}`, "dev", "eth0", "nodad"]);
        run(
          stranger,
          family === "IPv4" ? ["arping", "-A", "-c", "1", "-I", "eth0", address] : ["ndisc6", "-n", "fd00:30::64", "eth0"],
        );
        whoAnswers("client", address);
        await eventually("the metric", 1, isCounted);
        await eventually("event and condition", 10, isTold);
        const heard = kube("get", "serviceannouncements", "-n", "demo", "-o", conflictPath(name, owner));
        const told = kube("get", "service", "-n", "demo", name, "-o", transitionPath);
        const late = Date.parse(told) - Date.parse(heard);
        assert.ok(late <= 1000, `heard at ${heard}, told at ${told}`);
      } finally {
        run(stranger, ["ip", "address", "delete", `${address}${bits}`, "dev", "eth0"]);
      }
      await eventually("the owner answers alone", 5, () => ownerOf(address) === owner);
    });
});

describe("a network that is cut in two", { timeout: 300_000 }, () => {
  it(`for ${cutSeconds} s serves both sides, and one second after it is healed exactly one host answers (best of three)`, async () => {
    kube("label", "node", server, `${excludeLabel}-`);
    keepPodsOn("page", ["node1", "node2", "node3"]);
    apply(service("near", "lan", "externalTrafficPolicy: Local,"));
    await eventually("an announcement", 20, () => isAnnounced("near"));
    const address = addressesOf("near")[0] ?? "";
    await bestOfThree(
      () => cutAndHeal(address),
      ({ near, far, answering }) =>
        near.connected > 100 && far.connected > 100 && near.longestGap <= 1500 && answering.length === 1,
      ({ near, far, answering }) =>
        `answering after a second: ${answering.join(", ")}\n  near ${brief(near)}\n  far ${brief(far)}`,
    );
  });
});

/** Cuts the client and the owner from the rest of the LAN, watches both sides, heals. */
async function cutAndHeal(address: string): Promise<{ near: LoadResult; far: LoadResult; answering: readonly string[] }> {
  const owner = ownerOf(address);
  cut(`client,${owner}`);
  await sleep(2000);
  const loads = [await startLoad("client", address), await startLoad("router", address)];
  await sleep(cutSeconds * 1000);
  const [near, far] = await Promise.all(loads.map((load) => load.stop()));
  assert.ok(near !== undefined && far !== undefined);
  join();
  await sleep(1000);
  const capture = await startCapture("client", "arp or icmp6");
  whoAnswers("client", address);
  const frames = await capture.stop();
  return { near, far, answering: [...claimants(frames, address)].map((mac) => hostOfMac(mac) ?? mac) };
}
