import { isObject, type Json, type JsonObject, type Path, textAt, unknownValue } from "./values.ts";

/** One difference between what was declared and what is declared now. */
export interface Change {
  readonly path: Path;
  readonly kind: "add" | "delete" | "update";
  readonly isReplacing: boolean;
}

/** Fields whose change needs a new object, by kind; `*` stands for any kind. The real plugin has the same, and what it lacks is not here. */
const immutable: Readonly<Record<string, readonly string[]>> = {
  "*": ["apiVersion", "kind", "metadata.name", "metadata.namespace"],
  Deployment: ["spec.selector"],
  DaemonSet: ["spec.selector"],
  StatefulSet: ["spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"],
  Job: ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  Pod: ["spec"],
  Service: ["spec.clusterIP"],
  ClusterRoleBinding: ["roleRef"],
  RoleBinding: ["roleRef"],
};

/** Kinds whose data are replaced as a whole, unless the provider says that they are mutable. */
const dataFields: Readonly<Record<string, readonly string[]>> = {
  Secret: ["data", "stringData", "type", "immutable"],
  ConfigMap: ["data", "binaryData", "immutable"],
};

/** What changed between two declarations of one object; an unknown counts as changed. @param mutableKinds of Secret and ConfigMap, those changed in place */
export function diffInputs(before: JsonObject, after: JsonObject, mutableKinds: readonly string[] = []): Change[] {
  const kind = textAt(after, "kind") ?? "";
  const isFixed = !mutableKinds.includes(kind) || before["immutable"] === true;
  const prefixes = [...(immutable["*"] ?? []), ...(immutable[kind] ?? []), ...(isFixed ? (dataFields[kind] ?? []) : [])];
  return walk(before, after, []).map(({ path, kind: what }) => {
    const text = path.join(".");
    return { path, kind: what, isReplacing: prefixes.some((prefix) => text === prefix || text.startsWith(`${prefix}.`)) };
  });
}

/** A path as the engine writes it: `spec.ports[0].port`, keys that are no words in quotes. */
export function formatPath(path: Path): string {
  return path
    .map((key, index) =>
      typeof key === "number" ? `[${key}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `${index > 0 ? "." : ""}${key}` : `["${key}"]`,
    )
    .join("");
}

function walk(before: Json | undefined, after: Json | undefined, path: Path): Omit<Change, "isReplacing">[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined || (before === null && after !== null)) return after === null ? [] : [{ path, kind: "add" }];
  if (after === undefined || after === null) return before === null ? [] : [{ path, kind: "delete" }];
  if (after === unknownValue) return [{ path, kind: "update" }];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => walk(before[key], after[key], [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      walk(before[index] as Json | undefined, after[index] as Json | undefined, [...path, index]),
    );
  }
  return before === after ? [] : [{ path, kind: "update" }];
}
