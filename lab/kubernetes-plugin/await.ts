import { at, isObject, type Json, type JsonObject, textAt } from "./values.ts";

/** Whether an object is as it should be, or what is still missing, as a sentence for people; `isFinal` when no waiting will help. */
export type Readiness =
  | { readonly isReady: true }
  | { readonly isReady: false; readonly waitingFor: string; readonly isFinal?: boolean };

/** One condition of `pulumi.com/waitFor`. */
export type Wait =
  | { readonly type: "condition"; readonly condition: string; readonly status: string }
  | {
      readonly type: "value";
      readonly path: readonly (string | number)[];
      readonly text: string;
      readonly value: string | undefined;
    };

const ready: Readiness = { isReady: true };
const waiting = (waitingFor: string): Readiness => ({ isReady: false, waitingFor });
const failed = (waitingFor: string): Readiness => ({ isReady: false, waitingFor, isFinal: true });

/** Whether nobody waits for what the object becomes. */
export function skipsAwait(object: JsonObject): boolean {
  return textAt(object, "metadata", "annotations", "pulumi.com/skipAwait") === "true";
}

const kindsThatMayLinger = new Set(["v1/Namespace", "v1/Pod", "v1/ReplicationController", "batch/v1/Job"]);

/** Whether nobody waits for the end of the object either: as with the real plugin, only of some kinds; a name is free again after the rest. */
export function skipsAwaitOfEnd(object: JsonObject): boolean {
  const kind = `${textAt(object, "apiVersion")}/${textAt(object, "kind")}`;
  return skipsAwait(object) && (kindsThatMayLinger.has(kind) || /^apps\/v1\/(DaemonSet|Deployment|StatefulSet)$/.test(kind));
}

/** Whether the readiness of an object depends on the EndpointSlices of a Service, which have to be read then. */
export function needsEndpoints(live: JsonObject): boolean {
  const selector = at(live, "spec", "selector");
  return (
    textAt(live, "kind") === "Service" &&
    !skipsAwait(live) &&
    textAt(live, "metadata", "annotations", "pulumi.com/waitFor") === undefined &&
    textAt(live, "spec", "type") !== "ExternalName" &&
    textAt(live, "spec", "clusterIP") !== "None" &&
    isObject(selector) &&
    Object.keys(selector).length > 0
  );
}

/** Decides whether a live object is ready: by its annotations, else by what its kind means. @param slices of a Service that needs them */
export function readiness(live: JsonObject, slices: readonly JsonObject[] = []): Readiness {
  if (skipsAwait(live)) return ready;
  const waitFor = textAt(live, "metadata", "annotations", "pulumi.com/waitFor");
  if (waitFor !== undefined) {
    const waits = readWaitFor(waitFor);
    if (typeof waits === "string") return failed(waits);
    return waits.map((wait) => holds(live, wait)).find((outcome) => !outcome.isReady) ?? ready;
  }
  switch (textAt(live, "kind")) {
    case "Deployment":
      return deployment(live);
    case "DaemonSet":
      return daemonSet(live);
    case "Service":
      return service(live, slices);
    case "Pod":
      return pod(live);
    case "Job":
      return job(live);
    case "CustomResourceDefinition":
      return condition(live, "Established", "True");
    default:
      return ready;
  }
}

/** How long to wait, in milliseconds: the annotation, else the request's, else ten minutes. */
export function awaitTimeout(live: JsonObject, requested: number): number {
  const annotated = Number(textAt(live, "metadata", "annotations", "pulumi.com/timeoutSeconds") ?? "");
  return (annotated > 0 ? annotated : requested > 0 ? requested : 600) * 1000;
}

/** Reads `pulumi.com/waitFor`: one expression or a JSON list of them, all of which have to hold. @returns what is wrong with it, as a sentence, when it cannot be read */
export function readWaitFor(text: string): readonly Wait[] | string {
  const expressions = text.trim().startsWith("[") ? parseList(text) : [text];
  if (expressions === undefined) return `"${text}" is not a JSON list of expressions such as ["condition=Ready"]`;
  const waits = expressions.map(readWait);
  const wrong = waits.indexOf(undefined);
  if (wrong >= 0)
    return `"${String(expressions[wrong])}" is neither condition=<type> nor jsonpath={.path} nor jsonpath={.path}=<value>`;
  return waits.flatMap((wait) => (wait === undefined ? [] : [wait]));
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.length > 0 ? list : undefined;
  } catch {
    return undefined;
  }
}

function readWait(expression: unknown): Wait | undefined {
  if (typeof expression !== "string") return undefined;
  const byCondition = /^condition=([^=]+)(?:=(.+))?$/.exec(expression);
  if (byCondition?.[1] !== undefined) return { type: "condition", condition: byCondition[1], status: byCondition[2] ?? "True" };
  const byPath = /^jsonpath=\{\s*(\.[^{}]+?)\s*\}(?:=(.*))?$/.exec(expression);
  if (byPath?.[1] === undefined) return undefined;
  const path = [...byPath[1].matchAll(/\.([^.[\]]+)|\[(\d+)\]|\['([^']+)'\]/g)].map(([, key, index, quoted]) =>
    index === undefined ? (key ?? quoted ?? "") : Number(index),
  );
  return path.length === 0 ? undefined : { type: "value", path, text: byPath[1], value: byPath[2] };
}

