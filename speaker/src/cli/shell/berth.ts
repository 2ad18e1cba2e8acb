/** berth, kubectl-berth and kubectl_complete-berth: the command line alone, for the machines of people. */
import { basename } from "node:path";
import { completeCommand } from "../completion.ts";
import { createProgram, runProgram } from "./program.ts";

// kubectl asks a program of this name what completes `kubectl berth`, and wants a directive as the last line: 4, no file names.
if (basename(process.argv[1] ?? "").startsWith("kubectl_complete-")) {
  process.argv.splice(2, 0, completeCommand, "--");
  await runProgram(createProgram("berth-system"));
  process.stdout.write(":4\n");
} else await runProgram(createProgram("berth-system"));
