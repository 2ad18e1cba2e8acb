import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser, openPage, signIn } from "./browser.ts";
import { type SyntheticConsole, serveFacts } from "./harness.ts";
import { nodeName, syntheticCluster, withMove } from "./synthetic.ts";

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
    await page.getByRole("img", { name: new RegExp(`10\\.20\\.0\\.1\\..*Node: ${nodeName(0)};`) }).waitFor({ timeout: 10_000 });
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
