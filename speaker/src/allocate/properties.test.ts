import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Family, formatAddress } from "../net/address.ts";
import { address, pool, service, World } from "./fixtures.ts";
import { FreeAddresses } from "./free.ts";
import type { Pool, ServiceRequest } from "./model.ts";
import { sharingTerms } from "./share.ts";

const runs = Number(process.env["BERTH_RUNS"] ?? 10_000);
const limit = 4;

/** What can happen to a small cluster of ten Services in two namespaces and three Eips. */
type Act =
  | { readonly type: "add" | "remove"; readonly which: number }
  | { readonly type: "change"; readonly which: number; readonly more: Partial<ServiceRequest> }
  | { readonly type: "resize"; readonly pool: number; readonly size: number }
  | { readonly type: "disable"; readonly pool: number; readonly isDisabled: boolean }
  | { readonly type: "gone" | "back"; readonly pool: number }
  | { readonly type: "relabel"; readonly labels: Readonly<Record<string, string>> }
  | { readonly type: "wait"; readonly seconds: number }
  | { readonly type: "restart" };

const which = fc.integer({ min: 0, max: 9 });
const index = fc.integer({ min: 0, max: 2 });
const named = fc
  .tuple(index, fc.integer({ min: 0, max: 7 }))
  .map(([at, last]) => ({ addresses: [address(`10.0.${at}.${last}`)] }));
const more: fc.Arbitrary<Partial<ServiceRequest>> = fc.oneof(
  fc.constantFrom({ sharingKey: undefined }, { sharingKey: "k" }, { sharingKey: "m" }),
  fc.constantFrom({ sharesWith: [] }, { sharesWith: ["ns0", "ns1"] }),
  fc.integer({ min: 80, max: 82 }).map((port) => ({ ports: [{ protocol: "TCP", port }] })),
  fc.boolean().map((localOnly) => ({ localOnly })),
  fc.constantFrom(undefined, "p0", "p1", "p2", "none").map((eip) => ({ eip })),
  named,
  fc.constant({ addresses: [] }),
  fc.constantFrom<Partial<ServiceRequest>>(
    { families: [4], needsAllFamilies: true },
    { families: [4, 6], needsAllFamilies: true },
    { families: [6, 4], needsAllFamilies: false },
  ),
);

const kinds = {
  add: fc.record({ type: fc.constant("add" as const), which }),
  remove: fc.record({ type: fc.constant("remove" as const), which }),
  change: fc.record({ type: fc.constant("change" as const), which, more }),
  resize: fc.record({ type: fc.constant("resize" as const), pool: index, size: fc.integer({ min: 1, max: 8 }) }),
  disable: fc.record({ type: fc.constant("disable" as const), pool: index, isDisabled: fc.boolean() }),
  goneOrBack: fc.record({ type: fc.constantFrom("gone" as const, "back" as const), pool: index }),
  relabel: fc.record({ type: fc.constant("relabel" as const), labels: fc.constantFrom({}, { tier: "gold" }) }),
  wait: fc.record({ type: fc.constant("wait" as const), seconds: fc.constantFrom(1, 30, 61) }),
  restart: fc.constant({ type: "restart" as const }),
};
const anything: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: kinds.add, weight: 4 },
  { arbitrary: kinds.change, weight: 5 },
  kinds.remove,
  kinds.resize,
  kinds.disable,
  kinds.goneOrBack,
  kinds.relabel,
  kinds.wait,
  kinds.restart,
);

/** A cluster under test: the world, and the Eips as they are declared. */
class Cluster {
  readonly world = new World();
  readonly #eips = [4, 3, 2].map((size) => ({ size, isDisabled: false, isGone: false }));

  constructor() {
    this.#declare();
    this.world.settle();
  }

  perform(act: Act): void {
    const { world } = this;
    switch (act.type) {
      case "add": {
        const key = keyOf(act.which);
        if (world.services.every((one) => one.key !== key))
          world.services.push(
            service(key, { createdAt: world.now + act.which, ports: [{ protocol: "TCP", port: 80 + (act.which % 3) }] }),
          );
        break;
      }
      case "remove":
        world.remove(keyOf(act.which));
        break;
      case "change":
        world.change(keyOf(act.which), act.more);
        break;
      case "resize":
        this.#eip(act.pool).size = act.size;
        break;
      case "disable":
        this.#eip(act.pool).isDisabled = act.isDisabled;
        break;
      case "gone":
      case "back":
        this.#eip(act.pool).isGone = act.type === "gone";
        break;
      case "relabel":
        world.namespaceLabels.set("ns1", act.labels);
        break;
      case "wait":
        world.now += act.seconds * 1000;
        break;
      case "restart":
        world.restart();
        break;
      default:
        act satisfies never;
    }
    this.#declare();
    world.settle();
  }

