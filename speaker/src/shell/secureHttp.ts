import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import type { MetricsText } from "./metrics.ts";
import { openReadOnlyHttps, strictHeaders } from "./readOnlyHttps.ts";

/** What came of a request's token. */
type Verdict = { readonly isAllowed: true } | { readonly isAllowed: false; readonly status: number; readonly message: string };

/** What the port with TLS answers from. */
export interface SecureSources {
  /** The certificate and its key, both PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Whose token it is, and whether that user may get a path. @param path as RBAC's nonResourceURLs name it */
  authorize(authorization: string | undefined, path: string): Promise<Verdict>;
  readonly metrics: MetricsText;
  /** The facts of this process as plain JSON. */
  state(): unknown;
  /** What is under /look/: plain JSON, or undefined for a name that nothing is known by. @param what the rest of the path, with the query */
  look(what: string): Promise<unknown>;
}

/**
 * Where a token may stand that came through the API server's proxy: it takes the usual header for itself.
 * @see docs/metrics.md
 */
export const proxiedAuthorization = "x-berth-authorization";

/** Where speakers listen for it. */
export const speakerPort = 7475;

/** Nothing of what is served here is a page. */
const contentPolicy = "default-src 'none'; frame-ancestors 'none'";

/** The rights that are asked for. What is under /look/ needs that to /state. */
const paths = { metrics: "/metrics", state: "/state" } as const;

/**
 * Serves GET /metrics, /state and /look/… to those who may; everything else is 404, every other method 405.
 * @param address "host:port", "[v6]:port" or ":port"
 * @throws Error when the address is malformed; an address in use rejects the promise with the system's error
 */
export function openSecureHttp(address: string, sources: SecureSources): Promise<Server> {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) throw new Error(`--metrics-address "${address}" is not host:port, such as 0.0.0.0:7475`);
  const host = match[1] ?? (match[2] === "" ? "::" : match[2]);
  return openReadOnlyHttps({ host, port }, sources.certificate, {
    answer: (request, response) => answer(request, response, sources),
    end,
  });
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...strictHeaders, "content-security-policy": contentPolicy, "content-type": type });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

async function answer(request: IncomingMessage, response: ServerResponse, sources: SecureSources): Promise<void> {
  const { pathname, search } = new URL(request.url ?? "/", "https://berth");
  const isLook = pathname.startsWith("/look/");
  const right = pathname === paths.metrics ? paths.metrics : pathname === paths.state || isLook ? paths.state : undefined;
  if (right === undefined) return end(response, 404, "text/plain", "berth serves /metrics and /state here\n");
  const proxied = request.headers[proxiedAuthorization];
  const verdict = await sources.authorize(
    request.headers.authorization ?? (Array.isArray(proxied) ? proxied[0] : proxied),
    right,
  );
  if (!verdict.isAllowed) {
    if (verdict.status === 401) response.setHeader("www-authenticate", "Bearer");
    return end(response, verdict.status, "text/plain; charset=utf-8", `${verdict.message}\n`);
  }
  if (right === paths.metrics) return end(response, 200, sources.metrics.contentType, await sources.metrics.metrics());
  if (!isLook) return end(response, 200, "application/json", `${JSON.stringify(sources.state(), null, 2)}\n`);
  const seen = await sources.look(`${pathname.slice("/look/".length)}${search}`);
  return seen === undefined
    ? end(response, 404, "text/plain", "nothing is known by that name\n")
    : end(response, 200, "application/json", `${JSON.stringify(seen)}\n`);
}
