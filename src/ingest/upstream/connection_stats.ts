/** What one connection has brought in: totals, a rate over the last seconds, the median latency of the last frames. */

const BUCKETS = 10;
const BUCKET_MS = 1_000;
const LATENCY_SAMPLES = 256;
/** Further apart than this a clock is wrong (or a recording is replayed), and the figure would say nothing. */
const LATENCY_MAX_MS = 3_600_000;

/** Counters of one connection. Times of {@link rate} are monotonic ms. */
export class ConnectionStats {
  messages = 0;
  events = 0;
  errors = 0;
  reconnects = 0;
  /** Unix ms. */
  lastFrameAt: number | null = null;
  readonly #buckets = new Float64Array(BUCKETS);
  #bucket = 0;
  readonly #latencies: number[] = [];
  #latencyAt = 0;

  /** A frame was read. `rx` and `latestEventT` are Unix ms; the latter is null when it held no event. */
  frame(now: number, rx: number, events: number, latestEventT: number | null): void {
    this.messages++;
    this.events += events;
    this.lastFrameAt = rx;
    this.#roll(now);
    this.#buckets[this.#bucket % BUCKETS] = (this.#buckets[this.#bucket % BUCKETS] ?? 0) + events;
    if (latestEventT === null) return;
    const latency = rx - latestEventT;
    if (Math.abs(latency) > LATENCY_MAX_MS) return;
    this.#latencies[this.#latencyAt] = latency;
    this.#latencyAt = (this.#latencyAt + 1) % LATENCY_SAMPLES;
  }

  /** Events a second over the last ten seconds. */
  rate(now: number): number {
    this.#roll(now);
    return this.#buckets.reduce((sum, count) => sum + count, 0) / (BUCKETS * BUCKET_MS / 1000);
  }

  /** Exchange → ingest of the last frames, ms; null before any. */
  latencyMs(): number | null {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }

  #roll(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    if (bucket - this.#bucket >= BUCKETS) this.#buckets.fill(0);
    else for (let n = this.#bucket + 1; n <= bucket; n++) this.#buckets[n % BUCKETS] = 0;
    this.#bucket = Math.max(bucket, this.#bucket);
  }
}
