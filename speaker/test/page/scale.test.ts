import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { mergeAnswers } from "../../src/console/routes.ts";
import { type Browser, openBrowser, openPage, type Page, selectService, signIn } from "./browser.ts";
import { type SyntheticConsole, serveFacts } from "./harness.ts";
import { nodeName, routesOf, syntheticCluster, withMove } from "./synthetic.ts";

/** A thousand addresses and a hundred nodes. How long it takes is measured by `npm run bench -- page`; here, how much the page does. */
const facts = syntheticCluster({ nodes: 100, addresses: 1000 });

let browser: Browser;
let site: SyntheticConsole;
let page: Page;

before(async () => {
  browser = await openBrowser();
  site = await serveFacts(facts, (question) => mergeAnswers(question, routesOf(facts)));
  ({ page } = await openPage(browser));
  await signIn(page, site.url);
  await page.getByRole("option").first().waitFor();
});
after(async () => {
  await browser?.close();
  site?.close();
});

/** Counts what changes in the document from now on, until it is asked. */
const countChanges = `
  window.berthChanges = 0;
  new MutationObserver((records) => {
    for (const { addedNodes, removedNodes } of records) window.berthChanges += 1 + addedNodes.length + removedNodes.length;
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
`;

describe("the page with a thousand addresses and a hundred nodes", () => {
  it("shows all Services and sessions", async () => {
    await page.reload();
    await page.getByText("1000 of 1000 Services").waitFor();
    await page.getByText("100 of 100 sessions up").first().waitFor();
  });

  it("draws the way of an address that a hundred nodes announce, with as many nodes as can be read, and how many more", async () => {
    await selectService(page, "demo/far7");
    const way = page.getByRole("img", { name: /The way of 192\.0\.2\.7\./ });
    await way.waitFor();
    assert.match(
      (await way.getAttribute("aria-label")) ?? "",
      /Router: 10\.1\.255\.1, 10\.1\.255\.2; Node: node001, .*node012, and more: 88;/,
    );
  });

  it("draws nothing anew but what an update changed", async () => {
    await selectService(page, "demo/lan1");
    await page.getByRole("img", { name: /The way of 10\.20\.0\.1\./ }).waitFor();
    await page.evaluate(countChanges);
    site.change(withMove(facts, 1, 20, "took over"));
    await page.getByRole("img", { name: new RegExp(`10\\.20\\.0\\.1\\..*Node: ${nodeName(20)};`) }).waitFor();
    const changes = Number(await page.evaluate("window.berthChanges"));
    assert.ok(changes > 0 && changes < 200, `${changes} changes in the document`);
  });

  it("keeps up with changes that come all the time", async () => {
    for (let round = 0; round < 20; round++) {
      site.change(withMove(facts, 1, 30 + round, `took over, round ${round}`));
      await page.waitForTimeout(50);
    }
    await page.getByRole("img", { name: new RegExp(`10\\.20\\.0\\.1\\..*Node: ${nodeName(49)};`) }).waitFor({ timeout: 30_000 });
  });

  it("finds among them, and shows routes and pools, each with no more in the document than can be read", async () => {
    await page.getByRole("searchbox").fill("10.20.1.");
    await page.getByText(/^\d+ of 1000 Services$/).waitFor();
    await page.getByRole("searchbox").fill("");
    for (const tab of ["Routes", "Pools", "Timeline", "Topology"]) {
      await page.getByRole("link", { name: tab }).click();
      if (tab === "Routes") await page.getByRole("table", { name: "What routers see" }).waitFor();
      const elements = Number(await page.evaluate("document.querySelectorAll('*').length"));
      assert.ok(elements < 25_000, `${tab} has ${elements} elements`);
    }
  });
});
