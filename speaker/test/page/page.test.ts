import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkName, sentence } from "../../page/sentences.ts";
import { chinese } from "../../page/words.ts";
import { mergeAnswers } from "../../src/console/routes.ts";
import { explainService } from "../../src/explain/explainService.ts";
import { announcement, eip, slice } from "../../src/explain/fixtures.ts";
import { type Browser, openBrowser, openPage, selectService, signIn } from "./browser.ts";
import { type SyntheticConsole, serveFacts } from "./harness.ts";
import { nodeName, routesOf, syntheticCluster, withFaults, withMove } from "./synthetic.ts";

/** The page in Debian's Chromium, of a cluster that is made up: what a person reads. */
const small = syntheticCluster({ nodes: 4, addresses: 12 });

let browser: Browser;
let site: SyntheticConsole;

before(async () => {
  browser = await openBrowser();
  site = await serveFacts(small);
});
after(async () => {
  await browser?.close();
  site?.close();
});

describe("the page, for somebody who signs in", () => {
  it("says why a token is refused, and lets in one that is good", async () => {
    const { page } = await openPage(browser);
    await signIn(page, site.url, "forged");
    await page.getByRole("alert").getByText("the API server does not know this token").waitFor();
    await signIn(page, site.url);
    await page.getByRole("listbox", { name: "Services" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Kubernetes token").waitFor();
    assert.equal(await page.evaluate("sessionStorage.length"), 0, "nothing of the token is kept");
    await page.context().close();
  });

  it("connects anew when the controller says nothing for longer than it ever is silent, though the connection stands", async () => {
    const { page, requests } = await openPage(browser);
    const connections = (): number => requests.filter((url) => url.endsWith("/api/stream")).length;
    await page.clock.install();
    await signIn(page, site.url);
    await page.getByRole("status").getByText("live").waitFor();
    assert.equal(connections(), 1);
    const again = page.waitForRequest((request) => request.url().endsWith("/api/stream"));
    // What it says meanwhile stands for two seconds only: no test can count on seeing it.
    await page.clock.fastForward(36_000);
    await again;
    await page.getByRole("status").getByText("live").waitFor();
    await page.context().close();
  });

  it("says that all is from before, not that it is live, while its controller does not hear from the API server", async () => {
    const { page } = await openPage(browser);
    const unheard = await serveFacts({ ...small, heardLast: small.now - 60_000 });
    await signIn(page, unheard.url);
    await page.getByRole("status").getByText("does not hear from the API server").waitFor();
    await page.getByText("has not answered for 60 s").waitFor();
    assert.equal(await page.getByText("no controller leads").count(), 0);
    unheard.close();
    await page.context().close();
  });

  it("opens though a part of the address after # cannot be read", async () => {
    const { page, complaints } = await openPage(browser);
    await signIn(page, `${site.url}#pools:%E0%A4%A`);
    await page.getByRole("link", { name: "Pools" }).and(page.locator("[aria-current=page]")).waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  it("asks for nothing from elsewhere, and breaks no rule of its content security policy", async () => {
    const { page, requests, complaints } = await openPage(browser);
    await signIn(page, site.url);
    for (const tab of ["Topology", "Routes", "Pools", "Timeline"]) {
      await page.getByRole("link", { name: tab }).click();
      await page.getByRole("link", { name: tab }).and(page.locator("[aria-current=page]")).waitFor();
    }
    assert.deepEqual(
      requests.filter((url) => !url.startsWith(site.url) && !url.startsWith("data:")),
      [],
    );
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
});

describe("the way of an address", () => {
  it("leads over the segment and the one node that answers to the pods, and moves with its owner, with the reason", async () => {
    const { page } = await openPage(browser);
    await signIn(page, site.url);
    await page.getByRole("option", { name: /demo\/lan1 / }).click();
    const way = page.getByRole("img", { name: /The way of 10\.20\.0\.1\./ });
    await way.waitFor();
    assert.equal(
      await way.getAttribute("aria-label"),
      `The way of 10.20.0.1. Client: Client; Layer2 segment: Layer2 segment; Node: ${nodeName(3)}; Pod: 10.244.0.1, 10.244.0.2`,
    );
    const reason = "took over from node004, which stopped to answer";
    site.change(withMove(small, 1, 0, reason));
    await page.getByRole("img", { name: new RegExp(`10\\.20\\.0\\.1\\..*Node: ${nodeName(0)};`) }).waitFor({ timeout: 30_000 });
    await page
      .getByRole("listitem")
      .filter({ hasText: nodeName(0) })
      .getByText(reason)
      .waitFor();
    await page.getByRole("link", { name: "Timeline" }).click();
    await page
      .getByRole("cell", { name: `${nodeName(0)} answers for 10.20.0.1 in place of ${nodeName(3)}: ${reason}` })
      .waitFor();
    site.change(small);
    await page.context().close();
  });
});

describe("the way of each address of a dual-stack Service", () => {
  it("leads to each pod once, and only to those that have an address of its family", async () => {
    const of = (...addresses: readonly string[]) => ({
      ...slice("lan0"),
      endpoints: addresses.map((address, index) => ({
        nodeName: nodeName(index),
        addresses: [address],
        targetRef: { kind: "Pod", name: `pod-${index}` },
      })),
    });
    const [lan0, ...others] = small.services;
    assert.equal(lan0?.metadata.name, "lan0");
    const dual = await serveFacts({
      ...small,
      services: [
        { ...lan0, status: { ...lan0.status, loadBalancer: { ingress: [{ ip: "10.20.0.0" }, { ip: "fd00:20::1" }] } } },
        ...others,
      ],
      eips: [...small.eips, eip("six", "fd00:20::/64", "layer2")],
      endpointSlices: [of("10.244.0.1", "10.244.1.1", "10.244.2.1"), of("fd00:10::1", "fd00:11::1")],
      announcements: ["10.20.0.0", "fd00:20::1"].map((address) => announcement({ service: "lan0", node: nodeName(0), address })),
    });
    const { page } = await openPage(browser);
    await signIn(page, dual.url);
    await page.getByRole("option", { name: /demo\/lan0 / }).click();
    for (const [address, pods] of [
      ["10.20.0.0", "pod-0, pod-1, pod-2"],
      ["fd00:20::1", "pod-0, pod-1"],
    ])
      await page.getByRole("img", { name: new RegExp(`The way of ${address}\\..*Pod: ${pods}$`) }).waitFor();
    dual.close();
    await page.context().close();
  });
});

describe("the tabs", () => {
  const faulty = withFaults(small);
  const wide = { ...faulty, eips: [...faulty.eips, eip("six", "fd00:30::/64", "layer2")] };
  let other: SyntheticConsole;
  before(async () => {
    other = await serveFacts(wide, (question) => mergeAnswers(question, routesOf(wide)));
  });
  after(() => other?.close());

  it("Topology: lights no line over a session that is down, and says how many next hops each router has", async () => {
    const { page } = await openPage(browser);
    await signIn(page, other.url);
    await page.getByRole("option", { name: /demo\/far1 / }).click();
    const way = page.getByRole("img", { name: /The way of 192\.0\.2\.1\./ });
    assert.deepEqual(
      await way
        .locator(".box.lit text.detail")
        .allTextContents()
        .then((texts) => texts.filter((text) => text.startsWith("AS"))),
      ["AS 65001 · 3 next hops", "AS 65001 · 4 next hops"],
    );
    assert.equal(await way.locator(".line:not(.lit)").count(), 1, "that of leaf1 to node002");
    assert.equal(await way.locator(".line.lit").count(), 2 + 3 + 4 + 4);
    await page.getByRole("button", { name: "Show the whole network" }).click();
    await page.getByText("3 of 4 sessions up").waitFor();
    await page.getByText("node002: idle · the router sent NOTIFICATION: Cease, Administrative Shutdown").waitFor();
    await page.context().close();
  });

  it("Why: names the cause and what to do, as the command line does", async () => {
    const { page } = await openPage(browser);
    await signIn(page, other.url);
    await selectService(page, "demo/waits");
    const why = page.getByRole("region", { name: "Why" });
    const { cause } = explainService(wide, "demo/waits") ?? {};
    assert.ok(cause?.remedy !== undefined);
    await why.getByRole("status").getByText(`(${cause.reason})What to do: ${cause.remedy}`).waitFor();
    assert.match((await why.getByRole("status").textContent()) ?? "", new RegExp(cause.message.slice(0, 20)));
    await page.context().close();
  });

  it("Why: is in Chinese on the Chinese page: the names of the checks, their answers, and what to do", async () => {
    const { page } = await openPage(browser);
    await signIn(page, other.url);
    await selectService(page, "demo/waits");
    await page.getByRole("button", { name: "中文" }).click();
    const why = page.getByRole("region", { name: chinese.why });
    const { cause } = explainService(wide, "demo/waits") ?? {};
    assert.ok(cause?.remedy !== undefined);
    assert.notEqual(sentence("zh", cause.remedy), cause.remedy);
    await why
      .getByRole("status")
      .getByText(`${chinese.whatToDo}: ${sentence("zh", cause.remedy)}`)
      .waitFor();
    await why.getByRole("cell", { name: checkName("zh", "controller"), exact: true }).waitFor();
    await why.getByRole("cell", { name: sentence("zh", cause.message), exact: true }).waitFor();
    await page.context().close();
  });

  it("Pools: says of each address what it is, to one who points at it too, and shows quotas and what happened", async () => {
    const { page } = await openPage(browser);
    await signIn(page, other.url);
    await page.getByRole("link", { name: "Pools" }).click();
    const lan = page.getByRole("region", { name: "lan", exact: true });
    await lan.getByText("Used: 6 of 1024").waitFor();
    const map = lan.getByRole("slider", { name: "Map of the pool lan: 6 of 1024 used, 1 resting" });
    await map.evaluate((element: { scrollIntoView(options: object): void }) => element.scrollIntoView({ block: "center" }));
    const box = await map.locator("svg").boundingBox();
    assert.ok(box !== null);
    for (const [index, text] of [
      [1, /^10\.20\.0\.1: used · demo\/lan1$/],
      [600, /^10\.20\.2\.88: resting · until /],
      [767, /^10\.20\.2\.255: free$/],
      [768, /^10\.20\.3\.0: reserved$/],
    ] as const) {
      await page.mouse.move(box.x + (index % 64) * 16 + 8, box.y + Math.floor(index / 64) * 16 + 8);
      await lan.getByText(text).waitFor();
    }
    await lan.getByRole("row", { name: /^demo 6 .*6 of 20$/ }).waitFor();
    const six = page.getByRole("region", { name: "six" });
    await six.getByText("The pool is too large to be drawn whole").waitFor();
    await six.getByText(`Used: 0 of ${2n ** 64n}`).waitFor();
    const freed = { ...wide, services: wide.services.filter(({ metadata }) => metadata.name !== "lan3") };
    other.change(freed);
    await lan.getByText("Used: 5 of 1024").waitFor();
    await lan.getByText("History (1)").click();
    await lan.getByRole("cell", { name: "is gone, gave 10.20.0.3 back" }).waitFor();
    other.change(wide);
    await page.context().close();
  });

  it("Routes: shows what each router sees, and the tables of every node and router with all attributes", async () => {
    const { page } = await openPage(browser);
    await signIn(page, other.url);
    await page.getByRole("link", { name: "Routes" }).click();
    const seen = page.getByRole("table", { name: "What routers see" });
    await seen
      .getByRole("row", { name: /192\.0\.2\.1\/32 leaf1 \(10\.1\.255\.1\) 10\.1\.0\.0 node001 .*10\.1\.0\.3 node004/ })
      .waitFor();
    await page.getByLabel("Adj-RIB-Out").check();
    const told = page.getByRole("table", { name: "Adj-RIB-Out" });
    await told
      .getByRole("row", {
        name: /192\.0\.2\.1\/32 10\.1\.0\.2 leaf2 \(10\.1\.255\.2\) node003 ORIGIN igp AS_PATH 65000 MULTI_EXIT_DISC 10 COMMUNITIES 65000:100 no-export/,
      })
      .waitFor();
    const sessions = page.getByRole("table", { name: "Sessions" });
    await sessions
      .getByRole("row", { name: /^leaf1 10\.1\.255\.1 65001 node002 idle .*NOTIFICATION: Cease, Administrative Shutdown$/ })
      .waitFor();
    await page.context().close();
  });

  it("Timeline: tells of conflicts and sessions in words, filtered by kind, and keeps it when the page is loaded again and by another controller", async () => {
    const { page } = await openPage(browser);
    other.change(small);
    await signIn(page, other.url);
    await page.getByRole("option", { name: /demo\/lan2 .*works/ }).waitFor();
    other.change(wide);
    await page.getByRole("link", { name: "Timeline" }).click();
    const session = page.getByRole("cell", {
      name: "the session is down: the router sent NOTIFICATION: Cease, Administrative Shutdown",
    });
    const conflict = page.getByRole("cell", { name: /a foreign host claims 10\.20\.0\.2: 02:00:00:00:00:99/ });
    await session.first().waitFor();
    await conflict.first().waitFor();
    await page.getByRole("radio", { name: "Conflicts" }).check();
    await session.first().waitFor({ state: "detached" });
    const told = await conflict.count();
    await page.reload();
    await conflict.first().waitFor();
    assert.equal(await conflict.count(), told, "what the controller still knows is there once");
    await page.context().close();
  });
});
