/** A mistake in the arguments of a component: where, and what would be right. */
export interface Problem {
  /** The property, such as `addresses[0]`. */
  readonly propertyPath: string;
  /** Names the value and the remedy. */
  readonly reason: string;
  /** The value at the path must not be shown. */
  readonly isSecret?: true;
}

/** Stands for a value that is not known yet: an output of something that is not there before `up`. */
export const unknown: unique symbol = Symbol("not known yet");

/** Arguments as far as they are known; `unknown` stands where something will be known later. */
export type KnownArgs = Readonly<Record<string, unknown>>;

/** The fields of an object; none when it is absent, unknown or something else. */
export function record(value: unknown): KnownArgs {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as KnownArgs) : {};
}

/** The items of a list; none when it is absent, unknown or something else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** The texts of a list, each with its property path. */
export function texts(args: KnownArgs, property: string): { readonly path: string; readonly text: string }[] {
  return list(args[property]).flatMap((text, index) =>
    typeof text === "string" ? [{ path: `${property}[${index}]`, text }] : [],
  );
}

/** Whether a value, or anything in it, is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === unknown) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}
