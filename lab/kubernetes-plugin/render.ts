import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { scopesOf } from "./client.ts";
import { type Json, type JsonObject, textAt } from "./values.ts";

/** What the plugin does when it renders: the files that the real plugin would write, and what it knows without a cluster. */

/** Where the real plugin writes an object: definitions apart from everything else, for they have to be there first. */
export function renderedPath(directory: string, object: JsonObject): string {
  const [apiVersion = "", kind = ""] = [textAt(object, "apiVersion"), textAt(object, "kind")];
  const isDefinition = kind === "CustomResourceDefinition" && apiVersion.startsWith("apiextensions.k8s.io/");
  const [namespace = "default", name = ""] = [textAt(object, "metadata", "namespace"), textAt(object, "metadata", "name")];
  const file = `${apiVersion.replaceAll(/[/:]/g, "_")}-${kind.toLowerCase()}-${namespace}-${name}.yaml`;
  return join(directory, isDefinition ? "0-crd" : "1-manifest", file);
}

/** Writes an object. @returns where */
export function render(directory: string, object: JsonObject): string {
  const path = renderedPath(directory, object);
  for (const folder of ["0-crd", "1-manifest"]) mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });
  // kubectl reads YAML 1.1, where y and on are no texts.
  writeFileSync(path, stringify(object, { aliasDuplicateObjects: false, compat: "yaml-1.1" }), { mode: 0o600 });
  return path;
}

/** Takes an object's file away; one that is gone is no mistake. */
export function unrender(directory: string, object: JsonObject): void {
  rmSync(renderedPath(directory, object), { force: true });
}

/** Kinds of Kubernetes itself that have no namespace. */
const clusterWide = new Set([
  "v1/Namespace",
  "v1/Node",
  "v1/PersistentVolume",
  "apiextensions.k8s.io/v1/CustomResourceDefinition",
  "rbac.authorization.k8s.io/v1/ClusterRole",
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
  "scheduling.k8s.io/v1/PriorityClass",
  "storage.k8s.io/v1/StorageClass",
]);

/** Which kinds have a namespace, known without a cluster: a kind that no definition of the program has is taken for one that has, as by the real plugin. */
export function scopesWithoutCluster(namespace: string): {
  readonly namespace: string;
  readonly learn: (definition: JsonObject) => void;
  readonly isNamespaced: (apiVersion: string, kind: string) => Promise<boolean>;
} {
  const declared = new Map<string, boolean>();
  return {
    namespace,
    learn: (definition) => {
      for (const [kind, isNamespaced] of scopesOf(definition)) declared.set(kind, isNamespaced);
    },
    isNamespaced: async (apiVersion, kind) => declared.get(`${apiVersion}/${kind}`) ?? !clusterWide.has(`${apiVersion}/${kind}`),
  };
}

/** Settings that mean nothing when nothing is sent to a cluster, as the real plugin refuses them. @param ambient KUBECONFIG, which SDKs hand on */
export function renderProblems(
  config: Readonly<Record<string, Json>>,
  ambient: string | undefined,
): { readonly property: string; readonly reason: string }[] {
  const isGiven = (name: string): boolean => config[name] !== undefined && config[name] !== null && config[name] !== "";
  if (!isGiven("renderYamlToDirectory"))
    return String(config["alwaysRender"]) === "true"
      ? [{ property: "alwaysRender", reason: '"alwaysRender" requires "renderYamlToDirectory" to be set' }]
      : [];
  return ["cluster", "context", "kubeconfig"]
    .filter((name) => isGiven(name) && !(name === "kubeconfig" && config[name] === ambient))
    .map((property) => ({ property, reason: `"${property}" arg is not compatible with "renderYamlToDirectory" arg` }));
}
