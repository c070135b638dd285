/**
 * When a puller reads next: at the end of its interval, counted from the last read's beginning, or sooner when hurried, but
 * never closer than the least spacing; after a failure the whole pause later, counted from now.
 */
import type { Clock } from "../../feed/clock.ts";

/** However many hints come, two reads of one list begin no closer than this, or than its own interval if that is less. */
export const PULL_SPACING_MS = 10;

/** See the file comment. */
export class PullPace {
  readonly #clock: Clock;
  #beganMs = -Infinity;
  /** Hurried since the last read began. */
  #isHurried = false;
  #waiting: { readonly wake: () => void; readonly spacingMs: number; readonly mayHurry: boolean } | undefined;
  #timer: Disposable | undefined;
  /** When the timer is to ring (ms, monotonic): the time itself, for one worked out anew differs by microseconds each time. */
  #armedMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A read begins now. */
  begin(): void {
    this.#beganMs = this.#clock.monotonic();
    this.#isHurried = false;
  }

  /** Ends the wait as soon as spacing allows; `now` ends it at once. */
  hurry(now = false): void {
    this.#isHurried = true;
    const { wake, spacingMs, mayHurry } = this.#waiting ?? {};
    if (wake === undefined || spacingMs === undefined) return;
    if (now) return wake();
    if (!mayHurry) return;
    const atMs = this.#beganMs + spacingMs;
    if (atMs <= this.#clock.monotonic()) return wake();
    if (atMs < this.#armedMs) this.#arm(atMs, wake);
  }

  /**
   * Waits for the next read.
   * @param mayHurry false after a failure: hints don't shorten a backoff, and neither does the time that the failure took
   * @param isAwaited somebody waits for a fresh read already
   */
  async wait(intervalMs: number, mayHurry: boolean, isAwaited: boolean): Promise<void> {
    const spacingMs = Math.min(PULL_SPACING_MS, intervalMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { wake: resolve, spacingMs, mayHurry };
    this.#arm((mayHurry ? this.#beganMs : this.#clock.monotonic()) + intervalMs, resolve);
    if ((this.#isHurried || isAwaited) && mayHurry) this.hurry();
    await promise;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#armedMs = Infinity;
    this.#waiting = undefined;
  }

  #arm(atMs: number, wake: () => void): void {
    this.#timer?.[Symbol.dispose]();
    this.#armedMs = atMs;
    this.#timer = this.#clock.timer(Math.max(0, atMs - this.#clock.monotonic()), wake);
  }
}
