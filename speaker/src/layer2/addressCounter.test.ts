import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddressCounter } from "./addressCounter.ts";

describe("counts of each address", () => {
  it("begin with zero, grow, and are told once when they have changed", () => {
    const counter = new AddressCounter();
    counter.keep(["192.0.2.1", "192.0.2.2"]);
    assert.equal(counter.takeChanged().length, 2);
    counter.add("192.0.2.1", "questions", 3);
    counter.add("192.0.2.1", "answers");
    assert.deepEqual(counter.takeChanged(), [["192.0.2.1", { questions: 3, answers: 1, gratuitous: 0 }]]);
    assert.deepEqual(counter.takeChanged(), []);
    counter.add("192.0.2.1", "gratuitous");
    assert.deepEqual(counter.takeChanged(), [["192.0.2.1", { questions: 3, answers: 1, gratuitous: 1 }]]);
  });
  it("go with the address, and begin anew when it comes back", () => {
    const counter = new AddressCounter();
    counter.keep(["192.0.2.1"]);
    counter.add("192.0.2.1", "answers", 5);
    counter.keep([]);
    counter.add("192.0.2.1", "answers");
    assert.deepEqual(counter.takeChanged(), []);
    counter.keep(["192.0.2.1"]);
    assert.deepEqual(counter.takeChanged(), [["192.0.2.1", { questions: 0, answers: 0, gratuitous: 0 }]]);
  });
});
