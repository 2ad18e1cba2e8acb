import * as pulumi from "@pulumi/pulumi";
import type { KnownArgs, Problem } from "./checks.ts";

/** The name of the package in type tokens. */
export const packageName = "berth";

/** The type token of a component. */
export function typeToken(component: string): `berth:index:${string}` {
  return `berth:index:${component}`;
}

/**
 * Fails on mistakes in arguments: at once for what is known now, and when outputs become known for the rest.
 * @returns the arguments, with nothing unknown left of their structure
 * @throws InputPropertiesError that lists every problem with its property path
 */
export function checked<Args extends object>(
  component: string,
  name: string,
  args: Args,
  find: (known: KnownArgs) => Problem[],
): pulumi.Output<pulumi.Unwrap<Args>> {
  refuse(component, name, find(known(args) as KnownArgs));
  return pulumi.output(args).apply((resolved) => {
    refuse(component, name, find(resolved as KnownArgs));
    return resolved;
  }) as pulumi.Output<pulumi.Unwrap<Args>>;
}

function refuse(component: string, name: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const text = problems.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`).join("; ");
  throw new pulumi.InputPropertiesError({ message: `${typeToken(component)} "${name}": ${text}`, errors: [...problems] });
}

/** The part of a value that is no output: what can be judged before anything runs. */
function known(value: unknown): unknown {
  if (pulumi.Output.isInstance(value) || value instanceof Promise || pulumi.Resource.isInstance(value)) return undefined;
  if (Array.isArray(value)) return value.map(known);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, known(item)]));
}

/** The metadata of the one object that a component stands for, and the annotations that make `up` wait for it. */
export function objectMetadata(
  resourceName: string,
  args: {
    readonly name?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
    readonly waitForReady?: boolean | undefined;
    readonly timeoutSeconds?: number | undefined;
  },
  more: Readonly<Record<string, string>> = {},
): { readonly name: string; readonly labels?: Record<string, string>; readonly annotations: Record<string, string> } {
  const waiting =
    args.waitForReady === false
      ? { "pulumi.com/skipAwait": "true" }
      : { "pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": String(args.timeoutSeconds ?? 120) };
  return {
    name: args.name ?? resourceName,
    ...(args.labels === undefined ? {} : { labels: { ...args.labels } }),
    annotations: { ...waiting, ...more, ...args.annotations },
  };
}

/** The fields of an object's spec among a component's arguments, without those that were not given. */
export function specOf(args: KnownArgs, fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(fields).flatMap((key) => (args[key] === undefined ? [] : [[key, args[key]]])));
}
