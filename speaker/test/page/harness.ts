import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Registry } from "prom-client";
import { buildPage } from "../../../scripts/page.ts";
import type { ConsoleFacts } from "../../src/console/facts.ts";
import type { RouteAnswer, RouteQuestion } from "../../src/console/routes.ts";
import { certificateOf } from "../../src/console/shell/certificate.ts";
import { openConsole } from "../../src/console/shell/consoleServer.ts";
import { Feed } from "../../src/console/shell/feed.ts";
import { explainService } from "../../src/explain/explainService.ts";
import { token } from "./browser.ts";

const directory = join(import.meta.dirname, "../../dist/page/");

/** The page of a cluster that a test makes up, served as a controller serves it. */
export interface SyntheticConsole {
  readonly url: string;
  /** The cluster becomes something else. */
  change(facts: ConsoleFacts): void;
  close(): void;
}

const noRoutes: RouteAnswer = { rows: [], routers: [], total: 0, matching: 0, hasMore: false, problems: [] };

/** Builds the page and serves it from facts. */
export async function serveFacts(
  first: ConsoleFacts,
  routes: (question: RouteQuestion) => RouteAnswer = () => noRoutes,
): Promise<SyntheticConsole> {
  await buildPage(directory);
  let facts = first;
  const feed = new Feed(() => facts);
  feed.touch();
  const server = await openConsole({ host: "127.0.0.1", port: 0 }, await certificateOf(undefined, ["localhost"]), {
    feed,
    authorizer: {
      check: (authorization) =>
        Promise.resolve(
          authorization === `Bearer ${token}`
            ? { isAllowed: true, user: "viewer" }
            : { isAllowed: false, status: 401, message: "the API server does not know this token; it may have expired" },
        ),
    },
    metrics: new Registry(),
    state: () => ({}),
    explain: (service) => explainService(facts, service),
    routes: (question) => Promise.resolve(routes(question)),
    pageDirectory: new URL(`file://${directory}`),
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    change(next) {
      facts = next;
      feed.touch();
    },
    close() {
      feed.close();
      server.close();
      server.closeAllConnections();
    },
  };
}
