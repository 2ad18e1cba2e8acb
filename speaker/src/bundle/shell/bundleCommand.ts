import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { createTarGzip } from "nanotar";
import { check } from "../../check/clusterChecks.ts";
import { renderCheck, renderExplanation, renderHealth, renderOwners, renderPools, renderSessions } from "../../cli/render.ts";
import { checkFacts } from "../../cli/shell/checkCommand.ts";
import { list } from "../../cli/shell/collectFacts.ts";
import { type CommandContext, print, type ReadFlags, reading } from "../../cli/shell/commands.ts";
import { askSpeakers } from "../../cli/shell/speakers.ts";
import type { ClusterFacts } from "../../explain/clusterFacts.ts";
import { explainService } from "../../explain/explainService.ts";
import { healthRows, ownerRows, poolRows, sessionRows } from "../../explain/overview.ts";
import { keyOf, type Pod } from "../../kubernetes/objects.ts";
import { isOurs } from "../../kubernetes/requests.ts";
import type { Api } from "../../kubernetes/shell/api.ts";
import { formatReport, report } from "../../status/report.ts";
import { collections, readme, relevant } from "../plan.ts";
import { Redactor, secretsIn } from "../redact.ts";

/** Of each log the last so many octets are taken. */
const logOctets = 5_000_000;
/** So many Services are explained: those that do not work first. */
const explained = 200;

/** Adds `berth bundle`: everything that a bug report needs in one file, without secrets. */
export function addBundleCommand(program: Command, context: CommandContext): void {
  reading(program.command("bundle"), context)
    .description(
      "everything that a bug report needs in one .tar.gz, secrets taken out; exit code 1 when something could not be had",
    )
    .option("--output <file>", "where to write; default: berth-bundle-<instant>.tar.gz here")
    .action(async (flags: ReadFlags & { readonly output?: string }) => {
      const at = new Date().toISOString();
      const output = flags.output ?? `berth-bundle-${at.replace(/[:.]/g, "-")}.tar.gz`;
      const { files, missing } = await collect(context, flags);
      const names = Object.keys(files).sort();
      const entries = [
        { name: "README.txt", data: readme(at, names, missing) },
        ...names.map((name) => ({ name, data: files[name] ?? "" })),
      ];
      writeFileSync(output, await createTarGzip(entries.map(({ name, data }) => ({ name: `berth-bundle/${name}`, data }))), {
        mode: 0o600,
      });
      print(
        flags,
        { output, files: names, missing },
        () =>
          [
            `${output}: ${names.length} files, secrets taken out; names and addresses are in it, so look before you give it away`,
            ...missing.map((text) => `  could not be had: ${text}`),
          ].join("\n"),
        missing.length === 0,
      );
    });
}

/** Reads everything, and takes the secrets out of it once all of them are known. */
async function collect(
  context: CommandContext,
  flags: ReadFlags,
): Promise<{ readonly files: Record<string, string>; readonly missing: readonly string[] }> {
  const api = context.api(flags.kubeconfig);
  const missing: string[] = [];
  const attempt = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      missing.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const objects: Record<string, readonly unknown[]> = {};
  for (const { file, path } of collections(flags.namespace)) {
    const items = await attempt(file, () => list(api, path));
    if (items === undefined) continue;
    objects[file] = relevant(file, items);
  }
  const pods = (objects["berth/pods.json"] ?? []) as readonly Pod[];
  const texts = await logs(api, flags.namespace, pods, attempt);
  const states: Record<string, unknown> = {};
  for (const path of ["state", "look/bgp/rib/in", "look/bgp/rib/out", "look/bgp/rib/local"]) {
    const answers = await attempt(`/${path} of the speakers`, () => askSpeakers<unknown>(api, flags, path));
    for (const [node, answer] of answers ?? []) states[`speakers/${node}-${path.replaceAll("/", "-")}.json`] = answer;
  }
  const known = await attempt("what the commands say", () => checkFacts(context, flags));
  if (known !== undefined) Object.assign(texts, sayings(known.cluster), { "commands/check.txt": renderCheck(check(known)) });
  // Only to know what must not be in the report; without the right to it, what the objects and patterns tell must do.
  const secrets = await list(api, `/api/v1/namespaces/${flags.namespace}/secrets`).catch(() => undefined);
  const redactor = new Redactor([
    ...secretsIn(objects),
    ...secretsIn((secrets ?? []).map((secret) => ({ ...(secret as object), kind: "Secret" }))),
  ]);
  const json = (value: unknown): string => `${JSON.stringify(redactor.object(value), null, 1)}\n`;
  const files: Record<string, string> = {};
  for (const [file, value] of Object.entries({ ...objects, ...states })) files[file] = json(value);
  for (const [file, text] of Object.entries(texts)) files[file] = `${redactor.text(text)}\n`;
  return { files, missing };
}

/** The logs of Berth's containers, and of those before them that ended. */
async function logs(
  api: Api,
  namespace: string,
  pods: readonly Pod[],
  attempt: <T>(what: string, read: () => Promise<T>) => Promise<T | undefined>,
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { metadata, status } of pods) {
    const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}/log`;
    const restarts = (status as { readonly containerStatuses?: readonly { readonly restartCount?: number }[] } | undefined)
      ?.containerStatuses?.[0]?.restartCount;
    const log = await attempt(`the log of ${metadata.name}`, () => api.text(`${path}?limitBytes=${logOctets}&tailLines=20000`));
    if (log !== undefined) texts[`logs/${metadata.name}.log`] = log;
    if ((restarts ?? 0) === 0) continue;
    const before = await api.text(`${path}?previous=true&limitBytes=${logOctets}&tailLines=20000`).catch(() => undefined);
    if (before !== undefined) texts[`logs/${metadata.name}-previous.log`] = before;
  }
  return texts;
}

/** What the commands say of the cluster. */
function sayings(facts: ClusterFacts): Record<string, string> {
  const explanations = facts.services
    .filter((service) => isOurs(service, facts.scope))
    .flatMap((service) => explainService(facts, keyOf(service)) ?? [])
    .sort((a, b) => Number(a.cause === undefined) - Number(b.cause === undefined))
    .slice(0, explained);
  return {
    "commands/status.txt": `${renderHealth(healthRows(facts))}\n\n${formatReport(report(facts))}`,
    "commands/pools.txt": renderPools(poolRows(facts)),
    "commands/sessions.txt": renderSessions(sessionRows(facts)),
    "commands/owners.txt": renderOwners(ownerRows(facts)),
    "commands/explain.txt": explanations.map(renderExplanation).join("\n\n"),
  };
}
