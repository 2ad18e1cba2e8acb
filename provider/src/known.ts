import * as pulumi from "@pulumi/pulumi";
import { unknown } from "./checks/problem.ts";

/** What is known of the arguments of a component. */
export interface Known {
  /** The arguments without outputs; `unknown` where a value is not known yet, resources as they are. */
  readonly value: unknown;
  /** Texts that are secret: they must not come into a message. */
  readonly secrets: readonly string[];
  /** The arguments that are secret, or hold something that is: their values must not be shown. */
  readonly secretArguments: ReadonlySet<string>;
}

/**
 * What the SDK keeps of an output and does not declare: without it a value that is known cannot be told from one beside it that is
 * not, since `apply` runs only when all of it is known.
 */
interface Inside {
  promise(withUnknowns: boolean): Promise<unknown>;
  readonly isSecret: Promise<boolean>;
  readonly isKnown: Promise<boolean>;
}

/** What is known of inputs that hold no outputs: all of it, at once. Undefined when there are outputs. */
export function knownNow(input: unknown): Known | undefined {
  return isPlain(input) ? { value: input, secrets: [], secretArguments: new Set() } : undefined;
}

function isPlain(input: unknown): boolean {
  if (pulumi.Output.isInstance(input) || input instanceof Promise || pulumi.isUnknown(input)) return false;
  if (pulumi.Resource.isInstance(input) || typeof input !== "object" || input === null) return true;
  return Object.values(input).every(isPlain);
}

/** Looks into inputs, through outputs and promises. Waits for those that are under way. */
export async function knownOf(input: unknown): Promise<Known> {
  const secrets: Secrets = { texts: [], arguments: new Set() };
  const value = await look(input, { isSecret: false, argument: undefined }, secrets);
  return { value, secrets: secrets.texts, secretArguments: secrets.arguments };
}

interface Secrets {
  readonly texts: string[];
  readonly arguments: Set<string>;
}

/** Where in the arguments something is. */
interface Place {
  readonly isSecret: boolean;
  /** The argument that it is part of; undefined for all of them together. */
  readonly argument: string | undefined;
}

async function look(input: unknown, place: Place, secrets: Secrets): Promise<unknown> {
  if (place.isSecret && place.argument !== undefined) secrets.arguments.add(place.argument);
  if (pulumi.Output.isInstance(input)) {
    const inside = pulumi.output(input) as unknown as Inside;
    const [value, isHidden, isKnown] = await Promise.all([inside.promise(true), inside.isSecret, inside.isKnown]);
    if (isHidden && place.argument !== undefined) secrets.arguments.add(place.argument);
    if (!isKnown && !pulumi.containsUnknowns(value)) return unknown;
    return look(value, { ...place, isSecret: place.isSecret || isHidden }, secrets);
  }
  if (input instanceof Promise) return look(await input, place, secrets);
  if (pulumi.isUnknown(input)) return unknown;
  if (pulumi.Resource.isInstance(input)) return input;
  if (Array.isArray(input)) return Promise.all(input.map((item) => look(item, place, secrets)));
  if (typeof input === "object" && input !== null) {
    const entries = Object.entries(input).map(
      async ([key, item]) => [key, await look(item, { ...place, argument: place.argument ?? key }, secrets)] as const,
    );
    return Object.fromEntries((await Promise.all(entries)).filter(([, item]) => item !== undefined));
  }
  if (place.isSecret && typeof input === "string" && input !== "") secrets.texts.push(input);
  return input;
}
