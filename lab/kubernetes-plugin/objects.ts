import { createHash } from "node:crypto";
import { awaitTimeout, readiness } from "./await.ts";
import { ApiError, type Client, type Kind, NoSuchKindError, UnreachableError } from "./client.ts";
import { at, hasUnknowns, isObject, type Json, type JsonObject, prune, textAt } from "./values.ts";

/** An object that was made or changed and did not become ready in time: it is in the state all the same. */
export class NotReadyError extends Error {
  readonly id: string;
  readonly live: JsonObject;

  constructor(id: string, live: JsonObject, waitingFor: string) {
    super(`the object was created but is not ready; still waiting for ${waitingFor}`);
    this.id = id;
    this.live = live;
  }
}

/** Gets told what a wait is about. */
export type Progress = (message: string) => void;

const autonamed = "pulumi.com/autonamed";

/** Fills in what the engine leaves to the plugin: a name, and the namespace of namespaced kinds. @param seed makes the same name in preview and up */
export async function complete(
  client: Client | undefined,
  inputs: JsonObject,
  old: JsonObject | undefined,
  resourceName: string,
  seed: Uint8Array,
): Promise<JsonObject> {
  const metadata = isObject(inputs["metadata"]) ? inputs["metadata"] : {};
  const result: Record<string, Json> = { ...metadata };
  if (metadata["name"] === undefined && metadata["generateName"] === undefined) {
    const oldName = textAt(old, "metadata", "name");
    const isOldAutonamed = textAt(old, "metadata", "annotations", autonamed) === "true";
    const random = createHash("sha256").update(seed).update(resourceName).digest("hex").slice(0, 7);
    result["name"] =
      isOldAutonamed && oldName !== undefined ? oldName : `${resourceName.toLowerCase().replace(/[^a-z0-9.-]+/g, "-")}-${random}`;
    result["annotations"] = { ...(isObject(metadata["annotations"]) ? metadata["annotations"] : {}), [autonamed]: "true" };
  }
  if (metadata["namespace"] === undefined && client !== undefined && (await isNamespaced(client, inputs)))
    result["namespace"] = client.namespace;
  return { ...inputs, metadata: result };
}

async function isNamespaced(client: Client, inputs: JsonObject): Promise<boolean> {
  try {
    return (await client.kind(textAt(inputs, "apiVersion") ?? "", textAt(inputs, "kind") ?? "")).isNamespaced;
  } catch (error) {
    if (error instanceof NoSuchKindError || error instanceof UnreachableError) return false;
    throw error;
  }
}

