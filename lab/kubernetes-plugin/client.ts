import { request as httpRequest } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { at, isObject, type Json, type JsonObject, textAt } from "./values.ts";

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** The API server could not be reached at all. */
export class UnreachableError extends Error {}

/** The server closed a kept connection just when it was used again; it has not seen the request. */
class StaleConnectionError extends UnreachableError {}

/** No kind of this name is served. */
export class NoSuchKindError extends Error {}

/** Where the objects of a kind are. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

/** Which kinds have a namespace, "apiVersion/kind", as a CustomResourceDefinition says. */
export function scopesOf(definition: JsonObject): (readonly [kind: string, isNamespaced: boolean])[] {
  const kind = textAt(definition, "spec", "names", "kind");
  const versions = at(definition, "spec", "versions");
  if (kind === undefined || !Array.isArray(versions)) return [];
  const isNamespaced = textAt(definition, "spec", "scope") === "Namespaced";
  return (versions as readonly Json[]).map((version) => [
    `${textAt(definition, "spec", "group")}/${textAt(version, "name")}/${kind}`,
    isNamespaced,
  ]);
}

/** A real API server over plain REST. */
export class Client {
  readonly #config: KubeConfig;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly #kinds = new Map<string, Kind>();
  /** Whether kinds have a namespace, of definitions that the program has declared; they may not be served yet. */
  readonly #declaredScopes = new Map<string, boolean>();
  readonly namespace: string;

  /** @param namespace the default namespace; without it the context's */
  constructor(config: KubeConfig, namespace: string | undefined) {
    this.#config = config;
    this.namespace = namespace ?? config.getContextObject(config.getCurrentContext())?.namespace ?? "default";
  }

  /** Sends a request; one that met a closed connection or a busy server is sent again. @throws ApiError, UnreachableError */
  async send(method: string, path: string, body?: Json, contentType = "application/json"): Promise<JsonObject> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#sendOnce(method, path, body, contentType);
      } catch (error) {
        const isBusy = error instanceof ApiError && (error.status === 429 || error.status === 503);
        const isStale = error instanceof StaleConnectionError;
        if (attempt >= 5 || !(isBusy || isStale)) throw error;
        if (isBusy) await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
      }
    }
  }

  /** Remembers what a CustomResourceDefinition says of its kinds, before the server does. */
  learn(definition: JsonObject): void {
    for (const [kind, isNamespaced] of scopesOf(definition)) this.#declaredScopes.set(kind, isNamespaced);
  }

  /** Whether objects of a kind have a namespace; undefined when neither the server nor the program says so. */
  async isNamespaced(apiVersion: string, kind: string): Promise<boolean | undefined> {
    const declared = this.#declaredScopes.get(`${apiVersion}/${kind}`);
    if (declared !== undefined) return declared;
    try {
      return (await this.kind(apiVersion, kind)).isNamespaced;
    } catch (error) {
      if (error instanceof NoSuchKindError || error instanceof UnreachableError) return undefined;
      throw error;
    }
  }

  async #sendOnce(method: string, path: string, body: Json | undefined, contentType: string): Promise<JsonObject> {
    const server = this.#config.getCurrentCluster()?.server;
    if (server === undefined) throw new UnreachableError("no kubeconfig names a cluster");
    const url = new URL(server.replace(/\/$/, "") + path);
    const options: RequestOptions = {
      method,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port || (url.protocol === "http:" ? 80 : 443),
      path: url.pathname + url.search,
      timeout: 30_000,
    };
    await this.#config.applyToHTTPSOptions(options);
    options.agent = url.protocol === "http:" ? undefined : this.#agent;
    const payload = body === undefined ? "" : JSON.stringify(body);
    options.headers = {
      ...options.headers,
      accept: "application/json",
      "content-type": contentType,
      "content-length": Buffer.byteLength(payload),
    };
    const { status, text } = await exchange(url.protocol === "http:" ? httpRequest : httpsRequest, options, payload);
    const answer = parse(text);
    if (status >= 200 && status < 300) return answer;
    const reason = typeof answer["reason"] === "string" ? answer["reason"] : String(status);
    const message = typeof answer["message"] === "string" ? answer["message"] : text.slice(0, 500);
    throw new ApiError(status, reason, message);
  }

  /** Finds out where a kind is served. A kind that is not there yet is looked for again a few times: its CRD may be new. @throws NoSuchKindError, UnreachableError */
  async kind(apiVersion: string, kind: string, attempts = 1): Promise<Kind> {
    const key = `${apiVersion}/${kind}`;
    for (let attempt = 0; ; attempt++) {
      const known = this.#kinds.get(key);
      if (known !== undefined) return known;
      await this.#discover(apiVersion);
      if (this.#kinds.has(key)) continue;
      if (attempt + 1 >= attempts) throw new NoSuchKindError(`the cluster serves no ${kind} of ${apiVersion}`);
      await new Promise((resolve) => setTimeout(resolve, 250 * (attempt + 1)));
    }
  }

  /** The path of an object, or without a name of its collection. */
  path(kind: Kind, namespace: string | undefined, name?: string): string {
    const base = kind.apiVersion.includes("/") ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
    const scope = kind.isNamespaced ? `/namespaces/${namespace ?? this.namespace}` : "";
    return `${base}${scope}/${kind.plural}${name === undefined ? "" : `/${name}`}`;
  }

  async #discover(apiVersion: string): Promise<void> {
    try {
      const list = await this.send("GET", apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
      for (const resource of Array.isArray(list["resources"]) ? (list["resources"] as readonly Json[]) : []) {
        if (
          !isObject(resource) ||
          typeof resource["name"] !== "string" ||
          typeof resource["kind"] !== "string" ||
          resource["name"].includes("/")
        )
          continue;
        const found = {
          apiVersion,
          kind: resource["kind"],
          plural: resource["name"],
          isNamespaced: resource["namespaced"] === true,
        };
        this.#kinds.set(`${apiVersion}/${found.kind}`, found);
      }
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }
}

function parse(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : { value };
  } catch {
    return { message: text };
  }
}

function exchange(
  open: typeof httpsRequest,
  options: RequestOptions,
  payload: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = open(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 30 s")));
    request.on("error", (error: NodeJS.ErrnoException) => {
      const problem = `cannot reach the API server at ${options.host}:${options.port}: ${error.message || error.code}`;
      reject(
        request.reusedSocket && error.code === "ECONNRESET" ? new StaleConnectionError(problem) : new UnreachableError(problem),
      );
    });
    request.end(payload);
  });
}
