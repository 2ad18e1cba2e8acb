import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatAddress } from "../net/address.ts";
import { address, pool, service, World } from "./fixtures.ts";
import { FreeAddresses } from "./free.ts";
import type { ServiceRequest } from "./model.ts";

const runs = Number(process.env["BERTH_RUNS"] ?? 10_000);

/** What can happen to a small cluster. */
type Act =
  | { readonly type: "add" | "remove"; readonly which: number }
  | { readonly type: "key"; readonly which: number; readonly key: string | undefined }
  | { readonly type: "name"; readonly which: number; readonly last: number | undefined }
  | { readonly type: "pools"; readonly sizes: readonly number[] }
  | { readonly type: "wait" | "restart" };

const which = fc.integer({ min: 0, max: 9 });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ type: fc.constantFrom("add" as const, "remove" as const), which }),
  fc.record({ type: fc.constant("key" as const), which, key: fc.constantFrom(undefined, "k", "m") }),
  fc.record({ type: fc.constant("name" as const), which, last: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }) }),
  fc.record({
    type: fc.constant("pools" as const),
    sizes: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 2, maxLength: 2 }),
  }),
  fc.record({ type: fc.constantFrom("wait" as const, "restart" as const) }),
);

const limit = 4;

function perform(it: World, one: Act): void {
  switch (one.type) {
    case "add": {
      const key = `ns${one.which % 2}/s${one.which}`;
      if (!it.services.some((existing) => existing.key === key))
        it.services.push(
          service(key, { createdAt: it.now + one.which, ports: [{ protocol: "TCP", port: 80 + (one.which % 3) }] }),
        );
      return;
    }
    case "remove":
      return it.remove(`ns${one.which % 2}/s${one.which}`);
    case "key":
      return it.change(`ns${one.which % 2}/s${one.which}`, { sharingKey: one.key });
    case "name":
      return it.change(`ns${one.which % 2}/s${one.which}`, {
        addresses: one.last === undefined ? [] : [address(`10.0.0.${one.last}`)],
      });
    case "pools":
      it.pools = one.sizes.flatMap((size, index) =>
        size === 0
          ? []
          : [
              pool(`p${index}`, `10.0.${index}.0-10.0.${index}.${size - 1}`, {
                isDefault: index === 0,
                perNamespaceLimit: limit,
                ...(index === 0 ? {} : { namespaces: ["ns1"] }),
              }),
            ],
      );
      return;
    case "wait":
      it.now += 61_000;
      return;
    case "restart":
      return it.restart();
    default:
      return one satisfies never;
  }
}

/** Every pair of Services on one address must be allowed to share it. */
function assertLegal(it: World, before: ReadonlyMap<string, readonly string[]>, isLimitKept: boolean): void {
  const byAddress = Map.groupBy(
    it.services.flatMap((one) => one.holds.map((held) => ({ text: formatAddress(held), one }))),
    ({ text }) => text,
  );
  for (const [text, users] of byAddress) {
    for (const [index, { one }] of users.entries()) {
      for (const { one: other } of users.slice(index + 1)) {
        assert.ok(
          one.sharingKey !== undefined && one.sharingKey === other.sharingKey,
          `${text}: ${one.key} and ${other.key} have no common key`,
        );
        assert.ok(
          !one.ports.some((port) => other.ports.some((taken) => taken.port === port.port)),
          `${text}: ${one.key} and ${other.key} clash`,
        );
      }
    }
  }
  if (isLimitKept) {
    for (const eip of it.pools) {
      for (const namespace of ["ns0", "ns1"]) {
        const used = [...byAddress].filter(
          ([text, users]) =>
            text.startsWith(`10.0.${eip.name.slice(1)}.`) && users.some(({ one }) => one.namespace === namespace),
        );
        assert.ok(used.length <= limit, `${namespace} uses ${used.length} of ${eip.name}`);
      }
    }
  }
  for (const [key, held] of before) {
    const now: ServiceRequest | undefined = it.services.find((one) => one.key === key);
    if (now !== undefined) assert.ok(now.holds.length > 0, `${key} lost ${held.join(", ")} and got nothing`);
  }
}

describe(`allocation under any order of events (${runs} runs)`, () => {
  it("never gives an address and port twice without a common key, keeps quotas, and takes from no Service what it may keep", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        const it = new World();
        perform(it, { type: "pools", sizes: [4, 3] });
        for (const one of acts) {
          const before = new Map(it.services.map((existing) => [existing.key, existing.holds.map(formatAddress)]));
          perform(it, one);
          it.settle();
          const mayLose = one.type === "pools" || one.type === "wait" || one.type === "key" || one.type === "restart";
          assertLegal(
            it,
            mayLose ? new Map() : new Map([...before].filter(([, held]) => held.length > 0)),
            acts.every((other) => other.type !== "key" && other.type !== "pools"),
          );
        }
      }),
      { numRuns: runs },
    );
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
        const it = new World();
        perform(it, { type: "pools", sizes: [4, 3] });
        for (const one of acts) {
          perform(it, one);
          it.settle();
        }
        const held = it.services.map((one) => one.holds);
        it.settle();
        assert.deepEqual(
          it.services.map((one) => one.holds),
          held,
        );
      }),
      { numRuns: runs },
    );
  });
});

describe("a pool of any size", () => {
  it("finds the next free address of a /64 with 100,000 used without walking over them again", () => {
    const huge = pool("six", "fd00::/64");
    const used = new Map(
      Array.from({ length: 100_000 }, (_, index) => [
        formatAddress({ family: 6, value: address("fd00::").value + BigInt(index) }),
        true,
      ]),
    );
    const free = new FreeAddresses(used, new Map(), 0);
    assert.equal(formatAddress(free.take(huge, 6)!), "fd00::1:86a0");
    const next: string[] = [];
    for (let index = 0; index < 1000; index++) {
      const taken = formatAddress(free.take(huge, 6)!);
      used.set(taken, true);
      next.push(taken);
    }
    assert.equal(new Set(next).size, 1000);
  });
});
