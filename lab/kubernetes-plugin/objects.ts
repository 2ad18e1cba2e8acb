import { skipsAwaitOfEnd } from "./await.ts";
import { ApiError, type Client, type Kind, NoSuchKindError, UnreachableError } from "./client.ts";
import { type Application, apply, getLive, idOf, isAppliedBy, pathOf } from "./live.ts";
import {
  at,
  hasUnknowns,
  isObject,
  type Json,
  type JsonObject,
  keepUnlessDrifted,
  prune,
  textAt,
  unknownValue,
} from "./values.ts";
import { type Patience, waitUntilGone, waitUntilReady } from "./waiting.ts";

/** How many times a kind is looked for: its CustomResourceDefinition may be a moment old. */
const attemptsForNewKind = 8;

/**
 * What a preview shows: the server's dry run, or what was declared where the server cannot say.
 * @param isNew whether nothing of that name may be there yet; what only the server chooses is unknown then
 */
export async function preview(
  client: Client | undefined,
  inputs: JsonObject,
  how: Application,
  isNew: boolean,
): Promise<JsonObject> {
  if (client === undefined || hasUnknowns(inputs)) return inputs;
  try {
    const kind = await kindOf(client, inputs, 1);
    if (isNew) await requireAbsent(client, kind, inputs);
    const { status: _, ...rest } = await apply(client, kind, inputs, { ...how, isDryRun: true });
    return isNew ? withoutChoices(rest, inputs) : rest;
  } catch (error) {
    const isUnknowable =
      error instanceof UnreachableError ||
      error instanceof NoSuchKindError ||
      (error instanceof ApiError && error.status === 404);
    if (isUnknowable) return inputs;
    throw error;
  }
}

/** Makes an object; one that is there already is taken over only when the provider says so. @throws ApiError, NotReadyError */
export async function create(
  client: Client,
  inputs: JsonObject,
  how: Application,
  isUpserting: boolean,
  patience: Patience,
): Promise<JsonObject> {
  const kind = await kindOf(client, inputs, attemptsForNewKind);
  if (!isUpserting) await requireAbsent(client, kind, inputs);
  return waitUntilReady(client, kind, await applySoon(client, kind, inputs, how), patience);
}

/** Makes a live object agree with what is declared. @throws ApiError, NotReadyError */
export async function update(client: Client, inputs: JsonObject, how: Application, patience: Patience): Promise<JsonObject> {
  const kind = await kindOf(client, inputs, attemptsForNewKind);
  return waitUntilReady(client, kind, await applySoon(client, kind, inputs, how), patience);
}

/** The live object and what of it was declared; undefined when it is gone. @param declared undefined for an object that is imported */
export async function read(
  client: Client,
  id: string,
  apiVersion: string,
  kindName: string,
  declared: JsonObject | undefined,
  manager: string,
): Promise<{ readonly live: JsonObject; readonly inputs: JsonObject } | undefined> {
  const [first = "", second] = id.split("/");
  const metadata: JsonObject = second === undefined ? { name: first } : { namespace: first, name: second };
  try {
    const kind = await client.kind(apiVersion, kindName);
    const live = await getLive(client, kind, { metadata });
    if (live === undefined) return undefined;
    const full = { ...live, apiVersion, kind: kindName };
    return {
      live: full,
      inputs: declared === undefined ? importable(full) : await inputsOf(client, kind, full, declared, manager),
    };
  } catch (error) {
    if (error instanceof NoSuchKindError) return undefined;
    throw error;
  }
}

