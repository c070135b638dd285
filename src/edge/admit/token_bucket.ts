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

  /** Whether one more is within bounds. */
  take(nowMs: number): boolean {
    this.#left = Math.min(this.burst, this.#left + (nowMs - this.#atMs) * this.perSecond / 1000);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** At once a socket may send what is allowed in so many seconds. */
const BURST_SECONDS = 4;

/** What one socket may send: `CLIENT_MESSAGES_PER_SECOND`, and a burst of it. */
export const messageBucket = (messagesPerSecond: number, nowMs: number): TokenBucket =>
  new TokenBucket(messagesPerSecond * BURST_SECONDS, messagesPerSecond, nowMs);
