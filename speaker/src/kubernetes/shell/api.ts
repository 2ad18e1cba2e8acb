import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/** An answer of the API server that is not a success. `status` is the HTTP status. */
export class ApiError extends Error {
  readonly status: number;
  /** After how many milliseconds the API server wants to be asked again, if it said. */
  readonly retryAfter: number | undefined;

  constructor(method: string, path: string, status: number, body: string, retryAfter: number | undefined) {
    super(`${method} ${path}: ${status} ${messageOf(body)}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const timeout = 10_000;
/** A watch is renewed after this long; one that is silent for much longer is dead. */
const watchSeconds = 240;

/** Plain JSON over the API server's REST: what pure functions take and give. Credentials come from the client library's configuration. */
export class Api {
  readonly #config: KubeConfig;
  readonly #agent: Agent;

  constructor(config: KubeConfig) {
    this.#config = config;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 128 });
  }

  /** Sends a request and gives back the answer's JSON. @throws ApiError for an answer that is no success; Error when there is none in time */
  async send(method: "GET" | "POST" | "PUT" | "PATCH", path: string, body?: unknown): Promise<unknown> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const options = await this.#options(method, path, type, this.#agent);
    const response = await open(options, body === undefined ? undefined : JSON.stringify(body));
    const text = await read(response);
    const status = response.statusCode ?? 0;
    if (status < 200 || status >= 300)
      throw new ApiError(method, path, status, text, Number(response.headers["retry-after"]) * 1000 || undefined);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }

  /**
   * Watches a collection from a resource version on. Resolves when the API server ends the watch.
   * @param onEvent gets each event as it comes
   * @throws ApiError when it is refused (410: list again); Error when the connection breaks or goes silent
   */
  async watch(
    path: string,
    resourceVersion: string,
    onEvent: (type: string, object: unknown) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const query = new URLSearchParams({
      watch: "1",
      resourceVersion,
      allowWatchBookmarks: "true",
      timeoutSeconds: String(watchSeconds),
    });
    const options = await this.#options("GET", `${path}?${query}`, "application/json", undefined);
    const response = await open({ ...options, signal }, undefined);
    if (response.statusCode !== 200) throw new ApiError("GET", path, response.statusCode ?? 0, await read(response), undefined);
    response.socket.setTimeout((watchSeconds + 60) * 1000, () => response.destroy(new Error("the watch went silent")));
    response.socket.setKeepAlive(true, 10_000);
    response.setEncoding("utf8");
    let rest = "";
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") continue;
        const event = JSON.parse(line) as { readonly type: string; readonly object: unknown };
        onEvent(event.type, event.object);
      }
    }
  }

  async #options(method: string, path: string, type: string, agent: Agent | undefined): Promise<RequestOptions> {
    const server = this.#config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error("the Kubernetes configuration names no cluster");
    const url = new URL(server.replace(/\/$/, "") + path);
    const options: RequestOptions = {
      method,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port || 443,
      path: url.pathname + url.search,
      timeout,
    };
    await this.#config.applyToHTTPSOptions(options);
    if (agent !== undefined) options.agent = agent;
    else delete options.agent;
    options.headers = { ...options.headers, accept: "application/json", "content-type": type, "user-agent": "berth" };
    return options;
  }
}

function open(options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(options, resolve);
    request.on("timeout", () => request.destroy(new Error(`no answer from the API server within ${timeout} ms`)));
    request.on("error", reject);
    request.end(body);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function messageOf(body: string): string {
  try {
    return (JSON.parse(body) as { readonly message?: string }).message ?? body;
  } catch {
    return body.slice(0, 500);
  }
}
