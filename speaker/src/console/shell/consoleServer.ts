import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import { constants, createGzip } from "node:zlib";
import type { Explanation } from "../../explain/question.ts";
import type { MetricsText } from "../../shell/metrics.ts";
import { openReadOnlyHttps, strictHeaders } from "../../shell/readOnlyHttps.ts";
import { parseQuestion, type RouteAnswer, type RouteQuestion } from "../routes.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Certificate } from "./certificate.ts";
import type { Feed } from "./feed.ts";

/** The rights that are asked for, as RBAC's nonResourceURLs name them. */
export const consolePath = "/console";
const otherPaths = ["/metrics", "/state"];
const keepAliveMilliseconds = 15_000;
/** So many pages may watch at once. */
const watchers = 200;

/** What the server answers from. */
export interface ConsoleSources {
  readonly feed: Feed;
  readonly authorizer: Pick<Authorizer, "check">;
  readonly metrics: MetricsText;
  /** The facts of this controller as plain JSON. */
  state(): unknown;
  explain(service: string): Explanation | undefined;
  routes(question: RouteQuestion): Promise<RouteAnswer>;
  /** Where the page's files are: index.html, app.js, app.css. */
  readonly pageDirectory: URL;
}

const files: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/app.js": ["app.js", "text/javascript; charset=utf-8"],
  "/app.css": ["app.css", "text/css; charset=utf-8"],
};

/** Nothing from elsewhere, no inline script or style, in nobody's frame. @see https://www.w3.org/TR/CSP3/ */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ...strictHeaders,
} as const;

/**
 * Serves the page, and for those who may, its data and the metrics. Nothing is ever written: every method but GET and HEAD is refused.
 * @returns the server, listening
 */
export function openConsole(
  address: { readonly host: string; readonly port: number },
  certificate: Certificate,
  sources: ConsoleSources,
): Promise<Server> {
  return openReadOnlyHttps(address, certificate, { answer: (request, response) => answer(request, response, sources), end });
}

function end(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { ...headers, "content-type": type });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

async function answer(request: IncomingMessage, response: ServerResponse, sources: ConsoleSources): Promise<void> {
  const url = new URL(request.url ?? "/", "https://berth");
  const file = Object.hasOwn(files, url.pathname) ? files[url.pathname] : undefined;
  if (file !== undefined) return sendFile(response, new URL(file[0], sources.pageDirectory), file[1]);
  const isApi = ["/api/model", "/api/stream", "/api/explain", "/api/routes"].includes(url.pathname);
  if (!isApi && !otherPaths.includes(url.pathname)) return end(response, 404, "text/plain", "there is nothing here\n");
  const verdict = await sources.authorizer.check(request.headers.authorization, isApi ? consolePath : url.pathname);
  if (!verdict.isAllowed) {
    if (verdict.status === 401) response.setHeader("www-authenticate", "Bearer");
    return end(response, verdict.status, "text/plain; charset=utf-8", `${verdict.message}\n`);
  }
  switch (url.pathname) {
    case "/api/model":
      return end(response, 200, "application/json", JSON.stringify(sources.feed.model));
    case "/api/stream":
      return stream(request, response, sources);
    case "/api/explain": {
      const service = url.searchParams.get("service") ?? "";
      const explanation = sources.explain(service);
      return explanation === undefined
        ? end(response, 404, "text/plain; charset=utf-8", `there is no Service "${service}"; say ?service=namespace/name\n`)
        : end(response, 200, "application/json", JSON.stringify(explanation));
    }
    case "/api/routes": {
      const question = parseQuestion(url.searchParams);
      return "problem" in question
        ? end(response, 400, "text/plain; charset=utf-8", `${question.problem}\n`)
        : end(response, 200, "application/json", JSON.stringify(await sources.routes(question)));
    }
    case "/state":
      return end(response, 200, "application/json", `${JSON.stringify(sources.state(), null, 2)}\n`);
    default:
      return end(response, 200, sources.metrics.contentType, await sources.metrics.metrics());
  }
}

function sendFile(response: ServerResponse, file: URL, type: string): void {
  if (existsSync(file)) return end(response, 200, type, readFileSync(file));
  return end(response, 404, "text/plain", "the page was not built into this program; run npm run image, or npm run page\n");
}

let watching = 0;

/**
 * Server-sent events: the whole model first, then what changes. A reader that falls behind starts anew.
 * Compressed where the reader can take it: the model of a large cluster has megabytes, and says the same things very often.
 */
function stream(request: IncomingMessage, response: ServerResponse, { feed, authorizer }: ConsoleSources): void {
  if (request.method === "HEAD") return end(response, 200, "text/event-stream", "");
  if (watching >= watchers) return end(response, 503, "text/plain", `${watchers} pages watch already; close one\n`);
  watching++;
  const gzip = /\bgzip\b/.test(String(request.headers["accept-encoding"])) ? createGzip({ level: 1 }) : undefined;
  const coding = gzip === undefined ? {} : { "content-encoding": "gzip" };
  response.writeHead(200, { ...headers, ...coding, "content-type": "text/event-stream", "x-accel-buffering": "no" });
  gzip?.pipe(response);
  const write = (text: string): void => {
    if (response.writableLength + (gzip?.writableLength ?? 0) > 64 * 1024 * 1024) return void response.destroy();
    (gzip ?? response).write(text);
    gzip?.flush(constants.Z_SYNC_FLUSH);
  };
  const send = (event: string, data: unknown): void => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  send("model", feed.model);
  const stop = feed.watch((patch) => send("patch", patch));
  const timer = setInterval(() => {
    write(": still here\n\n");
    void authorizer.check(request.headers.authorization, consolePath).then((verdict) => {
      if (verdict.isAllowed || verdict.status === 503) return;
      forget();
      (gzip ?? response).end();
    });
  }, keepAliveMilliseconds);
  /** Nothing is written from now on. */
  const forget = (): void => {
    clearInterval(timer);
    stop();
  };
  gzip?.on("error", () => response.destroy());
  response.on("error", () => response.destroy());
  response.on("close", () => {
    watching--;
    forget();
    gzip?.destroy();
  });
}
