import type { Infer } from "@berth/api/schema";
import type * as pulumi from "@pulumi/pulumi";

/** A value every part of which may be an output of another resource. */
export type InputOf<T> = T extends readonly (infer Item)[]
  ? pulumi.Input<pulumi.Input<InputOf<Item>>[]>
  : T extends string | number | boolean
    ? pulumi.Input<T>
    : T extends object
      ? pulumi.Input<{ readonly [Key in keyof T]: InputOf<Exclude<T[Key], undefined>> }>
      : pulumi.Input<T>;

/** The arguments of a component, from its fields: every one an input (but for those marked plain), required ones required. */
export type ArgsOf<F> = {
  readonly [Key in keyof Infer<F>]:
    | (Key extends keyof F
        ? F[Key] extends { readonly plain: true }
          ? Infer<F>[Key]
          : InputOf<Exclude<Infer<F>[Key], undefined>>
        : never)
    | (undefined extends Infer<F>[Key] ? undefined : never);
};
