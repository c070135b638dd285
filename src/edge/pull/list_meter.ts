/** Rate and lag of one list as this instance reads it, over the last while: for health and metrics. */

const WINDOW_MS = 10_000;
const SAMPLES_MAX = 64;

interface Sample {
  readonly atMs: number;
  readonly events: number;
  readonly lagMs: number;
}

/** See the file comment. */
export class ListMeter {
  readonly #samples: Sample[] = [];
  #second = { atMs: -Infinity, events: 0, lagMs: NaN };

  /** A read at `atMs` (monotonic) brought `events`; the newest was received by ingest `lagMs` before. */
  note(atMs: number, events: number, lagMs: number): void {
    if (atMs - this.#second.atMs < WINDOW_MS / SAMPLES_MAX) {
      this.#second.events += events;
      this.#second.lagMs = lagMs;
      return;
    }
    this.#second = { atMs, events, lagMs };
    this.#samples.push(this.#second);
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /** Events a second. */
  rate(nowMs: number): number {
    let events = 0;
    for (const sample of this.#samples) if (nowMs - sample.atMs <= WINDOW_MS) events += sample.events;
    return events * 1000 / WINDOW_MS;
  }

  medianLagMs(): number | undefined {
    const lags = this.#samples.map((sample) => sample.lagMs).filter(Number.isFinite).sort((a, b) => a - b);
    return lags[lags.length >> 1];
  }
}
