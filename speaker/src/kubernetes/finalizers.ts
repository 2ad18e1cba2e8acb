import { openelbFinalizers } from "@berth/api/annotations";
import type { KubernetesObject } from "./objects.ts";

/**
 * What remains of the finalizers of an object that is being deleted when those of OpenELB are taken out: nobody else would do it once OpenELB is gone.
 * @returns undefined when there is nothing to take out
 */
export function finalizersWithoutOpenelb({ metadata }: KubernetesObject): string[] | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  const all = metadata.finalizers ?? [];
  const rest = all.filter((finalizer) => !openelbFinalizers.includes(finalizer));
  return rest.length === all.length ? undefined : rest;
}
