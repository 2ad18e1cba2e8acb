import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { root } from "../../src/paths.ts";
import { pulumiEnvironment } from "../../src/pulumi.ts";
import { ensureSetup } from "../../src/setup/setup.ts";
import { throughPlugin } from "./nodejsSdk.ts";

/** The samples of the documentation, which the schema and every SDK carry: each is compiled, and run with the real engine. */
const directory = join(root, "provider/samples");
const { resources } = JSON.parse(readFileSync(join(root, "provider/schema.json"), "utf8")) as {
  readonly resources: Readonly<Record<string, { readonly description: string }>>;
};
const components = Object.keys(resources).map((token) => token.replace("berth:index:", ""));

const nodejs = "{ name: nodejs, options: { typescript: false } }";
/** The sample in TypeScript with the generated SDK for Node.js, by component. */
const withSdk = new Map<string, string>();

/** What a language wants of a project besides its name, and where the program of a component is. */
const languages = {
  "TypeScript, as a library": { runtime: nodejs, program: (component: string) => join(directory, component, "index.ts") },
  "TypeScript, through the plugin": {
    runtime: nodejs,
    program(component: string) {
      const made = withSdk.get(component) ?? throughPlugin(`sample-${component}`, join(directory, component, "index.ts"));
      withSdk.set(component, made);
      return join(made, "index.ts");
    },
  },
  Python: { runtime: "python", program: (component: string) => join(directory, component) },
  Go: { runtime: "go", program: (component: string) => join(directory, component) },
} as const;
type Language = keyof typeof languages;
const interpreted = ["TypeScript, as a library", "TypeScript, through the plugin", "Python"] as const;

/** Previews the sample of a component with the real engine and the plugins, without a cluster. @returns what the engine says */
function preview(component: string, language: Language): string {
  const project = mkdtempSync(join(tmpdir(), "berth-sample-"));
  const { runtime, program } = languages[language];
  const name = `sample-${component}-${language}`.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  writeFileSync(join(project, "Pulumi.yaml"), `name: ${name}\nruntime: ${runtime}\nmain: ${program(component)}\n`);
  const env = {
    ...pulumiEnvironment(),
    PULUMI_BACKEND_URL: `file://${project}`,
    KUBECONFIG: join(project, "none"),
    PULUMI_CONFIG_PASSPHRASE: "test",
  };
  const engine = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("pulumi", args, { cwd: project, env, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  };
  try {
    engine("stack", "init", "sample");
    return engine("preview", "--stack", "sample", "--non-interactive", "--color", "never");
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

before(ensureSetup);

describe("the samples", () => {
  it("are there for every component in every language, and are what the schema shows", () => {
    for (const component of components)
      for (const file of ["index.ts", "__main__.py", "main.go"]) {
        assert.ok(existsSync(join(directory, component, file)), `${component}/${file} is missing`);
        const text = readFileSync(join(directory, component, file), "utf8").trimEnd();
        assert.ok(
          resources[`berth:index:${component}`]?.description.includes(text),
          `${component}: the schema shows another sample`,
        );
      }
    assert.deepEqual(
      readdirSync(directory, { withFileTypes: true })
        .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
        .sort(),
      [...components].sort(),
    );
  });

  for (const language of interpreted)
    for (const component of components)
      it(`in ${language} makes the ${component} in a preview without a cluster`, () =>
        assert.match(preview(component, language), new RegExp(`\\+ +berth:index:${component} \\S+ create`)));

  // A program in Go is linked anew for each sample, which takes long: the others are compiled.
  for (const language of Object.keys(languages) as Language[])
    it(`in ${language} call methods and functions, and get what they say`, { timeout: 300_000 }, () => {
      const said = preview("Eip", language);
      for (const line of [/gateway *: "192\.0\.2\.40"/, /isOfOffice *: false/, /reserved *: "2001:db8::9"/])
        assert.match(said, line);
    });

  for (const language of interpreted)
    it(`in ${language} get the configuration of a peer's router`, () =>
      assert.match(preview("BgpPeer", language), /frr *: "! Berth: the other end of BgpPeer .*router.*, for FRR/));

  it("in Go compile", { timeout: 300_000 }, () => {
    const { status, stderr } = spawnSync("go", ["vet", "./..."], { cwd: directory, encoding: "utf8", env: pulumiEnvironment() });
    assert.equal(status, 0, stderr);
  });
});
