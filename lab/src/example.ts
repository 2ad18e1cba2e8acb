/**
 * npm run example -- <name> [up|preview|refresh|destroy]: runs an example in the lab, which is brought up first when it is not there.
 * Without a name it lists the examples.
 */

import {
  exampleDirectory,
  exampleNames,
  exampleStacks,
  isBerthInstalled,
  needsBerth,
  outputsOf,
  selectStack,
} from "./examples.ts";
import { LabError, progress } from "./exec.ts";
import { prepareLab } from "./prepare.ts";
import { pulumi } from "./pulumi.ts";

const commands = ["up", "preview", "refresh", "destroy"] as const;

async function runStacks(name: string, command: string): Promise<void> {
  for (const stack of exampleStacks(name)) {
    progress(`pulumi ${command} of examples/${name}, stack ${stack}`);
    selectStack(name, stack);
    const confirmed = command === "preview" ? [] : command === "refresh" ? ["--yes"] : ["--yes", "--skip-preview"];
    const args = [command, ...confirmed, "--stack", stack, "--non-interactive", "--suppress-progress"];
    if ((await pulumi(args, exampleDirectory(name))) !== 0)
      throw new LabError(`pulumi ${command} failed; the lines above say why`);
    if (command === "up") process.stdout.write(`${JSON.stringify(outputsOf(name, stack), null, 2)}\n`);
  }
}

async function example(name: string, command: string): Promise<void> {
  exampleDirectory(name);
  if (!(commands as readonly string[]).includes(command))
    throw new LabError(`"${command}" is not one of ${commands.join(", ")}; such as: npm run example -- ${name} up`);
  await prepareLab();
  if (needsBerth(name) && !isBerthInstalled()) await runStacks("install-berth", "up");
  await runStacks(name, command);
}

try {
  const [, , name, command = "up"] = process.argv;
  if (name === undefined) process.stdout.write(`${exampleNames().join("\n")}\n`);
  else await example(name, command);
} catch (error) {
  process.stderr.write(
    `example: ${error instanceof LabError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
