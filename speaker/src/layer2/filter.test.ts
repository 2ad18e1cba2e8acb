import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Address } from "../net/address.ts";
import { type Mac, parseMac } from "../net/mac.ts";
import { arpFilter, type Instruction, ndpFilter, rangesOf } from "./filter.ts";
import { encodeQuestion } from "./frame.ts";
import type { Note } from "./note.ts";

const mac = parseMac("02:be:00:00:01:0b") as Mac;
const note: Note = { kind: "probe", rank: 0, tenure: 0, nonce: 1, cluster: 0 };
const four = (value: number): Address => ({ family: 4, value: BigInt(value) });
const six = (low: number): Address => ({ family: 6, value: (0xfd000030n << 96n) | BigInt(low) });
const index = 7;

/** Runs a program as the kernel does. @throws AssertionError for a jump out of it */
function passes(program: readonly Instruction[], frame: Uint8Array, on = index, packetType = 0): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const instruction = program[at];
    assert.ok(instruction !== undefined, `the program runs out at ${at}`);
    const [code, jumpTrue, jumpFalse, k] = instruction;
    const jump = (isTrue: boolean): number => (isTrue ? jumpTrue : jumpFalse);
    const special = k === 0xfffff000 + 8 ? on : k === 0xfffff000 + 4 ? packetType : undefined;
    const size = code === 0x20 ? 4 : code === 0x28 ? 2 : 1;
    switch (code) {
      case 0x20:
      case 0x28:
      case 0x30:
        if (special === undefined && k + size > frame.length) return false;
        accumulator = special ?? (size === 4 ? view.getUint32(k) : size === 2 ? view.getUint16(k) : view.getUint8(k));
        break;
      case 0x15:
        at += jump(accumulator === k);
        break;
      case 0x25:
        at += jump(accumulator > k);
        break;
      case 0x35:
        at += jump(accumulator >= k);
        break;
      case 0x05:
        at += k;
        break;
      case 0x06:
        return k !== 0;
      default:
        assert.fail(`unknown instruction ${code}`);
    }
  }
}

const asks = (target: Address): Uint8Array => encodeQuestion(target, mac, undefined, undefined, note);

describe("the kernel's filter of a packet socket", () => {
  it("passes questions about each address, and no others, for any set of addresses", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 5000 }),
        (held, other) => {
          const arp = arpFilter(index, held.map(four));
          const ndp = ndpFilter(index, held.map(six));
          for (const low of [...held, other]) {
            assert.equal(passes(arp, asks(four(low))), held.includes(low));
            assert.equal(passes(ndp, asks(six(low))), held.includes(low));
          }
        },
      ),
    );
  });

  it("stays below 4,096 instructions with 100,000 scattered addresses, and still passes each of them", () => {
    const held = Array.from({ length: 100_000 }, (_, at) => (Math.imul(at + 1, 2654435761) >>> 0) + 0);
    const program = arpFilter(index, held.map(four));
    assert.ok(program.length < 4096, `${program.length} instructions`);
    for (const value of held.slice(0, 2000)) assert.ok(passes(program, asks(four(value))));
  });

  it("passes a statement of whoever claims a held address", () => {
    const claim = asks(four(9)).slice();
    claim.set([0, 0, 0, 5], 28);
    assert.ok(passes(arpFilter(index, [four(5)]), claim));
  });

  it("drops what another interface or another host is meant by", () => {
    const program = arpFilter(index, [four(5)]);
    assert.deepEqual([passes(program, asks(four(5)), 8), passes(program, asks(four(5)), index, 3)], [false, false]);
  });

  it("drops Neighbor Discovery with another hop limit, and other ICMPv6", () => {
    const program = ndpFilter(index, [six(5)]);
    const routed = asks(six(5)).slice();
    routed[21] = 254;
    const echo = asks(six(5)).slice();
    echo[54] = 128;
    assert.deepEqual([passes(program, routed), passes(program, echo)], [false, false]);
  });

  it("closes the narrowest gaps when there are too many ranges", () => {
    const numbers = Array.from({ length: 400 }, (_, at) => at * 10 + (at >= 200 ? 100_000 : 0));
    const ranges = rangesOf(numbers);
    assert.equal(ranges.length, 256);
    for (const number of numbers) assert.ok(ranges.some(([start, end]) => number >= start && number <= end));
    assert.ok(ranges.every(([start, end]) => end - start < 100_000));
  });
});
