/** What a program or a state made with an older schema loses under a newer one. Pure; `provider/released/` holds the schemas to keep faith with. */

interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
  readonly secret?: boolean;
  readonly enum?: readonly { readonly value: unknown }[];
}
type Properties = Readonly<Record<string, Property>>;
interface Resource {
  readonly inputProperties?: Properties;
  readonly requiredInputs?: readonly string[];
  readonly properties?: Properties;
  readonly required?: readonly string[];
  readonly methods?: Readonly<Record<string, string>>;
}
interface ObjectType {
  readonly properties?: Properties;
  readonly required?: readonly string[];
  readonly enum?: readonly { readonly value: unknown }[];
}

/** The parts of a Pulumi schema that others rely on. */
export interface Schema {
  readonly resources?: Readonly<Record<string, Resource>>;
  readonly types?: Readonly<Record<string, ObjectType>>;
  readonly functions?: Readonly<Record<string, { readonly inputs?: ObjectType; readonly outputs?: ObjectType }>>;
}

/**
 * Lists what breaks.
 * @returns one sentence for each break, which begins with where it is; empty when every program and state of the older schema goes on
 */
export function breakingChanges(older: Schema, newer: Schema): string[] {
  return [
    ...missing("resource", older.resources, newer.resources),
    ...missing("type", older.types, newer.types),
    ...missing("function", older.functions, newer.functions),
    ...common(older.resources, newer.resources).flatMap(([token, before, after]) => [
      ...inputBreaks(token, before.inputProperties, after.inputProperties, before.requiredInputs, after.requiredInputs),
      ...outputBreaks(token, before.properties, after.properties, before.required, after.required),
      ...missing("method", before.methods, after.methods).map((text) => `${token}: ${text}`),
    ]),
    ...common(older.types, newer.types).flatMap(([token, before, after]) => [
      ...inputBreaks(token, before.properties, after.properties, before.required, after.required),
      ...(before.enum ?? [])
        .filter(({ value }) => !(after.enum ?? []).some((one) => one.value === value))
        .map(({ value }) => `${token}: the value ${JSON.stringify(value)} is gone`),
    ]),
    ...common(older.functions, newer.functions).flatMap(([token, before, after]) => [
      ...inputBreaks(token, before.inputs?.properties, after.inputs?.properties, before.inputs?.required, after.inputs?.required),
      ...outputBreaks(
        token,
        before.outputs?.properties,
        after.outputs?.properties,
        before.outputs?.required,
        after.outputs?.required,
      ),
    ]),
  ];
}

function inputBreaks(
  token: string,
  before: Properties = {},
  after: Properties = {},
  requiredBefore: readonly string[] = [],
  requiredAfter: readonly string[] = [],
): string[] {
  return [
    ...missing("input", before, after).map((text) => `${token}: ${text}`),
    ...common(before, after).flatMap(([name, old, now]) => typeBreaks(`${token}.${name}`, old, now)),
    ...common(before, after)
      .filter(([, old, now]) => old.secret === true && now.secret !== true)
      .map(([name]) => `${token}.${name}: is no secret any more`),
    ...requiredAfter.filter((name) => !requiredBefore.includes(name)).map((name) => `${token}.${name}: is required now`),
  ];
}

function outputBreaks(
  token: string,
  before: Properties = {},
  after: Properties = {},
  requiredBefore: readonly string[] = [],
  requiredAfter: readonly string[] = [],
): string[] {
  return [
    ...missing("output", before, after).map((text) => `${token}: ${text}`),
    ...common(before, after).flatMap(([name, old, now]) => typeBreaks(`${token}.${name}`, old, now)),
    ...requiredBefore
      .filter((name) => name in after && !requiredAfter.includes(name))
      .map((name) => `${token}.${name}: may be absent now`),
  ];
}

function typeBreaks(where: string, before: Property, after: Property): string[] {
  const [old, now] = [typeText(before), typeText(after)];
  return old === now ? [] : [`${where}: was ${old}, is ${now}`];
}

function typeText(property: Property): string {
  if (property.$ref !== undefined) return property.$ref;
  if (property.items !== undefined) return `array of ${typeText(property.items)}`;
  if (property.additionalProperties !== undefined) return `map of ${typeText(property.additionalProperties)}`;
  return property.type ?? "anything";
}

type Table<T> = Readonly<Record<string, T>> | undefined;

function missing(what: string, before: Table<unknown> = {}, after: Table<unknown> = {}): string[] {
  return Object.keys(before)
    .filter((name) => !(name in after))
    .map((name) => `the ${what} ${name} is gone`);
}

function common<T>(before: Table<T> = {}, after: Table<T> = {}): (readonly [string, T, T])[] {
  return Object.entries(before).flatMap(([name, old]) => {
    const now = after[name];
    return now === undefined ? [] : [[name, old, now] as const];
  });
}
