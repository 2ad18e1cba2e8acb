import { setTimeout as sleep } from "node:timers/promises";
import { mergeAnswers } from "../../speaker/src/console/routes.ts";
import { type Browser, openBrowser, openPage, type Page, selectService, signIn } from "../../speaker/test/page/browser.ts";
import { serveFacts } from "../../speaker/test/page/harness.ts";
import { nodeName, routesOf, syntheticCluster, withMove } from "../../speaker/test/page/synthetic.ts";
import { median } from "./bgp/report.ts";

const rounds = 9;
/** The cluster that the other one is compared with, and the one that the page is made for. */
const clusters = [
  { nodes: 3, addresses: 10 },
  { nodes: 100, addresses: 1000 },
];

interface Measured {
  /** Milliseconds from the request to the Services on the screen. */
  readonly loading: number[];
  /** Milliseconds from an update's arrival until it is painted. */
  readonly painting: number[];
}

/**
 * Measures the page in Debian's Chromium: a small cluster and a large one in turn, so that a machine that is busy is busy for both.
 * Usage: npm run bench -- page
 */
export async function measurePage(): Promise<void> {
  const browser = await openBrowser();
  try {
    const sites = await Promise.all(clusters.map((cluster) => openSite(browser, cluster)));
    for (let round = 0; round < rounds; round++) for (const site of sites) site.loading.push(await timeToLoad(site));
    for (const { page } of sites) await selectService(page, "demo/lan1");
    for (let round = 0; round < rounds; round++) for (const site of sites) site.painting.push(await timeToPaint(site, round));
    for (const { close } of sites) close();
    const [small, large] = sites;
    if (small === undefined || large === undefined) return;
    process.stdout.write(
      `${row(
        "",
        clusters.map(({ nodes, addresses }) => `${addresses} addresses, ${nodes} nodes`),
      )}${["loading", "painting"].map((what) => line(what as keyof Measured, small, large)).join("")}`,
    );
  } finally {
    await browser.close();
  }
}

interface Site extends Measured {
  readonly cluster: (typeof clusters)[number];
  readonly page: Page;
  /** The address demo/lan1 moves to another node. */
  readonly move: (to: number, reason: string) => void;
  readonly close: () => void;
}

/** Serves the page of a cluster, and signs in. */
async function openSite(browser: Browser, cluster: Site["cluster"]): Promise<Site> {
  const facts = syntheticCluster(cluster);
  const site = await serveFacts(facts, (question) => mergeAnswers(question, routesOf(facts)));
  const { page } = await openPage(browser);
  await signIn(page, site.url);
  await page.getByRole("option").first().waitFor();
  const move = (to: number, reason: string): void => site.change(withMove(facts, 1, to, reason));
  return { cluster, page, move, close: () => site.close(), loading: [], painting: [] };
}

async function timeToLoad({ page, cluster: { addresses } }: Site): Promise<number> {
  const began = performance.now();
  await page.reload();
  await page.getByText(`${addresses} of ${addresses} Services`).waitFor();
  await page.getByRole("option").first().waitFor();
  return performance.now() - began;
}

async function timeToPaint({ page, move, cluster: { nodes } }: Site, round: number): Promise<number> {
  const to = 1 + (round % (nodes - 1));
  await page.evaluate("performance.clearMeasures('berth-update')");
  move(to, `took over, round ${round}`);
  await page.getByRole("img", { name: new RegExp(`10\\.20\\.0\\.1\\..*Node: ${nodeName(to)};`) }).waitFor();
  for (;;) {
    const longest = Number(
      await page.evaluate("Math.max(...performance.getEntriesByName('berth-update').map(({ duration }) => duration))"),
    );
    if (Number.isFinite(longest)) return longest;
    await sleep(10);
  }
}

function line(what: keyof Measured, small: Measured, large: Measured): string {
  const ratio = median(large[what]) / median(small[what]);
  return row(`${what}, ms`, [spread(small[what]), spread(large[what]), `x ${ratio.toFixed(2)}`]);
}

const row = (name: string, cells: readonly string[]): string =>
  `${name.padEnd(14)}${cells.map((cell) => cell.padStart(30)).join("")}\n`;
const spread = (values: readonly number[]): string =>
  `${Math.round(median(values))} (${Math.round(Math.min(...values))}-${Math.round(Math.max(...values))})`;
