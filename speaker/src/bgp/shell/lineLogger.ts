import type { Logger } from "../../ports/logger.ts";
import type { LogLine } from "./protocol.ts";

/** Lines are gathered for so many milliseconds: a hundred sessions that come up at once are few messages to the main thread, not a hundred. */
const gatherMilliseconds = 50;

/** A logger whose lines another thread writes. */
export interface LineLogger {
  readonly logger: Logger;
  /** Hands over what was gathered. */
  flush(): void;
}

/**
 * @param logsDebug whether anybody reads what is logged for debugging
 * @param say hands lines to the thread that writes them
 */
export function lineLogger(logsDebug: () => boolean, say: (lines: readonly LogLine[]) => void): LineLogger {
  let lines: LogLine[] = [];
  const flush = (): void => {
    if (lines.length > 0) say(lines);
    lines = [];
  };
  const logAt =
    (level: LogLine["level"]) =>
    (fields: object, message?: string): void => {
      if (level === "debug" && !logsDebug()) return;
      if (lines.length === 0) setTimeout(flush, gatherMilliseconds);
      lines.push({ level, fields, message });
    };
  return {
    logger: {
      debug: logAt("debug"),
      info: logAt("info"),
      warn: logAt("warn"),
      error: logAt("error"),
      isLevelEnabled: (level) => level !== "debug" || logsDebug(),
    },
    flush,
  };
}
