import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseAddress } from "../net/address.ts";
import type { Asn } from "../net/asn.ts";
import { formatPrefix, hostPrefix } from "../net/prefix.ts";
import { diffRoutes, encodeTable, type Route, type Routes, routesOf } from "./ribOut.ts";

const nextHop = parseAddress("172.30.0.11")!;
const route = fc.record({ last: fc.bigInt({ min: 0n, max: 255n }), med: fc.constantFrom(undefined, 1, 2) }).map(
  ({ last, med }): Route => ({
    prefix: hostPrefix({ family: 4, value: 0xc0000200n + last }),
    attributes: { asPath: [65000 as Asn], nextHop, ...(med === undefined ? {} : { med }) },
  }),
);
const table = fc.array(route).map(routesOf);

function apply(told: Routes, difference: ReturnType<typeof diffRoutes>): Routes {
  const result = new Map(told);
  for (const prefix of difference.withdraw) result.delete(formatPrefix(prefix));
  for (const one of difference.announce) result.set(formatPrefix(one.prefix), one);
  return result;
}

describe("Adj-RIB-Out", () => {
  it("becomes what is wanted when the difference is applied", () => {
    fc.assert(
      fc.property(table, table, (told, wanted) =>
        assert.deepEqual(new Map([...apply(told, diffRoutes(told, wanted))].sort()), new Map([...wanted].sort())),
      ),
    );
  });

  it("has no difference to itself", () => {
    fc.assert(fc.property(table, (wanted) => assert.deepEqual(diffRoutes(wanted, wanted), { announce: [], withdraw: [] })));
  });

  it("says that every negotiated family is complete, even an empty one", () => {
    const negotiated = {
      holdTime: 90,
      families: ["ipv4/unicast", "ipv6/unicast"] as const,
      isFourOctetAs: true,
      peerRouteRefresh: true,
      peerIdentifier: nextHop,
      peerGracefulRestart: undefined,
    };
    assert.equal(encodeTable(new Map(), negotiated).length, 2);
  });
});
