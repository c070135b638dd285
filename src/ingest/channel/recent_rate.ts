/** Events a second over the last while, in constant memory: a ring of one-second counts. */
import type { Clock } from "../../feed/clock.ts";

/** What "the last while" is. */
export const RATE_WINDOW_SECONDS = 10;

/** See the file's own description. */
export class RecentRate {
  readonly #clock: Clock;
  readonly #counts = new Float64Array(RATE_WINDOW_SECONDS + 1);
  #second: number;
  readonly #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonic();
    this.#second = this.#now();
  }

  count(events = 1): void {
    this.#turn();
    const at = this.#second % this.#counts.length;
    this.#counts[at] = (this.#counts[at] ?? 0) + events;
  }

  /** Of whole seconds past, and of what there is of them after a start. */
  perSecond(): number {
    this.#turn();
    const whole = this.#counts.reduce((sum, count) => sum + count, 0);
    const elapsedMs = this.#clock.monotonic() - this.#sinceMs;
    return whole / Math.min(this.#counts.length, Math.max(1, elapsedMs / 1000));
  }

  #now = (): number => Math.floor(this.#clock.monotonic() / 1000);

  #turn(): void {
    const now = this.#now();
    const passed = Math.min(now - this.#second, this.#counts.length);
    for (let n = 1; n <= passed; n++) this.#counts[(this.#second + n) % this.#counts.length] = 0;
    this.#second = now;
  }
}