/** Deletes an object and waits until it is gone; one that is gone already, or whose kind is, is no mistake. */
export async function remove(client: Client, object: JsonObject, patience: Patience): Promise<void> {
  let kind: Kind;
  try {
    kind = await kindOf(client, object, 1);
  } catch (error) {
    if (error instanceof NoSuchKindError) return;
    throw error;
  }
  const policy = textAt(object, "metadata", "annotations", "pulumi.com/deletionPropagationPolicy") ?? "foreground";
  try {
    await client.send("DELETE", pathOf(client, kind, object), {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: `${policy[0]?.toUpperCase()}${policy.slice(1)}`,
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  if (!skipsAwaitOfEnd(object)) await waitUntilGone(client, kind, object, patience);
}

/** Gives up the fields of a patch; those that nobody else has are taken off the object. @throws ApiError when one of them is required */
export async function relinquish(client: Client, object: JsonObject, manager: string): Promise<void> {
  const { namespace, name } = metadataOf(object);
  const identity = { name: name ?? "", ...(namespace === undefined ? {} : { namespace }) };
  const bare: JsonObject = { apiVersion: object["apiVersion"] ?? "", kind: object["kind"] ?? "", metadata: identity };
  try {
    const kind = await kindOf(client, object, 1);
    if ((await getLive(client, kind, object)) !== undefined) await apply(client, kind, bare, { manager, isForceful: false });
  } catch (error) {
    if (error instanceof NoSuchKindError) return;
    if (error instanceof ApiError && error.status === 422)
      throw new ApiError(422, error.reason, `a required field cannot be given up; set retainOnDelete: ${error.message}`);
    throw error;
  }
}

/** Whether leaving a field out of a declaration takes it off the live object; so it is taken to be where the server cannot say. */
export async function isTakenAwayByOmission(client: Client | undefined, inputs: JsonObject, manager: string): Promise<boolean> {
  if (client === undefined || hasUnknowns(at(inputs, "metadata", "name") ?? null)) return true;
  try {
    return await isAppliedBy(client, await kindOf(client, inputs, 1), inputs, manager);
  } catch (error) {
    if (error instanceof ApiError || error instanceof UnreachableError || error instanceof NoSuchKindError) return true;
    throw error;
  }
}

function kindOf(client: Client, object: JsonObject, attempts: number): Promise<Kind> {
  return client.kind(textAt(object, "apiVersion") ?? "", textAt(object, "kind") ?? "", attempts);
}

async function requireAbsent(client: Client, kind: Kind, inputs: JsonObject): Promise<void> {
  if ((await getLive(client, kind, inputs)) === undefined) return;
  const [group = "", version] = kind.apiVersion.split("/");
  const type = `kubernetes:${version === undefined ? `core/${group}` : kind.apiVersion}:${kind.kind}`;
  const id = idOf({ ...inputs, metadata: { ...metadataOf(inputs), ...(kind.isNamespaced ? namespaceOf(client, inputs) : {}) } });
  throw new ApiError(
    409,
    "AlreadyExists",
    `${kind.kind} ${id} exists already and is not taken over; import it with: pulumi import ${type} <name> ${id}`,
  );
}

function metadataOf(object: JsonObject): JsonObject {
  const metadata = object["metadata"];
  return isObject(metadata) ? metadata : {};
}

function namespaceOf(client: Client, object: JsonObject): JsonObject {
  return { namespace: textAt(object, "metadata", "namespace") ?? client.namespace };
}

/** Applies; where the path is not there yet, for a kind or a namespace is a moment old, again a few times. */
async function applySoon(client: Client, kind: Kind, inputs: JsonObject, how: Application): Promise<JsonObject> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await apply(client, kind, inputs, how);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404) || attempt >= 5) throw explained(error);
      await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
    }
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof ApiError && error.status === 409 && /conflict/i.test(error.message))) return error;
  const remedy = 'the annotation pulumi.com/patchForce: "true" takes the fields over';
  return new ApiError(error.status, error.reason, `${error.message}\n${remedy}`);
}

/** A dry run chooses values that the real one will choose otherwise. */
function withoutChoices(object: JsonObject, inputs: JsonObject): JsonObject {
  const { uid: _1, creationTimestamp: _2, ...metadata } = metadataOf(object);
  const result: Record<string, Json> = {
    ...object,
    metadata: { ...metadata, uid: unknownValue, creationTimestamp: unknownValue },
  };
  const spec = object["spec"];
  if (object["kind"] === "Service" && isObject(spec)) {
    const chosen = ["clusterIP", "clusterIPs", "healthCheckNodePort"].filter(
      (name) => name in spec && at(inputs, "spec", name) === undefined,
    );
    const ports = (Array.isArray(spec["ports"]) ? (spec["ports"] as readonly Json[]) : []).map((port, index) =>
      isObject(port) && "nodePort" in port && at(inputs, "spec", "ports", index, "nodePort") === undefined
        ? { ...port, nodePort: unknownValue }
        : port,
    );
    result["spec"] = { ...spec, ...Object.fromEntries(chosen.map((name) => [name, unknownValue])), ports };
  }
  return result;
}

/** What of a live object differs from what was declared; values that only have another form on the server stay as declared. */
async function inputsOf(
  client: Client,
  kind: Kind,
  live: JsonObject,
  declared: JsonObject,
  manager: string,
): Promise<JsonObject> {
  let kept: Json | undefined;
  try {
    const undrifted = await apply(client, kind, declared, { manager, isForceful: true, isDryRun: true });
    kept = keepUnlessDrifted(live, { ...undrifted, apiVersion: declared["apiVersion"] ?? "" }, declared);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    kept = prune(live, declared);
  }
  const result: Record<string, Json> = isObject(kept) ? { ...kept } : {};
  const texts = declared["stringData"];
  if (isObject(texts)) {
    const decoded = Object.keys(texts).flatMap((key): [string, Json][] => {
      const encoded = textAt(live, "data", key);
      return encoded === undefined ? [] : [[key, Buffer.from(encoded, "base64").toString("utf8")]];
    });
    result["stringData"] = Object.fromEntries(decoded);
  }
  return result;
}

/** What an imported object would be declared as: without what the server adds. */
function importable(live: JsonObject): JsonObject {
  const { status: _, ...rest } = live;
  const { uid: _1, resourceVersion: _2, generation: _3, creationTimestamp: _4, selfLink: _5, ...declared } = metadataOf(live);
  return { ...rest, metadata: declared };
}
