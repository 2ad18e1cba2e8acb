import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { root } from "../../src/paths.ts";
import { pulumiEnvironment } from "../../src/pulumi.ts";
import { ensureSetup } from "../../src/setup/setup.ts";

/** The samples of the documentation, which the schema and every SDK carry: each is compiled or run. Those in TypeScript are part of `npm run check`. */
const directory = join(root, "provider/samples");
const { resources } = JSON.parse(readFileSync(join(root, "provider/schema.json"), "utf8")) as {
  readonly resources: Readonly<Record<string, { readonly description: string }>>;
};
const components = Object.keys(resources).map((token) => token.replace("berth:index:", ""));

/** Runs a program against mocks of the engine: every resource is made, none is sent anywhere. */
const runner = `
import runpy, sys, pulumi

class Mocks(pulumi.runtime.Mocks):
    made = []
    def new_resource(self, args):
        self.made.append(args.typ)
        return [args.name, args.inputs]
    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Mocks(), preview=False)

@pulumi.runtime.test
def sample():
    runpy.run_path(sys.argv[1])

sample()
print("\\n".join(Mocks.made))
`;

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

  for (const component of components)
    it(`in Python makes the ${component}`, () => {
      const { status, stdout, stderr } = spawnSync("python3", ["-c", runner, join(directory, component, "__main__.py")], {
        encoding: "utf8",
        env: pulumiEnvironment(),
      });
      assert.equal(status, 0, stderr);
      assert.ok(stdout.split("\n").includes(`berth:index:${component}`), stdout);
    });

  it("in Go compile", { timeout: 300_000 }, () => {
    const { status, stderr } = spawnSync("go", ["vet", "../..."], { cwd: directory, encoding: "utf8", env: pulumiEnvironment() });
    assert.equal(status, 0, stderr);
  });
});
