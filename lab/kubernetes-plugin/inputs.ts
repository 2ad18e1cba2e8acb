import { createHash } from "node:crypto";
import { readWaitFor } from "./await.ts";
import { type Problem, useReal } from "./settings.ts";
import { at, isObject, type Json, type JsonObject, textAt } from "./values.ts";

const autonamed = "pulumi.com/autonamed";

/** Whether the plugin chose the object's name, so that two of its kind may be there at the same time. */
export function isAutonamed(object: JsonObject): boolean {
  return textAt(object, "metadata", "annotations", autonamed) === "true";
}

/** Whether a resource is a patch: it has some fields of an object, which it makes when it is not there, and gives them up in the end. */
export function isPatch(type: string, inputs: JsonObject): boolean {
  return type.endsWith("Patch") && textAt(inputs, "kind")?.endsWith("Patch") === false;
}

/** What is wrong with a declaration before any server sees it. @param type the resource's type token */
export function inputProblems(type: string, inputs: JsonObject): Problem[] {
  const kind = textAt(inputs, "kind");
  const problems: Problem[] = [];
  if (isPatch(type, inputs) && textAt(inputs, "metadata", "name") === undefined)
    problems.push({ property: "metadata.name", reason: `${type} is a patch, which needs the name of what it patches` });
  for (const property of ["apiVersion", "kind"]) {
    if (typeof inputs[property] !== "string")
      problems.push({
        property,
        reason: `${type} is no Kubernetes object with apiVersion and kind; for anything else, ${useReal}`,
      });
  }
  if (kind?.endsWith("List") === true && Array.isArray(inputs["items"]))
    problems.push({ property: "items", reason: "the lab's Kubernetes plugin takes objects one by one, not as a list" });
  if (at(inputs, "metadata", "generateName") !== undefined)
    problems.push({
      property: "metadata.generateName",
      reason: "the lab's Kubernetes plugin makes names itself; leave it out, and metadata.name too",
    });
  const waitFor = textAt(inputs, "metadata", "annotations", "pulumi.com/waitFor");
  const readable = waitFor === undefined ? undefined : readWaitFor(waitFor);
  if (typeof readable === "string") problems.push({ property: 'metadata.annotations["pulumi.com/waitFor"]', reason: readable });
  return problems;
}

/** What is known of kinds and their namespaces. */
interface Scopes {
  /** The namespace of objects that name none. */
  readonly namespace: string;
  learn(definition: JsonObject): void;
  isNamespaced(apiVersion: string, kind: string): Promise<boolean | undefined>;
}

/** Fills in what the engine leaves to the plugin: a name, and the namespace of namespaced kinds. @param seed makes the name */
export async function complete(
  client: Scopes | undefined,
  inputs: JsonObject,
  old: JsonObject | undefined,
  resourceName: string,
  seed: Uint8Array,
): Promise<JsonObject> {
  const metadata = isObject(inputs["metadata"]) ? inputs["metadata"] : {};
  const result: Record<string, Json> = { ...metadata };
  if (metadata["name"] === undefined) {
    const oldName = textAt(old, "metadata", "name");
    const random = createHash("sha256").update(seed).update(resourceName).digest("hex").slice(0, 7);
    const fresh = `${resourceName.toLowerCase().replace(/[^a-z0-9.-]+/g, "-")}-${random}`;
    result["name"] = old !== undefined && isAutonamed(old) && oldName !== undefined ? oldName : fresh;
    result["annotations"] = { ...(isObject(metadata["annotations"]) ? metadata["annotations"] : {}), [autonamed]: "true" };
  }
  if (inputs["kind"] === "CustomResourceDefinition") client?.learn(inputs);
  if (metadata["namespace"] === undefined && client !== undefined) {
    if (await client.isNamespaced(textAt(inputs, "apiVersion") ?? "", textAt(inputs, "kind") ?? ""))
      result["namespace"] = client.namespace;
  }
  return { ...inputs, metadata: result };
}

/**
 * The old declaration with the namespace that the object got when it was made: a kind that was not served when it was first checked
 * has none in its declaration, and that is no reason to replace it later.
 */
export function withNamespaceOf(declared: JsonObject, live: JsonObject): JsonObject {
  const namespace = at(live, "metadata", "namespace");
  const metadata = at(declared, "metadata");
  if (namespace === undefined || !isObject(metadata) || metadata["namespace"] !== undefined) return declared;
  return { ...declared, metadata: { ...metadata, namespace } };
}
