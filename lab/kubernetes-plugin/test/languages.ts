import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LabError } from "../../src/exec.ts";
import { root } from "../../src/paths.ts";
import { pulumiEnvironment } from "../../src/pulumi.ts";

/** Programs in languages other than TypeScript, written with the names of the generated SDKs. */

/** A component of Berth's that a program declares. */
export interface Declared {
  readonly component: string;
  readonly name: string;
  readonly args: object;
}

/** A language: how a project of it says so, and how its program comes into a directory. */
export interface Language {
  readonly runtime: string;
  write(directory: string, declared: readonly Declared[]): void;
}

interface Type {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Type;
  readonly additionalProperties?: Type;
  readonly plain?: boolean;
}
type Properties = Readonly<Record<string, Type>>;

const schema = JSON.parse(readFileSync(join(root, "provider/schema.json"), "utf8")) as {
  readonly resources: Readonly<Record<string, { readonly inputProperties: Properties }>>;
  readonly types: Readonly<Record<string, { readonly properties: Properties }>>;
};
const propertiesOf = ({ component }: Declared): Properties => schema.resources[`berth:index:${component}`]?.inputProperties ?? {};
const nested = ({ $ref = "" }: Type): Properties | undefined => schema.types[$ref.replace("#/types/", "")]?.properties;

/** The arguments with what the schema says of them. @throws LabError for one that it does not have */
const typed = (args: object, properties: Properties): readonly (readonly [string, unknown, Type])[] =>
  Object.entries(args).map(([name, value]) => {
    const type = properties[name];
    if (type === undefined) throw new LabError(`the schema has no ${name}`);
    return [name, value, type];
  });

function pythonName(name: string): string {
  const snake = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return snake === "as" ? "as_" : snake;
}

function pythonValue(value: unknown, type: Type): string {
  const properties = nested(type);
  if (properties !== undefined)
    return `{${typed(value as object, properties)
      .map(([name, inner, of]) => `"${pythonName(name)}": ${pythonValue(inner, of)}`)
      .join(", ")}}`;
  if (Array.isArray(value)) return `[${value.map((one) => pythonValue(one, type.items ?? {})).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}: ${pythonValue(inner, type.additionalProperties ?? {})}`)
      .join(", ")}}`;
  return typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value);
}

const python: Language = {
  runtime: "python",
  write: (directory, declared) => {
    const lines = declared.map((one) => {
      const args = typed(one.args, propertiesOf(one)).map(
        ([name, value, type]) => `${pythonName(name)}=${pythonValue(value, type)}`,
      );
      return `berth.${one.component}(${[JSON.stringify(one.name), ...args].join(", ")})`;
    });
    writeFileSync(join(directory, "__main__.py"), ["import pulumi_berth as berth", ...lines, ""].join("\n"));
  },
};

const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
const goTypes: Readonly<Record<string, string>> = { string: "String", integer: "Int", number: "Float64", boolean: "Bool" };

/** The name of the Go type of inputs of a type, without what it is a list or map of. */
const goName = ({ type = "", $ref }: Type): string =>
  $ref === undefined ? `pulumi.${goTypes[type]}` : `berth.${$ref.replace("#/types/berth:index:", "")}`;

function goValue(value: unknown, type: Type): string {
  const properties = nested(type);
  if (properties !== undefined) return `${goName(type)}Args{${goFields(value as object, properties)}}`;
  if (Array.isArray(value)) {
    const { items = {} } = type;
    return `${goName(items)}Array{${value.map((one) => goValue(one, items)).join(", ")}}`;
  }
  if (typeof value === "object" && value !== null) {
    const { additionalProperties: values = {} } = type;
    const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${goValue(inner, values)}`);
    return `${goName(values)}Map{${entries.join(", ")}}`;
  }
  return type.plain === true ? `pulumi.${goTypes[type.type ?? ""]}Ref(${value})` : `${goName(type)}(${JSON.stringify(value)})`;
}

const goFields = (args: object, properties: Properties): string =>
  typed(args, properties)
    .map(([name, value, type]) => `${capitalized(name)}: ${goValue(value, type)}`)
    .join(", ");

const goLanguage: Language = {
  runtime: "{ name: go, options: { binary: ./program } }",
  write: (directory, declared) => {
    const samples = join(root, "provider/samples");
    const module = readFileSync(join(samples, "go.mod"), "utf8").replace("../../sdk/go", join(root, "sdk/go"));
    writeFileSync(join(directory, "go.mod"), module);
    writeFileSync(join(directory, "go.sum"), readFileSync(join(samples, "go.sum")));
    const statements = declared.map(
      (
        one,
      ) => `		if _, err := berth.New${one.component}(ctx, ${JSON.stringify(one.name)}, &berth.${one.component}Args{${goFields(one.args, propertiesOf(one))}}); err != nil {
			return err
		}`,
    );
    const main = `package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
${statements.join("\n")}
		return nil
	})
}
`;
    const file = join(directory, "main.go");
    if (existsSync(file) && readFileSync(file, "utf8") === main) return;
    writeFileSync(file, main);
    const { status, stderr } = spawnSync("go", ["build", "-o", "program", "."], {
      cwd: directory,
      encoding: "utf8",
      env: pulumiEnvironment(),
    });
    if (status !== 0) throw new LabError(`the program in Go does not compile:\n${stderr}`);
  },
};

/** The languages by the names that they have in titles of tests. */
export const languages: Readonly<Record<string, Language>> = { Python: python, Go: goLanguage };
