import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { rehearse } from "./rehearsal.ts";

describe("a rehearsal of sessions", () => {
  it("brings all of them up and down, as often as it is to", async () => {
    assert.equal(await rehearse({ rounds: 3, sessions: 4 }), 3);
  });

  it("leaves no socket behind", async () => {
    const open = (): number => readdirSync("/proc/self/fd").length;
    await rehearse({ rounds: 1, sessions: 1 });
    const before = open();
    await rehearse({ rounds: 2, sessions: 10 });
    for (let tries = 0; open() > before && tries < 1000; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(open() <= before, `${open()} descriptors, ${before} before`);
  });
});
