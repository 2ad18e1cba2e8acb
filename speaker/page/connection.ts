import { type ConsoleModel, emptyModel } from "../src/console/model.ts";
import { apply, type ModelPatch } from "../src/console/patch.ts";
import type { RouteAnswer, RouteQuestion } from "../src/console/routes.ts";
import type { Explanation } from "../src/explain/question.ts";

/** How the page stands with the controller. */
export type Connection =
  | { readonly state: "signedOut"; readonly message: string }
  | { readonly state: "connecting"; readonly message: string }
  | { readonly state: "live" };

const tokenKey = "berth-token";
const retryMilliseconds = 2000;
/** The controller says something every 15 seconds. One that says nothing for so long is gone, though nobody closed the connection. */
const silenceMilliseconds = 35_000;

/** The token that was given, for as long as this tab is open. */
export function savedToken(): string {
  return sessionStorage.getItem(tokenKey) ?? "";
}

/** Keeps a token for this tab; an empty one forgets it. */
export function saveToken(token: string): void {
  if (token === "") sessionStorage.removeItem(tokenKey);
  else sessionStorage.setItem(tokenKey, token);
}

/**
 * Follows the model with a token until it is refused or `signal` ends it; a broken connection is made anew.
 * EventSource cannot carry a token in a header, so the stream is read by fetch.
 */
export async function follow(
  token: string,
  onModel: (model: ConsoleModel, arrivedAt: number) => void,
  onConnection: (connection: Connection) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const silence = new AbortController();
    const listen = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(new Error("the controller says nothing any more")), silenceMilliseconds);
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    listen();
    try {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch("/api/stream", { headers, signal: AbortSignal.any([signal, silence.signal]) });
      if (response.status === 401 || response.status === 403)
        return onConnection({ state: "signedOut", message: (await response.text()).trim() });
      if (!response.ok || response.body === null) throw new Error((await response.text()).trim());
      onConnection({ state: "live" });
      let model = emptyModel;
      await readEvents(response.body, listen, (event, data, arrivedAt) => {
        model = event === "model" ? (data as ConsoleModel) : apply(data as ModelPatch, model);
        onModel(model, arrivedAt);
      });
      throw new Error("the controller closed the connection");
    } catch (error) {
      if (signal.aborted) return;
      onConnection({ state: "connecting", message: error instanceof Error ? error.message : String(error) });
      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Asks why a Service is as it is. @throws Error with the controller's sentence */
export function explain(token: string, service: string, signal: AbortSignal): Promise<Explanation> {
  return ask(token, "explain", { service }, signal) as Promise<Explanation>;
}

/** Asks for routes. @throws Error with the controller's sentence */
export function askRoutes(token: string, question: RouteQuestion, signal: AbortSignal): Promise<RouteAnswer> {
  return ask(token, "routes", { ...question }, signal) as Promise<RouteAnswer>;
}

async function ask(token: string, what: string, parameters: Record<string, string>, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(`/api/${what}?${new URLSearchParams(parameters)}`, {
    headers: { authorization: `Bearer ${token}` },
    signal,
  });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}

/** Reads a stream of server-sent events. @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
async function readEvents(
  body: ReadableStream<Uint8Array>,
  onChunk: () => void,
  onEvent: (event: string, data: unknown, arrivedAt: number) => void,
): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  // A large event comes in many chunks: only what is new of it is looked at for its end.
  let parts: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onChunk();
    parts.push(value);
    if (!value.includes("\n\n") && !(value.startsWith("\n") && parts.at(-2)?.endsWith("\n") === true)) continue;
    const arrivedAt = performance.now();
    const blocks = parts.join("").split("\n\n");
    parts = [blocks.pop() ?? ""];
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name: string): string => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      if (field("data") !== "") onEvent(field("event"), JSON.parse(field("data")), arrivedAt);
    }
  }
}
