import { defaultEipAnnotation } from "@berth/api/annotations";
import { type EipStatus, eipSpec } from "@berth/api/eip";
import * as pulumi from "@pulumi/pulumi";
import { addressAt, containsAddress, freeRanges } from "./addresses.ts";
import { givenByName, orMistake } from "./calls.ts";
import { isReference, madeOf, objectMetadata, outputsOf, specOf, typeToken } from "./component.ts";
import type { eipArgs } from "./fields.ts";
import type { ArgsOf } from "./inputs.ts";
import { judge } from "./judge.ts";
import { customObject } from "./object.ts";

/** The arguments of an Eip: every field of the object, and how to wait for it. */
export type EipArgs = ArgsOf<typeof eipArgs>;

/**
 * A pool of addresses that Services of type LoadBalancer get theirs from.
 *
 * @example
 * ```ts
 * const office = new berth.Eip("office", { address: "192.0.2.10-192.0.2.40", protocol: "layer2", isDefault: true });
 * export const first = office.addressAt(0);
 * ```
 */
export class Eip extends pulumi.ComponentResource {
  /** The name of the Eip in the cluster: what `ExposedService.eip` wants. */
  declare readonly name: pulumi.Output<string>;
  /** The addresses of the pool as ranges, in order, without the excluded ones: `["192.0.2.10-192.0.2.40"]`. */
  declare readonly ranges: pulumi.Output<string[]>;
  /** How many addresses the pool has, as text, because a pool may have more than a number holds. */
  declare readonly poolSize: pulumi.Output<string | undefined>;
  /** How many addresses were in use when Pulumi last looked. */
  declare readonly usage: pulumi.Output<number | undefined>;
  /** Whether every address was in use when Pulumi last looked. */
  declare readonly occupied: pulumi.Output<boolean | undefined>;
  /** The lowest address of the pool. */
  declare readonly firstIP: pulumi.Output<string | undefined>;
  /** The highest address of the pool. */
  declare readonly lastIP: pulumi.Output<string | undefined>;

  constructor(name: string, args: EipArgs, options: pulumi.ComponentResourceOptions = {}) {
    if (isReference(options)) {
      super(typeToken("Eip"), name, outputs, options);
      return;
    }
    super(typeToken("Eip"), name, args, options);
    const verdict = judge(this, "Eip", name, args, options);
    const isDefault = madeOf(
      args.isDefault,
      (known): Record<string, string> => (known === true ? { [defaultEipAnnotation]: "true" } : {}),
    );
    const object = customObject<EipStatus>(
      name,
      { kind: "Eip", metadata: objectMetadata(name, args, isDefault), spec: specOf(args, eipSpec), adopt: args.adopt === true },
      verdict.child(),
    );
    const { address, addresses, exclude } = args;
    this.name = object.name;
    this.ranges = verdict.output(() =>
      madeOf({ address, addresses, exclude }, (known) =>
        freeRanges([known.address, ...(known.addresses ?? [])] as string[], (known.exclude ?? []) as string[]),
      ),
    );
    this.poolSize = object.status.apply((known) => known?.poolSizeText);
    this.usage = object.status.apply((known) => known?.usage);
    this.occupied = object.status.apply((known) => known?.occupied);
    this.firstIP = object.status.apply((known) => known?.firstIP);
    this.lastIP = object.status.apply((known) => known?.lastIP);
    this.registerOutputs(verdict.outputs(() => outputsOf(this, outputs)));
  }

  /**
   * Whether an address belongs to the pool: excluded ones do not. The address is given as it is, or by name as in the generated SDKs.
   * A text that is no IP address fails the program.
   */
  contains(address: pulumi.Input<string> | { readonly address: pulumi.Input<string> }): pulumi.Output<boolean> {
    return pulumi
      .all([this.name, this.ranges, givenByName<"address", string>(address, "address")])
      .apply(([name, ranges, text]) => orMistake(`contains of Eip "${name}"`, () => containsAddress(ranges, text)));
  }

  /**
   * The address at a place in the pool, in order, excluded ones not counted: 0 is the first, -1 the last. The place is given as it is, or
   * by name as in the generated SDKs. A place that the pool does not have fails the program.
   */
  addressAt(index: pulumi.Input<number> | { readonly index: pulumi.Input<number> }): pulumi.Output<string> {
    return pulumi
      .all([this.name, this.ranges, givenByName<"index", number>(index, "index")])
      .apply(([name, ranges, place]) => orMistake(`addressAt of Eip "${name}"`, () => addressAt(ranges, place)));
  }
}

const outputs = {
  name: undefined,
  ranges: undefined,
  poolSize: undefined,
  usage: undefined,
  occupied: undefined,
  firstIP: undefined,
  lastIP: undefined,
};
