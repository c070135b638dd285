/**
 * Quantiles and mean of the last while, in constant memory: logarithmic buckets in two generations, the older of which goes
 * when the newer is {@link GENERATION_MS} old.
 */
import type { Clock } from "../../feed/clock.ts";

/** A figure covers between one and two of these. */
export const GENERATION_MS = 30_000;
/** Buckets per doubling: quantiles are right to about 9 %. */
const PER_DOUBLING = 8;
const BUCKETS = 40 * PER_DOUBLING;
/** Smallest value told apart from 0. */
const RESOLUTION = 0.001;

interface Generation {
  readonly counts: Float64Array;
  count: number;
  sum: number;
}

const emptyGeneration = (): Generation => ({ counts: new Float64Array(BUCKETS), count: 0, sum: 0 });

/** See the file's own description. Values are ≥ 0, in whatever unit the caller keeps (ms). */
export class RecentHistogram {
  readonly #clock: Clock;
  #newer = emptyGeneration();
  #older = emptyGeneration();
  #turnAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnAtMs = clock.monotonic() + GENERATION_MS;
  }

  /** `times`: how many events had this value. */
  record(value: number, times = 1): void {
    this.#turn();
    const at = value <= RESOLUTION ? 0 : Math.ceil(Math.log2(value / RESOLUTION) * PER_DOUBLING);
    const bucket = Math.min(BUCKETS - 1, at);
    this.#newer.counts[bucket] = (this.#newer.counts[bucket] ?? 0) + times;
    this.#newer.count += times;
    this.#newer.sum += Math.max(0, value) * times;
  }

  /** Null before anything was recorded. */
  mean(): number | null {
    this.#turn();
    const count = this.#newer.count + this.#older.count;
    return count === 0 ? null : (this.#newer.sum + this.#older.sum) / count;
  }

  /** The upper edge of the bucket the quantile falls in; null before anything was recorded. */
  quantile(share: number): number | null {
    this.#turn();
    const count = this.#newer.count + this.#older.count;
    if (count === 0) return null;
    let left = share * count;
    for (let at = 0; at < BUCKETS; at++) {
      left -= (this.#newer.counts[at] ?? 0) + (this.#older.counts[at] ?? 0);
      if (left <= 0) return RESOLUTION * 2 ** (at / PER_DOUBLING);
    }
    return RESOLUTION * 2 ** (BUCKETS / PER_DOUBLING);
  }

  #turn(): void {
    const now = this.#clock.monotonic();
    if (now < this.#turnAtMs) return;
    this.#older = now - this.#turnAtMs < GENERATION_MS ? this.#newer : emptyGeneration();
    this.#newer = emptyGeneration();
    this.#turnAtMs = now + GENERATION_MS;
  }
}
