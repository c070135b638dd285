/** Durations counted by the millisecond: exact percentiles in 80 kB, whatever the number of samples. */

/** Longer ones are counted as this long. */
export const DURATION_MAX_MS = 20_000;

/** Percentiles as reports show them, ms; null without a sample. */
export interface DurationSummary {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** See the file comment. */
export class DurationHistogram {
  readonly #buckets = new Uint32Array(DURATION_MAX_MS + 1);
  #count = 0;
  #max = 0;

  /** Counts one; a negative one (clocks apart) counts as 0. */
  add(ms: number): void {
    const whole = Math.min(DURATION_MAX_MS, Math.max(0, Math.round(ms)));
    this.#buckets[whole] = (this.#buckets[whole] ?? 0) + 1;
    this.#count++;
    if (whole > this.#max) this.#max = whole;
  }

  get count(): number {
    return this.#count;
  }

  /** The smallest duration that at least `share` (0–1) of the samples don't exceed; null without samples. */
  percentile(share: number): number | null {
    if (this.#count === 0) return null;
    const wanted = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let ms = 0; ms <= this.#max; ms++) {
      seen += this.#buckets[ms] ?? 0;
      if (seen >= wanted) return ms;
    }
    return this.#max;
  }

  summary(): DurationSummary {
    return {
      count: this.#count,
      p50: this.percentile(0.5),
      p95: this.percentile(0.95),
      p99: this.percentile(0.99),
      max: this.#count === 0 ? null : this.#max,
    };
  }

  clear(): void {
    if (this.#count > 0) this.#buckets.fill(0, 0, this.#max + 1);
    this.#count = 0;
    this.#max = 0;
  }
}