  #eip(at: number) {
    return this.#eips[at] ?? assert.fail("there are three Eips");
  }

  #declare(): void {
    const bindings: readonly Partial<Pool>[] = [
      { isDefault: true },
      { namespaceSelector: { tier: "gold" } },
      { namespaces: ["ns1"] },
    ];
    this.world.pools = this.#eips.flatMap(({ size, isDisabled, isGone }, at) => {
      const refusal = isDisabled ? { reason: "Disabled", message: "disabled", short: "disabled" } : undefined;
      const texts = [`10.0.${at}.0-10.0.${at}.${size - 1}`, ...(at === 1 ? [] : [`fd00:${at}::/126`])];
      return isGone ? [] : [pool(`p${at}`, texts, { ...bindings[at], refusal, perNamespaceLimit: limit, restrict: at === 2 })];
    });
  }
}

const keyOf = (which: number): string => `ns${which % 2}/s${which}`;
const byAddress = ({ services }: World): Map<string, ServiceRequest[]> => {
  const users = new Map<string, ServiceRequest[]>();
  for (const one of services)
    for (const held of one.holds) users.set(formatAddress(held), [...(users.get(formatAddress(held)) ?? []), one]);
  return users;
};

/** Two Services on one address must be allowed to share it, as the documentation says it: written anew here, so that it can differ from the code. */
function assertShared(world: World): void {
  for (const [text, users] of byAddress(world))
    for (const [at, one] of users.entries())
      for (const other of users.slice(at + 1)) {
        const pair = `${text}: ${one.key} and ${other.key}`;
        assert.ok(one.sharingKey !== undefined && one.sharingKey === other.sharingKey, `${pair} have no common key`);
        const clash = one.ports.some((port) =>
          other.ports.some((taken) => taken.port === port.port && taken.protocol === port.protocol),
        );
        assert.ok(!clash, `${pair} have the same port`);
        assert.equal(one.localOnly, other.localOnly, `${pair} differ in policy`);
        const isConsented = one.sharesWith.includes(other.namespace) && other.sharesWith.includes(one.namespace);
        assert.ok(one.namespace === other.namespace || isConsented, `${pair} did not both consent`);
      }
}

/** No Service has an address of a family that it does not want, or two of one. */
function assertFamilies({ services }: World): void {
  for (const { key, holds, families } of services) {
    const held = holds.map((one) => one.family);
    assert.ok(
      new Set(held).size === held.length && held.every((family: Family) => families.includes(family)),
      `${key} has ${held.join(" and ")}`,
    );
  }
}

const perform = (
  acts: readonly Act[],
  after: (cluster: Cluster, act: Act, before: readonly ServiceRequest[]) => void,
): Cluster => {
  const cluster = new Cluster();
  for (const act of acts) {
    const before = cluster.world.services;
    cluster.perform(act);
    after(cluster, act, before);
  }
  return cluster;
};
const holdings = ({ services }: World) =>
  services.map(({ key, holds }): readonly [string, readonly string[]] => [key, holds.map(formatAddress)]);
const acts = (one: fc.Arbitrary<Act>) => fc.array(one, { maxLength: 16 });

