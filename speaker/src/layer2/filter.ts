import type { Address } from "../net/address.ts";

/** One instruction of a classic BPF program. */
export type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number];

const code = {
  loadByte: 0x30,
  loadWord: 0x20,
  jumpEqual: 0x15,
  jumpAbove: 0x25,
  jumpFrom: 0x35,
  jump: 0x05,
  give: 0x06,
} as const;
/** Where the kernel keeps what is not in the frame itself. */
const ancillary = { packetType: 0xfffff000 + 4, interfaceIndex: 0xfffff000 + 8 } as const;
const networkHeader = 0xfff00000;
const otherHost = 3;
const accept: Instruction = [code.give, 0, 0, 0x40000];
const drop: Instruction = [code.give, 0, 0, 0];

/** Classic BPF ends at 4,096 instructions; so many ranges, looked up twice, stay below. Frames that pass too much are dropped by name later. */
const maxRanges = 256;

/** Ranges of unsigned 32-bit numbers that hold all given ones, in ascending order, few enough for a program: the narrowest gaps are closed first. */
export function rangesOf(numbers: Iterable<number>): (readonly [number, number])[] {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === number) last[1] = number;
    else ranges.push([number, number]);
  }
  if (ranges.length <= maxRanges) return ranges;
  const gaps = ranges.slice(1).map(([start], index) => start - (ranges[index]?.[1] ?? 0));
  const widest = new Set(
    gaps
      .map((gap, index) => ({ gap, index }))
      .sort((a, b) => b.gap - a.gap)
      .slice(0, maxRanges - 1)
      .map(({ index }) => index),
  );
  const merged: [number, number][] = [];
  for (const [index, [start, end]] of ranges.entries()) {
    const last = merged.at(-1);
    if (last === undefined || widest.has(index - 1)) merged.push([start, end]);
    else last[1] = end;
  }
  return merged;
}

/**
 * Passes ARP requests and replies about the given addresses that are meant for this interface; the kernel drops everything else, such
 * as what a VLAN on top of the interface or another host behind it is asked. @param index the number of the interface
 */
export function arpFilter(index: number, addresses: readonly Address[]): Instruction[] {
  const ranges = rangesOf(addresses.filter(({ family }) => family === 4).map(({ value }) => Number(value)));
  return [
    ...onlyFor(index),
    // The target's address of a question, or the sender's of a statement.
    [code.loadWord, 0, 0, 38],
    ...search(ranges),
    [code.loadWord, 0, 0, 28],
    ...search(ranges),
    drop,
  ];
}

/** Passes Neighbor Solicitations and Advertisements with hop limit 255 whose target ends in the same 32 bits as one of the given addresses. */
export function ndpFilter(index: number, addresses: readonly Address[]): Instruction[] {
  const ranges = rangesOf(addresses.filter(({ family }) => family === 6).map(({ value }) => Number(value & 0xffffffffn)));
  return [
    ...onlyFor(index),
    [code.loadByte, 0, 0, 20],
    [code.jumpEqual, 1, 0, 58],
    drop,
    [code.loadByte, 0, 0, 21],
    [code.jumpEqual, 1, 0, 255],
    drop,
    [code.loadByte, 0, 0, 54],
    [code.jumpEqual, 2, 0, 135],
    [code.jumpEqual, 1, 0, 136],
    drop,
    [code.loadWord, 0, 0, 74],
    ...search(ranges),
    drop,
  ];
}

/** On a UDP socket: passes datagrams that no router has passed on. @see RFC 5082 §3 */
export function hopLimitFilter(family: 4 | 6): Instruction[] {
  return [[code.loadByte, 0, 0, networkHeader + (family === 4 ? 8 : 7)], [code.jumpFrom, 1, 0, 255], drop, accept];
}

function onlyFor(index: number): Instruction[] {
  return [
    [code.loadWord, 0, 0, ancillary.interfaceIndex],
    [code.jumpEqual, 1, 0, index],
    drop,
    [code.loadWord, 0, 0, ancillary.packetType],
    [code.jumpEqual, 0, 1, otherHost],
    drop,
  ];
}

/** Accepts when the accumulator lies in one of the ranges, else goes on behind: a binary search. */
function search(ranges: readonly (readonly [number, number])[]): Instruction[] {
  const [first] = ranges;
  if (first === undefined) return [];
  const tree = (from: number, to: number): Instruction[] => {
    const range = ranges[from] ?? first;
    if (to - from === 1) return [[code.jumpAbove, 2, 0, range[1]], [code.jumpFrom, 0, 1, range[0]], accept];
    const middle = (from + to) >> 1;
    const left = tree(from, middle);
    const right = tree(middle, to);
    // Whoever falls out of the left half jumps over the right one: conditional jumps reach only 255 instructions.
    return [
      [code.jumpFrom, 0, 1, (ranges[middle] ?? first)[0]],
      [code.jump, 0, 0, left.length + 1],
      ...left,
      [code.jump, 0, 0, right.length],
      ...right,
    ];
  };
  return tree(0, ranges.length);
}
