/** The measuring side as a process of its own: routers that count. Takes JSON lines {id, command} and answers each with {id, result} or {id, error}. */
import { createServer, type Server } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answers, Command } from "./commands.ts";
import { feederAddress, port, receiverAddress, routerAddress } from "./contestant.ts";
import { now, Receiver } from "./receiver.ts";
import { announcement, routeRefresh, withdrawal } from "./wire.ts";

/** How many receivers begin to connect in one go: a listen queue of a daemon may be short. */
const dialBatch = 100;

/** The subtype of the message behind a refreshed table. @see RFC 7313 §3.2 */
const endMark = 2;

const receivers: Receiver[] = [];
let feeder: Receiver | undefined;
let server: Server | undefined;
const at = (index: number): Receiver => {
  const one = receivers[index];
  if (one === undefined) throw new Error(`there is no receiver ${index}`);
  return one;
};

async function within<T>(milliseconds: number, what: () => string, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal }).then(
    () => {
      throw new Error(`${what()}: not within ${milliseconds} ms`);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** Waits until a claim holds, without keeping the loop busy. */
async function until(milliseconds: number, what: () => string, holds: () => boolean): Promise<void> {
  const end = now() + milliseconds;
  while (!holds()) {
    if (now() > end) throw new Error(`${what()}: not within ${milliseconds} ms`);
    await sleep(1);
  }
}

const commands: { readonly [N in Command["type"]]: (command: Extract<Command, { type: N }>) => Promise<Answers[N]> } = {
  async listen({ count, as, holdTime }) {
    for (let index = 0; index < count; index++) receivers.push(new Receiver(receiverAddress(index), as, holdTime));
    const byAddress = new Map(receivers.map((one) => [one.address, one]));
    // One socket for all addresses: who is dialled says which receiver it is.
    const listening = createServer({ noDelay: true }, (socket) => {
      const one = byAddress.get(socket.localAddress ?? "");
      if (one === undefined) socket.destroy();
      else one.accept(socket);
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen({ host: "0.0.0.0", port, backlog: 4096 }, resolve));
    return null;
  },
  async dial({ count, as, holdTime, milliseconds }) {
    const started = now();
    for (let index = 0; index < count; index++) receivers.push(new Receiver(receiverAddress(index), as, holdTime));
    const all: Promise<void>[] = [];
    for (const [index, one] of receivers.entries()) {
      all.push(one.dial(routerAddress, port));
      if (index % dialBatch === dialBatch - 1) await sleep(0);
    }
    await within(
      milliseconds,
      () => `${count} sessions up, not only ${receivers.filter((one) => one.isUp).length}`,
      Promise.all(all),
    );
    return { started, up: Math.max(...receivers.map((one) => one.upAt)) };
  },
  async allUp({ milliseconds }) {
    await within(milliseconds, () => "all sessions up", Promise.all(receivers.map((one) => one.up())));
    return { started: 0, up: Math.max(...receivers.map((one) => one.upAt)) };
  },
  async dialFeeder({ as, milliseconds }) {
    feeder = new Receiver(feederAddress, as, 90);
    await within(milliseconds, () => "the feeder's session", feeder.dial(routerAddress, port));
    return null;
  },
  async reset({ size, keepsTimes }) {
    for (const one of [...receivers, ...(feeder === undefined ? [] : [feeder])]) {
      one.reset(size);
      one.changedAt = keepsTimes ? new Float64Array(size) : undefined;
    }
    return null;
  },
  async feed({ from, to, isWithdrawal, as }) {
    const octets = isWithdrawal ? withdrawal(from, to) : announcement(as, feederAddress, from, to);
    const started = now();
    feeder?.write(octets);
    return { started };
  },
  async held({ count, milliseconds, except }) {
    const watched = receivers.filter((_, index) => !except.includes(index));
    await until(
      milliseconds,
      () =>
        `all hold ${count}; they hold ${watched
          .map((one) => one.heldCount)
          .slice(0, 8)
          .join(", ")}`,
      () => watched.every((one) => one.heldCount === count),
    );
    return {
      at: Math.max(...watched.map((one) => one.lastUpdateAt)),
      updates: Math.max(...watched.map((one) => one.updates)),
      octets: Math.max(...watched.map((one) => one.octets)),
    };
  },
  /** Announces and withdraws one host after the other over the feeder's session, so many times a second. */
  async churn({ from, perSecond, seconds, as }) {
    const total = perSecond * seconds;
    const sentAt: number[] = [];
    const started = now();
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.floor(((now() - started) / 1000) * perSecond));
      for (; sent < due; sent++) {
        sentAt.push(now());
        feeder?.write(announcement(as, feederAddress, from + sent, from + sent + 1));
      }
      await sleep(1);
    }
    return { sentAt };
  },
  async times({ index, from, to }) {
    return { changedAt: [...(at(index).changedAt ?? []).slice(from, to)] };
  },
  async redial({ index, milliseconds }) {
    await within(milliseconds, () => "the session up again", at(index).dial(routerAddress, port));
    return null;
  },
  async close({ index }) {
    at(index).close();
    return null;
  },
  async pause({ index }) {
    at(index).pause();
    return null;
  },
  async resume({ index }) {
    at(index).resume();
    return null;
  },
  async refresh({ milliseconds }) {
    const one = feeder;
    if (one === undefined) throw new Error("there is no feeder");
    one.refreshes.length = 0;
    one.write(routeRefresh);
    await until(
      milliseconds,
      () => "the end of the refreshed table",
      () => one.refreshes.some(({ subtype }) => subtype === endMark),
    );
    return { at: one.refreshes.find(({ subtype }) => subtype === endMark)?.at ?? 0 };
  },
  async facts() {
    return {
      receivers: receivers.map(({ isUp, downs, heldCount, longestSilence, updates }) => ({
        isUp,
        downs,
        heldCount,
        longestSilence,
        updates,
      })),
      feederDowns: feeder?.downs ?? 0,
    };
  },
};

async function answer(text: string): Promise<void> {
  const { id, command } = JSON.parse(text) as { readonly id: number; readonly command: Command };
  try {
    // The command of a type goes to the function of that type; TypeScript does not follow the pair through the table.
    const perform = commands[command.type] as (one: Command) => Promise<unknown>;
    process.stdout.write(`${JSON.stringify({ id, result: await perform(command) })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, error: error instanceof Error ? error.message : String(error) })}\n`);
  }
}

for await (const line of createInterface({ input: process.stdin })) void answer(line);
server?.close();
process.exit(0);
