import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { breakingChanges, type Schema } from "./compatibility.ts";
import { schema } from "./schema.ts";

const directory = join(dirname(import.meta.dirname), "released");
const read = (file: string): Schema => JSON.parse(readFileSync(join(directory, file), "utf8")) as Schema;

describe("the schema", () => {
  const released = globSync("schema-*.json", { cwd: directory }).sort();
  it("has released ones to keep faith with", () => assert.ok(released.length > 0));
  for (const file of released)
    it(`breaks nothing that ${file} has`, () => assert.deepEqual(breakingChanges(read(file), schema() as Schema), []));
});

describe("the comparison of schemas", () => {
  const text = { type: "string" };
  const older: Schema = {
    resources: {
      "a:index:R": {
        inputProperties: { name: text, key: { ...text, secret: true }, list: { type: "array", items: text } },
        requiredInputs: ["name"],
        properties: { url: text },
        required: ["url"],
        methods: { m: "a:index:R/m" },
      },
    },
    types: {
      "a:index:T": { properties: { port: { type: "integer" } } },
      "a:index:E": { enum: [{ value: "x" }, { value: "y" }] },
    },
    functions: { "a:index:f": { inputs: { properties: { q: text } }, outputs: { properties: { r: text }, required: ["r"] } } },
  };
  const changed = (
    change: (copy: {
      resources: Record<string, Record<string, Record<string, unknown>>>;
      types: Record<string, Record<string, unknown>>;
      functions: Record<string, Record<string, Record<string, unknown>>>;
    }) => void,
  ): string[] => {
    const copy = structuredClone(older) as never;
    change(copy);
    return breakingChanges(older, copy);
  };

  it("allows new resources, new optional inputs, new outputs, and an input that need not be given any more", () =>
    assert.deepEqual(
      changed(({ resources }) => {
        resources["a:index:New"] = {};
        Object.assign(resources["a:index:R"]!["inputProperties"]!, { extra: text });
        Object.assign(resources["a:index:R"]!["properties"]!, { extra: text });
        resources["a:index:R"]!["requiredInputs"] = [] as never;
      }),
      [],
    ));

  const breaks: readonly (readonly [string, string, Parameters<typeof changed>[0]])[] = [
    ["a resource that is gone", "the resource a:index:R is gone", ({ resources }) => delete resources["a:index:R"]],
    [
      "an input that is gone",
      "a:index:R: the input list is gone",
      ({ resources }) => delete resources["a:index:R"]!["inputProperties"]!["list"],
    ],
    [
      "an output that is gone",
      "a:index:R: the output url is gone",
      ({ resources }) => delete resources["a:index:R"]!["properties"]!["url"],
    ],
    [
      "a method that is gone",
      "a:index:R: the method m is gone",
      ({ resources }) => delete resources["a:index:R"]!["methods"]!["m"],
    ],
    [
      "an input of another type",
      "a:index:R.list: was array of string, is string",
      ({ resources }) => Object.assign(resources["a:index:R"]!["inputProperties"]!, { list: text }),
    ],
    [
      "a field of another type",
      "a:index:T.port: was integer, is number",
      ({ types }) => Object.assign(types["a:index:T"]!["properties"]!, { port: { type: "number" } }),
    ],
    [
      "a secret that is none any more",
      "a:index:R.key: is no secret any more",
      ({ resources }) => Object.assign(resources["a:index:R"]!["inputProperties"]!, { key: text }),
    ],
    [
      "an input that must be given now",
      "a:index:R.key: is required now",
      ({ resources }) => Object.assign(resources["a:index:R"]!, { requiredInputs: ["name", "key"] }),
    ],
    [
      "an output that may be absent now",
      "a:index:R.url: may be absent now",
      ({ resources }) => Object.assign(resources["a:index:R"]!, { required: [] }),
    ],
    [
      "a value that is gone",
      'a:index:E: the value "y" is gone',
      ({ types }) => Object.assign(types["a:index:E"]!, { enum: [{ value: "x" }] }),
    ],
    [
      "a result that is gone",
      "a:index:f: the output r is gone",
      ({ functions }) => Object.assign(functions["a:index:f"]!, { outputs: { properties: {} } }),
    ],
  ];
  for (const [what, sentence, change] of breaks)
    it(`finds ${what}`, () =>
      assert.deepEqual(
        changed((copy) => void change(copy)),
        [sentence],
      ));
});
