import { dirname, join } from "node:path";

/** The root of the repository. */
export const root = dirname(dirname(import.meta.dirname));

/** Build outputs and caches; survives `down`. */
export const cacheDirectory = join(root, ".lab");
export const binDirectory = join(cacheDirectory, "bin");

/** The state of a running lab; `down` removes it. */
export const runDirectory = join(cacheDirectory, "run");
export const pkiDirectory = join(runDirectory, "pki");
export const logDirectory = join(cacheDirectory, "logs");
export const kubeconfigPath = join(cacheDirectory, "kubeconfig");

/** The built program of a name. */
export function bin(name: string): string {
  return join(binDirectory, name);
}

/** The state of one host. */
export function hostDirectory(host: string): string {
  return join(runDirectory, host);
}
