import type { Target } from "../layer2/model.ts";
import { nodeOrder } from "../layer2/order.ts";
import { type Address, formatAddress } from "../net/address.ts";
import { randomOf } from "./random.ts";
import { Segment } from "./segment.ts";

/** Within this many milliseconds of the last disturbance there is exactly one owner on each connected part of a segment. */
export const settleBound = 3000;
/** Two owners that hear each other are never both owners for longer than this, when no frame is lost or late; and with loss and delay. */
export const yieldBound = 700;
const disturbedYieldBound = 3500;
const step = 20;

/** How a schedule ended: what it did, for a failure's text, and which rule it broke. */
export interface Outcome {
  readonly acts: readonly string[];
  readonly problem: string | undefined;
}

/** What node `index` of `nodes` should serve. */
export function orderedTargets(index: number, nodes: number, addresses: readonly Address[]): Target[] {
  const names = Array.from({ length: nodes }, (_, number) => `node${number + 1}`);
  return addresses.map((address) => ({
    address,
    link: "eth0",
    rank: nodeOrder(names, formatAddress(address)).indexOf(`node${index + 1}`),
    candidates: nodes,
    policy: "defend",
    mayMove: true,
    standsBack: false,
  }));
}

/**
 * Runs one random schedule of crash, restart, planned stop, freeze, cut, heal, cable, delay and loss, and checks the two rules of ownership:
 * within `settleBound` of the last disturbance exactly one owner on each connected part; never two owners that hear each other
 * for longer than the yield bound.
 * @param seed decides everything
 */
export function runSchedule(seed: number): Outcome {
  const random = randomOf(seed * 7919 + 1);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const nodes = 2 + upTo(4);
  const addresses = Array.from(
    { length: 1 + upTo(3) },
    (_, index): Address => ({ family: 4, value: 0xc0000201n + BigInt(index) }),
  );
  const texts = addresses.map(formatAddress);
  const segment = new Segment(nodes, randomOf(seed), { isOnTheWire: seed % 50 === 0 });
  const acts: string[] = [];
  const start = (index: number): void => segment.start(index, orderedTargets(index, nodes, addresses));
  for (let index = 0; index < nodes; index++) start(index);
  const doubles = new Map<string, number>();
  let disturbedAt = 0;
  let problem: string | undefined;

  const watch = (): void => {
    const isCalm = segment.loss === 0 && segment.delay <= 10;
    if (!isCalm) disturbedAt = segment.now;
    const bound = isCalm && segment.now - disturbedAt > disturbedYieldBound ? yieldBound : disturbedYieldBound;
    for (const text of texts) {
      const owners = segment.owners(text);
      for (let side = 0; side < 3; side++) {
        const here = owners.length < 2 ? [] : owners.filter((index) => segment.sideOf(index) === side);
        const key = `${text} ${side}`;
        if (here.length < 2) doubles.delete(key);
        else {
          const since = doubles.get(key) ?? segment.now;
          doubles.set(key, since);
          if (segment.now - since > bound) problem ??= `nodes ${here} both own ${text} since ${since} ms, now ${segment.now} ms`;
        }
      }
    }
  };
  const run = (milliseconds: number): void => {
    for (let left = milliseconds; left > 0 && problem === undefined; left -= step) {
      segment.run(Math.min(step, left));
      watch();
    }
  };

  run(upTo(2000));
  for (let act = 0; act < 12 && problem === undefined; act++) {
    const index = upTo(nodes);
    const [name, perform] = choose(segment, index, random, start);
    acts.push(`${segment.now} ms: ${name}`);
    perform();
    // Who hears whom may be another now: doubles count from here.
    doubles.clear();
    run(upTo(1500));
  }
  segment.loss = 0;
  segment.delay = 2;
  for (let index = 0; index < nodes; index++) {
    segment.freeze(index, false);
    segment.plug(index, true);
    if (segment.isLeaving(index)) segment.crash(index);
  }
  doubles.clear();
  acts.push(`${segment.now} ms: calm`);
  run(settleBound);
  for (let elapsed = 0; elapsed < 1000 && problem === undefined; elapsed += step) {
    run(step);
    problem ??= unsettled(segment, nodes, texts);
  }
  return { acts, problem };
}

function choose(
  segment: Segment,
  index: number,
  random: () => number,
  start: (index: number) => void,
): readonly [string, () => void] {
  const amount = random();
  switch (Math.floor(random() * 11)) {
    case 0:
    case 1:
      return [`crash of ${index}`, () => segment.crash(index)];
    case 2:
      return [`start of ${index}`, () => start(index)];
    case 3:
      return [`planned stop of ${index}`, () => segment.leave(index)];
    case 4:
      return [`freeze of ${index}`, () => segment.freeze(index, true)];
    case 5:
      return [`thaw of ${index}`, () => segment.freeze(index, false)];
    case 6:
    case 7: {
      const side = Math.floor(amount * 3);
      return [`${index} on side ${side}`, () => segment.setSide(index, side)];
    }
    case 8: {
      const loss = amount < 0.3 ? 0 : amount * 0.4;
      return [`loss ${loss.toFixed(2)}`, () => void Object.assign(segment, { loss })];
    }
    case 9: {
      const delay = amount < 0.3 ? 2 : amount * 250;
      return [`delay ${delay.toFixed(0)} ms`, () => void Object.assign(segment, { delay })];
    }
    default:
      return [`cable of ${index} ${amount < 0.5 ? "out" : "in"}`, () => segment.plug(index, amount >= 0.5)];
  }
}

/** What is wrong now that everything has been calm for long enough. */
function unsettled(segment: Segment, nodes: number, texts: readonly string[]): string | undefined {
  for (let side = 0; side < 3; side++) {
    const running = Array.from({ length: nodes }, (_, index) => index).filter(
      (index) => segment.isRunning(index) && segment.sideOf(index) === side,
    );
    for (const text of texts) {
      const owners = segment.owners(text).filter((index) => segment.sideOf(index) === side);
      if (owners.length !== Math.min(1, running.length))
        return `side ${side}: owners of ${text} are [${owners}], of running [${running}], at ${segment.now} ms`;
    }
  }
  return undefined;
}
