import type { ImportPlan } from "./model.ts";

/** A plan as a Pulumi program. Pure: the same plan gives the same text. */

/** The languages that an import writes. */
export const languages = ["typescript", "python", "go"] as const;
export type Language = (typeof languages)[number];

/** A resource of the program: its class, its name in the stack, its arguments, and the configuration key of its password. */
interface Part {
  readonly type: "BgpConf" | "Eip" | "BgpPeer";
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly passwordKey?: string;
}

/** The files of a program, path → content. */
export function programOf(plan: ImportPlan, language: Language): Record<string, string> {
  const parts: Part[] = [
    ...(plan.bgpConf === undefined ? [] : [{ type: "BgpConf" as const, name: "default", args: { ...plan.bgpConf } }]),
    ...plan.eips.map(({ name, spec, isDefault }) => ({
      type: "Eip" as const,
      name,
      args: { ...spec, ...(isDefault === true ? { isDefault } : {}) },
    })),
    ...plan.peers.map(({ name, spec, passwordFrom }) => ({
      type: "BgpPeer" as const,
      name,
      args: { ...spec },
      ...(passwordFrom === undefined ? {} : { passwordKey: `${name}Password` }),
    })),
  ];
  switch (language) {
    case "typescript":
      return typescript(parts, plan.loadBalancerClasses);
    case "python":
      return python(parts, plan.loadBalancerClasses);
    case "go":
      return go(parts, plan.loadBalancerClasses);
    default:
      return language satisfies never;
  }
}

function project(runtime: string, parts: readonly Part[]): string {
  const passwords = parts.flatMap(({ passwordKey, name }) =>
    passwordKey === undefined
      ? []
      : [
          `  ${passwordKey}:\n    type: string\n    secret: true\n    description: The TCP-MD5 password of ${JSON.stringify(name)}\n`,
        ],
  );
  return `name: load-balancer
description: What npm run berth -- import made of this cluster
runtime: ${runtime}
config:
  image:
    type: string
    description: The image of Berth
  serve:
    type: boolean
    description: Whether Berth serves Services. false until the old controller is stopped; see docs/migrating.md
    default: false
${passwords.join("")}`;
}

function typescript(parts: readonly Part[], classes: readonly string[]): Record<string, string> {
  const lines = parts.map(({ type, name, args, passwordKey }) => {
    const password = passwordKey === undefined ? [] : [`  password: config.requireSecret(${JSON.stringify(passwordKey)}),`];
    const fields = Object.entries(args).map(([key, value]) => `  ${key}: ${literal(value, 1)},`);
    return `new berth.${type}(\n  ${JSON.stringify(name)},\n  {\n${[...fields, ...password].map((line) => indent(line, 1)).join("\n")}\n  },\n  installed,\n);`;
  });
  const index = `import * as berth from "@berth/pulumi";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const serve = config.requireBoolean("serve");

const loadBalancer = new berth.LoadBalancer("berth", {
  image: config.require("image"),
  handleClassless: serve,
  loadBalancerClasses: serve ? ${JSON.stringify(["berth.dev/berth", ...classes])} : ["berth.dev/berth"],
});
const installed = { dependsOn: [loadBalancer] };

${lines.join("\n\n")}
`;
  const manifest = {
    name: "load-balancer",
    private: true,
    type: "module",
    main: "index.ts",
    dependencies: { "@berth/pulumi": "0.1.0", "@pulumi/pulumi": "^3.200.0" },
  };
  return {
    "Pulumi.yaml": `${project("{ name: nodejs, options: { typescript: false } }", parts)}`,
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "index.ts": index,
  };
}

function python(parts: readonly Part[], classes: readonly string[]): Record<string, string> {
  const lines = parts.map(({ type, name, args, passwordKey }) => {
    const fields = Object.entries(args).map(([key, value]) => `    ${snake(key)}=${pythonLiteral(value, 1)},`);
    const password = passwordKey === undefined ? [] : [`    password=config.require_secret(${JSON.stringify(passwordKey)}),`];
    return `berth.${type}(\n    ${JSON.stringify(name)},\n${[...fields, ...password].join("\n")}\n    opts=installed,\n)`;
  });
  const main = `import pulumi
import pulumi_berth as berth

config = pulumi.Config()
serve = config.require_bool("serve")

load_balancer = berth.LoadBalancer(
    "berth",
    image=config.require("image"),
    handle_classless=serve,
    load_balancer_classes=${JSON.stringify(["berth.dev/berth", ...classes])} if serve else ["berth.dev/berth"],
)
installed = pulumi.ResourceOptions(depends_on=[load_balancer])

${lines.join("\n")}
`;
  return {
    "Pulumi.yaml": project("python", parts),
    "requirements.txt": "pulumi>=3.200.0,<4.0.0\npulumi_berth\n",
    "__main__.py": main,
  };
}

