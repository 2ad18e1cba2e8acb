import { ApiError, type Client, type Kind } from "./client.ts";
import { at, isObject, type Json, type JsonObject, textAt } from "./values.ts";

/** The id of an object: "namespace/name", or the name of one that has no namespace. */
export function idOf(object: JsonObject): string {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name") ?? "";
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The object that is there under a name, without the server's book-keeping; undefined when there is none. @throws ApiError, UnreachableError */
export async function getLive(client: Client, kind: Kind, object: JsonObject): Promise<JsonObject | undefined> {
  const live = await getRaw(client, kind, object);
  return live === undefined ? undefined : withoutNoise(live);
}

/** Whether a field manager has ever applied the object that is there: only then does leaving a field out take it away. */
export async function isAppliedBy(client: Client, kind: Kind, object: JsonObject, manager: string): Promise<boolean> {
  const entries = at(await getRaw(client, kind, object), "metadata", "managedFields");
  return (
    Array.isArray(entries) &&
    (entries as readonly Json[]).some((entry) => textAt(entry, "manager") === manager && textAt(entry, "operation") === "Apply")
  );
}

/** How an object is applied. */
export interface Application {
  /** Who owns the fields. */
  readonly manager: string;
  /** Takes fields over that others own. */
  readonly isForceful: boolean;
  readonly isDryRun?: boolean;
}

/** Applies an object on the server. @returns what is there then. @throws ApiError, UnreachableError */
export async function apply(client: Client, kind: Kind, inputs: JsonObject, how: Application): Promise<JsonObject> {
  const query = new URLSearchParams({ fieldManager: how.manager, fieldValidation: "Strict" });
  if (how.isForceful || textAt(inputs, "metadata", "annotations", "pulumi.com/patchForce") === "true") query.set("force", "true");
  if (how.isDryRun === true) query.set("dryRun", "All");
  const { status: _, ...declared } = inputs;
  const path = pathOf(client, kind, inputs);
  return withoutNoise(await client.send("PATCH", `${path}?${query}`, declared, "application/apply-patch+yaml"));
}

/** The path of an object in the API. */
export function pathOf(client: Client, kind: Kind, object: JsonObject): string {
  return client.path(kind, textAt(object, "metadata", "namespace"), textAt(object, "metadata", "name"));
}

async function getRaw(client: Client, kind: Kind, object: JsonObject): Promise<JsonObject | undefined> {
  try {
    return await client.send("GET", pathOf(client, kind, object));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function withoutNoise(object: JsonObject): JsonObject {
  if (!isObject(object["metadata"])) return object;
  const { managedFields: _, ...metadata } = object["metadata"];
  return { ...object, metadata };
}
