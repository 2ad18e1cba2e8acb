/** The checks that need no machine: format and lint, types, who may import whom, what is unused, generated files. */
import { runStage, type StageResult, summarize } from "./stages.ts";

const results: StageResult[] = [];
results.push(await runStage({ name: "format and lint (biome)", command: ["biome", "check", "--error-on-warnings", "."] }));
results.push(await runStage({ name: "types (tsc)", command: ["tsc", "-p", "."] }));
results.push(await runStage({ name: "types of the page (tsc)", command: ["tsc", "-p", "speaker/page"] }));
results.push(
  await runStage({
    name: "who may import whom (dependency-cruiser)",
    command: ["depcruise", "--config", ".dependency-cruiser.cjs", "api", "provider", "speaker", "lab", "bench"],
  }),
);
results.push(await runStage({ name: "unused files, exports, dependencies (knip)", command: ["knip", "--no-progress"] }));
results.push(
  await runStage({ name: "generated files are current", command: ["node", "scripts/generate.ts", "--check", "--no-sdks"] }),
);
process.exit(summarize(results));
