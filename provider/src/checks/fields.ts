import type { Field, Fields } from "@berth/api/schema";
import { type Problem, record, unknown } from "./problem.ts";

/** Mistakes that the definition of the fields alone shows: wrong types, unknown properties, values out of bounds. */
export function fieldProblems(args: object, fields: Fields, path = ""): Problem[] {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const missing = Object.entries(fields)
    .filter(([name, field]) => field.required === true && !given.some(([key]) => key === name))
    .map(([name, field]) => ({ propertyPath: at(name), reason: `is missing; give ${article(field)}: ${lower(field.doc)}` }));
  return [
    ...missing,
    ...given.flatMap(([name, value]) => {
      const field = fields[name];
      return field === undefined ? [noSuchProperty(name, fields, at(name))] : valueProblems(value, field, at(name));
    }),
  ];
}

function valueProblems(value: unknown, field: Field, propertyPath: string): Problem[] {
  if (value === unknown || value === undefined || value === null) return [];
  const shown = field.type === "string" && field.secret === true ? "the value" : JSON.stringify(value);
  const wrong = (reason: string): Problem[] => [
    { propertyPath, reason: `${shown} ${reason}`, ...(shown === "the value" ? { isSecret: true as const } : {}) },
  ];
  switch (field.type) {
    case "string":
      if (typeof value !== "string") return wrong("is not a text");
      if (field.enum !== undefined && !field.enum.includes(value))
        return wrong(`is not one of ${field.enum.map((one) => JSON.stringify(one)).join(", ")}`);
      if (value.length > (field.maxLength ?? Number.POSITIVE_INFINITY))
        return wrong(`has ${value.length} characters; at most ${field.maxLength} are allowed`);
      return value.length < (field.minLength ?? 0)
        ? wrong(value === "" ? "is empty" : `is too short; at least ${field.minLength} characters are needed`)
        : [];
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) return wrong("is not a whole number");
      return value < (field.minimum ?? Number.NEGATIVE_INFINITY) || value > (field.maximum ?? Number.POSITIVE_INFINITY)
        ? wrong(bounds(field.minimum, field.maximum))
        : [];
    case "boolean":
      return typeof value === "boolean" ? [] : wrong("is neither true nor false");
    case "array":
      if (!Array.isArray(value)) return wrong("is not a list");
      return [
        ...(value.length > (field.maxItems ?? Number.POSITIVE_INFINITY)
          ? [{ propertyPath, reason: `there are ${value.length} items; at most ${field.maxItems} are allowed` }]
          : []),
        ...value.flatMap((item, index) => valueProblems(item, field.items, `${propertyPath}[${index}]`)),
      ];
    case "map":
      if (typeof value !== "object" || Array.isArray(value)) return wrong("is not a map");
      return Object.entries(value).flatMap(([key, item]) => valueProblems(item, field.values, `${propertyPath}["${key}"]`));
    case "object":
      if (typeof value !== "object" || Array.isArray(value)) return wrong("is not an object");
      return fieldProblems(record(value), field.fields, propertyPath);
    default:
      return field satisfies never;
  }
}

function bounds(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum === undefined) return `is too high; at most ${maximum} is allowed`;
  return maximum === undefined ? `is too low; at least ${minimum} is needed` : `is not from ${minimum} to ${maximum}`;
}

/** Names the one that was meant, if one is near, else all there are. What was meant to be a password is not shown. */
function noSuchProperty(name: string, fields: Fields, propertyPath: string): Problem {
  const isNear = (other: string): boolean => distance(name.toLowerCase(), other.toLowerCase()) <= 2;
  const [nearest, field] = Object.entries(fields).find(([other]) => isNear(other)) ?? [];
  const remedy = nearest === undefined ? `there are ${Object.keys(fields).join(", ")}` : `did you mean ${nearest}?`;
  const isSecret = field?.type === "string" && field.secret === true;
  return { propertyPath, reason: `there is no such property; ${remedy}`, ...(isSecret ? { isSecret } : {}) };
}

/** How many letters must be added, dropped or changed to make one word another. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

function article(field: Field): string {
  return { string: "a text", integer: "a number", boolean: "true or false", array: "a list", map: "a map", object: "an object" }[
    field.type
  ];
}

function lower(doc: string): string {
  const [first = ""] = doc.split(/[.:](\s|$)/);
  return first.charAt(0).toLowerCase() + first.slice(1);
}
