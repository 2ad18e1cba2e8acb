import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, formatAddress } from "../net/address.ts";
import { parseMac } from "../net/mac.ts";
import { Segment } from "../sim/segment.ts";
import { defaultTuning, type Target } from "./model.ts";
import { nodeOrder } from "./order.ts";
import { newOwnership, step } from "./ownership.ts";

/** Addresses of the tests: 192.0.2.1 and on. */
const addressOf = (index: number): Address => ({ family: 4, value: 0xc0000201n + BigInt(index) });

/** What node `index` of `nodes` should serve of `count` addresses. */
function targets(index: number, nodes: number, count = 1): Target[] {
  const names = Array.from({ length: nodes }, (_, number) => `node${number + 1}`);
  return Array.from({ length: count }, (_, number) => {
    const address = addressOf(number);
    return {
      address,
      interfaces: ["eth0"],
      rank: nodeOrder(names, formatAddress(address)).indexOf(`node${index + 1}`),
      candidates: nodes,
    };
  });
}

/** Random numbers that are the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function segmentOf(nodes: number, seed: number, count = 1): Segment {
  const segment = new Segment(nodes, randomOf(seed));
  for (let index = 0; index < nodes; index++) segment.start(index, targets(index, nodes, count));
  return segment;
}

const address = formatAddress(addressOf(0));

describe("ownership of an address", () => {
  it("goes to the first in the order when all start at once", () => {
    for (let seed = 0; seed < 20; seed++) {
      const segment = segmentOf(3, seed);
      segment.run(1000);
      assert.deepEqual(
        segment.owners(address),
        [targets(0, 3)[0]?.rank, targets(1, 3)[0]?.rank, targets(2, 3)[0]?.rank].flatMap((rank, index) =>
          rank === 0 ? [index] : [],
        ),
      );
    }
  });

  it("is taken over within 900 ms after the owner's death", () => {
    for (let seed = 0; seed < 50; seed++) {
      const segment = segmentOf(3, seed);
      segment.run(3000);
      const [owner = -1] = segment.owners(address);
      segment.crash(owner);
      segment.run(900);
      const after = segment.owners(address);
      assert.ok(after.length === 1 && after[0] !== owner, `seed ${seed}: ${after}`);
    }
  });

  it("stays where it is when the first in the order comes back", () => {
    const segment = segmentOf(3, 1);
    segment.run(3000);
    const [first = -1] = segment.owners(address);
    segment.crash(first);
    segment.run(2000);
    const [second] = segment.owners(address);
    segment.start(first, targets(first, 3));
    for (let elapsed = 0; elapsed < 3000; elapsed += 25) {
      segment.run(25);
      assert.deepEqual(segment.owners(address), [second]);
    }
  });

  it("is handed over on a planned stop without a moment in which nobody owns it", () => {
    for (let seed = 0; seed < 50; seed++) {
      const segment = segmentOf(3, seed);
      segment.run(3000);
      const [owner = -1] = segment.owners(address);
      segment.leave(owner);
      let handedOver = 0;
      for (let elapsed = 0; elapsed < 1500; elapsed += 25) {
        segment.run(25);
        assert.ok(segment.owners(address).length > 0, `seed ${seed}: nobody owns it ${elapsed} ms after the stop began`);
        if (handedOver === 0 && !segment.owners(address).includes(owner)) handedOver = elapsed;
      }
      assert.ok(handedOver > 0 && segment.owners(address).length === 1, `seed ${seed}`);
    }
  });

  it("is served on both sides of a cut, and by one within a second after it is healed", () => {
    for (let seed = 0; seed < 50; seed++) {
      const segment = segmentOf(4, seed);
      segment.run(3000);
      segment.setSide(0, 1);
      segment.setSide(1, 1);
      segment.run(3000);
      assert.deepEqual(
        segment
          .owners(address)
          .map((index) => segment.sideOf(index))
          .sort(),
        [0, 1],
        `seed ${seed}`,
      );
      segment.setSide(0, 0);
      segment.setSide(1, 0);
      segment.run(1000);
      assert.equal(segment.owners(address).length, 1, `seed ${seed}: ${segment.owners(address)}`);
    }
  });

  it("yields to who took over when a frozen owner wakes up", () => {
    for (let seed = 0; seed < 50; seed++) {
      const segment = segmentOf(3, seed);
      segment.run(3000);
      const [owner = -1] = segment.owners(address);
      segment.freeze(owner, true);
      segment.run(2000);
      segment.freeze(owner, false);
      segment.run(1200);
      assert.equal(segment.owners(address).length, 1, `seed ${seed}: ${segment.owners(address)}`);
    }
  });

  it("is reported as a conflict, and defended, when a foreign host claims it", () => {
    const foreign = parseMac("02:00:00:00:00:99")!;
    const mac = parseMac("02:be:00:00:00:01")!;
    let state = newOwnership(defaultTuning, 1);
    state = step(state, { type: "desired", now: 0, targets: targets(0, 1), links: [{ name: "eth0", mac, addresses: [] }] }).state;
    for (let now = 0; now < 1000; now += 25) state = step(state, { type: "tick", now }).state;
    const { effects } = step(state, {
      type: "frame",
      now: 1000,
      link: "eth0",
      frame: {
        kind: "statement",
        target: addressOf(0),
        sender: foreign,
        senderAddress: addressOf(0),
        source: foreign,
        note: undefined,
      },
    });
    assert.deepEqual(
      effects.map((effect) => effect.type),
      ["conflict", "announce"],
    );
  });
});

describe("ownership of a thousand addresses", () => {
  it("moves one node's share within two seconds of its death", () => {
    const segment = segmentOf(3, 7, 200);
    segment.run(4000);
    segment.crash(0);
    segment.run(2000);
    for (let index = 0; index < 200; index++)
      assert.equal(segment.owners(formatAddress(addressOf(index))).length, 1, formatAddress(addressOf(index)));
  });
});

describe("ownership under random schedules of crash, freeze, cut, return and loss", () => {
  const schedules = Number(process.env["BERTH_SCHEDULES"] ?? 300);
  it(`ends with exactly one owner on each side within four seconds of the last disturbance (${schedules} schedules)`, () => {
    for (let seed = 1; seed <= schedules; seed++) {
      const random = randomOf(seed * 7919);
      const nodes = 2 + Math.floor(random() * 4);
      const segment = segmentOf(nodes, seed);
      for (let act = 0; act < 12; act++) {
        const index = Math.floor(random() * nodes);
        const choice = Math.floor(random() * 7);
        if (choice === 0) segment.crash(index);
        else if (choice === 1) segment.start(index, targets(index, nodes));
        else if (choice === 2) segment.freeze(index, true);
        else if (choice === 3) segment.freeze(index, false);
        else if (choice === 4) segment.setSide(index, Math.floor(random() * 2));
        else if (choice === 5) segment.loss = random() * 0.3;
        segment.run(Math.floor(random() * 1500));
      }
      segment.loss = 0;
      for (let index = 0; index < nodes; index++) segment.freeze(index, false);
      segment.run(4000);
      for (const side of [0, 1]) {
        const running = Array.from({ length: nodes }, (_, index) => index).filter(
          (index) => segment.isRunning(index) && segment.sideOf(index) === side,
        );
        const owners = segment.owners(address).filter((index) => segment.sideOf(index) === side);
        assert.equal(
          owners.length,
          Math.min(1, running.length),
          `seed ${seed}, side ${side}: owners ${owners} of running ${running}`,
        );
      }
    }
  });
});
