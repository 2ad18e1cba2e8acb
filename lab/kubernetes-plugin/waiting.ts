import { setTimeout as sleep } from "node:timers/promises";
import { awaitTimeout, needsEndpoints, type Readiness, readiness } from "./await.ts";
import type { Client, Kind } from "./client.ts";
import { getLive, idOf } from "./live.ts";
import { at, isObject, type Json, type JsonObject, textAt } from "./values.ts";

/** An object that was made or changed and did not become ready: it is in the state all the same. */
export class NotReadyError extends Error {
  readonly id: string;
  readonly live: JsonObject;
  /** Sentences: what was waited for, then what the cluster says about it. */
  readonly reasons: readonly string[];

  constructor(id: string, live: JsonObject, ended: string, reasons: readonly string[]) {
    super(`${id} is there but is not ready${ended}; still waiting for ${reasons.join("\n")}`);
    this.id = id;
    this.live = live;
    this.reasons = reasons;
  }
}

/** How an operation is watched and ended. */
export interface Patience {
  /** Seconds that the program allows; 0 when it says nothing. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Is told what a wait is about. */
  readonly progress: (message: string) => void;
}

const interval = 200;

/** Waits until an object is ready. Whatever goes wrong meanwhile, the object is there. @throws NotReadyError */
export async function waitUntilReady(client: Client, kind: Kind, made: JsonObject, patience: Patience): Promise<JsonObject> {
  const end = Date.now() + awaitTimeout(made, patience.timeout);
  const give = async (live: JsonObject, ended: string, waitingFor: string): Promise<never> => {
    throw new NotReadyError(idOf(live), live, ended, [waitingFor, ...(await cluesAbout(client, live))]);
  };
  let live = made;
  let said = "";
  for (;;) {
    const outcome = await lookAt(client, live);
    if (outcome.isReady) return live;
    if (outcome.isFinal === true) return give(live, "", outcome.waitingFor);
    if (outcome.waitingFor !== said) patience.progress(`waiting for ${outcome.waitingFor}`);
    said = outcome.waitingFor;
    if (patience.signal.aborted) return give(live, ", as the operation was cancelled", outcome.waitingFor);
    if (Date.now() > end) return give(live, " in time", outcome.waitingFor);
    await pause(patience.signal);
    try {
      const now = await getLive(client, kind, live);
      if (now === undefined) return give(live, ": it was deleted meanwhile", outcome.waitingFor);
      live = now;
    } catch (error) {
      if (error instanceof NotReadyError) throw error;
      patience.progress(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Waits until an object is gone. @throws Error when it is still there in the end */
export async function waitUntilGone(client: Client, kind: Kind, object: JsonObject, patience: Patience): Promise<void> {
  const end = Date.now() + awaitTimeout(object, patience.timeout);
  for (let isFirst = true; ; isFirst = false) {
    const live = await getLive(client, kind, object);
    // An object of the same name with another uid is not the one that was deleted.
    const isOther = textAt(live, "metadata", "uid") !== textAt(object, "metadata", "uid");
    if (live === undefined || (isOther && textAt(object, "metadata", "uid") !== undefined)) return;
    if (isFirst) patience.progress(`waiting for ${kind.kind} ${idOf(object)} to be gone`);
    if (Date.now() > end || patience.signal.aborted) {
      const finalizers = at(live, "metadata", "finalizers");
      const holders =
        Array.isArray(finalizers) && finalizers.length > 0 ? `; its finalizers hold it: ${finalizers.join(", ")}` : "";
      throw new Error(`${kind.kind} ${idOf(object)} is still there${holders}`);
    }
    await pause(patience.signal);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return sleep(interval, undefined, { signal }).catch(() => undefined);
}

async function lookAt(client: Client, live: JsonObject): Promise<Readiness> {
  if (!needsEndpoints(live)) return readiness(live);
  const namespace = textAt(live, "metadata", "namespace") ?? "default";
  const selector = encodeURIComponent(`kubernetes.io/service-name=${textAt(live, "metadata", "name")}`);
  return readiness(
    live,
    await list(client, `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`),
  );
}

/** What the cluster says about an object that is not ready: its warnings, its conditions that do not hold, its pods that cannot start. */
async function cluesAbout(client: Client, live: JsonObject): Promise<string[]> {
  const namespace = textAt(live, "metadata", "namespace") ?? "default";
  const fields = encodeURIComponent(`involvedObject.uid=${textAt(live, "metadata", "uid")},type=Warning`);
  const events = await list(client, `/api/v1/namespaces/${namespace}/events?fieldSelector=${fields}`);
  const warnings = events.slice(-5).map((event) => `${textAt(event, "reason")}: ${textAt(event, "message")}`);
  const labels = at(live, "spec", "selector", "matchLabels");
  return [...new Set([...warnings, ...(isObject(labels) ? await podClues(client, namespace, labels) : [])])];
}

async function podClues(client: Client, namespace: string, labels: JsonObject): Promise<string[]> {
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  const pods = await list(client, `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector.join(","))}`);
  return pods.flatMap((pod) => {
    const name = textAt(pod, "metadata", "name");
    const states = (at(pod, "status", "containerStatuses") ?? []) as readonly Json[];
    const stuck = states.flatMap((state) => {
      const why = at(state, "state", "waiting");
      return why === undefined
        ? []
        : [`Pod ${name}: ${textAt(state, "name")}: ${textAt(why, "reason")} ${textAt(why, "message") ?? ""}`.trim()];
    });
    const unplaced = ((at(pod, "status", "conditions") ?? []) as readonly Json[]).filter(
      (condition) => textAt(condition, "type") === "PodScheduled" && textAt(condition, "status") === "False",
    );
    return [...stuck, ...unplaced.map((condition) => `Pod ${name}: ${textAt(condition, "message")}`)];
  });
}

/** The items of a list; none when the server does not answer, for these are clues, and a wait asks again. */
async function list(client: Client, path: string): Promise<JsonObject[]> {
  try {
    const { items } = await client.send("GET", path);
    return Array.isArray(items) ? (items as readonly Json[]).filter(isObject) : [];
  } catch {
    return [];
  }
}
