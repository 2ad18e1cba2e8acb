import type { ConfigMap } from "./objects.ts";

/** The ConfigMap of Berth's own namespace that says how much is logged, while it is there. */
export const logConfigMap = "berth-log";

/** The levels a person may ask for, least talkative first. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What a ConfigMap wants of one process: a level, nothing, or what is wrong with it. */
export type WantedLevel = { readonly level: LogLevel; readonly source: string } | { readonly problem: string } | undefined;

/**
 * The level that a process should log at. The most particular key counts: "speaker.node1", then "speaker", then "level".
 * @param component "controller" or "speaker" @param name the node of a speaker, the pod of a controller
 */
export function wantedLevel(configMap: ConfigMap | undefined, component: string, name: string): WantedLevel {
  for (const key of [`${component}.${name}`, component, "level"]) {
    const text = configMap?.data?.[key]?.trim();
    if (text === undefined) continue;
    const level = logLevels.find((one) => one === text);
    const source = `${key} of ConfigMap ${logConfigMap}`;
    return level === undefined ? { problem: `${source}: "${text}" is none of ${logLevels.join(", ")}` } : { level, source };
  }
  return undefined;
}
