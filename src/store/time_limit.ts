/** A wait with an end: every call to a store has one. */
import type { Clock } from "../feed/clock.ts";
import { TimeLimitError } from "./store_failure.ts";

/** What ends a wait. */
export interface WaitEnds {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Ends it earlier; the rejection is its reason. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs `call` and gives its result, unless the time limit passes or the signal aborts first: then it rejects at once, and
 * the signal given to `call` aborts. Leaves no timer and no listener behind.
 * @throws {TimeLimitError} after `limitMs`
 */
export async function within<T>(ends: WaitEnds, call: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, limitMs, signal } = ends;
  if (signal?.aborted) throw signal.reason;
  const stop = new AbortController();
  const stopped = Promise.withResolvers<never>();
  const end = (reason: unknown) => {
    stopped.reject(reason);
    stop.abort(reason);
  };
  const onAbort = () => end(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  using _timer = clock.timer(limitMs, () => end(new TimeLimitError(limitMs)));
  try {
    return await Promise.race([stopped.promise, call(stop.signal)]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
