import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";
import { Api, ApiError } from "../../kubernetes/shell/api.ts";
import { manifestsOf } from "../manifests.ts";
import type { ImportPlan, SourceObject } from "../model.ts";
import { planImport } from "../plan.ts";
import { languages, programOf } from "../programs.ts";
import { reportOf } from "../report.ts";

/** berth import: reads, plans, writes, reports. */

/** In what an import may be written. */
export const forms = [...languages, "yaml"] as const;

export interface ImportOptions {
  readonly form: (typeof forms)[number];
  /** Where the files go; undefined: manifests go to standard output. */
  readonly directory: string | undefined;
}

/** Collections that are read from a cluster; one that is not there has no objects. */
const collections: readonly (readonly [path: string, apiVersion: string, kind: string])[] = [
  ["/apis/network.kubesphere.io/v1alpha2/eips", "network.kubesphere.io/v1alpha2", "Eip"],
  ["/apis/network.kubesphere.io/v1alpha2/bgpconfs", "network.kubesphere.io/v1alpha2", "BgpConf"],
  ["/apis/network.kubesphere.io/v1alpha2/bgppeers", "network.kubesphere.io/v1alpha2", "BgpPeer"],
  ["/apis/metallb.io/v1beta1/ipaddresspools", "metallb.io/v1beta1", "IPAddressPool"],
  ["/apis/metallb.io/v1beta1/l2advertisements", "metallb.io/v1beta1", "L2Advertisement"],
  ["/apis/metallb.io/v1beta1/bgpadvertisements", "metallb.io/v1beta1", "BGPAdvertisement"],
  ["/apis/metallb.io/v1beta1/communities", "metallb.io/v1beta1", "Community"],
  ["/apis/metallb.io/v1beta1/bfdprofiles", "metallb.io/v1beta1", "BFDProfile"],
  ["/apis/metallb.io/v1beta2/bgppeers", "metallb.io/v1beta2", "BGPPeer"],
  ["/api/v1/namespaces", "v1", "Namespace"],
  ["/api/v1/nodes", "v1", "Node"],
  ["/api/v1/services", "v1", "Service"],
];

/** Every object of a cluster that an import can use. It only reads. */
export async function readCluster(config: KubeConfig): Promise<SourceObject[]> {
  const api = new Api(config);
  const lists = await Promise.all(
    collections.map(async ([path, apiVersion, kind]) => {
      const { items } = await list(api, path);
      return items.map((item) => ({ ...item, apiVersion, kind }));
    }),
  );
  return lists.flat();
}

/** A collection; empty when the cluster does not know it. An API server that says that it is busy is asked again, some times. */
async function list(api: Api, path: string, attempts = 10): Promise<{ readonly items: readonly SourceObject[] }> {
  try {
    return (await api.send("GET", path)) as { readonly items: readonly SourceObject[] };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return { items: [] };
    if (error.status !== 429 || attempts <= 1) throw error;
    await sleep(Math.min(error.retryAfter ?? 500, 2000));
    return list(api, path, attempts - 1);
  }
}

/** Every object in manifests. @throws Error that names the file and the place of what is no manifest */
export function readFiles(files: readonly string[]): SourceObject[] {
  return files.flatMap((file) => {
    const documents = parseAllDocuments(readFileSync(file, "utf8"));
    return documents.flatMap((document, index) => {
      const [problem] = document.errors;
      if (problem !== undefined) throw new Error(`${file}: ${problem.message}`);
      return objectsIn(document.toJS() as unknown, `${file}, document ${index + 1}`);
    });
  });
}

function objectsIn(value: unknown, where: string): SourceObject[] {
  if (value === null || value === undefined) return [];
  const object = value as Partial<SourceObject> & { readonly items?: unknown };
  if (Array.isArray(object.items)) return object.items.flatMap((item, index) => objectsIn(item, `${where}, item ${index + 1}`));
  if (typeof object.kind !== "string" || typeof object.apiVersion !== "string" || typeof object.metadata?.name !== "string")
    throw new Error(`${where} is no Kubernetes object: it needs apiVersion, kind and metadata.name`);
  return [object as SourceObject];
}

/** Plans and writes. @throws Error when nothing was found, or a file is there already */
export function writeImport(objects: readonly SourceObject[], options: ImportOptions): ImportPlan {
  const plan = planImport(objects);
  if (plan.eips.length + plan.peers.length === 0)
    throw new Error("there is nothing to import: no Eip, no BgpPeer, no IPAddressPool and no BGPPeer was found");
  const files = options.form === "yaml" ? { "berth.yaml": manifestsOf(plan) } : programOf(plan, options.form);
  if (options.directory === undefined) {
    if (options.form !== "yaml") throw new Error(`a program needs a place: --output <directory>, such as --output load-balancer`);
    process.stdout.write(manifestsOf(plan));
  } else write(options.directory, files);
  process.stderr.write(reportOf(plan));
  return plan;
}

function write(directory: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(directory, { recursive: true });
  for (const file of Object.keys(files))
    if (existsSync(join(directory, file))) throw new Error(`${join(directory, file)} is there already; give another --output`);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(directory, file), content);
}
