import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CommandShape, complete } from "./completion.ts";

const command = (name: string, more: Partial<CommandShape> = {}): CommandShape => ({
  name,
  description: `what ${name} does`,
  commands: [],
  options: [],
  arguments: [],
  ...more,
});
const json = { flag: "--json", description: "for programs", takesValue: false, choices: [] };
const namespace = { flag: "--namespace", description: "where", takesValue: true, choices: [] };
const form = { flag: "--as", description: "what to write", takesValue: true, choices: ["yaml", "typescript"] };
const program = command("berth", {
  commands: [
    command("status", { options: [json, namespace] }),
    command("explain", {
      commands: [command("service", { options: [json], arguments: [{ name: "namespace/name", choices: [] }] })],
    }),
    command("import", { options: [form] }),
    command("rib", { arguments: [{ name: "direction", choices: ["in", "out", "local"] }] }),
  ],
});
const words = (...line: string[]): string[] => complete(program, line).candidates.map(({ word }) => word);

describe("completion of the command line", () => {
  it("offers commands, then their subcommands", () => {
    assert.deepEqual(words(""), ["status", "explain", "import", "rib"]);
    assert.deepEqual(words("st"), ["status"]);
    assert.deepEqual(words("explain", ""), ["service"]);
  });
  it("offers options where a word begins with a dash, and the values that an option may have", () => {
    assert.deepEqual(words("status", "--"), ["--json", "--namespace"]);
    assert.deepEqual(words("import", "--as", ""), ["yaml", "typescript"]);
    assert.deepEqual(words("import", "--as", "ty"), ["typescript"]);
  });
  it("offers the choices of an argument once", () => {
    assert.deepEqual(words("rib", ""), ["in", "out", "local"]);
    assert.deepEqual(words("rib", "in", ""), []);
  });
  it("says what must be asked of the cluster: names of Services, values of options", () => {
    assert.equal(complete(program, ["explain", "service", ""]).fromCluster, "namespace/name");
    assert.equal(complete(program, ["explain", "service", "--json", "de"]).fromCluster, "namespace/name");
    assert.equal(complete(program, ["explain", "service", "demo/web", ""]).fromCluster, undefined);
    assert.equal(complete(program, ["status", "--namespace", ""]).fromCluster, "namespace");
  });
  it("is at the same place after an option and its value", () => {
    assert.deepEqual(words("status", "--namespace", "x", "--j"), ["--json"]);
    assert.deepEqual(words("nothing", ""), ["status", "explain", "import", "rib"]);
  });
});
