/** npm run lab -- <command>: a real cluster, a router and clients on this machine. See docs/lab.md. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { capacity, down, requireLab, status, up } from "./cluster.ts";
import { LabError, must } from "./exec.ts";
import { cut, freeze, join, plug, powerOff, powerOn, stall, thaw, unplug } from "./faults.ts";
import { runAttached } from "./hosts.ts";
import { archiveFor } from "./images.ts";
import { loadImages } from "./node.ts";
import { bin, kubeconfigPath } from "./paths.ts";
import { type LabOptions, nodeNames, type RouterKind } from "./plan.ts";
import { pulumi, selectLabStack } from "./pulumi.ts";
import { show } from "./router.ts";
import { requireMachine } from "./setup/setup.ts";

const program = new Command("lab").description(
  "a real Kubernetes cluster, a router and clients in network namespaces, on this machine",
);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

program
  .command("up")
  .description("bring the lab up, or repair what is missing of it")
  .addOption(new Option("--nodes <count>", "how many nodes, 1 to 9 (default 3)").argParser(nodeCount))
  .addOption(new Option("--router <daemon>", "which router").choices(["frr", "bird"]))
  .addOption(
    new Option("--segments <count>", "segments of the LAN; with 2, every second node is on the other").choices(["1", "2"]),
  )
  .action(async (options: { nodes?: number; router?: RouterKind; segments?: "1" | "2" }) => {
    const wanted: Partial<LabOptions> = {
      ...(options.nodes === undefined ? {} : { nodes: options.nodes }),
      ...(options.router === undefined ? {} : { router: options.router }),
      ...(options.segments === undefined ? {} : { segments: options.segments === "2" ? 2 : 1 }),
    };
    await up(wanted);
  });
program.command("down").description("end and remove everything of the lab but build outputs").action(down);
program
  .command("status")
  .description("what is running")
  .action(() => print(status()));
program
  .command("capacity")
  .description("what is running and how much memory it takes")
  .action(() => print(capacity()));
const passThrough = (name: string, description: string): Command =>
  program.command(name).description(description).allowUnknownOption().helpOption(false);
passThrough("kubectl", "kubectl as the administrator of the lab's cluster")
  .argument("[words...]")
  .action((words: string[]) => attached(bin("kubectl"), ["--kubeconfig", kubeconfigPath, ...words]));
passThrough("pulumi", "pulumi with the lab's cluster, plugins and state (.lab/pulumi)")
  .argument("[words...]")
  .action(async (words: string[]) => {
    selectLabStack();
    process.exitCode = await pulumi(words, process.env["INIT_CWD"]);
  });
passThrough("exec", "run a program on a host: client, outside, router, control, node1 …")
  .argument("<host>")
  .argument("[command...]")
  .action(async (host: string, command: string[]) => {
    process.exitCode = await runAttached(host, command);
  });
passThrough("router", "ask the router, such as: router show ip bgp")
  .argument("[words...]")
  .action((words: string[]) => {
    const { code, stdout, stderr } = show(requireLab().router, words);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = code;
  });
program.command("power-off").description("everything on a node dies at once").argument("<node>").action(powerOff);
program.command("power-on").description("start a node again").argument("<node>").action(powerOn);
program.command("unplug").description("pull a node's cable").argument("<node>").action(unplug);
program.command("plug").description("plug a node's cable in again").argument("<node>").action(plug);
program
  .command("partition")
  .description("cut the LAN: these hosts on one side, the rest on the other")
  .argument("<hosts>", "comma separated")
  .action(cut);
program.command("heal").description("join the LAN again").action(join);
program.command("freeze").description("stop a node's speaker without killing it").argument("<node>").action(freeze);
program
  .command("stall")
  .description("keep the main thread of a node's speaker busy for two seconds")
  .argument("<node>")
  .action(stall);
program.command("thaw").description("let a frozen speaker go on").argument("<node>").action(thaw);
program
  .command("capture")
  .description("write what a host sees to a file, until Ctrl-C")
  .argument("<host>")
  .argument("<file>")
  .argument("[filter...]", "as tcpdump has it")
  .action(async (host: string, file: string, filter: string[]) => {
    process.exitCode = await runAttached(host, [
      "tcpdump",
      "-U",
      "-n",
      "-i",
      "any",
      "-w",
      resolve(process.env["INIT_CWD"] ?? "", file),
      ...filter,
    ]);
  });
program
  .command("load")
  .description("give an image to every node: an archive file, or the tag of an image that buildah or npm run image made")
  .argument("<image>")
  .action(async (image: string) => {
    const file = resolve(process.env["INIT_CWD"] ?? "", image);
    const archive = existsSync(file) ? file : archiveFor(image);
    for (const node of nodeNames(requireLab())) await loadImages(node, [archive]);
  });

function nodeCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 9)
    throw new LabError(`--nodes ${text}: must be a whole number from 1 to 9`);
  return count;
}

function attached(file: string, args: readonly string[]): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { stdio: "inherit" });
    child.on("error", () => fail(new LabError(`${file} is missing; npm run lab -- up builds it`)));
    child.on("exit", (code) => {
      process.exitCode = code ?? 1;
      done();
    });
  });
}

try {
  requireMachine();
  if (process.argv[2] !== undefined && !["up", "down", "--help", "-h", "help"].includes(process.argv[2]))
    must(["ip", "netns", "list"]);
  await program.parseAsync();
} catch (error) {
  process.stderr.write(
    `lab: ${error instanceof LabError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
