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
  /** The least spacing that was asked for since the last read began; infinite when nobody did. */
  #hurriedMs = Infinity;
  #waiting:
    | { readonly wake: () => void; readonly intervalMs: number; readonly mayHurry: boolean }
    | undefined;
  #timer: Disposable | undefined;
  /** When the timer is to ring (ms, monotonic): the time itself, for one worked out anew differs by microseconds each time. */
  #armedMs = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A read begins now. */
  begin(): void {
    this.#beganMs = this.#clock.monotonic();
    this.#hurriedMs = Infinity;
  }

  /** Ends the wait, or the next one, as soon as so much has passed since the last read began. */
  hurry(spacingMs = PULL_SPACING_MS): void {
    this.#hurriedMs = Math.min(this.#hurriedMs, spacingMs);
    this.#advance();
  }

  /** Ends the wait at once. */
  wake(): void {
    this.#waiting?.wake();
  }

  /**
   * Waits for the next read.
   * @param mayHurry false after a failure: hints don't shorten a backoff, and neither does the time that the failure took
   */
  async wait(intervalMs: number, mayHurry: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { wake: resolve, intervalMs, mayHurry };
    this.#arm((mayHurry ? this.#beganMs : this.#clock.monotonic()) + intervalMs, resolve);
    this.#advance();
    await promise;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#armedMs = Infinity;
    this.#waiting = undefined;
  }

  /** Has the wait end sooner, if anybody asked for that. */
  #advance(): void {
    if (this.#hurriedMs === Infinity || !this.#waiting?.mayHurry) return;
    const { wake, intervalMs } = this.#waiting;
    const atMs = this.#beganMs + Math.min(this.#hurriedMs, intervalMs);
    if (atMs <= this.#clock.monotonic()) wake();
    else if (atMs < this.#armedMs) this.#arm(atMs, wake);
  }

  #arm(atMs: number, wake: () => void): void {
    this.#timer?.[Symbol.dispose]();
    this.#armedMs = atMs;
    this.#timer = this.#clock.timer(Math.max(0, atMs - this.#clock.monotonic()), wake);
  }
}
