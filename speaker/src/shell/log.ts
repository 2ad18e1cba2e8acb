import { pino } from "pino";
import type { LogLevel } from "../kubernetes/logLevel.ts";
import type { Logger } from "../ports/logger.ts";

/** A log whose level can be changed while it is written. */
export interface Log extends Required<Logger> {
  setLevel(level: LogLevel): void;
}

/** Opens the structured log of this process: one JSON line for each event, on standard output. */
export function openLog(level: LogLevel, bindings: Readonly<Record<string, string>>): Log {
  const logger = pino({
    level,
    base: bindings,
    messageKey: "message",
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
  const listeners: (() => void)[] = [];
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    isLevelEnabled: (one) => logger.isLevelEnabled(one),
    onLevel: (listener) => void listeners.push(listener),
    setLevel(next): void {
      logger.level = next;
      for (const listener of listeners) listener();
    },
  };
}
