/** A wait with an end: every call to the store has one. */
import type { Clock } from "./clock.ts";
import { TickcastError } from "./error.ts";

/** A call that took longer than its limit. */
export class TimeLimitError extends TickcastError {
  constructor(readonly limitMs: number) {
    super("STORE_UNAVAILABLE", `Cannot wait for the store any longer: current limit is ${limitMs} ms`);
  }
}

/** What ends a wait. */
export interface WaitEnds {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Ends it earlier; the rejection is its reason. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs `call` and gives its result, unless the time limit passes or the signal aborts first: then it rejects at once,
 * whether or not `call` heeds the signal it was given, which aborts. Leaves no timer and no listener behind.
 * @throws {TimeLimitError} after `limitMs`; the signal's reason; whatever the call throws otherwise.
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
    // The loser of the race may fail later, heard by nobody.
    return await Promise.race([stopped.promise, call(stop.signal)]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
