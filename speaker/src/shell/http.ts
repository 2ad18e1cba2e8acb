import { createServer, type Server } from "node:http";
import type { MetricsText } from "./metrics.ts";

/** What the port for probes answers from. */
export interface HttpSources {
  /** Why this process is not ready yet, as a sentence; undefined when it is. */
  notReady(): string | undefined;
  /** What is served here without sign-in, because --plain-metrics says so: metrics, and the facts of this process as plain JSON. */
  readonly open?: { readonly metrics: MetricsText; state(): unknown } | undefined;
}

/** What is said where something was looked for that needs TLS and a token. */
const elsewhere =
  "berth serves /healthz and /readyz here; /metrics and /state need TLS and a token, on another port: docs/metrics.md\n";

/**
 * Serves GET /healthz and /readyz, and with `open` /metrics and /state; everything else is 404, every other method 405.
 * @param address "host:port", "[v6]:port" or ":port"
 * @throws Error when the address is malformed; an address in use rejects the promise with the system's error
 */
export function openHttp(address: string, sources: HttpSources): Promise<Server> {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) throw new Error(`--http-address "${address}" is not host:port, such as 0.0.0.0:7472`);
  const host = match[1] ?? (match[2] === "" ? "::" : match[2]);
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" });
      response.end(body);
    };
    if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "text/plain", "only GET is served here\n");
    switch (request.url) {
      case "/healthz":
        return answer(200, "text/plain", "ok\n");
      case "/readyz": {
        const reason = sources.notReady();
        return answer(reason === undefined ? 200 : 503, "text/plain", `${reason ?? "ok"}\n`);
      }
      case "/metrics":
        if (sources.open === undefined) return answer(404, "text/plain", elsewhere);
        sources.open.metrics.metrics().then(
          (text) => answer(200, sources.open?.metrics.contentType ?? "text/plain", text),
          (error: unknown) => answer(500, "text/plain", `${String(error)}\n`),
        );
        return;
      case "/state":
        if (sources.open === undefined) return answer(404, "text/plain", elsewhere);
        return answer(200, "application/json", `${JSON.stringify(sources.open.state(), null, 2)}\n`);
      default:
        return answer(404, "text/plain", elsewhere);
    }
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => resolve(server));
  });
}
