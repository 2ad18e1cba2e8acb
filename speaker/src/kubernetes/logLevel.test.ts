import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wantedLevel } from "./logLevel.ts";

const configMap = (data: Readonly<Record<string, string>>) => ({ metadata: { name: "berth-log" }, data });
const levelOf = (data: Readonly<Record<string, string>>, component = "speaker", name = "node1") => {
  const wanted = wantedLevel(configMap(data), component, name);
  return wanted !== undefined && "level" in wanted ? wanted.level : wanted;
};

describe("the level of logs that a ConfigMap asks for", () => {
  it("is that of the most particular key", () => {
    const data = { level: "warn", speaker: "info", "speaker.node1": "debug" };
    assert.equal(levelOf(data), "debug");
    assert.equal(levelOf(data, "speaker", "node2"), "info");
    assert.equal(levelOf(data, "controller", "berth-controller-1"), "warn");
  });
  it("is nothing without the ConfigMap, or without a key that is meant for the process", () => {
    assert.equal(wantedLevel(undefined, "speaker", "node1"), undefined);
    assert.equal(levelOf({ controller: "debug", "speaker.node2": "debug" }), undefined);
  });
  it("is a sentence where no level is meant", () => {
    assert.deepEqual(wantedLevel(configMap({ speaker: "verbose" }), "speaker", "node1"), {
      problem: 'speaker of ConfigMap berth-log: "verbose" is none of error, warn, info, debug',
    });
  });
});
