import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseAddress } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { hostPrefix } from "../net/prefix.ts";
import { destinationOf } from "./destination.ts";
import { diffRoutes, encodeMarkers, encodeRoutes, pathsFor, pathsOf, type Route, type Routes, routesOf } from "./ribOut.ts";

const nextHop = parseAddress("172.30.0.11")!;
const route = fc.record({ last: fc.bigInt({ min: 0n, max: 255n }), med: fc.constantFrom(undefined, 1, 2) }).map(
  ({ last, med }): Route => ({
    destination: destinationOf(hostPrefix({ family: 4, value: 0xc0000200n + last })),
    pathId: 1,
    attributes: { asPath: [65000 as Asn], nextHop, ...(med === undefined ? {} : { med }) },
  }),
);
const table = fc.array(route).map(routesOf);

/** What a peer knows: attributes by destination. */
const known = (routes: Routes): Map<string, unknown> =>
  new Map([...routes.values()].map(({ destination, attributes }) => [destination.key, attributes]));

function apply(told: Routes, difference: ReturnType<typeof diffRoutes>): Map<string, unknown> {
  const result = known(told);
  for (const { destination } of difference.withdraw) result.delete(destination.key);
  for (const { destination, attributes } of difference.announce) result.set(destination.key, attributes);
  return result;
}

describe("Adj-RIB-Out", () => {
  it("becomes what is wanted when the difference is applied", () => {
    fc.assert(
      fc.property(table, table, (told, wanted) => assert.deepEqual(apply(told, diffRoutes(told, wanted, [])), known(wanted))),
    );
  });

  it("has no difference to itself", () => {
    fc.assert(
      fc.property(table, (wanted) => {
        const { announce, withdraw } = diffRoutes(wanted, wanted, []);
        assert.deepEqual([...announce, ...withdraw], []);
      }),
    );
  });

  it("withdraws a path whose identifier changed from a peer that keeps paths apart, whatever either table distinguishes by", () => {
    const made = fc.array(fc.record({ of: route, pathId: fc.nat(2) }), { maxLength: 40 });
    const sets = fc
      .tuple(made, fc.constantFrom(routesOf, pathsOf))
      .map(([list, make]) => make(list.map(({ of, pathId }) => ({ ...of, pathId }))));
    const textOf = ({ destination, pathId }: Route): string => `${destination.key} ${pathId}`;
    const table = (routes: Routes): Map<string, unknown> =>
      new Map([...routes.values()].map((one) => [textOf(one), one.attributes]));
    fc.assert(
      fc.property(sets, sets, (told, wanted) => {
        const { announce, withdraw } = diffRoutes(told, wanted, ["ipv4/unicast"]);
        const result = table(told);
        for (const one of withdraw) result.delete(textOf(one));
        for (const one of announce) result.set(textOf(one), one.attributes);
        assert.deepEqual(new Map([...result].sort()), new Map([...table(wanted)].sort()));
      }),
    );
  });

  it("says that every negotiated family is complete, even an empty one", () => {
    assert.equal(encodeMarkers(["ipv4/unicast", "ipv6/unicast"]).length, 2);
  });

  it("tells a peer every path where it takes several, and the first one elsewhere", () => {
    const destination = destinationOf(hostPrefix({ family: 4, value: 0xc0000201n }));
    const paths = pathsOf([7, 3].map((pathId) => ({ destination, pathId, attributes: { asPath: [], nextHop } })));
    const told = (families: Parameters<typeof pathsFor>[1]) => [...pathsFor(paths, families).values()].map((one) => one.pathId);
    assert.deepEqual([told(["ipv4/unicast"]), told([])], [[7, 3], [7]]);
  });

  it("shares messages between routes with equal attributes, whether or not they are the same object", () => {
    const list = Array.from({ length: 1000 }, (_, index) => ({
      destination: destinationOf(hostPrefix({ family: 4, value: 0xc6120000n + BigInt(index) })),
      pathId: 1,
      attributes: { asPath: [65000 as Asn], nextHop: { ...nextHop } },
    }));
    const context = { isFourOctetAs: true, maxLength: 4096, addPathSend: [] };
    assert.equal(encodeRoutes(list, ["ipv4/unicast"], context).length, 2);
  });
});
