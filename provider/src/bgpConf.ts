import { bgpConfSpec } from "@berth/api/bgpConf";
import { apiVersion } from "@berth/api/crds";
import { apiextensions } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bgpConfProblems, type KnownArgs } from "./checks.ts";
import { checked, objectMetadata, specOf, typeToken } from "./component.ts";
import type { bgpConfArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";

/** The arguments of a BgpConf: every field of the object, and how to wait for it. */
export type BgpConfArgs = ArgsOf<typeof bgpConfArgs>;

/**
 * What the speakers are to BGP: their AS number, their port. Only the object named "default" counts, so that is its name unless you give another.
 *
 * @example
 * ```ts
 * new berth.BgpConf("default", { as: 65000 });
 * ```
 */
export class BgpConf extends pulumi.ComponentResource {
  /** The name of the BgpConf in the cluster. */
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: BgpConfArgs, options: pulumi.ComponentResourceOptions = {}) {
    super(typeToken("BgpConf"), name, args, options);
    const resolved = checked("BgpConf", name, args, bgpConfProblems);
    const object = new apiextensions.CustomResource(
      name,
      {
        apiVersion,
        kind: "BgpConf",
        metadata: resolved.apply((known) => objectMetadata("default", known as Parameters<typeof objectMetadata>[1])),
        spec: resolved.apply((known) => specOf(known as KnownArgs, bgpConfSpec)),
      },
      { parent: this },
    );
    this.name = object.metadata.name;
    this.registerOutputs({ name: this.name });
  }
}
