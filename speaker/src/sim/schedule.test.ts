import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runSchedule, settleBound, yieldBound } from "./schedule.ts";

/** All of them take half a minute; more, or one that failed, by BERTH_SCHEDULES=<count>, BERTH_FIRST_SCHEDULE=<seed>. */
const count = Number(process.env["BERTH_SCHEDULES"] ?? process.env["BERTH_RUNS"] ?? 10_000);
const first = Number(process.env["BERTH_FIRST_SCHEDULE"] ?? 1);

describe(`ownership under ${count} random schedules of crash, planned stop, freeze, cut, heal, join, cable, delay and loss`, () => {
  it(`has one owner on each part ${settleBound} ms after the last disturbance, and never two that hear each other for over ${yieldBound} ms`, () => {
    let runs = 0;
    for (let seed = first; seed < first + count; seed++, runs++) {
      const { acts, problem } = runSchedule(seed);
      assert.equal(problem, undefined, `schedule ${seed}: ${problem}\n${acts.join("\n")}`);
    }
    assert.equal(runs, count);
  });
});
