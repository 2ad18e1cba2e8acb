import { defaultEipAnnotation } from "@berth/api/annotations";
import { apiVersion } from "@berth/api/crds";
import { type EipStatus, eipSpec } from "@berth/api/eip";
import { apiextensions } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { eipProblems, type KnownArgs } from "./checks.ts";
import { checked, objectMetadata, specOf, typeToken } from "./component.ts";
import type { eipArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";

/** The arguments of an Eip: every field of the object, and how to wait for it. */
export type EipArgs = ArgsOf<typeof eipArgs>;

/**
 * A pool of addresses that Services of type LoadBalancer get theirs from.
 *
 * @example
 * ```ts
 * const office = new berth.Eip("office", { address: "192.0.2.10-192.0.2.40", protocol: "layer2", isDefault: true });
 * ```
 */
export class Eip extends pulumi.ComponentResource {
  /** The name of the Eip in the cluster: what `ExposedService.eip` wants. */
  declare readonly name: pulumi.Output<string>;
  /** How many addresses the pool has, as text, because a pool may have more than a number holds. */
  declare readonly poolSize: pulumi.Output<string | undefined>;
  /** The lowest address of the pool. */
  declare readonly firstIP: pulumi.Output<string | undefined>;
  /** The highest address of the pool. */
  declare readonly lastIP: pulumi.Output<string | undefined>;

  constructor(name: string, args: EipArgs, options: pulumi.ComponentResourceOptions = {}) {
    super(typeToken("Eip"), name, args, options);
    const resolved = checked("Eip", name, args, eipProblems);
    const object = new apiextensions.CustomResource(
      name,
      {
        apiVersion,
        kind: "Eip",
        metadata: resolved.apply((known) =>
          objectMetadata(
            name,
            known as Parameters<typeof objectMetadata>[1],
            (known as KnownArgs)["isDefault"] === true ? { [defaultEipAnnotation]: "true" } : {},
          ),
        ),
        spec: resolved.apply((known) => specOf(known as KnownArgs, eipSpec)),
        status: undefined,
      },
      { parent: this },
    );
    const status = (object as unknown as { readonly status: pulumi.Output<EipStatus | undefined> }).status;
    this.name = object.metadata.name;
    this.poolSize = status.apply((known) => known?.poolSizeText);
    this.firstIP = status.apply((known) => known?.firstIP);
    this.lastIP = status.apply((known) => known?.lastIP);
    this.registerOutputs({ name: this.name, poolSize: this.poolSize, firstIP: this.firstIP, lastIP: this.lastIP });
  }
}