describe(`allocation under random events (fast-check, ${runs} runs each)`, () => {
  it("never gives one address, port and protocol twice without a common sharing key and consent", () => {
    fc.assert(
      fc.property(acts(anything), (list) => void perform(list, ({ world }) => assertShared(world))),
      { numRuns: runs },
    );
  });

  it("never takes an address from a Service that did not ask for another, as long as the Eip that gave it exists", () => {
    fc.assert(
      fc.property(acts(anything), (list) => {
        perform(list, ({ world }, act, before) => {
          for (const old of before) {
            const now = world.services.find(({ key }) => key === old.key);
            if (now === undefined) continue;
            const isChanged = act.type === "change" && keyOf(act.which) === old.key;
            for (const held of old.holds) {
              const text = formatAddress(held);
              if (!world.pools.some(({ name }) => name === old.givenBy.get(text))) continue;
              const kept: readonly string[] = now.holds.map(formatAddress);
              if (kept.includes(text)) continue;
              const mayMove: boolean =
                now.addresses.some((wanted) => kept.includes(formatAddress(wanted))) ||
                (now.eip !== undefined && now.holds.some((one) => now.givenBy.get(formatAddress(one)) === now.eip));
              const mayLose: boolean =
                isChanged && (sharingTerms(old) !== sharingTerms(now) || !now.families.includes(held.family));
              assert.ok(mayMove || mayLose, `${old.key} lost ${text} by ${JSON.stringify(act.type)} and has ${kept.join(", ")}`);
            }
          }
        });
      }),
      { numRuns: runs },
    );
  });

  it("never exceeds a quota", () => {
    const stable = fc.oneof(
      { arbitrary: kinds.add, weight: 4 },
      { arbitrary: kinds.change, weight: 4 },
      kinds.remove,
      kinds.disable,
      kinds.relabel,
      kinds.wait,
      kinds.restart,
    );
    fc.assert(
      fc.property(acts(stable), (list) => {
        perform([{ type: "resize", pool: 0, size: 8 }, ...list], ({ world }) => {
          const counts = new Map<string, number>();
          for (const [text, users] of byAddress(world))
            for (const place of new Set(users.map((one) => `${one.namespace} of ${one.givenBy.get(text)}`)))
              counts.set(place, (counts.get(place) ?? 0) + 1);
          for (const [place, count] of counts) assert.ok(count <= limit, `${place}: ${count}`);
        });
      }),
      { numRuns: runs },
    );
  });

  it("comes to a legal state whatever the order of the events, and stays there, also after a restart", () => {
    fc.assert(
      fc.property(
        acts(anything).chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        (orders) => {
          for (const order of orders) {
            const { world } = perform(order, () => undefined);
            assertShared(world);
            assertFamilies(world);
            const settled = holdings(world);
            const before = world.settle().assignments;
            assert.deepEqual(holdings(world), settled, "a second look changed something");
            world.restart();
            const { assignments } = world.settle();
            const after = new Map(holdings(world));
            // Who asked for what rested may have it now: rests are not remembered across a restart.
            const isContent = (key: string): boolean =>
              [before, assignments].every((look) => look.get(key)?.refusal === undefined);
            for (const [key, texts] of settled)
              for (const text of isContent(key) ? texts : [])
                assert.ok(after.get(key)?.includes(text), `a restart took ${text} from ${key}, which has ${after.get(key)}`);
          }
        },
      ),
      { numRuns: runs },
    );
  });
});

describe("a pool of any size", () => {
  it(`takes an address from a /64 with 100,000 used in less than a millisecond (fast-check, ${runs} runs)`, () => {
    const huge = pool("six", "fd00::/64");
    const base = address("fd00::").value;
    const text = (offset: bigint): string => formatAddress({ family: 6, value: base + offset });
    const used = new Map(Array.from({ length: 100_000 }, (_, at) => [text(BigInt(at)), true]));
    const free = new FreeAddresses(used, new Map(), 0);
    free.take(huge, 6);
    let highest = 0n;
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 40n }), fc.boolean(), (ahead, isFragmented) => {
        if (isFragmented) used.set(text(100_000n + highest + ahead), true);
        const attempts = Array.from({ length: 3 }, () => {
          const started = performance.now();
          const taken = free.take(huge, 6);
          return { taken, milliseconds: performance.now() - started };
        });
        const taken = attempts[0]?.taken ?? assert.fail("a /64 is never full");
        assert.ok(!used.has(formatAddress(taken)));
        used.set(formatAddress(taken), true);
        highest = taken.value - base - 100_000n > highest ? taken.value - base - 100_000n : highest;
        const best = Math.min(...attempts.map(({ milliseconds }) => milliseconds));
        assert.ok(best < 1, `${best} ms, the best of three`);
      }),
      { numRuns: runs },
    );
    assert.ok(used.size > 100_000 + runs - 1);
  });
});
