import * as pulumi from "@pulumi/pulumi";
import { unknown } from "./checks/problem.ts";

/** What is known of the arguments of a component. */
export interface Known {
  /** The arguments without outputs; `unknown` where a value is not known yet, resources as they are. */
  readonly value: unknown;
  /** Texts that are secret: they must not come into a message. */
  readonly secrets: readonly string[];
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
  return isPlain(input) ? { value: input, secrets: [] } : undefined;
}

function isPlain(input: unknown): boolean {
  if (pulumi.Output.isInstance(input) || input instanceof Promise || pulumi.isUnknown(input)) return false;
  if (pulumi.Resource.isInstance(input) || typeof input !== "object" || input === null) return true;
  return Object.values(input).every(isPlain);
}

/** Looks into inputs, through outputs and promises. Waits for those that are under way. */
export async function knownOf(input: unknown): Promise<Known> {
  const secrets: string[] = [];
  const value = await look(input, false, secrets);
  return { value, secrets };
}

async function look(input: unknown, isSecret: boolean, secrets: string[]): Promise<unknown> {
  if (pulumi.Output.isInstance(input)) {
    const inside = pulumi.output(input) as unknown as Inside;
    const [value, isHidden, isKnown] = await Promise.all([inside.promise(true), inside.isSecret, inside.isKnown]);
    if (!isKnown && !pulumi.containsUnknowns(value)) return unknown;
    return look(value, isSecret || isHidden, secrets);
  }
  if (input instanceof Promise) return look(await input, isSecret, secrets);
  if (pulumi.isUnknown(input)) return unknown;
  if (pulumi.Resource.isInstance(input)) return input;
  if (Array.isArray(input)) return Promise.all(input.map((item) => look(item, isSecret, secrets)));
  if (typeof input === "object" && input !== null) {
    const entries = Object.entries(input).map(async ([key, item]) => [key, await look(item, isSecret, secrets)] as const);
    return Object.fromEntries((await Promise.all(entries)).filter(([, item]) => item !== undefined));
  }
  if (isSecret && typeof input === "string" && input !== "") secrets.push(input);
  return input;
}
