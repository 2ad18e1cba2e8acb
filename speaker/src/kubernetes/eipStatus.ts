import { defaultEipAnnotation } from "@berth/api/annotations";
import { type Condition, eipConditions } from "@berth/api/conditions";
import type { Eip, EipStatus } from "@berth/api/eip";
import type { AllocationResult } from "../allocate/model.ts";
import { poolHas, poolSize } from "../allocate/pool.ts";
import type { Judgement } from "../announce/judge.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import type { HappenedEvent } from "./objects.ts";
import type { PoolOfEip } from "./requests.ts";
import { type Fact, withConditions } from "./statuses.ts";

/** The most entries and characters of Eip.status.used, and of one entry: they keep the status below 100 kB whatever the pool. */
const usedShown = 1000;
const usedCharacters = 64_000;
const entryCharacters = 1000;

/** Says what BGP makes of an Eip and of its addresses in use. */
export type JudgeEip = (eip: Eip, used: readonly (readonly [address: string, services: readonly string[]])[]) => Judgement;

/** The status of an Eip, made from the pool and what is in use. */
export function eipStatus(entry: PoolOfEip, result: AllocationResult, now: string, judge?: JudgeEip): EipStatus {
  const { pool, eip } = entry;
  const used = [...result.users].filter(([address]) => result.poolOf.get(address) === pool.name);
  const size = poolSize(pool);
  const outside = used.filter(([text]) => {
    const address = parseAddress(text);
    return address !== undefined && !poolHas(pool, address);
  });
  const told = judge === undefined ? undefined : eipBgpFact(eip, () => judge(eip, used));
  const isOccupied = size > 0n && BigInt(used.length - outside.length) >= size;
  const isReady = pool.refusal === undefined || pool.refusal.reason === "Disabled";
  const first = pool.ranges[0];
  const last = pool.ranges.at(-1);
  const text = (value: bigint | undefined, family: 4 | 6 | undefined): string =>
    value === undefined || family === undefined ? "" : formatAddress({ family, value });
  return {
    occupied: isOccupied,
    usage: used.length,
    poolSize: Number(size > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : size),
    poolSizeText: String(size),
    used: shown([...outside, ...used]),
    firstIP: text(first?.first, first?.family),
    lastIP: text(last?.last, last?.family),
    ready: isReady,
    v4: pool.ranges.some((range) => range.family === 4),
    conditions: withConditions(
      eip.status?.conditions?.filter(({ type }) => told !== undefined || type !== eipConditions.bgpAccepted),
      [...facts(entry, used.length, outside, size, isOccupied, isReady), ...(told === undefined ? [] : [told])],
      now,
    ),
  };
}

/** What happened to an Eip, from its conditions before and after: what became true, and what is over. */
export function eipEvents(before: readonly Condition[] | undefined, after: readonly Condition[]): HappenedEvent[] {
  return after.flatMap(({ type, status, reason, message }): HappenedEvent[] => {
    const old = before?.find((condition) => condition.type === type);
    const isGood = (status === "True") === (type === eipConditions.ready || type === eipConditions.bgpAccepted);
    if (old?.status === status || (old === undefined && isGood)) return [];
    return [{ type: isGood ? "Normal" : "Warning", reason, message }];
  });
}

/** As many entries of `used` as fit. @param used the more important first; one that comes twice counts once */
function shown(used: readonly (readonly [address: string, services: readonly string[]])[]): Record<string, string> {
  const entries: Record<string, string> = {};
  let [count, characters] = [0, 0];
  for (const [address, services] of used) {
    if (entries[address] !== undefined) continue;
    const value = someOf(services, ";", entryCharacters);
    characters += address.length + value.length + 6;
    if (++count > usedShown || characters > usedCharacters) break;
    entries[address] = value;
  }
  return entries;
}

/** As many names as fit, and how many more there are. */
function someOf(names: readonly string[], separator: string, characters: number): string {
  let text = names[0] ?? "";
  for (const [index, name] of names.entries()) {
    if (index === 0) continue;
    if (text.length + name.length > characters) return `${text}${separator}and ${names.length - index} more`;
    text += separator + name;
  }
  return text;
}

function facts(
  { pool, eip, overlap, olderDefault }: PoolOfEip,
  usage: number,
  outside: readonly (readonly [address: string, services: readonly string[]])[],
  size: bigint,
  isOccupied: boolean,
  isReady: boolean,
): Fact[] {
  const observedGeneration = eip.metadata.generation ?? 0;
  const fact = (type: string, holds: boolean, reason: string, message: string): Fact => ({
    type,
    status: holds ? "True" : "False",
    observedGeneration,
    reason,
    message,
  });
  const held = someOf(
    outside.map(([text, keys]) => `${text} by ${someOf(keys, ", ", entryCharacters)}`),
    "; ",
    entryCharacters,
  );
  return [
    fact(
      eipConditions.ready,
      isReady,
      pool.refusal?.reason ?? "InUse",
      pool.refusal === undefined
        ? "addresses are given from this pool"
        : isReady
          ? "disabled: nothing new is given, what is given stays; spec.disable: false gives again"
          : pool.refusal.message,
    ),
    fact(
      eipConditions.overlapping,
      overlap !== undefined,
      overlap === undefined ? "Alone" : "Overlapping",
      overlap ?? "no older Eip has these addresses",
    ),
    fact(
      eipConditions.exhausted,
      isOccupied,
      isOccupied ? "Full" : "HasRoom",
      `${usage - outside.length} of ${size} in use${isOccupied ? "; add addresses to spec.addresses, or free some" : ""}`,
    ),
    fact(
      eipConditions.shrunk,
      outside.length > 0,
      outside.length > 0 ? "HeldOutside" : "Whole",
      outside.length > 0
        ? `still held, and no longer in the pool: ${held}; they stay until their Services are gone or get another address`
        : "every address in use lies in the pool",
    ),
    fact(
      eipConditions.defaultConflict,
      olderDefault !== undefined,
      olderDefault === undefined ? "None" : "SecondDefault",
      olderDefault === undefined
        ? "no conflict"
        : `Eip ${olderDefault} is the default one already, this one is not; remove the annotation ${defaultEipAnnotation} from one of them`,
    ),
  ];
}

/** What a BGP judge says of an Eip, as a condition; undefined for one that BGP has nothing to do with. */
function eipBgpFact(eip: Eip, judge: () => Judgement): Fact | undefined {
  const isBgp = (eip.spec.protocol ?? "") === "" || eip.spec.protocol === "bgp";
  if (!isBgp || eip.spec.bgp === undefined) return undefined;
  const { refusal, notes } = judge();
  return {
    type: eipConditions.bgpAccepted,
    status: refusal === undefined ? "True" : "False",
    ...(eip.metadata.generation === undefined ? {} : { observedGeneration: eip.metadata.generation }),
    reason: refusal?.reason ?? (notes.length === 0 ? "Accepted" : "AcceptedWithNotes"),
    message: [...(refusal === undefined ? [] : [refusal.message]), ...notes].join("; ") || "spec.bgp is done as it is written",
  };
}
