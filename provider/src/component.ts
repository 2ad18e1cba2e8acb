import * as pulumi from "@pulumi/pulumi";
import { knownNow } from "./known.ts";

/** The name of the package in type tokens. */
export const packageName = "berth";

/** The type token of a component. */
export function typeToken(component: string): `berth:index:${string}` {
  return `berth:index:${component}`;
}

/** The options of a component that is not made but read again from its URN: what a method call is about. */
export function isReference(options: pulumi.ComponentResourceOptions): boolean {
  return options.urn !== undefined;
}

/** The outputs of a component by name, for the engine. @param names an object that has them as keys */
export function outputsOf(component: object, names: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(component).filter(([key]) => key in names));
}

/** What the metadata of the one object that a component stands for comes from. */
interface MetadataArgs {
  readonly name?: pulumi.Input<string> | undefined;
  readonly labels?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  readonly annotations?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  readonly waitForReady?: pulumi.Input<boolean> | undefined;
  readonly timeoutSeconds?: pulumi.Input<number> | undefined;
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** The metadata of an object of ours, with the annotations that make `up` wait until it is Ready. @param name when the arguments give none */
export function objectMetadata(
  name: string,
  args: MetadataArgs,
  more: pulumi.Input<Readonly<Record<string, string>>> = {},
): {
  name: pulumi.Input<string>;
  annotations: pulumi.Input<Record<string, string>>;
  labels?: pulumi.Input<Record<string, string>>;
} {
  const { waitForReady, timeoutSeconds, annotations, adopt } = args;
  return {
    name: orElse(args.name, name),
    annotations: madeOf(
      { waitForReady, timeoutSeconds, annotations, adopt, more },
      (known): Record<string, string> => ({
        ...(known.waitForReady === false
          ? { "pulumi.com/skipAwait": "true" }
          : { "pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": String(known.timeoutSeconds ?? 120) }),
        ...(known.adopt === true ? adopting : {}),
        ...known.more,
        ...known.annotations,
      }),
    ),
    ...(args.labels === undefined ? {} : { labels: args.labels as pulumi.Input<Record<string, string>> }),
  };
}

/** Makes a patch of an object the owner of its fields, whoever wrote them: how an object that is there already is taken over. */
export const adopting = { "pulumi.com/patchForce": "true" } as const;

/** What is made of inputs: at once where there are no outputs in them, for each output takes as long as a good part of a component. */
export function madeOf<T, U>(inputs: T, make: (known: pulumi.Unwrap<T>) => U): pulumi.Input<U> {
  // Inputs without outputs are what they unwrap to.
  return knownNow(inputs) === undefined ? pulumi.output(inputs).apply(make) : make(inputs as pulumi.Unwrap<T>);
}

/** An input, or something else when it is not given. */
export function orElse<T>(input: pulumi.Input<T> | undefined, otherwise: T): pulumi.Input<T> {
  return madeOf(input, (known) => (known ?? otherwise) as T);
}

/** The arguments that are fields of an object's spec, outputs and all, without those that were not given. */
export function specOf(args: object, fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([key, value]) => key in fields && value !== undefined));
}

/** An input object with more fields; what is known of it stays known beside what is not. */
export function withFields(input: unknown, more: Readonly<Record<string, unknown>>): unknown {
  const isPlain = typeof input === "object" && input !== null && !pulumi.Output.isInstance(input) && !(input instanceof Promise);
  return isPlain ? { ...input, ...more } : pulumi.output(input).apply((known) => ({ ...(known as object | undefined), ...more }));
}
