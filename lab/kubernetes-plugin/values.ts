/** Values between Pulumi's engine and Kubernetes: plain JSON, secrets marked, unknowns recognised. A test tool of the lab. */
import { isDeepStrictEqual } from "node:util";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** What the engine sends for a value that is not known before `up`. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export type Path = readonly (string | number)[];

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Takes the marks off secrets. @returns the plain value and where the secrets were */
export function unwrapSecrets(value: Json): { readonly plain: Json; readonly secrets: readonly Path[] } {
  const secrets: Path[] = [];
  const walk = (node: Json, path: Path): Json => {
    if (Array.isArray(node)) return node.map((item: Json, index) => walk(item, [...path, index]));
    if (!isObject(node)) return node;
    if (node[signatureKey] === secretSignature) {
      secrets.push(path);
      return walk(node["value"] ?? null, path);
    }
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, [...path, key])]));
  };
  return { plain: walk(value, []), secrets };
}

/** Marks the values at these places as secret; places that are not there are no matter. */
export function wrapSecrets(value: Json, secrets: readonly Path[]): Json {
  if (secrets.some((path) => path.length === 0)) return { [signatureKey]: secretSignature, value };
  const below = (key: string | number): Path[] => secrets.filter((path) => path[0] === key).map((path) => path.slice(1));
  if (Array.isArray(value)) return value.map((item: Json, index) => wrapSecrets(item, below(index)));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wrapSecrets(item, below(key))]));
}

/** Whether a value that is not known yet is anywhere inside. */
export function hasUnknowns(value: Json): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some((item: Json) => hasUnknowns(item));
  return isObject(value) && Object.values(value).some(hasUnknowns);
}

/** The value at a place, or undefined. */
export function at(value: Json | undefined, ...path: Path): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path) {
    if (Array.isArray(found) && typeof key === "number") found = found[key] as Json | undefined;
    else if (isObject(found) && typeof key === "string") found = found[key];
    else return undefined;
  }
  return found;
}

/** The text at a place, or undefined when there is none. */
export function textAt(value: Json | undefined, ...path: Path): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** What of a live object was declared: keys that the inputs do not have are left out. */
export function prune(live: Json | undefined, declared: Json): Json | undefined {
  if (live === undefined) return undefined;
  if (isObject(live) && isObject(declared)) {
    const kept = Object.entries(declared).flatMap(([key, value]): [string, Json][] => {
      const found = prune(live[key], value);
      return found === undefined ? [] : [[key, found]];
    });
    return Object.fromEntries(kept);
  }
  if (Array.isArray(live) && Array.isArray(declared) && live.length === declared.length)
    return live.map((item: Json, index) => prune(item, declared[index] as Json) ?? null);
  return live;
}

/**
 * What was declared, but for the places where the live object differs from what the server makes of the declaration.
 * @param undrifted what the object would be if the declaration were applied again
 */
export function keepUnlessDrifted(live: Json | undefined, undrifted: Json | undefined, declared: Json): Json | undefined {
  if (isObject(live) && isObject(undrifted) && isObject(declared)) {
    const kept = Object.entries(declared).flatMap(([key, value]): [string, Json][] => {
      const found = keepUnlessDrifted(live[key], undrifted[key], value);
      return found === undefined ? [] : [[key, found]];
    });
    return Object.fromEntries(kept);
  }
  if (Array.isArray(live) && Array.isArray(undrifted) && Array.isArray(declared) && live.length === declared.length)
    return live.map((item: Json, index) => keepUnlessDrifted(item, undrifted[index] as Json, declared[index] as Json) ?? null);
  return isDeepStrictEqual(live, undrifted) ? declared : prune(live, declared);
}
