import assert from "node:assert/strict";
import { it } from "node:test";
import { World } from "./fixtures.ts";
import type { Pool, ServiceRequest } from "./model.ts";

/** One look at the world: what Services hold, and why they lack what they lack. What a row does not name is not looked at. */
export interface Look {
  readonly holds?: Readonly<Record<string, readonly string[]>>;
  readonly refused?: Readonly<Record<string, string | RegExp | undefined>>;
}

/** A row of a table of cases: pools and Services, what comes of them, and what changes then. */
export interface Row extends Look {
  /** The row's name in the table that it comes from. */
  readonly row: string;
  readonly says: string;
  readonly pools: readonly Pool[];
  readonly services: readonly ServiceRequest[];
  readonly namespaceLabels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly sharesUnconditionally?: true;
  readonly later?: readonly (Look & { readonly change: (world: World) => void })[];
}

/** Makes a test of each row. */
export function testRows(rows: readonly Row[]): void {
  for (const { row, says, pools, services, namespaceLabels = {}, sharesUnconditionally = false, later = [], ...first } of rows)
    it(`${row}: ${says}`, () => {
      const world = new World();
      world.pools = [...pools];
      world.services = services.map((service, index) => ({ ...service, createdAt: service.createdAt || index }));
      world.namespaceLabels = new Map(Object.entries(namespaceLabels));
      world.sharesUnconditionally = sharesUnconditionally;
      world.settle();
      look(world, first);
      for (const { change, ...expected } of later) {
        change(world);
        world.settle();
        look(world, expected);
      }
    });
}

function look(world: World, { holds = {}, refused = {} }: Look): void {
  for (const [key, addresses] of Object.entries(holds)) assert.deepEqual(world.held(key), [...addresses].sort(), key);
  for (const [key, expected] of Object.entries(refused)) {
    const refusal = world.settle().assignments.get(key)?.refusal;
    if (expected instanceof RegExp) assert.match(refusal?.message ?? "", expected);
    else assert.equal(refusal?.reason, expected, `${key}: ${refusal?.message}`);
  }
}
