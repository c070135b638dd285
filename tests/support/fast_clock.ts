/** The machine's clock, running faster: a minute's rest is over in seconds, real sockets and all. */
import { type Clock, systemClock } from "../../src/feed/clock.ts";

/** A clock `factor` times as fast as the machine's, starting at its present time. */
export function fastClock(factor: number): Clock {
  const startedAt = systemClock.now();
  const zero = systemClock.monotonic();
  const monotonic = () => (systemClock.monotonic() - zero) * factor;
  return {
    monotonic,
    now: () => Math.floor(startedAt + monotonic()),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    timer: (ms, fn) => systemClock.timer(ms / factor, fn),
    interval: (ms, fn) => systemClock.interval(ms / factor, fn),
  };
}
