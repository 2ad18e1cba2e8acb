import type { Logger } from "../../ports/logger.ts";
import { type LogLevel, logConfigMap, wantedLevel } from "../logLevel.ts";
import type { ConfigMap } from "../objects.ts";
import type { Api } from "./api.ts";
import { NamedObjects } from "./namedObjects.ts";

/** Whose level is followed. */
interface Logging {
  readonly namespace: string;
  readonly component: "controller" | "speaker";
  /** The node of a speaker, the pod of a controller. */
  readonly name: string;
  /** What holds while the ConfigMap says nothing. */
  readonly level: LogLevel;
  setLevel(level: LogLevel): void;
}

/** Keeps the level of the log as the ConfigMap berth-log wants it, from one moment to the next. @returns what ends it */
export function followLogLevel(api: Api, logging: Logging, logger: Logger): () => void {
  const { namespace, component, name } = logging;
  let last: string = logging.level;
  const look = (): void => {
    const wanted = wantedLevel(objects.objects[0], component, name);
    if (wanted !== undefined && "problem" in wanted) {
      if (last !== wanted.problem) logger.warn({ event: "logLevelUnknown" }, `${wanted.problem}; the level stays as it is`);
      last = wanted.problem;
      return;
    }
    const level = wanted?.level ?? logging.level;
    if (level === last) return;
    last = level;
    // Said at a level that is kept before and after.
    logging.setLevel("info");
    logger.info({ event: "logLevel", to: level }, `logs at ${level}, as ${wanted?.source ?? "--log-level"} says`);
    logging.setLevel(level);
  };
  const objects = new NamedObjects<ConfigMap>(api, `/api/v1/namespaces/${namespace}/configmaps`, look, logger);
  objects.follow([logConfigMap]);
  return () => objects.close();
}
