import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { parseAddress } from "../../net/address.ts";
import type { Asn } from "../../net/asn.ts";
import { peerOf } from "../peerOf.ts";
import { rehearse, rehearsedPeer } from "./rehearsal.ts";

const object = { apiVersion: "network.kubesphere.io/v1alpha2", metadata: { name: "router" } };
const isRecord = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
/** The names of all fields in their order, with those inside behind each. */
const shapeOf = (value: object): unknown[] =>
  Object.entries(value).flatMap(([name, inside]: [string, unknown]) => (isRecord(inside) ? [name, shapeOf(inside)] : [name]));

describe("a rehearsal of sessions", () => {
  it("brings all of them up and down, as often as it is to", async () => {
    assert.equal(await rehearse({ rounds: 3, sessions: 4 }), 3);
  });

  it("is with peers that have the fields of those that the cluster's objects make, in the same order", () => {
    const real = peerOf(
      {
        ...object,
        kind: "BgpPeer",
        spec: { conf: { neighborAddress: "10.1.0.2", peerAs: 65001 }, transport: { passiveMode: true } },
      },
      { ...object, kind: "BgpConf", spec: { as: 65000 } },
      { as: 65000 as Asn, bgpIdentifier: parseAddress("10.1.0.1")! },
      undefined,
    );
    assert.deepEqual(shapeOf(rehearsedPeer(0, 1790, false)), shapeOf(real));
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
