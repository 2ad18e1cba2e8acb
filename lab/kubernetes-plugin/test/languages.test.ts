import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Make, startCluster, useCluster } from "./doors.ts";
import { type Edit, edits, program, strangeOf } from "./edits.ts";
import { type Outcome, type Program, projectName } from "./engine.ts";
import { type Declared, type Language, languages } from "./languages.ts";
import { assertEditedAlone, eipLeaves, makeLeaves, peerLeaves } from "./leaves.ts";

/** The life of programs in other languages, written with the generated SDKs: as `berth.test.ts` and `edits.test.ts` for TypeScript. */

/** BgpConf's edits make many of other names, where peers want the one named "default": a program of their own. */
const ofConf = edits.filter(({ component }) => component === "BgpConf");
const ofOthers = edits.filter(({ component }) => component !== "BgpConf");

/** All edits but BgpConf's, and a pool or peer for each field; what is edited of them. */
const everything =
  (make: Make, edited: "nothing" | "fields" | "all"): Program =>
  () => {
    program(make, ofOthers, edited === "all")();
    makeLeaves(make, edited !== "nothing");
    return {};
  };

/** A directory for programs in a language, and what stands for the classes of components there. */
function openProject(language: Language): {
  readonly directory: string;
  readonly make: Make;
  write(program: Program): void;
} {
  const directory = mkdtempSync(join(tmpdir(), "berth-language-"));
  writeFileSync(join(directory, "Pulumi.yaml"), `name: ${projectName}\nruntime: ${language.runtime}\n`);
  let declared: Declared[] = [];
  return {
    directory,
    make: (component, name, args) => {
      declared.push({ component, name, args });
      return undefined as never;
    },
    write: (declare) => {
      declared = [];
      declare();
      language.write(directory, declared);
    },
  };
}

for (const [name, language] of Object.entries(languages)) {
  describe(`programs in ${name}`, { timeout: 900_000 }, () => {
    const project = openProject(language);
    const cluster = useCluster(startCluster, project);
    after(() => rmSync(project.directory, { recursive: true, force: true }));
    const { make } = project;
    const done = (outcome: Outcome): Outcome => {
      assert.ok(!outcome.failure, outcome.said.slice(-4000));
      return outcome;
    };
    const strange = (group: readonly Edit[], { steps }: Outcome): string[] => group.flatMap((one) => strangeOf(one, steps) ?? []);

    it("are made by up, and then neither preview nor refresh finds a change", async () => {
      const { changes } = done(await cluster.engine.up(everything(make, "nothing")));
      assert.deepEqual(Object.keys(changes), ["create"]);
      const count = changes.create;
      assert.deepEqual(done(await cluster.engine.preview(everything(make, "nothing"))).changes, { same: count });
      assert.deepEqual(done(await cluster.engine.refresh()).changes, { same: count });
    });

    it(`edit each of ${ofOthers.length} arguments and ${eipLeaves.length + peerLeaves.length} fields alone, and replace only where identity changes`, async () => {
      const preview = done(await cluster.engine.preview(everything(make, "all")));
      assert.deepEqual(strange(ofOthers, preview), []);
      assertEditedAlone(preview.steps);
      // Arguments that make components wait for a controller are not for `up`: there is none here.
      done(await cluster.engine.up(everything(make, "fields")));
      assert.deepEqual(Object.keys(done(await cluster.engine.preview(everything(make, "fields"))).changes), ["same"]);
    });

    it("are gone after destroy", async () => {
      done(await cluster.engine.destroy());
      const left = cluster.api.kubectl(["get", "eip,bgpconf,bgppeer,service", "-A", "-o", "name"]).stdout.trim();
      assert.equal(left, "service/kubernetes");
    });

    it(`edit each of ${ofConf.length} arguments of BgpConf alone`, async () => {
      done(await cluster.engine.up(program(make, ofConf, false)));
      assert.deepEqual(strange(ofConf, done(await cluster.engine.preview(program(make, ofConf, true)))), []);
    });
  });
}
