import type { Brand } from "./brand.ts";

/** A length of time, in milliseconds inside. Made by {@link milliseconds} and {@link seconds} only. */
export type Duration = Brand<number, "Duration">;

/** A length of time from milliseconds; negative input is a programmer's mistake and is clamped to zero. */
export function milliseconds(count: number): Duration {
  return Math.max(0, count) as Duration;
}

/** A length of time from seconds. */
export function seconds(count: number): Duration {
  return milliseconds(count * 1000);
}
