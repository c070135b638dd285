/** Lags since the start in the buckets that health publishes: an addition an event, in constant memory. */
import { LAG_BOUNDS_MS, type LagCounts } from "../../feed/health.ts";

/** See the file's own description. */
export class LagHistogram {
  readonly #counts = new Float64Array(LAG_BOUNDS_MS.length + 1);
  #sumMs = 0;

  /** @param ms ≥ 0 */
  record(ms: number): void {
    let at = 0;
    while (ms > (LAG_BOUNDS_MS[at] ?? Infinity)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sumMs += ms;
  }

  read(): LagCounts {
    return { counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
