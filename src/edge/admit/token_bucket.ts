/** So many at once, so many a second after that: what one client may ask of us. */

/** One bucket. */
export class TokenBucket {
  #left: number;
  #atMs: number;

  /** @param nowMs a clock that never goes back; the same one for every call */
  constructor(readonly burst: number, readonly perSecond: number, nowMs: number) {
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** Whether so many more would be within bounds. */
  has(nowMs: number, amount = 1): boolean {
    this.#left = Math.min(this.burst, this.#left + (nowMs - this.#atMs) * this.perSecond / 1000);
    this.#atMs = nowMs;
    return this.#left >= amount;
  }

  /** Whether so many more are within bounds: they are taken then. */
  take(nowMs: number, amount = 1): boolean {
    if (!this.has(nowMs, amount)) return false;
    this.#left -= amount;
    return true;
  }
}
