import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeTimelines } from "../../page/memory.ts";
import { cellsOf } from "../../page/poolCells.ts";
import type { PoolRow, TimelineEntry } from "../../src/console/model.ts";

const pool = (more: Partial<PoolRow>): PoolRow => ({
  key: "pool",
  addresses: "",
  protocol: "layer2",
  used: "",
  size: "",
  inUse: "yes",
  isWell: true,
  limit: "",
  byNamespace: {},
  map: [],
  resting: [],
  blocks: [],
  avoidsBuggyIps: false,
  ...more,
});
const shown = (row: PoolRow): string[] =>
  cellsOf(row).cells.map(({ address, state, skipped }) =>
    skipped === undefined ? `${address} ${state}` : `${skipped} ${state}`,
  );

describe("the map of a pool", () => {
  it("has every address of a small pool with what it is", () => {
    assert.deepEqual(
      shown(
        pool({
          blocks: [
            { first: "192.0.2.254", count: "4", isReserved: false },
            { first: "192.0.3.2", count: "1", isReserved: true },
          ],
          map: [{ address: "192.0.2.254", users: ["a/b"] }],
          resting: [{ address: "192.0.3.1", until: "2026-01-01T00:00:00Z" }],
          avoidsBuggyIps: true,
        }),
      ),
      ["192.0.2.254 used", "192.0.2.255 reserved", "192.0.3.0 reserved", "192.0.3.1 resting", "192.0.3.2 reserved"],
    );
  });
  it("has of a /64 those in use and resting, and how many lie between", () => {
    const large = pool({
      blocks: [{ first: "fd00::", count: String(2n ** 64n), isReserved: false }],
      map: [
        { address: "fd00::", users: ["a/b"] },
        { address: "fd00::1:0", users: ["a/c"] },
      ],
      resting: [{ address: "fd00::ff", until: "2026-01-01T00:00:00Z" }],
    });
    assert.equal(cellsOf(large).isWhole, false);
    assert.deepEqual(shown(large), [
      "fd00:: used",
      "254 free",
      "fd00::ff resting",
      "65280 free",
      "fd00::1:0 used",
      `${2n ** 64n - 65537n} free`,
    ]);
  });
});

describe("the timeline of a tab", () => {
  const entry = (at: string, message: string): TimelineEntry => ({
    key: at,
    at,
    kind: "owner",
    subject: "demo/web",
    message,
    eip: "",
  });
  it("keeps what was told before a reload or by another controller, each thing once, the newest first", () => {
    const before = [entry("2026-01-01T12:00:00.100Z", "moved"), entry("2026-01-01T11:00:00Z", "came")];
    const current = [entry("2026-01-01T13:00:00Z", "moved"), entry("2026-01-01T12:00:00.200Z", "moved")];
    const merged = mergeTimelines(current, before);
    assert.deepEqual(
      merged.map(({ at, message }) => `${at} ${message}`),
      ["2026-01-01T13:00:00Z moved", "2026-01-01T12:00:00.200Z moved", "2026-01-01T11:00:00Z came"],
    );
    assert.deepEqual(mergeTimelines([], merged), merged);
  });
  it("has a bound", () => {
    const many = Array.from({ length: 700 }, (_, index) => entry(new Date(index * 60_000).toISOString(), `event ${index}`));
    const merged = mergeTimelines(many.slice(0, 300), many.slice(300));
    assert.equal(merged.length, 500);
    assert.equal(merged[0]?.message, "event 699");
  });
});
