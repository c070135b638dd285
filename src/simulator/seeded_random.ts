/**
 * Chance that repeats: every draw of the simulated market comes from one seeded stream, so that the same seed and the
 * same clock give the same market to the last digit.
 */
import type { Random } from "../feed/clock.ts";

/** Uniform numbers from a 32-bit seed (mulberry32: small, fast, good enough for prices, not for secrets). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The distributions a market needs, over any uniform source. */
export interface Chance {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** True with probability `p`. */
  flip(p: number): boolean;
  /** Whole number in [low, high]. */
  between(low: number, high: number): number;
  /** Standard normal. */
  normal(): number;
  /** Exponential with the given mean. */
  exponential(mean: number): number;
  /** Poisson with the given mean. */
  poisson(mean: number): number;
  /** One of the items, equally likely. The list must not be empty. */
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** Above this mean a Poisson draw is a rounded normal one: the difference can't be seen in a market. */
const POISSON_NORMAL_FROM = 40;

/** Distributions over `random`. */
export function chance(random: Random): Chance {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return {
    uniform: random,
    flip: (p) => random() < p,
    between: (low, high) => low + Math.floor(random() * (high - low + 1)),
    normal,
    exponential: (mean) => -mean * Math.log(1 - random()),
    poisson(mean) {
      if (mean <= 0) return 0;
      if (mean > POISSON_NORMAL_FROM) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = random(); product > limit; product *= random()) count++;
      return count;
    },
    pick: (items) => items[Math.floor(random() * items.length)] ?? items[0],
  };
}
