import { at, isObject, type Json, type JsonObject, textAt } from "./values.ts";

/** Whether an object is as it should be, or what is still missing, as a sentence for people. */
export type Readiness = { readonly isReady: true } | { readonly isReady: false; readonly waitingFor: string };

const ready: Readiness = { isReady: true };
const waiting = (waitingFor: string): Readiness => ({ isReady: false, waitingFor });

/** Decides whether a live object is ready: by its annotations, else by what its kind means. */
export function readiness(live: JsonObject): Readiness {
  if (textAt(live, "metadata", "annotations", "pulumi.com/skipAwait") === "true") return ready;
  const waitFor = textAt(live, "metadata", "annotations", "pulumi.com/waitFor");
  if (waitFor !== undefined) {
    for (const expression of expressions(waitFor)) {
      const outcome = holds(live, expression);
      if (!outcome.isReady) return outcome;
    }
    return ready;
  }
  switch (textAt(live, "kind")) {
    case "Deployment":
      return deployment(live);
    case "DaemonSet":
      return daemonSet(live);
    case "Service":
      return service(live);
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

function expressions(text: string): string[] {
  if (!text.startsWith("[")) return [text];
  return (JSON.parse(text) as unknown[]).map(String);
}

/** `condition=Type[=Status]` or `jsonpath={.path}[=value]`. */
function holds(live: JsonObject, expression: string): Readiness {
  const byCondition = /^condition=([^=]+)(?:=(.+))?$/.exec(expression);
  if (byCondition?.[1] !== undefined) return condition(live, byCondition[1], byCondition[2] ?? "True");
  const byPath = /^jsonpath=\{?\.?([^}=]+)\}?(?:=(.*))?$/.exec(expression);
  if (byPath?.[1] === undefined) return waiting(`something that cannot be read: pulumi.com/waitFor "${expression}"`);
  const path = byPath[1]
    .split(/[.[\]]/)
    .filter((part) => part !== "")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const found = at(live, ...path);
  const isThere = byPath[2] === undefined ? found !== undefined && found !== null && found !== "" : String(found) === byPath[2];
  return isThere ? ready : waiting(`${byPath[1]}${byPath[2] === undefined ? "" : ` to be ${byPath[2]}`}`);
}

function conditions(live: JsonObject): JsonObject[] {
  const found = at(live, "status", "conditions");
  return Array.isArray(found) ? (found as readonly Json[]).filter(isObject) : [];
}

function condition(live: JsonObject, type: string, status: string): Readiness {
  const found = conditions(live).find((candidate) => candidate["type"] === type);
  const generation = at(live, "metadata", "generation");
  const observed = found?.["observedGeneration"];
  if (
    found?.["status"] === status &&
    (observed === undefined || typeof generation !== "number" || Number(observed) >= generation)
  )
    return ready;
  return waiting(
    `condition ${type}=${status}${found === undefined ? "" : `; it is ${String(found["status"])}: ${String(found["message"] ?? found["reason"] ?? "")}`}`,
  );
}

function deployment(live: JsonObject): Readiness {
  const count = (name: string): number => Number(at(live, "status", name) ?? 0);
  const wanted = Number(at(live, "spec", "replicas") ?? 1);
  if (count("observedGeneration") < Number(at(live, "metadata", "generation") ?? 0))
    return waiting("the Deployment to be seen by its controller");
  if (count("updatedReplicas") < wanted || count("replicas") > wanted || count("availableReplicas") < wanted) {
    return waiting(
      `${wanted} pods: ${count("updatedReplicas")} updated, ${count("availableReplicas")} available, ${count("replicas")} in all`,
    );
  }
  return ready;
}

function daemonSet(live: JsonObject): Readiness {
  const count = (name: string): number => Number(at(live, "status", name) ?? 0);
  if (count("observedGeneration") < Number(at(live, "metadata", "generation") ?? 0))
    return waiting("the DaemonSet to be seen by its controller");
  const wanted = count("desiredNumberScheduled");
  if (wanted === 0 || count("updatedNumberScheduled") < wanted || count("numberAvailable") < wanted) {
    return waiting(`pods on ${wanted} nodes: ${count("updatedNumberScheduled")} updated, ${count("numberAvailable")} available`);
  }
  return ready;
}

function service(live: JsonObject): Readiness {
  if (textAt(live, "spec", "type") !== "LoadBalancer") return ready;
  const ingress = at(live, "status", "loadBalancer", "ingress");
  if (Array.isArray(ingress) && ingress.length > 0) return ready;
  const why = conditions(live).find((candidate) => candidate["type"] === "berth.dev/AddressAssigned");
  return waiting(`an address${why === undefined ? "" : `: ${String(why["message"])}`}`);
}
