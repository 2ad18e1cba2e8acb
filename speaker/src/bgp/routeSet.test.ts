import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Asn } from "../net/asn.ts";
import { destinationOf } from "./destination.ts";
import type { Route } from "./ribOut.ts";
import { RouteSet } from "./routeSet.ts";

const nextHop = { family: 4, value: 1n } as const;
const route = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    value: fc.bigInt({ min: 0n, max: 400n }),
    isHost: fc.boolean(),
    pathId: fc.nat(2),
    as: fc.nat(9),
  })
  .map(({ family, value, isHost, pathId, as }): Route => {
    const address = { family, value: isHost ? value : value & ~1n };
    const length = (family === 4 ? 32 : 128) - (isHost ? 0 : 1);
    return { destination: destinationOf({ address, length }), pathId, attributes: { asPath: [as as Asn], nextHop } };
  });
const textOf = ({ destination, pathId, attributes }: Route): string => `${destination.key} ${pathId} ${attributes.asPath}`;

for (const by of ["destination", "path"] as const)
  describe(`a set of routes by ${by}`, () => {
    it("holds what a map would hold, in the order in which keys came first", () => {
      fc.assert(
        fc.property(fc.array(route, { maxLength: 500, size: "max" }), (list) => {
          const [set, map] = [new RouteSet(by), new Map<string, Route>()];
          const keyOf = ({ destination, pathId }: Route): string => `${destination.key} ${by === "path" ? pathId : ""}`;
          for (const one of list) {
            set.set(one);
            map.set(keyOf(one), one);
          }
          assert.deepEqual([...set.values()].map(textOf), [...map.values()].map(textOf));
          assert.equal(set.size, map.size);
          const ofIpv6 = [...map.values()].filter(({ destination }) => destination.family === "ipv6/unicast").length;
          assert.equal(set.sizeOf(["ipv6/unicast"]), ofIpv6);
          assert.equal(set.sizeOf(["ipv4/unicast", "ipv6/unicast"]), map.size);
          assert.equal(set.sizeOf([]), 0);
          for (const one of list) {
            assert.equal(set.attributesOf(one), map.get(keyOf(one))?.attributes);
            assert.equal(set.pathIdOf(one), map.get(keyOf(one))?.pathId);
          }
        }),
      );
    });

    it("knows nothing of what it does not hold", () => {
      fc.assert(
        fc.property(route, (one) => {
          const set = new RouteSet(by);
          set.set({ ...one, destination: destinationOf({ address: { family: 4, value: 0xffffffffn }, length: 32 }) });
          assert.deepEqual([set.attributesOf(one), set.pathIdOf(one)], [undefined, undefined]);
        }),
      );
    });
  });
