/** A time limit for a call that takes a signal. */
import type { Clock } from "../feed/clock.ts";
import { TickcastError } from "../feed/error.ts";

/**
 * Calls with a signal that aborts with `signal`, or after `limitMs`.
 * @throws {TickcastError} STORE_UNAVAILABLE when the time is over; whatever the call throws otherwise.
 */
export async function withinLimit<T>(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  using _timer = clock.timer(limitMs, () =>
    limit.abort(
      new TickcastError(
        "STORE_UNAVAILABLE",
        `Cannot wait for the store any longer: current limit is ${limitMs} ms`,
      ),
    ));
  return await call(AbortSignal.any([signal, limit.signal]));
}
