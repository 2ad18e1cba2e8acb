import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkForms } from "../../page/checkSentences.ts";
import { checkName, sentence } from "../../page/sentences.ts";
import { emptyModel } from "../../src/console/model.ts";
import { snapshot } from "../../src/console/snapshot.ts";
import { extend } from "../../src/console/timeline.ts";
import { explainService } from "../../src/explain/explainService.ts";
import { announcement, eip, node, peer, service, slice, speaker, wellCluster } from "../../src/explain/fixtures.ts";
import { healthRows } from "../../src/explain/overview.ts";

const source = (path: string): string => readFileSync(join(import.meta.dirname, "../..", path), "utf8");
const inChinese = (text: string): string => sentence("zh", text);
/** Whether a text comes out in Chinese, with no run of English words but commands, fields and kinds. */
const isChinese = (text: string): boolean => {
  const made = inChinese(text);
  const rest = made.replaceAll(/kubectl [^；。]*|berth (?:check|pools|bgp)\S*/g, "");
  return /\p{Script=Han}/u.test(made) && !/[a-z]{2,}(?: [a-z]{2,}){2}/i.test(rest);
};
/** English words that are left, without names, addresses, and words of protocols that are names. */
const leftOver = (text: string): string[] =>
  inChinese(text)
    .replaceAll(/\S*[\d./]\S*/g, "")
    .match(/[A-Za-z]{2,}/g)
    ?.filter((word) => !["Eip", "established", "idle", "active", "lan", "far", "routed", "router", "AS"].includes(word)) ?? [];

