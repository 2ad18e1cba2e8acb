/** Installs and builds everything that the lab and the tests need; does nothing when all is there. */
import { LabError } from "../exec.ts";
import { ensureSetup } from "./setup.ts";

try {
  await ensureSetup();
} catch (error) {
  process.stderr.write(`${error instanceof LabError ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
