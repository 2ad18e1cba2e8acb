import type { Command } from "commander";
import { check } from "../../check/clusterChecks.ts";
import type { CheckFacts } from "../../check/model.ts";
import type { Api } from "../../kubernetes/shell/api.ts";
import { ApiError } from "../../kubernetes/shell/api.ts";
import { speakerLabel } from "../../kubernetes/speakerNotes.ts";
import { renderCheck } from "../render.ts";
import { list, optional } from "./collectFacts.ts";
import { type CommandContext, factsFor, print, type ReadFlags, reading } from "./commands.ts";

/** Adds `berth check`: configuration, what the network must have, and who else is there. */
export function addCheckCommand(program: Command, context: CommandContext): void {
  reading(program.command("check"), context)
    .description(
      "configuration, prerequisites of the network node by node, other implementations; exit code 1 when one is a problem",
    )
    .action(async (flags: ReadFlags) => {
      const rows = check(await checkFacts(context, flags));
      print(
        flags,
        rows,
        () => renderCheck(rows),
        rows.every(({ verdict }) => verdict !== "problem"),
      );
    });
}

/** Reads what the checks look at; what the reader has no right to is left out. */
export async function checkFacts(context: CommandContext, flags: ReadFlags): Promise<CheckFacts> {
  const api = context.api(flags.kubeconfig);
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${flags.namespace}/leases`;
  const [cluster, notes, pods, kubeProxy, cilium] = await Promise.all([
    factsFor(context, flags),
    allowed(list(api, leases, speakerLabel)),
    allowed(list(api, "/api/v1/pods")),
    configMap(api, "kube-proxy"),
    configMap(api, "cilium-config"),
  ]);
  // The API server's JSON has the shape that its API promises.
  return { cluster, notes, pods, kubeProxy, cilium } as CheckFacts;
}

function configMap(api: Api, name: string): Promise<unknown> {
  return allowed(optional(api.send("GET", `/api/v1/namespaces/kube-system/configmaps/${name}`)));
}

/** Undefined where the API server says that this reader may not. */
async function allowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}