function holds(live: JsonObject, wait: Wait): Readiness {
  if (wait.type === "condition") return condition(live, wait.condition, wait.status);
  const found = at(live, ...wait.path);
  const isThere = found !== undefined && found !== null && found !== "";
  if (wait.value === undefined) return isThere ? ready : waiting(wait.text);
  if (isThere && String(found) === wait.value) return ready;
  return waiting(`${wait.text} to be ${wait.value}${isThere ? `; it is ${String(found)}` : ""}`);
}

function conditions(live: JsonObject): JsonObject[] {
  const found = at(live, "status", "conditions");
  return Array.isArray(found) ? (found as readonly Json[]).filter(isObject) : [];
}

function condition(live: JsonObject, type: string, status: string): Readiness {
  const found = conditions(live).find((candidate) => candidate["type"] === type);
  const generation = at(live, "metadata", "generation");
  const observed = found?.["observedGeneration"];
  const isCurrent = observed === undefined || typeof generation !== "number" || Number(observed) >= generation;
  if (found?.["status"] === status && isCurrent) return ready;
  const no = conditions(live).find((other) => other["status"] === "False" && other["message"] !== undefined);
  const other = no === undefined ? "" : `; ${String(no["type"])} is False: ${String(no["message"])}`;
  const now =
    found === undefined ? other : `; it is ${String(found["status"])}: ${String(found["message"] ?? found["reason"] ?? "")}`;
  return waiting(`condition ${type}=${status}${isCurrent ? now : "; the controller has not seen the last change"}`);
}

const count = (live: JsonObject, name: string): number => Number(at(live, "status", name) ?? 0);

function isUnseen(live: JsonObject): boolean {
  return count(live, "observedGeneration") < Number(at(live, "metadata", "generation") ?? 0);
}

function deployment(live: JsonObject): Readiness {
  const wanted = Number(at(live, "spec", "replicas") ?? 1);
  if (isUnseen(live)) return waiting("the Deployment to be seen by its controller");
  const [updated, available, all] = ["updatedReplicas", "availableReplicas", "replicas"].map((name) => count(live, name)) as [
    number,
    number,
    number,
  ];
  if (updated >= wanted && available >= wanted && all <= wanted) return ready;
  const stuck = conditions(live).find(({ type, status }) => type === "Progressing" && status === "False");
  return waiting(
    `${wanted} pods: ${updated} updated, ${available} available, ${all} in all${stuck === undefined ? "" : `; ${String(stuck["message"])}`}`,
  );
}

function daemonSet(live: JsonObject): Readiness {
  if (isUnseen(live)) return waiting("the DaemonSet to be seen by its controller");
  const wanted = count(live, "desiredNumberScheduled");
  const [updated, available] = [count(live, "updatedNumberScheduled"), count(live, "numberAvailable")];
  return updated >= wanted && available >= wanted
    ? ready
    : waiting(`pods on ${wanted} nodes: ${updated} updated, ${available} available`);
}

function service(live: JsonObject, slices: readonly JsonObject[]): Readiness {
  const missing: string[] = [];
  const ingress = at(live, "status", "loadBalancer", "ingress");
  if (textAt(live, "spec", "type") === "LoadBalancer" && !(Array.isArray(ingress) && ingress.length > 0)) {
    const why = conditions(live).find(({ type }) => type === "berth.dev/AddressAssigned");
    missing.push(`an address${why === undefined ? "" : `: ${String(why["message"])}`}`);
  }
  if (needsEndpoints(live)) {
    const endpoints = slices.flatMap((slice) => (at(slice, "endpoints") ?? []) as readonly Json[]);
    const unready = endpoints.filter(
      (endpoint) => at(endpoint, "conditions", "ready") === false && at(endpoint, "conditions", "terminating") !== true,
    );
    if (endpoints.every((endpoint) => at(endpoint, "conditions", "ready") === false))
      missing.push(`a ready pod that spec.selector matches${unready.length === 0 ? "" : `: ${unready.length} are not ready`}`);
    else if (unready.length > 0) missing.push(`${unready.length} pods to be ready`);
  }
  return missing.length === 0 ? ready : waiting(missing.join(", and "));
}

function pod(live: JsonObject): Readiness {
  const phase = textAt(live, "status", "phase");
  if (phase === "Succeeded") return ready;
  if (phase === "Failed")
    return failed(`the Pod, which has failed: ${textAt(live, "status", "message") ?? "its containers ended"}`);
  return condition(live, "Ready", "True");
}

function job(live: JsonObject): Readiness {
  const end = conditions(live).find(({ type, status }) => type === "Failed" && status === "True");
  return end === undefined
    ? condition(live, "Complete", "True")
    : failed(`the Job, which has failed: ${String(end["message"] ?? "")}`);
}
