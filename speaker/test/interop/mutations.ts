/** Numbers in [0, 1) that a seed determines. */
export type Random = () => number;

/** A small generator (xorshift, 32 bits): a failed run can be repeated from its seed. */
export function randomFrom(seed: number): Random {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const headerLength = 19;
/** Values that lie where code goes wrong. */
const interesting = [0, 1, 2, 4, 16, 23, 32, 33, 127, 128, 129, 254, 255] as const;
const pick = (count: number, random: Random): number => Math.floor(random() * count);

/** A valid message with a few things wrong. The header's length is mostly made right again, so that mistakes get past it. */
export function mutated(message: Buffer, random: Random): Buffer {
  let octets: Buffer = Buffer.from(message);
  for (let count = 1 + pick(4, random); count > 0; count--) octets = changed(octets, random);
  if (random() < 0.9 && octets.length >= headerLength) {
    octets.fill(0xff, 0, 16);
    octets.writeUInt16BE(Math.min(octets.length, 65535), 16);
  }
  return octets;
}

function changed(octets: Buffer, random: Random): Buffer {
  // Mostly behind the header: whoever gets it wrong learns little.
  const from = octets.length > headerLength && random() < 0.95 ? headerLength : 0;
  const at = from + pick(octets.length - from, random);
  const length = Math.min(1 + pick(12, random), octets.length - at);
  switch (pick(10, random)) {
    case 0:
    case 5:
    case 6:
    case 7:
      octets[at] = (octets[at] ?? 0) ^ (1 << pick(8, random));
      return octets;
    case 1:
    case 8:
      octets[at] = interesting[pick(interesting.length, random)] ?? 0;
      return octets;
    case 2:
      return Buffer.concat([octets.subarray(0, at), octets.subarray(at + length)]);
    case 3:
      return Buffer.concat([octets.subarray(0, at + length), octets.subarray(at)]);
    case 4:
      return Buffer.concat([
        octets.subarray(0, at),
        Buffer.from(Array.from({ length }, () => pick(256, random))),
        octets.subarray(at),
      ]);
    default:
      return octets.subarray(0, Math.max(1, octets.length - length));
  }
}

/** Octets in pieces of random lengths: TCP keeps no boundaries. */
export function segments(octets: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  const isFine = random() < 0.2;
  for (let at = 0; at < octets.length; ) {
    const length = isFine ? 1 : 1 + pick(octets.length, random);
    pieces.push(octets.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
