/** A time limit for a call that takes a signal. */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";

/**
 * Calls with a signal that aborts with `signal`, or after `limitMs`; a call that does not heed it is waited for no longer.
 * @throws {TickcastError} STORE_UNAVAILABLE when the time is over; the signal's reason; whatever the call throws otherwise.
 */
export async function withinLimit<T>(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  using _timer = clock.timer(limitMs, () => limit.abort(tooLong(limitMs)));
  const either = AbortSignal.any([signal, limit.signal]);
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(either.reason);
  either.addEventListener("abort", end, { once: true });
  if (either.aborted) end();
  try {
    const called = call(either);
    // Whichever loses the race may fail later, heard by nobody.
    called.catch(() => {});
    return await Promise.race([called, ended.promise]);
  } finally {
    either.removeEventListener("abort", end);
  }
}

const tooLong = (limitMs: number): TickcastError =>
  new TickcastError(
    "STORE_UNAVAILABLE",
    `Cannot wait for the store any longer: current limit is ${limitMs} ms`,
  );
