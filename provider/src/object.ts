import { apiVersion } from "@berth/api/crds";
import { apiextensions } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** What the child of Eip, BgpConf and BgpPeer is made from. */
interface ObjectArgs {
  readonly kind: "Eip" | "BgpConf" | "BgpPeer";
  readonly metadata: object;
  readonly spec: object;
  /** Whether an object that is there already is taken over. It stays, then, when the resource goes. */
  readonly adopt: boolean;
}

/** The one object of ours that a component stands for, with its status as an output. */
export function customObject<Status>(
  name: string,
  { kind, metadata, spec, adopt }: ObjectArgs,
  options: pulumi.CustomResourceOptions,
): {
  readonly name: pulumi.Output<string>;
  readonly status: pulumi.Output<Status | undefined>;
  readonly resource: pulumi.Resource;
} {
  // An undeclared status would not become an output.
  const declared = { apiVersion, kind, metadata, spec, status: undefined };
  const resource = adopt
    ? new apiextensions.CustomResourcePatch(name, declared, { ...options, retainOnDelete: true })
    : new apiextensions.CustomResource(name, declared, options);
  const outputs = resource as unknown as {
    readonly status: pulumi.Output<Status | undefined>;
    readonly metadata: pulumi.Output<{ readonly name: string }>;
  };
  // Not by apply: in a preview parts of the metadata that the server chooses are not known yet.
  return { name: outputs.metadata.name, status: outputs.status, resource };
}