function go(parts: readonly Part[], classes: readonly string[]): Record<string, string> {
  const lines = parts.map(({ type, name, args, passwordKey }) => {
    const fields = Object.entries(args).map(
      ([key, value]) => `\t\t${capital(key)}: ${goLiteral(value, `${type}${capital(key)}`, 2)},`,
    );
    const password = passwordKey === undefined ? [] : [`\t\tPassword: settings.RequireSecret(${JSON.stringify(passwordKey)}),`];
    return `\tif _, err := berth.New${type}(ctx, ${JSON.stringify(name)}, &berth.${type}Args{\n${[...fields, ...password].join("\n")}\n\t}, installed); err != nil {\n\t\treturn err\n\t}`;
  });
  const main = `package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	settings := config.New(ctx, "")
	serve := settings.RequireBool("serve")
	classes := pulumi.StringArray{pulumi.String("berth.dev/berth")}
${classes.length === 0 ? "" : `\tif serve {\n\t\tclasses = append(classes, ${classes.map((name) => `pulumi.String(${JSON.stringify(name)})`).join(", ")})\n\t}\n`}
	loadBalancer, err := berth.NewLoadBalancer(ctx, "berth", &berth.LoadBalancerArgs{
		Image:               pulumi.String(settings.Require("image")),
		HandleClassless:     pulumi.Bool(serve),
		LoadBalancerClasses: classes,
	})
	if err != nil {
		return err
	}
	installed := pulumi.DependsOn([]pulumi.Resource{loadBalancer})

${lines.join("\n")}
	return nil
}
`;
  const module = `module load-balancer\n\ngo 1.25.11\n\nrequire (\n\tberth.dev/sdk/go v0.1.0\n\tgithub.com/pulumi/pulumi/sdk/v3 v3.259.0\n)\n`;
  return { "Pulumi.yaml": project("go", parts), "go.mod": module, "main.go": main };
}

/** A value as TypeScript writes it. */
function literal(value: unknown, depth: number): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, depth)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, item]) => `${name(key)}: ${literal(item, depth)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** A value as Python writes it: fields are named in snake case, keys of maps of labels are not. */
function pythonLiteral(value: unknown, depth: number, isMap = false): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map((item) => pythonLiteral(item, depth)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(isMap ? key : snake(key))}: ${pythonLiteral(item, depth, maps.has(key))}`,
  );
  return `{${fields.join(", ")}}`;
}

/** Fields whose keys are the user's own words. */
const maps = new Set(["matchLabels", "namespaceSelector", "asPerRack"]);

/** A value as Go writes it. @param type the name of the generated type of this place */
function goLiteral(value: unknown, type: string, depth: number, isMap = false): string {
  if (typeof value === "string") return `pulumi.String(${JSON.stringify(value)})`;
  if (typeof value === "boolean") return `pulumi.Bool(${value})`;
  if (typeof value === "number") return `pulumi.Int(${value})`;
  if (Array.isArray(value)) {
    const isObjects = value.some((item) => typeof item === "object");
    const items = value.map((item) => goLiteral(item, type, depth + 1));
    return `${isObjects ? `berth.${type}Array` : "pulumi.StringArray"}{${items.join(", ")}}`;
  }
  const entries = Object.entries(value as object);
  if (isMap || maps.has(last(type))) {
    const isNumbers = entries.some(([, item]) => typeof item === "number");
    return `pulumi.${isNumbers ? "IntMap" : "StringMap"}{${entries.map(([key, item]) => `${JSON.stringify(key)}: ${goLiteral(item, type, depth)}`).join(", ")}}`;
  }
  const fields = entries.map(
    ([key, item]) => `${capital(key)}: ${goLiteral(item, `${type}${capital(key)}`, depth + 1, maps.has(key))}`,
  );
  return `&berth.${type}Args{${fields.join(", ")}}`;
}

/** The last field in the name of a generated type. */
function last(type: string): string {
  const found = [...maps].find((field) => type.endsWith(capital(field)));
  return found ?? "";
}

function name(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

/** Words that Python keeps for itself; the SDK puts an underscore behind them. */
const reserved = new Set(["as", "from", "import", "class", "global", "lambda", "in", "is", "not", "pass", "def"]);

function snake(key: string): string {
  const text = key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
  return reserved.has(text) ? `${text}_` : text;
}

function capital(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1);
}

function indent(text: string, depth: number): string {
  return text.replaceAll(/^/gm, "  ".repeat(depth));
}
