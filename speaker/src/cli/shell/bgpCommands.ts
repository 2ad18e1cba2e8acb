import { Argument, type Command } from "commander";
import { type Neighbor, type NodeRoute, renderNeighbors, renderPeer, renderRoutes } from "../bgpTables.ts";
import type { CommandContext } from "./commands.ts";
import { askSpeakers } from "./speakers.ts";

interface BgpFlags {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly node?: string;
  readonly json?: boolean;
}

/** Adds what looks into BGP: it asks the speakers, through the API server, so that only the right to `pods/proxy` is needed. */
export function addBgpCommands(bgp: Command, context: CommandContext): void {
  const reading = (command: Command): Command =>
    command
      .option("--kubeconfig <file>", "which cluster; default: KUBECONFIG, or the pod's own")
      .option("--namespace <name>", "where Berth is installed", context.defaultNamespace)
      .option("--node <name>", "one node alone")
      .option("--json", "for programs");
  const ask = <T>(flags: BgpFlags, path: string): Promise<readonly (readonly [node: string, answer: T])[]> =>
    askSpeakers<T>(context.api(flags.kubeconfig), flags, path);
  const print = (flags: BgpFlags, value: unknown, text: () => string, isWell: boolean): void => {
    process.stdout.write(`${flags.json === true ? JSON.stringify(value, null, 2) : text()}\n`);
    process.exitCode = isWell ? 0 : 1;
  };
  const neighbors = async (flags: BgpFlags): Promise<Neighbor[]> => {
    const answers = await ask<{ readonly facts?: { readonly bgp?: { readonly peers?: readonly Omit<Neighbor, "node">[] } } }>(
      flags,
      "state",
    );
    return answers.flatMap(([node, { facts }]) => (facts?.bgp?.peers ?? []).map((peer) => ({ node, ...peer })));
  };
  const isUp = ({ state }: Neighbor): boolean => state === "Established";

  reading(bgp.command("neighbors"))
    .description("every session of every speaker; exit code 1 when one is not up")
    .action(async (flags: BgpFlags) => {
      const rows = await neighbors(flags);
      print(flags, rows, () => renderNeighbors(rows), rows.every(isUp));
    });
  reading(bgp.command("peer"))
    .description("everything about one peer, node by node; exit code 1 when a session is not up")
    .argument("<peer>", "the name of the BgpPeer, or its address")
    .action(async (peer: string, flags: BgpFlags) => {
      const all = await neighbors(flags);
      const rows = all.filter(({ name, address }) => name === peer || address === peer);
      const known = [...new Set(all.map(({ name }) => name))];
      if (rows.length === 0) throw new Error(`no speaker has a peer "${peer}"; there are ${known.join(", ") || "none"}`);
      print(flags, rows, () => renderPeer(rows), rows.every(isUp));
    });
  reading(bgp.command("rib"))
    .description(
      "routes: `out`, what peers are told; `in`, what they announced (shown, never used); `local`, before a peer's options",
    )
    .addArgument(new Argument("<direction>", "which routes").choices(["in", "out", "local"]))
    .option("--peer <name>", "one peer alone")
    .action(async (direction: string, flags: BgpFlags & { readonly peer?: string }) => {
      const answers = await ask<readonly Omit<NodeRoute, "node">[]>(flags, `look/bgp/rib/${direction}`);
      const rows = answers
        .flatMap(([node, routes]) => routes.map((route) => ({ node, ...route })))
        .filter(({ peer }) => flags.peer === undefined || peer === flags.peer);
      print(flags, rows, () => renderRoutes(rows), true);
    });
}
