import { readFileSync } from "node:fs";
import { join } from "node:path";

/** How Node runs in the image, for what is measured or attacked outside of one: read from the Containerfile, which alone decides. */
const containerfile = readFileSync(join(import.meta.dirname, "../Containerfile"), "utf8");

function found(what: string, pattern: RegExp): string {
  const text = pattern.exec(containerfile)?.[1];
  if (text === undefined) throw new Error(`speaker/Containerfile has no ${what}`);
  return text;
}

const entrypoint = JSON.parse(found("ENTRYPOINT", /^ENTRYPOINT (\[.*\])$/m)) as readonly string[];

/** The options of Node: those of NODE_OPTIONS, and those of the entry point. */
export const imageOptions: readonly string[] = [
  ...found("NODE_OPTIONS", /NODE_OPTIONS="([^"]*)"/).split(" "),
  ...entrypoint.slice(1, -1),
];

/** What else is in the environment. */
export const imageEnvironment: Readonly<Record<string, string>> = {
  NODE_ENV: found("NODE_ENV", /NODE_ENV=(\S+)/),
  MALLOC_ARENA_MAX: found("MALLOC_ARENA_MAX", /MALLOC_ARENA_MAX=(\S+)/),
};