/** The id of an object: "namespace/name", or the name of one that has no namespace. */
export function idOf(object: JsonObject): string {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name") ?? "";
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** What a preview shows: the server's dry run, or what was declared where the server cannot say. */
export async function preview(client: Client | undefined, inputs: JsonObject, manager: string): Promise<JsonObject> {
  if (client === undefined || hasUnknowns(inputs)) return inputs;
  try {
    const kind = await kindOf(client, inputs, 1);
    const live = await apply(client, kind, inputs, manager, true);
    const { status: _, ...rest } = live;
    return rest;
  } catch (error) {
    const isUnknowable =
      error instanceof UnreachableError ||
      error instanceof NoSuchKindError ||
      (error instanceof ApiError && error.status === 404);
    if (isUnknowable) return inputs;
    throw error;
  }
}

/** Makes an object; one that is there already is not taken over. @throws ApiError, NotReadyError */
export async function create(
  client: Client,
  inputs: JsonObject,
  manager: string,
  timeout: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<JsonObject> {
  const kind = await kindOf(client, inputs, 20);
  if ((await get(client, kind, inputs)) !== undefined) {
    throw new Error(
      `${kind.kind} ${idOf(inputs)} exists already; import it with: pulumi import kubernetes:${kind.apiVersion}:${kind.kind} <name> ${idOf(inputs)}`,
    );
  }
  return waitUntilReady(client, kind, await apply(client, kind, inputs, manager, false), timeout, progress, signal);
}

/** Makes a live object agree with what is declared. @throws ApiError, NotReadyError */
export async function update(
  client: Client,
  inputs: JsonObject,
  manager: string,
  timeout: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<JsonObject> {
  const kind = await kindOf(client, inputs, 5);
  return waitUntilReady(client, kind, await apply(client, kind, inputs, manager, false), timeout, progress, signal);
}

/** The live object and what of it was declared; undefined when it is gone. */
export async function read(
  client: Client,
  id: string,
  apiVersion: string,
  kindName: string,
  declared: JsonObject | undefined,
): Promise<{ readonly live: JsonObject; readonly inputs: JsonObject } | undefined> {
  const [first = "", second] = id.split("/");
  const metadata: JsonObject = second === undefined ? { name: first } : { namespace: first, name: second };
  try {
    const live = await get(client, await client.kind(apiVersion, kindName), { metadata });
    if (live === undefined) return undefined;
    const full = { ...live, apiVersion, kind: kindName };
    const inputs = declared === undefined ? importable(full) : pruneDeclared(full, declared);
    return { live: full, inputs };
  } catch (error) {
    if (error instanceof NoSuchKindError) return undefined;
    throw error;
  }
}

/** Deletes an object and waits until it is gone; one that is gone already, or whose kind is, is no mistake. */
export async function remove(
  client: Client,
  object: JsonObject,
  timeout: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  let kind: Kind;
  try {
    kind = await kindOf(client, object, 1);
  } catch (error) {
    if (error instanceof NoSuchKindError) return;
    throw error;
  }
  const path = client.path(kind, textAt(object, "metadata", "namespace"), textAt(object, "metadata", "name"));
  const policy = textAt(object, "metadata", "annotations", "pulumi.com/deletionPropagationPolicy") ?? "Foreground";
  try {
    await client.send("DELETE", path, {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: policy[0]?.toUpperCase() + policy.slice(1),
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  const end = Date.now() + awaitTimeout(object, timeout);
  for (let isFirst = true; (await get(client, kind, object)) !== undefined; isFirst = false) {
    if (isFirst) progress(`waiting for ${kind.kind} ${idOf(object)} to be gone`);
    if (Date.now() > end || signal.aborted)
      throw new Error(`${kind.kind} ${idOf(object)} is still there; something holds it, such as a finalizer`);
    await pause(200);
  }
}

function kindOf(client: Client, object: JsonObject, attempts: number): Promise<Kind> {
  return client.kind(textAt(object, "apiVersion") ?? "", textAt(object, "kind") ?? "", attempts);
}

async function get(client: Client, kind: Kind, object: JsonObject): Promise<JsonObject | undefined> {
  try {
    return withoutNoise(
      await client.send("GET", client.path(kind, textAt(object, "metadata", "namespace"), textAt(object, "metadata", "name"))),
    );
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function apply(client: Client, kind: Kind, inputs: JsonObject, manager: string, isDryRun: boolean): Promise<JsonObject> {
  const query = new URLSearchParams({ fieldManager: manager, fieldValidation: "Strict" });
  if (textAt(inputs, "metadata", "annotations", "pulumi.com/patchForce") === "true") query.set("force", "true");
  if (isDryRun) query.set("dryRun", "All");
  const { status: _, ...declared } = inputs;
  const path = client.path(kind, textAt(inputs, "metadata", "namespace"), textAt(inputs, "metadata", "name"));
  return withoutNoise(await client.send("PATCH", `${path}?${query}`, declared, "application/apply-patch+yaml"));
}

async function waitUntilReady(
  client: Client,
  kind: Kind,
  made: JsonObject,
  timeout: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<JsonObject> {
  const end = Date.now() + awaitTimeout(made, timeout);
  let live = made;
  let said = "";
  for (;;) {
    const outcome = readiness(live);
    if (outcome.isReady) return live;
    if (outcome.waitingFor !== said) progress(`waiting for ${outcome.waitingFor}`);
    said = outcome.waitingFor;
    if (Date.now() > end || signal.aborted) throw new NotReadyError(idOf(live), live, outcome.waitingFor);
    await pause(200);
    live = (await get(client, kind, live)) ?? live;
  }
}

function withoutNoise(object: JsonObject): JsonObject {
  if (!isObject(object["metadata"])) return object;
  const { managedFields: _, ...metadata } = object["metadata"];
  return { ...object, metadata };
}

/** Values that the server keeps in another form stay as declared when they mean the same. */
function pruneDeclared(live: JsonObject, declared: JsonObject): JsonObject {
  const pruned = prune(live, declared);
  const result: Record<string, Json> = isObject(pruned) ? { ...pruned } : {};
  const texts = declared["stringData"];
  if (isObject(texts)) {
    result["stringData"] = Object.fromEntries(
      Object.keys(texts).flatMap((key) => {
        const encoded = textAt(live, "data", key);
        return encoded === undefined ? [] : [[key, Buffer.from(encoded, "base64").toString("utf8")]];
      }),
    );
  }
  return result;
}

/** What an imported object would be declared as: without what the server adds. */
function importable(live: JsonObject): JsonObject {
  const { status: _, ...rest } = live;
  const metadata = at(live, "metadata");
  if (!isObject(metadata)) return rest;
  const { uid: _1, resourceVersion: _2, generation: _3, creationTimestamp: _4, selfLink: _5, ...declared } = metadata;
  return { ...rest, metadata: declared };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
