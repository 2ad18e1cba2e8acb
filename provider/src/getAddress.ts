import * as pulumi from "@pulumi/pulumi";
import { addressAt, freeRanges } from "./addresses.ts";
import { orMistake } from "./calls.ts";

/** Which address is looked for. */
export interface GetAddressArgs {
  /** Entries of a pool: addresses, CIDRs and ranges. */
  readonly addresses: readonly string[];
  /** Entries that are left out. */
  readonly exclude?: readonly string[] | undefined;
  /** The place in the pool, in order: 0 is the first, -1 the last. Default 0. */
  readonly index?: number | undefined;
}

/** An address of a pool. */
export interface GetAddressResult {
  readonly address: string;
}

/**
 * Gives the address at a place in a pool, by arithmetic alone: nothing is asked of a cluster.
 *
 * @example
 * ```ts
 * const { address } = berth.getAddress({ addresses: ["192.0.2.0/24"], exclude: ["192.0.2.0"], index: 9 });
 * ```
 * @throws pulumi.RunError when an entry is malformed, or the pool is smaller
 */
export function getAddress({ addresses, exclude, index }: GetAddressArgs): GetAddressResult {
  return orMistake("getAddress", () => {
    if (!isTexts(addresses) || addresses.length === 0)
      throw new Error('addresses: give the entries of a pool as a list, such as ["192.0.2.0/24"]');
    if (exclude !== undefined && !isTexts(exclude))
      throw new Error('exclude: give the entries that are left out as a list, such as ["192.0.2.0"]');
    return { address: addressAt(freeRanges(addresses, exclude ?? []), index ?? 0) };
  });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

/** The same for arguments that are outputs. */
export function getAddressOutput(args: {
  readonly addresses: pulumi.Input<pulumi.Input<string>[]>;
  readonly exclude?: pulumi.Input<pulumi.Input<string>[]> | undefined;
  readonly index?: pulumi.Input<number> | undefined;
}): pulumi.Output<GetAddressResult> {
  return pulumi.output(args).apply((known) => getAddress(known as GetAddressArgs)) as pulumi.Output<GetAddressResult>;
}
