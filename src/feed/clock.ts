/**
 * Time and chance, as the rest of the program sees them. This file is the only one that touches `Date`, timers and
 * `Math.random` (invariant 9; `tests/architecture_test.ts` holds it); everything else is handed a {@link Clock}.
 */

/** Wall time, monotonic time and waiting. Injected everywhere, so that tests drive hours in microseconds. */
export interface Clock {
  /** Unix time in ms (whole). May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since an arbitrary start, with fractions; never goes back. For durations and deadlines. */
  monotonic(): number;
  /**
   * Resolves after `ms`. With a signal it rejects with the signal's reason as soon as that aborts, and leaves no
   * timer or listener behind either way.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`; disposing cancels it. `fn` must not throw. */
  timer(ms: number, fn: () => void): Disposable;
  /** Calls `fn` every `ms` until disposed. `fn` must not throw. */
  interval(ms: number, fn: () => void): Disposable;
}

/** A number in [0, 1). */
export type Random = () => number;

/** The process's own randomness. Not for anything a client presents: that is `crypto.randomUUID()`. */
export const systemRandom: Random = () => Math.random();

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(id);
        reject(signal?.reason);
      };
      const id = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    });
  },
  timer(ms, fn) {
    const id = setTimeout(fn, ms);
    return { [Symbol.dispose]: () => clearTimeout(id) };
  },
  interval(ms, fn) {
    const id = setInterval(fn, ms);
    return { [Symbol.dispose]: () => clearInterval(id) };
  },
};

/** True for the rejection of a wait that was cancelled by `signal` rather than one that failed. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted &&
    (error === signal.reason || (error instanceof DOMException && error.name === "AbortError"));
}