describe("sentences of the controller, in Chinese", () => {
  it("have a form for every piece of text that the timeline, health, and the reasons of owners are made of", () => {
    const forms = [...source("page/sentences.ts").matchAll(/^ {2,4}(?:\[?)"((?:[^"\\]|\\.)*)",/gm)].map(([, text]) => text ?? "");
    assert.ok(forms.length > 80, `${forms.length}`);
    const pieces = [
      // Template and string literals with more than one word in them, without what is computed.
      ...["src/console/timeline.ts", "src/explain/overview.ts"].flatMap((path) => textsOf(source(path))),
      ...["src/layer2/desired.ts", "src/bgp/decide.ts"].flatMap((path) =>
        textsOf([...source(path).matchAll(/no\("No(?:Local)?Endpoint".*|no\("NodeNotSelected".*/g)].join("\n")),
      ),
      ...textsOf(
        [...source("src/layer2/contender.ts").matchAll(/^.*(?:because|ownerGone|release|restart|suspend|become).*$/gm)].join(
          "\n",
        ),
      ),
    ];
    assert.ok(pieces.length > 40, `${pieces.length}`);
    const missing = pieces.filter((piece) => !forms.some((form) => form.includes(piece)));
    assert.deepEqual(missing, []);
  });

  const cases: readonly (readonly [english: string, chinese: string])[] = [
    ["got 172.30.0.200 from Eip lan", "获得地址 172.30.0.200（来自地址池 lan）"],
    ["is gone, gave 172.30.0.200 back, gave fd00::1 back", "已删除，归还地址 172.30.0.200，归还地址 fd00::1"],
    [
      "node2 answers for 172.30.0.200 in place of node1: took over from node1 (02:be:00:00:01:0b), which stopped to answer; rank 2 of 3",
      "node2 接替 node1 应答 172.30.0.200：接管自 node1 (02:be:00:00:01:0b)，后者停止应答；次序 2/3",
    ],
    [
      "node1 announces 192.0.2.0, node2 announces 192.0.2.0, node3 does not announce 192.0.2.0 any more",
      "node1 宣告 192.0.2.0，node2 宣告 192.0.2.0，node3 不再宣告 192.0.2.0",
    ],
    ["the session is down: Cease: Administrative Shutdown", "会话中断：Cease: Administrative Shutdown"],
    ["2 of 3 Ready; nodes without one: node2, node3", "3 个中 2 个就绪；没有宣告程序的节点：node2, node3"],
    ["1 of 2 up; down: router on node1 (refused)", "2 个中 1 个已建立；中断：node1 上的 router（refused）"],
    [
      "full: 1 of 1 in use; add addresses to spec.addresses, or free some; off: no: it overlaps",
      "full：1 个地址中 1 个在用；请在 spec.addresses 中添加地址，或释放一些地址；off：未启用：it overlaps",
    ],
    [
      "node node1 has no ready endpoint, and externalTrafficPolicy is Local",
      "节点 node1 没有就绪的端点，而 externalTrafficPolicy 为 Local",
    ],
    [
      'node node1 has no interface that fits spec.interface "bond*"; it has eth0, cni0',
      '节点 node1 没有符合 spec.interface "bond*" 的接口；现有：eth0, cni0',
    ],
    ["next hop for 172.30.0.1, as part of 198.18.5.0/24", "172.30.0.1 的下一跳，包含于 198.18.5.0/24"],
    ["router on node1", "node1 上的 router"],
    ["node node2 is not Ready, the network of node node3 is unavailable", "节点 node2 未就绪、节点 node3 的网络不可用"],
    [
      "announced by nobody: demo/a, demo/b, demo/c, demo/d, demo/e and 7 more",
      "无人宣告：demo/a, demo/b, demo/c, demo/d, demo/e，另有 7 个",
    ],
    [
      "waits: Eip lan is full (20 of 20 addresses); pools considered: lan (full); add addresses to an Eip, or free some",
      "等待地址：地址池 lan 已满（20 of 20 addresses）；已考虑的地址池：lan（已满）；请为地址池添加地址，或释放一些地址",
    ],
  ];
  for (const [english, chinese] of cases)
    it(english, () => {
      assert.equal(inChinese(english), chinese);
      assert.equal(sentence("en", english), english);
    });

  it("leave no English in what a cluster tells in which everything happens", () => {
    const well = snapshot(wellCluster, []);
    const moved = announcement({
      service: "web",
      node: "node2",
      message: "took over from node1 (02:00:00:00:00:01), which hands over",
    });
    const conflict = { mac: "02:00:00:00:00:99", interface: "eth0", since: "2026-01-01T12:00:00Z" };
    const clusters: readonly Partial<typeof wellCluster>[] = [
      { announcements: [moved] },
      { announcements: [] },
      { announcements: [announcement({ service: "web", node: "node1", conflict })] },
      { services: [service("web", undefined)] },
      { services: [] },
      { nodes: [node("node1", { status: {} }), node("node2")], speakers: [speaker("node1", false), speaker("node2")] },
      { bgpPeers: [peer({ node1: { state: "IDLE" }, node2: { state: "ACTIVE" } })] },
      { lease: undefined, speakers: [] },
      { heardLast: wellCluster.now - 60_000 },
    ];
    const told = clusters.flatMap((change) => {
      const facts = { ...wellCluster, ...change };
      const model = snapshot(facts, []);
      return [
        ...extend([], emptyModel, model, "2026-01-01T12:00:00Z"),
        ...extend([], well, model, "2026-01-01T12:00:00Z"),
        ...extend([], model, well, "2026-01-01T12:00:00Z"),
        ...healthRows(facts),
      ].map(({ message }) => message);
    });
    assert.ok(new Set(told).size > 25, `${new Set(told).size}`);
    for (const text of new Set(told)) assert.deepEqual(leftOver(text), [], `${text} → ${inChinese(text)}`);
  });

  it("have a form for everything that is to be done", () => {
    const remedies = [...source("src/explain/remedies.ts").matchAll(/^\s+(?:\w+:\s*)?(?:"([^"]*)"|'([^']*)'),$/gm)]
      .map(([, double, single]) => double ?? single ?? "")
      .filter((text) => text.includes(" "));
    assert.ok(remedies.length > 40, `${remedies.length}`);
    assert.deepEqual(
      remedies.filter((text) => !isChinese(text)),
      [],
    );
  });

  it("have a form for every piece of text that the checks are made of", () => {
    const pieces = ["src/explain/announcementChecks.ts", "src/explain/explainService.ts", "src/allocate/share.ts"].flatMap(
      (path) => textsOf(source(path)),
    );
    assert.ok(pieces.length > 40, `${pieces.length}`);
    const missing = pieces.filter(
      (piece) => !/^bgp (?:configuration|sessions)$/.test(piece) && !checkForms.some(([form]) => form.includes(piece)),
    );
    assert.deepEqual(missing, []);
  });

  it("are Chinese in the checks of Services that are well, and of those that are not, with the names of the checks", () => {
    const lan = { eips: [eip("lan", "172.30.0.200", "layer2")] };
    const shares = (name: string, ip: string | undefined, namespace = "demo", more: Parameters<typeof service>[2] = {}) => {
      const one = service(name, ip, more);
      return { ...one, metadata: { ...one.metadata, namespace, annotations: { "berth.dev/sharing-key": "k" } } };
    };
    const silent = [announcement({ service: "web", node: "node1", announcing: false, message: "no session is up" })];
    const local = { externalTrafficPolicy: "Local" } as const;
    const clusters: readonly Partial<typeof wellCluster>[] = [
      {},
      { services: [service("web", "172.30.0.200", local)], endpointSlices: [slice("web", ["node1", true])] },
      { services: [service("web", undefined, { type: "NodePort" })] },
      { services: [service("web", undefined, { loadBalancerClass: "example.com/other" })] },
      { services: [service("web", undefined)] },
      { services: [service("web", undefined)], eips: [] },
      { services: [shares("first", "172.30.0.200"), shares("web", undefined)], ...lan },
      {
        services: [
          shares("first", "172.30.0.200", "other"),
          shares("web", undefined, "demo", { ports: [{ port: 443, protocol: "TCP" }] }),
        ],
        ...lan,
      },
      { services: [service("first", "172.30.0.200"), service("web", undefined)], ...lan },
      { services: [service("web", "172.30.0.200"), service("first", "172.30.0.200")] },
      { endpointSlices: [], announcements: silent },
      { endpointSlices: [slice("web", ["node1", false])], announcements: [] },
      { speakers: [] },
      { speakers: [speaker("node1"), speaker("node2", false)] },
      { nodes: [node("node1", { status: {} })], announcements: [] },
      { lease: undefined },
      { heardLast: wellCluster.now - 60_000 },
      { bgpConfs: [], bgpPeers: [] },
      { bgpPeers: [peer({ node1: { state: "CONNECT" }, node2: { state: "ESTABLISHED" } })] },
      { bgpPeers: [peer({ node1: { state: "CONNECT" } }), { ...peer({}), metadata: { name: "second" } }], announcements: [] },
      {
        announcements: [
          announcement({ service: "web", node: "node1", conflict: { mac: "02:00:00:00:00:99", interface: "eth0", since: "" } }),
        ],
      },
    ];
    const explanations = clusters.flatMap((change) =>
      ["demo/web", "demo/routed"].flatMap((key) => explainService({ ...wellCluster, ...change }, key) ?? []),
    );
    const told = explanations.flatMap(({ checks, withoutNode }) => [
      ...checks.flatMap(({ name, message, remedy = "" }) => {
        assert.notEqual(checkName("zh", name), name);
        assert.equal(checkName("en", name), name);
        return [message, remedy];
      }),
      ...withoutNode.map(({ message }) => message),
    ]);
    const sentences = [...new Set(told)].filter((text) => text.includes(" ") && !/^AS \d+$/.test(text));
    assert.ok(sentences.length > 50, `${sentences.length}`);
    assert.deepEqual(
      sentences.filter((text) => !isChinese(text)),
      [],
    );
  });

  it("stay as they are where no form fits: English, such as the words of a router", () => {
    assert.equal(inChinese("something nobody wrote down, ever"), "something nobody wrote down, ever");
    assert.equal(inChinese("demo/web"), "demo/web");
  });
});

/** The pieces of English between what is computed, of a TypeScript source: two words or more. */
function textsOf(code: string): string[] {
  const literals = code
    .split("\n")
    .filter((line) => !/^\s*(?:\/\*\*|\*|\/\/|import )/.test(line))
    .flatMap((line) => line.match(/`[^`]*`|"[^"]*"|(?<=\})[^`{}"]*(?=[`$])/g) ?? []);
  return literals
    .flatMap((text) => text.replaceAll(/^[`"]|[`"]$/g, "").split(/\$\{[^}]*\}|\$\{.*|[{}]/))
    .map((text) =>
      text
        .trim()
        .replaceAll(/^[;:,(]+|[;:,(]+$/g, "")
        .trim(),
    )
    .filter((text) => /^[A-Za-z][A-Za-z,' ]* [A-Za-z ,']+$/.test(text));
}
