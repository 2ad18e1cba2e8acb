import { Argument, type Command } from "commander";
import { type KubernetesObject, keyOf, type Service } from "../../kubernetes/objects.ts";
import { ownPath } from "../../kubernetes/shell/watchCluster.ts";
import { type CommandShape, complete, completeCommand, completionScript, type Shell, shells } from "../completion.ts";
import { list } from "./collectFacts.ts";
import type { CommandContext } from "./commands.ts";

/** Adds `berth completion <shell>`, and the hidden command that its scripts ask. */
export function addCompletionCommands(program: Command, context: CommandContext): void {
  program
    .command("completion")
    .description("what a shell must run so that commands, options and names are completed")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .action((shell: Shell) => {
      process.stdout.write(completionScript(shell));
    });
  program
    .command(completeCommand, { hidden: true })
    .argument("[words...]")
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const { candidates, fromCluster } = complete(shapeOf(program), words.length === 0 ? [""] : words);
      const current = words.at(-1) ?? "";
      const names = fromCluster === undefined ? [] : await namesOf(fromCluster, context, optionIn(words, "--kubeconfig"));
      const lines = [
        ...candidates.map(({ word, description }) => `${word}\t${description}`),
        ...names.filter((name) => name.startsWith(current)).map((name) => `${name}\t`),
      ];
      if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
    });
}

/** Names that only the cluster knows. A completion never complains: without a cluster there are none. */
async function namesOf(what: string, context: CommandContext, kubeconfig: string | undefined): Promise<string[]> {
  const read = async <T extends KubernetesObject>(path: string): Promise<readonly T[]> =>
    // The API server's JSON has the shape that its API promises.
    ((await list(context.api(kubeconfig), path)) ?? []) as readonly T[];
  try {
    switch (what) {
      case "namespace/name": {
        const services = await read<Service>("/api/v1/services");
        return services.filter(({ spec }) => spec.type === "LoadBalancer").map(keyOf);
      }
      case "node":
        return (await read("/api/v1/nodes")).map(keyOf);
      case "namespace":
        return (await read("/api/v1/namespaces")).map(keyOf);
      case "peer":
        return (await read(ownPath("bgppeers"))).map(keyOf);
      default:
        return [];
    }
  } catch {
    return [];
  }
}

function optionIn(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag);
  return at === -1 ? undefined : words[at + 1];
}

function shapeOf(command: Command): CommandShape {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    commands: help.visibleCommands(command).map(shapeOf),
    options: help.visibleOptions(command).flatMap((option) =>
      option.long === undefined || option.long === null
        ? []
        : [
            {
              flag: option.long,
              description: option.description,
              takesValue: option.required || option.optional,
              choices: option.argChoices ?? [],
            },
          ],
    ),
    arguments: command.registeredArguments.map((argument) => ({ name: argument.name(), choices: argument.argChoices ?? [] })),
  };
}
