import { pino } from "pino";
import type { Logger } from "../ports/logger.ts";

/** The levels a person may ask for, least talkative first. */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Opens the structured log of this process: one JSON line for each event, on standard output. */
export function openLog(level: LogLevel, bindings: Readonly<Record<string, string>>): Logger {
  return pino({
    level,
    base: bindings,
    messageKey: "message",
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
}
