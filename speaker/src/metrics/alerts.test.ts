import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alerts, expressionOf, ruleFile } from "./alerts.ts";
import { controllerRows } from "./controllerRows.ts";
import { dashboardJson, dashboards } from "./dashboards.ts";
import { speakerRows } from "./speakerRows.ts";

const rows = [...speakerRows, ...controllerRows];
const labelsOf = new Map(rows.map(({ name, labels }) => [name, labels]));
const metricsIn = (expr: string): string[] => [...expr.matchAll(/\bberth_\w+/g)].map(([name]) => name);
const expressions = [
  ...alerts.map((alert) => [alert.name, expressionOf(alert)] as const),
  ...dashboards.flatMap(({ rows: panels }) =>
    panels.flat().flatMap(({ title, queries }) => queries.map(({ expr }) => [title, expr] as const)),
  ),
];

describe("alerts and dashboards", () => {
  it("ask for metrics that there are", () => {
    assert.ok(expressions.length > 50);
    for (const [name, expr] of expressions) {
      assert.ok(metricsIn(expr).length > 0, name);
      for (const metric of metricsIn(expr)) assert.ok(labelsOf.has(metric), `${name}: ${metric}`);
    }
  });
  it("show every metric, but for those that say the same as another", () => {
    const shown = new Set(expressions.flatMap(([, expr]) => metricsIn(expr)));
    const missing = [...labelsOf.keys()].filter((name) => !shown.has(name));
    assert.deepEqual(missing.sort(), ["berth_process_heap_bytes", "berth_process_start_time_seconds"]);
  });
  it("compare each wish with a fact", () => {
    const wishes = rows.filter(({ tells }) => tells === "wish").map(({ name }) => name);
    assert.ok(wishes.length >= 5);
    for (const wish of wishes)
      assert.ok(
        expressions.some(([, expr]) => metricsIn(expr).includes(wish)),
        wish,
      );
  });
  it("have a name, a severity, one line that fits a screen, and what to do", () => {
    assert.equal(new Set(alerts.map(({ name }) => name)).size, alerts.length);
    for (const { name, summary, description } of alerts) {
      assert.match(name, /^Berth[A-Z]\w+$/);
      assert.ok(summary.endsWith(".") && summary.length < 80, name);
      assert.ok(description.length > 40, name);
    }
  });
  it("are written with the time that each must hold, or with another", () => {
    const text = JSON.stringify(ruleFile());
    assert.match(text, /"alert":"BerthNoController".*?"for":"60s"/);
    assert.doesNotMatch(JSON.stringify(ruleFile({ hold: () => 0 })), /"for"/);
  });
  it("are taken over the time that each says, or over another, and nothing else of them changes", () => {
    const timed = alerts.filter(({ window }) => window !== undefined);
    assert.ok(timed.length >= 4);
    for (const alert of alerts) {
      const asItSays = expressionOf(alert);
      assert.doesNotMatch(asItSays, /window/, alert.name);
      assert.equal(asItSays.includes(`[${alert.window}m]`), timed.includes(alert), alert.name);
      const short = expressionOf(alert, { window: () => "20s" });
      assert.equal(short.replace("[20s]", `[${alert.window}m]`), asItSays, alert.name);
    }
  });
  it("are dashboards whose panels do not lie on each other", () => {
    for (const dashboard of dashboards) {
      const { panels } = dashboardJson(dashboard) as {
        readonly panels: readonly {
          readonly id: number;
          readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
        }[];
      };
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
      );
      assert.equal(new Set(cells).size, cells.length, dashboard.title);
      assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
    }
  });
});
