import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import type { AxeResults } from "axe-core";
import { chinese, english } from "../../page/words.ts";
import { mergeAnswers } from "../../src/console/routes.ts";
import { type Browser, openBrowser, openPage, type Page, selectService, signIn } from "./browser.ts";
import { type SyntheticConsole, serveFacts } from "./harness.ts";
import { routesOf, syntheticCluster, withFaults } from "./synthetic.ts";

/** Whether everybody can use the page: by axe-core's rules, by keyboard alone, in Chinese, on paper, in a narrow window. */
const facts = withFaults(syntheticCluster({ nodes: 6, addresses: 40 }));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tabs = ["overview", "routes", "pools", "timeline"] as const;

let browser: Browser;
let site: SyntheticConsole;

before(async () => {
  browser = await openBrowser();
  site = await serveFacts(facts, (question) => mergeAnswers(question, routesOf(facts)));
});
after(async () => {
  await browser?.close();
  site?.close();
});

/** What axe-core finds against WCAG 2.1 A and AA and its best practices, each with where. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as AxeResults;
  assert.ok(found.passes.length > 10, "axe-core looked at something");
  return found.violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
  );
}

for (const colorScheme of ["light", "dark"] as const)
  describe(`the page in ${colorScheme} colours`, () => {
    it("has nothing that axe-core objects to: signing in, each tab, and a Service with its way and reasons", async () => {
      const { page } = await openPage(browser, { colorScheme, bypassCSP: true });
      await page.goto(site.url);
      await page.getByLabel("Kubernetes token").waitFor();
      assert.deepEqual(await violations(page), [], "signing in");
      await signIn(page, site.url);
      await page.getByRole("listbox").waitFor();
      for (const tab of tabs) {
        await page.getByRole("link", { name: english[tab] }).click();
        // What is counted below must be this tab's, not that of the one before.
        await page.locator("a[aria-current=page]", { hasText: english[tab] }).waitFor();
        if (tab === "routes") await page.getByRole("table", { name: "What routers see" }).waitFor();
        for (const summary of await page.locator("summary").all()) await summary.click();
        assert.deepEqual(await violations(page), [], tab);
      }
      for (const name of ["demo/far1", "demo/lan1", "demo/waits"]) {
        await selectService(page, name);
        await page.getByRole("heading", { name: "Why" }).waitFor();
        assert.deepEqual(await violations(page), [], name);
      }
      await page.context().close();
    });
  });

describe("the page by keyboard alone", () => {
  it("signs in, finds a Service, reads its way and reason, and looks at every tab", async () => {
    const { page } = await openPage(browser);
    await page.goto(site.url);
    const press = (key: string) => page.keyboard.press(key);
    /** Tabs on until something with this name has the focus, as far as anybody would go. */
    const reach = async (name: RegExp): Promise<void> => {
      for (let steps = 0; steps < 80; steps++) {
        await press("Tab");
        const focused = (await page.evaluate(
          "(() => { const e = document.activeElement; return [e.getAttribute('aria-label'), e.textContent, e.labels?.[0]?.textContent].join(' ').slice(0, 200); })()",
        )) as string;
        if (name.test(focused)) return;
      }
      assert.fail(`nothing named ${name} was reached by Tab`);
    };
    await reach(/Kubernetes token/);
    await page.keyboard.type("viewer");
    await press("Enter");
    await page.getByRole("listbox", { name: "Services" }).waitFor();
    await reach(/^Services/);
    await press("End");
    const selected = page.getByRole("option", { selected: true });
    await selected.filter({ hasText: "demo/waits" }).waitFor();
    await press("ArrowUp");
    await selected.filter({ hasText: "demo/lan9" }).waitFor();
    await page.getByRole("img", { name: /The way of 10\.20\.0\.9\./ }).waitFor();
    await reach(/Show the whole network/);
    await press("Enter");
    await page.getByRole("heading", { name: "Routers" }).waitFor();
    await page.reload();
    await page.getByRole("listbox", { name: "Services" }).waitFor();
    for (const tab of ["Routes", "Pools", "Timeline"]) {
      await page.reload();
      await page.getByRole("banner").waitFor();
      await reach(new RegExp(`^ *${tab}`));
      await press("Enter");
      await page.getByRole("link", { name: tab }).and(page.locator("[aria-current=page]")).waitFor();
    }
    await page.getByRole("link", { name: "Pools" }).click();
    await reach(/Map of the pool lan/);
    await press("ArrowRight");
    await press("ArrowRight");
    await page.getByText(/^10\.20\.0\.1: used · demo\/lan1$/).waitFor();
    await page.context().close();
  });
});

describe("the page in Chinese", () => {
  it("has no English word of its own left, on any tab", async () => {
    const { page } = await openPage(browser, { locale: "zh-CN" });
    await page.goto(site.url);
    await page.getByLabel(chinese.token).fill("viewer");
    await page.getByRole("button", { name: chinese.signIn }).click();
    await page.getByRole("listbox", { name: chinese.services }).waitFor();
    assert.equal(await page.evaluate("document.documentElement.lang"), "zh-Hans");
    /** Texts of the page that are its own: heads, labels, buttons, links, legends. */
    const own = () =>
      page
        .locator("h1, h2, th, label, button, nav a, legend, summary, figcaption, [role=status], .column")
        .allInnerTexts()
        .then((texts) => texts.join("\n"));
    const foreign = (Object.keys(english) as (keyof typeof english)[])
      .filter((key) => english[key] !== chinese[key] && key !== "language" && /[a-z]{3}/.test(english[key]))
      .flatMap((key) => english[key].split(/\{\d\}/).map((part) => part.trim()))
      .filter((part) => /[a-z]{3}/.test(part));
    for (const tab of tabs) {
      await page.getByRole("link", { name: chinese[tab] }).click();
      if (tab === "overview") await page.getByRole("option").first().click();
      if (tab === "routes") await page.getByRole("table", { name: chinese.viewRouter }).waitFor();
      const text = await own();
      assert.match(text, /\p{Script=Han}/u);
      assert.deepEqual(
        foreign.filter((word) =>
          new RegExp(`(^|[^\\w-])${word.replace(/[.*+?^${"$"}{}()|[\]\\]/g, "\\$&")}($|[^\\w-])`).test(text),
        ),
        [],
        tab,
      );
    }
    await page.context().close();
  });
});

describe("the page on paper and in a narrow window", () => {
  it("prints what is selected, without what can only be clicked", async () => {
    const { page } = await openPage(browser);
    await signIn(page, site.url);
    await selectService(page, "demo/lan1");
    await page.getByRole("heading", { name: "Why" }).waitFor();
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.getByRole("listbox").isVisible(), false);
    assert.equal(await page.getByRole("button", { name: "Sign out" }).isVisible(), false);
    assert.equal(await page.getByRole("img", { name: /The way of/ }).isVisible(), true);
    assert.equal((await page.pdf({ format: "A4" })).subarray(0, 5).toString(), "%PDF-");
    await page.context().close();
  });
  it("needs no scrolling sideways at 360 pixels, but within tables and drawings", async () => {
    const { page } = await openPage(browser, { viewport: { width: 360, height: 740 } });
    await signIn(page, site.url);
    await selectService(page, "demo/lan1");
    for (const tab of tabs) {
      await page.getByRole("link", { name: english[tab] }).click();
      if (tab === "routes") await page.getByRole("table", { name: "What routers see" }).waitFor();
      const width = await page.evaluate("document.documentElement.scrollWidth");
      assert.ok(Number(width) <= 360, `${tab} is ${width} pixels wide`);
    }
    await page.context().close();
  });
});
