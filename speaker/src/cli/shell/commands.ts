import { setTimeout as sleep } from "node:timers/promises";
import { loadBalancerClass } from "@berth/api/annotations";
import { type Command, InvalidArgumentError } from "commander";
import type { ClusterFacts } from "../../explain/clusterFacts.ts";
import { explainService } from "../../explain/explainService.ts";
import { healthRows, ownerRows, poolRows, sessionRows } from "../../explain/overview.ts";
import { simulateDrain } from "../../explain/simulateDrain.ts";
import { keyOf } from "../../kubernetes/objects.ts";
import type { Api } from "../../kubernetes/shell/api.ts";
import { formatReport, isAllWell, report } from "../../status/report.ts";
import { renderDrain, renderExplanation, renderHealth, renderOwners, renderPools, renderSessions } from "../render.ts";
import { collectFacts } from "./collectFacts.ts";

export interface ReadFlags {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly loadBalancerClasses: string;
  readonly handleClassless: boolean;
  readonly json?: boolean;
}

/** What the commands need of the process: the cluster, and where Berth usually is. */
export interface CommandContext {
  api(kubeconfig: string | undefined): Api;
  readonly defaultNamespace: string;
}

/** Exit codes of the commands that look: all is well; something is not; the command itself failed is 2. */
const well = 0;
const unwell = 1;

/** Gives a command the options of all that read the cluster. */
export function reading(command: Command, context: CommandContext): Command {
  return command
    .option("--kubeconfig <file>", "which cluster; default: KUBECONFIG, or the pod's own")
    .option("--namespace <name>", "where Berth is installed", context.defaultNamespace)
    .option("--load-balancer-classes <classes>", "classes of Services that are Berth's, comma separated", loadBalancerClass)
    .option("--handle-classless <boolean>", "whether Services without a class are Berth's", isTrue, true)
    .option("--json", "for programs");
}

/** Reads the cluster as the options say. */
export function factsFor(context: CommandContext, flags: ReadFlags): Promise<ClusterFacts> {
  return collectFacts(context.api(flags.kubeconfig), flags.namespace, {
    loadBalancerClasses: flags.loadBalancerClasses.split(",").filter((name) => name !== ""),
    handlesClassless: flags.handleClassless,
  });
}

/** Prints for people or for programs, and sets the exit code. */
export function print(flags: ReadFlags, value: unknown, text: () => string, isWell = true): void {
  process.stdout.write(`${flags.json === true ? JSON.stringify(value, null, 2) : text()}\n`);
  process.exitCode = isWell ? well : unwell;
}

/** Adds the commands for people: they read the cluster and change nothing. */
export function addReadCommands(program: Command, context: CommandContext): void {
  const read = (command: Command): Command => reading(command, context);
  const facts = (flags: ReadFlags): Promise<ClusterFacts> => factsFor(context, flags);

  read(program.command("status"))
    .description("is everything well, and what is not; exit code 1 when something is not")
    .option("--wait <seconds>", "ask again until all is well, for so long at the most", secondsOf, 0)
    .action(async (flags: ReadFlags & { readonly wait: number }) => {
      const until = Date.now() + flags.wait * 1000;
      for (;;) {
        const known = await facts(flags);
        const [health, services] = [healthRows(known), report(known)];
        const isWell = health.every((row) => row.isWell) && isAllWell(services);
        if (!isWell && Date.now() < until) {
          await sleep(500);
          continue;
        }
        return print(flags, { isWell, health, services }, () => `${renderHealth(health)}\n\n${formatReport(services)}`, isWell);
      }
    });
  const explain = program.command("explain").description("why something is as it is");
  read(explain.command("service"))
    .description(
      "why a Service works or not, who announces it, why that node, and what if it left; exit code 1 when it does not work",
    )
    .argument("<namespace/name>", "the Service", serviceKey)
    .action(async (key: string, flags: ReadFlags) => {
      const known = await facts(flags);
      const explanation = explainService(known, key);
      if (explanation === undefined) throw new Error(`there is no Service ${key}${similar(key, known)}`);
      print(flags, explanation, () => renderExplanation(explanation), explanation.cause === undefined);
    });
  read(program.command("pools"))
    .description("every Eip: its addresses, how many are used, whether it is in use")
    .action(async (flags: ReadFlags) => {
      const rows = poolRows(await facts(flags));
      print(
        flags,
        rows,
        () => renderPools(rows),
        rows.every(({ inUse }) => !inUse.startsWith("no:")),
      );
    });
  read(program.command("sessions"))
    .description("every BGP session of every node; exit code 1 when one is down")
    .action(async (flags: ReadFlags) => {
      const rows = sessionRows(await facts(flags));
      print(
        flags,
        rows,
        () => renderSessions(rows),
        rows.every(({ state }) => state === "established"),
      );
    });
  read(program.command("owners"))
    .description("every address and the node that announces it, since when and why; exit code 1 when nobody announces one")
    .action(async (flags: ReadFlags) => {
      const rows = ownerRows(await facts(flags));
      print(
        flags,
        rows,
        () => renderOwners(rows),
        rows.every(({ node }) => node !== "nobody"),
      );
    });
  read(program.command("routes"))
    .description("every address announced by BGP, and to which routers")
    .action(async (flags: ReadFlags) => {
      const rows = ownerRows(await facts(flags)).filter(({ protocol }) => protocol === "bgp");
      print(flags, rows, () => renderOwners(rows));
    });
  const simulate = program.command("simulate").description("what would happen, without doing it");
  read(simulate.command("drain"))
    .description("what becomes of every address that a node announces; exit code 1 when a Service would go dark")
    .argument("<node>", "the node")
    .action(async (node: string, flags: ReadFlags) => {
      const known = await facts(flags);
      const rows = simulateDrain(known, node);
      if (rows === undefined)
        throw new Error(`there is no node ${node}; there are ${known.nodes.map(({ metadata }) => metadata.name).join(", ")}`);
      print(
        flags,
        rows,
        () => renderDrain(node, rows),
        rows.every(({ outcome }) => outcome !== "goes dark"),
      );
    });
}

function serviceKey(text: string): string {
  if (!/^[^/]+\/[^/]+$/.test(text)) throw new InvalidArgumentError("must be namespace/name, such as shop/web");
  return text;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() === "" || !Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError("must be a number of seconds, such as 15");
  return seconds;
}

function isTrue(text: string): boolean {
  if (text !== "true" && text !== "false") throw new InvalidArgumentError("must be true or false");
  return text === "true";
}

function similar(key: string, { services }: ClusterFacts): string {
  const [namespace = "", name = ""] = key.split("/");
  const candidates = services
    .map(keyOf)
    .filter((other) => other.endsWith(`/${name}`) || (other.startsWith(`${namespace}/`) && services.length < 50))
    .slice(0, 5);
  return candidates.length === 0 ? "" : `; there is ${candidates.join(", ")}`;
}
