import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { lineLogger } from "./lineLogger.ts";
import type { LogLine } from "./protocol.ts";

describe("a logger whose lines another thread writes", () => {
  it("hands over what came within fifty milliseconds at once, in its order", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const said: (readonly LogLine[])[] = [];
      const { logger } = lineLogger(
        () => true,
        (lines) => said.push(lines),
      );
      logger.info({ peer: "a" }, "up");
      logger.debug({ peer: "b" }, "nearly");
      mock.timers.tick(49);
      assert.deepEqual(said, []);
      mock.timers.tick(1);
      logger.warn({ peer: "c" }, "down");
      mock.timers.tick(50);
      assert.deepEqual(said, [
        [
          { level: "info", fields: { peer: "a" }, message: "up" },
          { level: "debug", fields: { peer: "b" }, message: "nearly" },
        ],
        [{ level: "warn", fields: { peer: "c" }, message: "down" }],
      ]);
    } finally {
      mock.timers.reset();
    }
  });

  it("keeps lines for debugging while somebody reads them, and nothing that was handed over", () => {
    const said: (readonly LogLine[])[] = [];
    let isRead = false;
    const { logger, flush } = lineLogger(
      () => isRead,
      (lines) => said.push(lines),
    );
    logger.debug({}, "nobody reads this");
    assert.equal(logger.isLevelEnabled?.("debug"), false);
    isRead = true;
    assert.equal(logger.isLevelEnabled?.("debug"), true);
    logger.debug({}, "somebody does");
    flush();
    flush();
    assert.deepEqual(said, [[{ level: "debug", fields: {}, message: "somebody does" }]]);
  });
});
