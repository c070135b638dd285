/** Seeded chance: a world that failed can be lived through again. */
import { assert } from "@std/assert";

/** A number from 0 to below 1. */
export type Random = () => number;

/** Mulberry32. */
export function seeded(seed: number): Random {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One of several. */
export function pick<T>(random: Random, from: readonly T[]): T {
  const one = from[Math.floor(random() * from.length)];
  assert(one !== undefined);
  return one;
}

/** Something, with that chance. */
export const seldom = <T>(random: Random, chance: number, make: () => T): T | undefined =>
  random() < chance ? make() : undefined;
