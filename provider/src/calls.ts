import * as pulumi from "@pulumi/pulumi";

/** What methods and functions have in common: how arguments are given, and how a mistake in one is told. */

/** An argument that is given as it is, or by name, as the generated SDKs do. */
export function givenByName<Name extends string, T extends string | number>(
  given: pulumi.Input<T> | { readonly [name in Name]: pulumi.Input<T> },
  name: Name,
): pulumi.Output<T> {
  const isNamed = typeof given === "object" && !pulumi.Output.isInstance(given) && name in given;
  const value = isNamed ? (given as Readonly<Record<Name, pulumi.Input<T>>>)[name] : (given as pulumi.Input<T>);
  return pulumi.output(value) as pulumi.Output<T>;
}

/** The result of a call, or its mistake as the engine shows one of the user: the sentence alone. @throws pulumi.RunError */
export function orMistake<T>(call: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (pulumi.RunError.isInstance(error)) throw error;
    throw new pulumi.RunError(`berth: ${call}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
