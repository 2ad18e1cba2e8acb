import { type BgpConfStatus, bgpConfSpec } from "@berth/api/bgpConf";
import * as pulumi from "@pulumi/pulumi";
import { isReference, objectMetadata, orElse, specOf, typeToken } from "./component.ts";
import type { bgpConfArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";
import { judge } from "./judge.ts";
import { customObject } from "./object.ts";

/** The arguments of a BgpConf: every field of the object, and how to wait for it. */
export type BgpConfArgs = ArgsOf<typeof bgpConfArgs>;

/** What one node uses. */
export type NodeConf = NonNullable<BgpConfStatus["nodesConfStatus"]>[string];

/**
 * What the speakers are to BGP: their AS number, their port. Only the object named "default" counts, so that is its name unless you give another.
 *
 * @example
 * ```ts
 * const conf = new berth.BgpConf("default", { as: 65000 });
 * ```
 */
export class BgpConf extends pulumi.ComponentResource {
  /** The name of the BgpConf in the cluster. */
  declare readonly name: pulumi.Output<string>;
  /** The AS number of the speakers; 0 when BGP is off. */
  declare readonly as: pulumi.Output<number>;
  /** What each node used when Pulumi last looked: its BGP Identifier and its AS number, by node. */
  declare readonly nodes: pulumi.Output<Readonly<Record<string, NodeConf>>>;

  constructor(name: string, args: BgpConfArgs, options: pulumi.ComponentResourceOptions = {}) {
    if (isReference(options)) {
      super(typeToken("BgpConf"), name, { name: undefined, as: undefined, nodes: undefined }, options);
      return;
    }
    super(typeToken("BgpConf"), name, args, options);
    const verdict = judge(this, "BgpConf", name, args, options);
    const object = customObject<BgpConfStatus>(
      name,
      { kind: "BgpConf", metadata: objectMetadata("default", args), spec: specOf(args, bgpConfSpec), adopt: args.adopt === true },
      verdict.child(),
    );
    this.name = object.name;
    this.as = pulumi.output(orElse(args.as, 0));
    this.nodes = object.status.apply((known) => known?.nodesConfStatus ?? {});
    this.registerOutputs(verdict.outputs(() => ({ name: this.name, as: this.as, nodes: this.nodes })));
  }
}
