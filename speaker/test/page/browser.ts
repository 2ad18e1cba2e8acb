import { type Browser, chromium, type Page } from "playwright-core";

export type { Browser, Page };

/** The only token that the console of a made-up cluster knows; the real authorizer is tested against a real API server. */
export const token = "viewer";

/** Debian's Chromium, without a window. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/** What a page asked for, and what it complained of. */
export interface Watched {
  readonly page: Page;
  /** The addresses of everything that was asked for. */
  readonly requests: string[];
  /** Errors of scripts, and of the content security policy. */
  readonly complaints: string[];
}

/** Opens a page in a context of its own, so that nothing is left of another test. */
export async function openPage(browser: Browser, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Watched> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, requests, complaints };
}

/** Signs in as a person does. */
export async function signIn(page: Page, url: string, word: string = token): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Kubernetes token").fill(word);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Selects a Service: finds it first, for only those in sight are in the document. */
export async function selectService(page: Page, key: string): Promise<void> {
  await page.getByRole("link", { name: "Topology" }).click();
  await page.getByRole("searchbox").fill(key);
  await page.getByRole("option", { name: new RegExp(`${key} `) }).click();
  await page.getByRole("searchbox").fill("");
}
