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

const readTimeout = 10_000;
/** A write that has no answer after so long is given up, and decided again. Shorter than what a Lease leaves a leader that cannot renew. */
const writeTimeout = 3500;
/** A watch is renewed after this long; one that is silent for much longer is dead. */
const watchSeconds = 240;
/** Certificates and tokens are read anew after this long, and when they are refused: they change while a process runs. */
const credentialsMilliseconds = 5000;

/** Which objects of a collection are meant. */
export type Selectors = Readonly<Partial<Record<"labelSelector" | "fieldSelector", string>>>;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Plain JSON over the API server's REST: what pure functions take and give. Credentials come from the client library's configuration. */
export class Api {
  readonly #config: KubeConfig;
  readonly #agent: Agent;
  readonly #counts = new Map<string, number>();
  #credentials: { readonly options: RequestOptions; readonly readAt: number } | undefined;

  constructor(config: KubeConfig) {
    this.#config = config;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 128 });
  }

  /** Sends a request and gives back the answer's JSON. @throws ApiError for an answer that is no success; Error when there is none in time */
  async send(method: Method, path: string, body?: unknown): Promise<unknown> {
    const text = await this.#ask(method, path, body, {});
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }

  /** Gets something that is no JSON, such as a log. @param headers besides the usual ones @throws as `send` does */
  text(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.#ask("GET", path, undefined, { accept: "*/*", ...headers });
  }

  /** How many requests there were, by "METHOD status"; "none" where no answer came. Watches are not among them. */
  get requests(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  #count(method: Method, code: string): void {
    const key = `${method} ${code}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  async #ask(method: Method, path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<string> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const options = await this.#options(method, path, type, this.#agent);
    options.headers = { ...options.headers, ...headers };
    const within = method === "GET" ? readTimeout : writeTimeout;
    const signal = AbortSignal.timeout(within);
    const [response, text] = await answer({ ...options, signal }, body === undefined ? undefined : JSON.stringify(body)).catch(
      (error: unknown) => {
        this.#count(method, "none");
        throw signal.aborted ? new Error(`${method} ${path}: no answer from the API server within ${within} ms`) : error;
      },
    );
    const status = response.statusCode ?? 0;
    this.#count(method, String(status));
    if (status === 401) this.#credentials = undefined;
    if (status < 200 || status >= 300)
      throw new ApiError(method, path, status, text, Number(response.headers["retry-after"]) * 1000 || undefined);
    return text;
  }

  /**
   * Watches a collection from a resource version on. Resolves when the API server ends the watch.
   * @param onEvent gets each event as it comes
   * @param selectors only objects that these select
   * @throws ApiError when it is refused (410: list again); Error when the connection breaks or goes silent
   */
  async watch(
    path: string,
    resourceVersion: string,
    onEvent: (type: string, object: unknown) => void,
    signal: AbortSignal,
    selectors: Selectors = {},
  ): Promise<void> {
    const query = new URLSearchParams({
      watch: "1",
      resourceVersion,
      allowWatchBookmarks: "true",
      timeoutSeconds: String(watchSeconds),
      ...selectors,
    });
    const options = await this.#options("GET", `${path}?${query}`, "application/json", undefined);
    const response = await open({ ...options, signal }, undefined);
    if (response.statusCode === 401) this.#credentials = undefined;
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
    const { headers, ...credentials } = await this.#readCredentials();
    return {
      ...credentials,
      method,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port || 443,
      path: url.pathname + url.search,
      ...(agent === undefined ? {} : { agent }),
      headers: { ...headers, accept: "application/json", "content-type": type, "user-agent": "berth" },
    };
  }

  /** What the configuration adds to a request. Reading it takes longer than a request that thousands wait for. */
  async #readCredentials(): Promise<RequestOptions> {
    const now = performance.now();
    if (this.#credentials !== undefined && now < this.#credentials.readAt + credentialsMilliseconds)
      return this.#credentials.options;
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    delete options.agent;
    this.#credentials = { options, readAt: now };
    return options;
  }
}

/** The connection and the first byte of an answer must come within the time of a read; what follows is the caller's to bound. */
function open(options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(options);
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer from the API server within ${readTimeout} ms`)),
      readTimeout,
    );
    request.on("response", (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end(body);
  });
}

/** A kept connection may have been closed by the other side just then: a read is asked again on a new one. */
async function answer(options: RequestOptions, body: string | undefined): Promise<[IncomingMessage, string]> {
  const isStale = (error: unknown): boolean => ["ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "");
  const response = await open(options, body).catch((error: unknown) => {
    if (options.method !== "GET" || !isStale(error)) throw error;
    return open({ ...options, agent: false }, body);
  });
  return [response, await read(response)];
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
