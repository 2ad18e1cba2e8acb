import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type * as pulumi from "@pulumi/pulumi";
import { doors, startCluster, useCluster } from "./doors.ts";

/**
 * The first preview of a program with a cluster that answers: the server's dry run leaves open what only it chooses, such as an object's
 * uid, and what the program has written beside it stays known, for methods and for the mistakes that only several components show.
 */
describe("a first preview with a cluster", { timeout: 600_000 }, () => {
  const cluster = useCluster(startCluster);

  for (const [door, make] of Object.entries(doors))
    it(`knows the name of a new Eip through the ${door}`, async () => {
      let known = "";
      const { failure, said } = await cluster.engine.preview(() => {
        const office = make("Eip", "office", { name: "the-office", address: "192.0.2.0/28" });
        (office as unknown as { readonly name: pulumi.Output<string> }).name.apply((name) => {
          known = name;
        });
        return {};
      });
      assert.ok(!failure, said);
      assert.equal(known, "the-office");
    });

  it("knows what a method of a new Eip says", async () => {
    let known = "";
    const { failure, said } = await cluster.engine.preview(() => {
      const office = doors.library("Eip", "office", { address: "192.0.2.0/28" });
      (office as unknown as { addressAt(index: number): pulumi.Output<string> }).addressAt(-1).apply((address) => {
        known = address;
      });
      return {};
    });
    assert.ok(!failure, said);
    assert.equal(known, "192.0.2.15");
  });
});
