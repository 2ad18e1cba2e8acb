import { bgpPeerSpec } from "@berth/api/bgpPeer";
import { apiVersion } from "@berth/api/crds";
import { apiextensions, core } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bgpPeerProblems, type KnownArgs } from "./checks.ts";
import { checked, objectMetadata, specOf, typeToken } from "./component.ts";
import type { bgpPeerArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";
import { defaultNamespace, labels } from "./manifests/names.ts";

/** The arguments of a BgpPeer: every field of the object, its password, and how to wait for it. */
export type BgpPeerArgs = ArgsOf<typeof bgpPeerArgs>;

/**
 * A router that the speakers peer with.
 *
 * @example
 * ```ts
 * new berth.BgpPeer("router", { conf: { neighborAddress: "172.30.0.1", peerAs: 65001 } });
 * ```
 */
export class BgpPeer extends pulumi.ComponentResource {
  /** The name of the BgpPeer in the cluster. */
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: BgpPeerArgs, options: pulumi.ComponentResourceOptions = {}) {
    const { password, ...visible } = args;
    super(
      typeToken("BgpPeer"),
      name,
      { ...visible, ...(password === undefined ? {} : { password: pulumi.secret(password) }) },
      options,
    );
    const resolved = checked("BgpPeer", name, visible, bgpPeerProblems);
    const secret = password === undefined ? undefined : passwordSecret(this, name, args.namespace, password);
    const object = new apiextensions.CustomResource(
      name,
      {
        apiVersion,
        kind: "BgpPeer",
        metadata: resolved.apply((known) => objectMetadata(name, known as Parameters<typeof objectMetadata>[1])),
        spec: pulumi.all([resolved, secret?.metadata.name]).apply(([known, secretName]) => {
          const spec = specOf(known as KnownArgs, bgpPeerSpec);
          return secretName === undefined
            ? spec
            : { ...spec, conf: { ...(spec["conf"] as object), passwordSecretRef: { name: secretName, key: "password" } } };
        }),
      },
      { parent: this },
    );
    this.name = object.metadata.name;
    this.registerOutputs({ name: this.name });
  }
}

/** The Secret of a password, with a name of the engine's making: a new password is a new Secret, and the old one goes last. */
function passwordSecret(
  parent: BgpPeer,
  name: string,
  namespace: pulumi.Input<string> | undefined,
  password: pulumi.Input<string>,
): core.v1.Secret {
  const metadata = { namespace: pulumi.output(namespace).apply((known) => known ?? defaultNamespace), labels: labels() };
  return new core.v1.Secret(`${name}-password`, { metadata, stringData: { password: pulumi.secret(password) } }, { parent });
}
