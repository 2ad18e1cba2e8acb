import { defaultEipAnnotation } from "@berth/api/annotations";
import { apiVersion } from "@berth/api/crds";
import { stringify } from "yaml";
import type { ImportPlan } from "./model.ts";

/** A plan as plain manifests. Pure. */
export function manifestsOf(plan: ImportPlan): string {
  const objects = [
    ...(plan.bgpConf === undefined ? [] : [{ apiVersion, kind: "BgpConf", metadata: { name: "default" }, spec: plan.bgpConf }]),
    ...plan.eips.map(({ name, spec, isDefault }) => ({
      apiVersion,
      kind: "Eip",
      metadata: { name, ...(isDefault === true ? { annotations: { [defaultEipAnnotation]: "true" } } : {}) },
      spec,
    })),
    ...plan.peers.map(({ name, spec }) => ({ apiVersion, kind: "BgpPeer", metadata: { name }, spec })),
  ];
  return objects.map((object) => `---\n${stringify(object)}`).join("");
}
