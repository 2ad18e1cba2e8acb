import { KubeConfig } from "@kubernetes/client-node";
import { Command, Option } from "commander";
import { decodeLines } from "../../bgp/shell/decodeCommand.ts";
import { addBundleCommand } from "../../bundle/shell/bundleCommand.ts";
import { forms, type ImportOptions, readCluster, readFiles, writeImport } from "../../import/shell/importCommand.ts";
import { Api } from "../../kubernetes/shell/api.ts";
import { version } from "../../version.ts";
import { addBgpCommands } from "./bgpCommands.ts";
import { addCheckCommand } from "./checkCommand.ts";
import { addReadCommands, type CommandContext } from "./commands.ts";
import { addCompletionCommands } from "./completionCommands.ts";

/** The cluster that a kubeconfig names. @throws Error when none is named */
export function kubeConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (error) {
    const which = path ?? process.env["KUBECONFIG"] ?? "";
    throw new Error(`the kubeconfig ${which} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  // Without any configuration the library falls back to a server of its own invention.
  if (config.getCurrentCluster()?.server === "http://localhost:8080")
    throw new Error("no cluster is named: set KUBECONFIG, or give --kubeconfig <file>");
  return config;
}

/**
 * The command line for people: everything but the controller and the speaker themselves.
 * A command line that cannot be understood is exit code 2: 1 means that something is not well.
 */
export function createProgram(defaultNamespace: string): Command {
  const program = new Command("berth")
    .description("LoadBalancer Services for bare-metal Kubernetes")
    .version(version, "--version", "which version this is")
    .helpCommand(true)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  const context: CommandContext = { api: (path) => new Api(kubeConfig(path)), defaultNamespace };
  addReadCommands(program, context);
  addCheckCommand(program, context);
  addBundleCommand(program, context);
  const bgp = program.command("bgp").description("look into BGP");
  addBgpCommands(bgp, context);
  bgp
    .command("decode")
    .description("what the speaker makes of BGP messages: JSON lines {name, caps, hex} in, one JSON line for each out")
    .action(() => decodeLines(process.stdin, process.stdout));
  program
    .command("import")
    .description("read OpenELB's or MetalLB's objects from the cluster or from files, and write them for Berth")
    .argument("[files...]", "manifests; without any, the cluster is read")
    .addOption(new Option("--as <form>", "what to write").choices(forms).default("yaml"))
    .option("--output <directory>", "where to write; manifests go to standard output without it")
    .option("--kubeconfig <file>", "the cluster")
    .action(
      async (
        files: string[],
        flags: { readonly as: ImportOptions["form"]; readonly output?: string; readonly kubeconfig?: string },
      ) => {
        const objects = files.length > 0 ? readFiles(files) : await readCluster(kubeConfig(flags.kubeconfig));
        writeImport(objects, { form: flags.as, directory: flags.output });
      },
    );
  addCompletionCommands(program, context);
  return program;
}

/** Runs the command line. A mistake is one sentence on standard error, exit code 2. */
export async function runProgram(program: Command): Promise<void> {
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    process.stderr.write(`berth: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
