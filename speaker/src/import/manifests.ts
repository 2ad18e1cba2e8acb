import { defaultEipAnnotation } from "@berth/api/annotations";
import type { BgpPeerSpec } from "@berth/api/bgpPeer";
import { apiVersion } from "@berth/api/crds";
import { stringify } from "yaml";
import type { Declared, ImportPlan } from "./model.ts";

/** A plan as plain manifests; where a peer has a password, they name the Secret that has to be in Berth's namespace. Pure. */
export function manifestsOf(plan: ImportPlan): string {
  const objects = [
    ...(plan.bgpConf === undefined ? [] : [{ apiVersion, kind: "BgpConf", metadata: { name: "default" }, spec: plan.bgpConf }]),
    ...plan.eips.map(({ name, spec, isDefault }) => ({
      apiVersion,
      kind: "Eip",
      metadata: { name, ...(isDefault === true ? { annotations: { [defaultEipAnnotation]: "true" } } : {}) },
      spec,
    })),
    ...plan.peers.map((peer) => ({ apiVersion, kind: "BgpPeer", metadata: { name: peer.name }, spec: withPassword(peer) })),
  ];
  // kubectl reads YAML 1.1, where y, on and 65000:20 are no texts.
  return objects.map((object) => `---\n${stringify(object, { compat: "yaml-1.1" })}`).join("");
}

function withPassword({ name, spec, passwordFrom }: Declared<BgpPeerSpec>): BgpPeerSpec {
  if (passwordFrom === undefined) return spec;
  const secret = passwordFrom.split("/").at(-1) || `${name}-password`;
  return { ...spec, conf: { ...spec.conf, passwordSecretRef: { name: secret, key: "password" } } };
}
