import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { renderProblems } from "./render.ts";
import { type JsonObject, unknownValue } from "./values.ts";

/** The provider's configuration, as far as the lab's plugin has it. */
export interface Settings {
  /** A file's path or its content; without it KUBECONFIG, ~/.kube/config or the pod's own. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
  /** Takes fields over that others own, as `pulumi.com/patchForce` does for one object. */
  readonly isForceful: boolean;
  /** Takes an object over that exists already. */
  readonly isUpserting: boolean;
  /** Lets an object of an unreachable cluster go from the state. */
  readonly deletesUnreachable: boolean;
  /** Kinds whose data may change in place; others are replaced. */
  readonly mutableKinds: readonly string[];
  /** Objects become files in this directory, and no cluster is asked. */
  readonly renderDirectory: string | undefined;
  /** Every file is written each time, whether or not something changed. */
  readonly isAlwaysRendering: boolean;
}

/** A mistake in one property, as the engine shows it. */
export interface Problem {
  readonly property: string;
  readonly reason: string;
}

/** Reads the settings from the variables of Configure. @param variable the value of a name, undefined when it is not set */
export function readSettings(variable: (name: string) => string | undefined): Settings {
  const isOn = (name: string): boolean => variable(name) === "true";
  return {
    kubeconfig: variable("kubeconfig"),
    context: variable("context"),
    namespace: variable("namespace"),
    isForceful: isOn("enablePatchForce"),
    isUpserting: isOn("upsertExistingObjects"),
    deletesUnreachable: isOn("deleteUnreachable"),
    mutableKinds: [...(isOn("enableSecretMutable") ? ["Secret"] : []), ...(isOn("enableConfigMapMutable") ? ["ConfigMap"] : [])],
    renderDirectory: variable("renderYamlToDirectory"),
    isAlwaysRendering: isOn("alwaysRender"),
  };
}

/**
 * Settings that go not together, and settings of the real plugin that would change what happens, and that this one does not have. Others
 * are taken and do nothing.
 * @param ambientKubeconfig the environment's KUBECONFIG
 */
export function settingProblems(config: JsonObject, ambientKubeconfig?: string): Problem[] {
  const problems: Problem[] = renderProblems(config, ambientKubeconfig);
  if (String(config["enableServerSideApply"]) === "false")
    problems.push({
      property: "enableServerSideApply",
      reason: `the lab's Kubernetes plugin only applies on the server; ${useReal}`,
    });
  return problems;
}

/** What a user does about something that only the real plugin has. */
export const useReal = "name a real one with BERTH_KUBERNETES_PLUGIN";

/** Whether two configurations name different clusters, so that everything in them has to be made anew. What cannot be told is no difference. */
export function isOtherCluster(before: JsonObject, after: JsonObject): boolean {
  const [old, current] = [serverOf(before), serverOf(after)];
  return old !== undefined && current !== undefined && old !== current;
}

function serverOf(config: JsonObject): string | undefined {
  const text = (name: string): string | undefined => {
    const value = config[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  if (text("kubeconfig") === unknownValue || text("context") === unknownValue) return undefined;
  try {
    return loadKubeConfig(text("kubeconfig"), text("context")).getCurrentCluster()?.server;
  } catch {
    return undefined;
  }
}

/** Loads a kubeconfig. @throws Error when it cannot be read or has no such context */
export function loadKubeConfig(kubeconfig: string | undefined, context: string | undefined): KubeConfig {
  const config = new KubeConfig();
  const path = kubeconfig?.startsWith("~/") ? join(homedir(), kubeconfig.slice(2)) : kubeconfig;
  if (path === undefined) config.loadFromDefault();
  else if (existsSync(path)) config.loadFromFile(path);
  else if (/[\n{]/.test(path)) config.loadFromString(path);
  else throw new Error(`there is no file ${path}`);
  if (context !== undefined) {
    if (config.getContextObject(context) === null) throw new Error(`it has no context "${context}"`);
    config.setCurrentContext(context);
  }
  return config;
}
