import { createServer, type Server } from "node:http";
import type { Registry } from "prom-client";

/** What the health and metrics port answers from. */
export interface HttpSources {
  /** Why this process is not ready yet, as a sentence; undefined when it is. */
  notReady(): string | undefined;
  /** The facts of this process as plain JSON, for `berth status` and bug reports. */
  state(): unknown;
  readonly metrics: Registry;
  /** What is under /look/: plain JSON, or undefined for a name that nothing is known by. */
  look?(what: string): Promise<unknown>;
}

/**
 * Serves GET /healthz, /readyz, /metrics and /state; everything else is 404, every other method 405.
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
        sources.metrics.metrics().then(
          (text) => answer(200, sources.metrics.contentType, text),
          (error: unknown) => answer(500, "text/plain", `${String(error)}\n`),
        );
        return;
      case "/state":
        return answer(200, "application/json", `${JSON.stringify(sources.state(), null, 2)}\n`);
      default:
        if (request.url?.startsWith("/look/") === true && sources.look !== undefined) {
          sources.look(request.url.slice("/look/".length)).then(
            (seen) =>
              seen === undefined
                ? answer(404, "text/plain", "nothing is known by that name\n")
                : answer(200, "application/json", `${JSON.stringify(seen)}\n`),
            (error: unknown) => answer(500, "text/plain", `${String(error)}\n`),
          );
          return;
        }
        return answer(404, "text/plain", "berth serves /healthz, /readyz, /metrics and /state\n");
    }
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => resolve(server));
  });
}
