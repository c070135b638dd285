/** How often something may be done by one address or one token's subject: a bucket per holder, forgotten once it is full again. */
import type { Clock } from "../../feed/clock.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Holders remembered; beyond it who was first seen longest ago is forgotten. */
const HOLDERS_MAX = 10_000;

/** See the file comment. */
export class HolderRates {
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(readonly burst: number, readonly perSecond: number, readonly clock: Clock) {}

  /** Holders remembered now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Whether a holder has any left. */
  has(holder: string): boolean {
    return this.#buckets.get(holder)?.has(this.clock.monotonic()) ?? true;
  }

  /** Takes one, where any is left; whether it was. */
  take(holder: string): boolean {
    const nowMs = this.clock.monotonic();
    const bucket = this.#buckets.get(holder) ?? this.#remember(holder, nowMs);
    return bucket.take(nowMs);
  }

  #remember(holder: string, nowMs: number): TokenBucket {
    for (const [one, bucket] of this.#buckets) {
      if (this.#buckets.size < HOLDERS_MAX && !bucket.has(nowMs, this.burst)) break;
      this.#buckets.delete(one);
    }
    const made = new TokenBucket(this.burst, this.perSecond, nowMs);
    this.#buckets.set(holder, made);
    return made;
  }
}
